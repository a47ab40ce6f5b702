//! The HTTP server: as many connections as the machine bears, none of them for ever.
//!
//! Whoever can reach the port can open connections, with the account's key or without. A client that sends its request a byte at a
//! time, or none at all, must not keep others out nor hold up the end of the program. The same holds for handshakes of TLS.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::faults::{Unanswered, is_unanswered};

/// How many connections there are at the same time; more wait for their turn in the listener's queue.
const CONNECTIONS: usize = 256;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// The head of the first request of a connection: whoever connects has something to ask.
    first: Duration,
    /// The head of a request, counted from the end of the answer before; so also how long a connection may idle.
    head: Duration,
    /// A handshake of TLS.
    handshake: Duration,
    /// Requests that have come to be answered, once the server is to end.
    grace: Duration,
}

const LIMITS: Limits = Limits {
    first: Duration::from_secs(10),
    head: Duration::from_secs(60),
    handshake: Duration::from_secs(10),
    grace: Duration::from_secs(5),
};

/// The most bytes of a request's head. Filters and page tokens make for long targets.
const HEAD_BYTES: usize = 64 * 1024;

/// Answers requests until `shutdown` is cancelled; over TLS if there is something that shakes hands.
pub(crate) async fn serve<L: Listener>(
    listener: L,
    service: Router,
    tls: Option<TlsAcceptor>,
    shutdown: CancellationToken,
) {
    serve_within(listener, service, tls, shutdown, LIMITS).await;
}

async fn serve_within<L: Listener>(
    mut listener: L,
    service: Router,
    tls: Option<TlsAcceptor>,
    shutdown: CancellationToken,
    limits: Limits,
) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.head).max_buf_size(HEAD_BYTES);
    let (graceful, cut) = (GracefulShutdown::new(), CancellationToken::new());
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let (stream, slot) = tokio::select! {
            biased;
            () = shutdown.cancelled() => break,
            accepted = accept(&mut listener, &slots) => accepted,
        };
        let line = Line {
            http: http.clone(),
            service: TowerToHyperService::new(service.clone()),
            watcher: graceful.watcher(),
            cut: cut.clone(),
            first: limits.first,
        };
        let (tls, shutdown) = (tls.clone(), shutdown.clone());
        tokio::spawn(async move {
            match tls {
                None => line.answer(stream).await,
                Some(tls) => {
                    if let Some(stream) = shake_hands(&tls, stream, limits.handshake, &shutdown).await {
                        line.answer(stream).await;
                    }
                }
            }
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(limits.grace, graceful.shutdown()).await.is_err() {
        cut.cancel();
    }
}

/// What it takes to answer the requests of one connection.
struct Line {
    http: http1::Builder,
    service: TowerToHyperService<Router>,
    watcher: Watcher,
    cut: CancellationToken,
    first: Duration,
}

impl Line {
    async fn answer<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(self, stream: S) {
        let (has_asked, router) = (CancellationToken::new(), self.service);
        let service = {
            let has_asked = has_asked.clone();
            service_fn(move |request| {
                has_asked.cancel();
                let answer = router.call(request);
                async move {
                    // The router itself never fails.
                    let Ok(response) = answer.await;
                    if is_unanswered(&response) { Err(Unanswered) } else { Ok(response) }
                }
            })
        };
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        let too_late = async {
            if tokio::time::timeout(self.first, has_asked.cancelled()).await.is_ok() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            ended = self.watcher.watch(connection) => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                }
            }
            () = self.cut.cancelled() => {}
            () = too_late => tracing::debug!(limit = ?self.first, "a connection asked nothing"),
        }
    }
}

/// The connection with TLS on it, unless the handshake fails, takes too long, or is not worth it any more.
async fn shake_hands<S: AsyncRead + AsyncWrite + Unpin>(
    tls: &TlsAcceptor,
    stream: S,
    limit: Duration,
    shutdown: &CancellationToken,
) -> Option<TlsStream<S>> {
    let handshake = tokio::select! {
        biased;
        () = shutdown.cancelled() => return None,
        handshake = tokio::time::timeout(limit, tls.accept(stream)) => handshake,
    };
    match handshake {
        Ok(Ok(stream)) => Some(stream),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            None
        }
        Err(_) => {
            tracing::debug!(?limit, "a TLS handshake took too long");
            None
        }
    }
}

/// The next connection, and its place among those that there may be.
async fn accept<L: Listener>(
    listener: &mut L,
    slots: &Arc<Semaphore>,
) -> (L::Io, Option<OwnedSemaphorePermit>) {
    // Never closed, so that there always is a place in the end.
    let slot = Arc::clone(slots).acquire_owned().await.ok();
    let (stream, _) = listener.accept().await;
    (stream, slot)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::Instant;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    const SHORT: Duration = Duration::from_millis(300);

    struct Server {
        address: SocketAddr,
        shutdown: CancellationToken,
        work: tokio::task::JoinHandle<()>,
    }

    async fn server() -> Server {
        server_with(None).await
    }

    async fn server_with(tls: Option<TlsAcceptor>) -> Server {
        server_within(tls, Limits { first: SHORT, head: SHORT, handshake: SHORT, grace: SHORT }).await
    }

    async fn server_within(tls: Option<TlsAcceptor>, limits: Limits) -> Server {
        let slow = || async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            "late"
        };
        let service = Router::new()
            .route("/", axum::routing::get(|| async { "hello" }))
            .route("/slow", axum::routing::get(slow));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
        let work = tokio::spawn(serve_within(listener, service, tls, shutdown.clone(), limits));
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
    async fn who_has_asked_once_may_idle_for_longer_than_who_never_asks() {
        let limits = Limits { first: SHORT, head: 20 * SHORT, handshake: SHORT, grace: SHORT };
        let server = server_within(None, limits).await;
        for beginning in ["", "GET / HT"] {
            let (answer, took) = say(&server, beginning.as_bytes()).await;
            assert!(answer.is_empty() && took < limits.head, "{answer} {took:?}");
        }
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
        tokio::time::sleep(2 * SHORT).await;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        assert_eq!(answers.matches("200 OK").count(), 2, "{answers}");
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

    /// Something that shakes hands, and what trusts it.
    fn tls() -> (TlsAcceptor, tokio_rustls::TlsConnector) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let client = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let server = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        (Arc::new(server).into(), Arc::new(client).into())
    }

    /// The answer to a request over TLS.
    async fn ask_securely(server: &Server, connector: &tokio_rustls::TlsConnector) -> String {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let name = rustls::pki_types::ServerName::try_from("localhost").unwrap();
        let mut stream = connector.connect(name, stream).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn a_handshake_that_never_ends_is_not_waited_for() {
        let (acceptor, _) = tls();
        let server = server_with(Some(acceptor)).await;
        for beginning in [b"".as_slice(), b"\x16\x03\x01", b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"] {
            let (answer, _) = say(&server, beginning).await;
            assert!(!answer.contains("hello"), "{answer}");
        }
    }

    #[tokio::test]
    async fn silent_handshakes_keep_nobody_out_for_ever() {
        let (acceptor, connector) = tls();
        let server = server_with(Some(acceptor)).await;
        let mut silent = Vec::new();
        for _ in 0..CONNECTIONS + 8 {
            silent.push(TcpStream::connect(server.address).await.unwrap());
        }
        let answer = ask_securely(&server, &connector).await;
        assert!(answer.ends_with("hello"), "{answer}");
    }

    #[tokio::test]
    async fn a_handshake_does_not_hold_up_the_end() {
        let (acceptor, _) = tls();
        let server = server_with(Some(acceptor)).await;
        let _silent = TcpStream::connect(server.address).await.unwrap();
        tokio::time::sleep(SHORT / 3).await;
        server.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(20), server.work).await.unwrap().unwrap();
    }
}
