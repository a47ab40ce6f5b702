//! The HTTP server: as many connections as the machine bears, none of them for ever.
//!
//! Whoever can reach the port can open connections, with the account's key or without. A client that sends its request a byte at a
//! time, or none at all, must not keep others out nor hold up the end of the program.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

/// How many connections there are at the same time; more wait for their turn in the listener's queue.
const CONNECTIONS: usize = 256;

/// How long the head of a request may take, counted from the end of the answer before; so also how long a connection may idle.
const HEAD: Duration = Duration::from_secs(60);

/// The most bytes of a request's head. Filters and page tokens make for long targets.
const HEAD_BYTES: usize = 64 * 1024;

/// How long requests that have come may take to be answered once the server is to end.
const GRACE: Duration = Duration::from_secs(5);

/// The pause after the listener has failed, as it does where the process has no file descriptor left.
const PAUSE: Duration = Duration::from_millis(200);

/// Answers requests until `shutdown` is cancelled.
pub(crate) async fn serve(listener: TcpListener, service: Router, shutdown: CancellationToken) {
    serve_within(listener, service, shutdown, HEAD, GRACE).await;
}

async fn serve_within(
    listener: TcpListener,
    service: Router,
    shutdown: CancellationToken,
    head: Duration,
    grace: Duration,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(HEAD_BYTES);
    let (graceful, cut) = (GracefulShutdown::new(), CancellationToken::new());
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let (stream, slot) = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let connection =
            http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service.clone()));
        let (connection, cut) = (graceful.watch(connection), cut.clone());
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "a connection broke");
                    }
                }
                () = cut.cancelled() => {}
            }
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(grace, graceful.shutdown()).await.is_err() {
        cut.cancel();
    }
}

/// The next connection, and its place among those that there may be.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    // Never closed, so that there always is a place in the end.
    let slot = Arc::clone(slots).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return (stream, slot),
            Err(error) if belongs_to_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn belongs_to_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Instant;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    const SHORT: Duration = Duration::from_millis(300);

    struct Server {
        address: SocketAddr,
        shutdown: CancellationToken,
        work: tokio::task::JoinHandle<()>,
    }

    async fn server() -> Server {
        let slow = || async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            "late"
        };
        let service = Router::new()
            .route("/", axum::routing::get(|| async { "hello" }))
            .route("/slow", axum::routing::get(slow));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
        let work = tokio::spawn(serve_within(listener, service, shutdown.clone(), SHORT, SHORT));
        Server { address, shutdown, work }
    }

    /// Sends something and reads all that comes until the server hangs up.
    async fn say(server: &Server, request: &[u8]) -> (String, Duration) {
        let begin = Instant::now();
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
        // Hanging up on a client that still sends may look like a reset.
        let _ = read.expect("the server hangs up");
        (String::from_utf8_lossy(&answer).into_owned(), begin.elapsed())
    }

    #[tokio::test]
    async fn a_request_that_never_comes_is_not_waited_for() {
        let server = server().await;
        for beginning in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: localhost\r\nx: "] {
            let (answer, took) = say(&server, beginning.as_bytes()).await;
            assert!(!answer.contains("hello") && took >= SHORT, "{beginning}: {answer} {took:?}");
        }
    }

    #[tokio::test]
    async fn a_connection_idles_no_longer_than_a_head_may_take() {
        let server = server().await;
        let (answer, took) = say(&server, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        assert!(answer.ends_with("hello") && took >= SHORT, "{answer} {took:?}");
    }

    #[tokio::test]
    async fn a_head_has_an_end() {
        let server = server().await;
        let long = format!("GET /{} HTTP/1.1\r\nhost: localhost\r\n\r\n", "x".repeat(2 * HEAD_BYTES));
        let (answer, _) = say(&server, long.as_bytes()).await;
        assert!(!answer.contains("200 OK"), "{answer}");
    }

    #[tokio::test]
    async fn silent_connections_keep_nobody_out_for_ever() {
        let server = server().await;
        let mut silent = Vec::new();
        for _ in 0..CONNECTIONS + 8 {
            silent.push(TcpStream::connect(server.address).await.unwrap());
        }
        let (answer, _) = say(&server, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        assert!(answer.ends_with("hello"), "{answer}");
    }

    #[tokio::test]
    async fn nobody_holds_up_the_end() {
        let server = server().await;
        let mut waiting = TcpStream::connect(server.address).await.unwrap();
        waiting.write_all(b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        tokio::time::sleep(SHORT / 3).await;
        server.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(20), server.work).await.unwrap().unwrap();
        assert!(TcpStream::connect(server.address).await.is_err(), "the port is free");
    }
}
