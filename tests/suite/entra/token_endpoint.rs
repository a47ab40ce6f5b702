//! Where tokens of Microsoft Entra are asked for, on loopback: it notes what it is asked, and issues tokens of the tests' issuer.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use rustls::pki_types::PrivateKeyDer;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::support::{Issuer, now};

/// The only secret that a client is let in with.
pub const SECRET: &str = "s3cr3t~of.the_client";
/// The header that the machine's identity is asked for with.
pub const IDENTITY_HEADER: &str = "header-of-this-machine";

/// A request for a token: its path, and the values of its form or query.
#[derive(Debug, Clone)]
pub struct Asked {
    pub path: String,
    pub values: BTreeMap<String, String>,
}

/// A token endpoint; gone when dropped.
pub struct TokenEndpoint {
    address: SocketAddr,
    certificate: String,
    state: Arc<Shared>,
    _runtime: Runtime,
}

#[derive(Default)]
struct Shared {
    asked: Mutex<Vec<Asked>>,
    /// How many tokens are issued that are worth nothing, before others.
    worthless: AtomicUsize,
}

impl TokenEndpoint {
    pub fn start() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![made.cert.der().clone()], key)
                .unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let tcp = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let (address, state) = (tcp.local_addr().unwrap(), Arc::new(Shared::default()));
        let router = Router::new().fallback(answer).with_state(state.clone());
        let listener = TlsListener { tcp, acceptor: TlsAcceptor::from(Arc::new(config)) };
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { address, certificate: made.cert.pem(), state, _runtime: runtime }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Its certificate, in PEM.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Has the next tokens be worth nothing.
    pub fn issue_worthless(&self, number: usize) {
        self.state.worthless.store(number, Ordering::SeqCst);
    }

    /// What it was asked.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.asked.lock().unwrap().clone()
    }
}

async fn answer(State(state): State<Arc<Shared>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let form = to_bytes(body, 100_000).await.unwrap();
    let query = parts.uri.query().unwrap_or_default().as_bytes();
    let values: BTreeMap<String, String> = url::form_urlencoded::parse(query)
        .chain(url::form_urlencoded::parse(&form))
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let path = parts.uri.path().to_owned();
    state.asked.lock().unwrap().push(Asked { path: path.clone(), values: values.clone() });

    let take = |left: usize| left.checked_sub(1);
    let is_worthless = state.worthless.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok();
    let token = if is_worthless { Issuer.forged() } else { Issuer.token() };
    if path == "/msi/token" {
        if parts.headers.get("x-identity-header").is_none_or(|header| header != IDENTITY_HEADER) {
            return respond(StatusCode::UNAUTHORIZED, &json!({ "message": "not for you" }));
        }
        let resource = values.get("resource");
        return respond(
            StatusCode::OK,
            &json!({
                "access_token": token, "expires_on": (now() + 3_600).to_string(),
                "resource": resource, "token_type": "Bearer",
            }),
        );
    }
    if let Some(assertion) = values.get("client_assertion").filter(|text| text.starts_with("stolen")) {
        // The way a proxy would put the whole form on its page.
        let form = String::from_utf8_lossy(&form);
        let page = format!("<html><title>Blocked: {assertion}</title>{form}");
        let response = Response::builder().status(403).header("content-type", "text/html");
        return response.body(Body::from(page)).unwrap();
    }
    match values.get("client_secret") {
        // Entra does not repeat a secret. Something in between might.
        Some(secret) if secret != SECRET => respond(
            StatusCode::UNAUTHORIZED,
            &json!({
                "error": "invalid_client", "error_codes": [7_000_215],
                "error_description": format!("AADSTS7000215: Invalid client secret provided: {secret}"),
            }),
        ),
        _ => respond(
            StatusCode::OK,
            &json!({ "access_token": token, "expires_in": 3_600, "token_type": "Bearer" }),
        ),
    }
}

fn respond(status: StatusCode, body: &Value) -> Response<Body> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Body::from(body.to_string())).unwrap()
}

struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            if let Ok((stream, address)) = self.tcp.accept().await
                && let Ok(stream) = self.acceptor.accept(stream).await
            {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}
