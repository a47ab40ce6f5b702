//! What is known while sources are watched, served by http: for probes, for Prometheus, for whoever asks.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{StatusCode, header};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::error::CommandError;
use crate::exit_code::ExitCode;
use crate::view::{json, metrics};
use crate::watch::board::Board;

/// A server of what is known.
pub(super) struct StatusServer {
    listener: TcpListener,
    address: SocketAddr,
}

impl StatusServer {
    /// Takes the address.
    pub(super) async fn bind(address: SocketAddr, remote: bool) -> Result<Self, CommandError> {
        if !address.ip().is_loopback() && !remote {
            let message = format!(
                "{} is reachable from other machines, and what is served there is not protected",
                address.ip()
            );
            let hint = "listen on a loopback address, for example 127.0.0.1:9090, or add --listen-remote";
            return Err(CommandError::new(ExitCode::Usage, message).hint(Some(hint.to_owned())));
        }
        let listener = TcpListener::bind(address).await.map_err(|error| {
            CommandError::new(ExitCode::Error, format!("can't listen on {address}: {error}")).hint(Some(
                "another program may use that port; --listen 127.0.0.1:0 takes a free one".to_owned(),
            ))
        })?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address, with the port that was free.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is cancelled.
    pub(super) fn start(self, board: Board, stop: CancellationToken) {
        let routes = Router::new()
            .route("/", get(index))
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .route("/status", get(status))
            .route("/metrics", get(measures))
            .layer(from_fn_with_state(self.address, refuse_foreign_hosts))
            .with_state(board);
        tokio::spawn(async move {
            let serving = axum::serve(self.listener, routes).with_graceful_shutdown(stop.cancelled_owned());
            if let Err(error) = serving.await {
                tracing::warn!(%error, "the status server has ended");
            }
        });
    }
}

/// A page of another site can have the browser resolve its own name to this machine. Its requests carry that name.
async fn refuse_foreign_hosts(State(address): State<SocketAddr>, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if !address.ip().is_loopback() || host.is_some_and(is_this_machine) {
        return next.run(request).await;
    }
    (StatusCode::MISDIRECTED_REQUEST, "this is served to localhost and loopback addresses only\n")
        .into_response()
}

fn is_this_machine(host: &str) -> bool {
    url::Url::parse(&format!("http://{host}/")).is_ok_and(|url| crate::loopback::is_loopback(&url))
}

async fn index() -> &'static str {
    "batchyard watch\n\n/healthz  whether it is alive\n/readyz   whether everything was looked at once\n/status   all that is known, as JSON\n/metrics  counts, for Prometheus\n"
}

async fn healthz() -> &'static str {
    "ok\n"
}

async fn readyz(State(board): State<Board>) -> Response {
    match board.snapshot().is_ready() {
        true => "ready\n".into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not everything was looked at yet\n").into_response(),
    }
}

async fn status(State(board): State<Board>) -> Response {
    let text = json::watch_state(&board.snapshot()).to_string();
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

async fn measures(State(board): State<Board>) -> Response {
    match metrics::of_watch(&board.snapshot()) {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        for host in ["127.0.0.1:9090", "localhost", "localhost:1", "[::1]:9090"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:9090", "", "user@evil.example"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
