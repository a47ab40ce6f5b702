//! A server that answers every request by a function, and remembers what it was asked.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use batchyard::batch::auth::{DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY, SharedKey, SignedRequest};
use batchyard::client::{BatchClient, ClientOptions, Credential, HttpTransport, RetryOptions};
use batchyard::secret::Secret;
use bytes::Bytes;
use http::{Response, StatusCode};
use url::Url;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// How many requests came before it.
    pub position: usize,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Checks the signature of exactly what arrived.
    pub fn is_signed(&self) -> bool {
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let request =
            SignedRequest { method: &self.method, path: &self.path, query: &self.query, headers: &headers };
        key().verify(&request).is_ok()
    }
}

pub type Log = Arc<Mutex<Vec<Received>>>;

pub fn key() -> SharedKey {
    SharedKey::new(DEVELOPMENT_ACCOUNT, &Secret::new(DEVELOPMENT_KEY)).unwrap()
}

/// A router that answers with `answer` and logs every request. Clients may call it in the process or over a socket.
pub fn router<F, Fut>(answer: F) -> (Router, Log)
where
    F: Fn(Received) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Response<Body>> + Send,
{
    let log = Log::default();
    let shared = log.clone();
    let handler = move |request: Request| {
        let (answer, log) = (answer.clone(), shared.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = to_bytes(body, usize::MAX).await.unwrap();
            let headers = parts.headers.iter();
            let headers = headers.map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned())).collect();
            let mut received = Received {
                method: parts.method.to_string(),
                path: parts.uri.path().to_owned(),
                query: parts.uri.query().unwrap_or_default().to_owned(),
                headers,
                body,
                position: 0,
            };
            {
                let mut log = log.lock().unwrap();
                received.position = log.len();
                log.push(received.clone());
            }
            answer(received).await
        }
    };
    (Router::new().fallback(handler), log)
}

/// Serves a router on a free port of this machine.
pub async fn serve(router: Router) -> Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// Options that make failing quick.
pub fn hasty() -> ClientOptions {
    ClientOptions {
        retry: RetryOptions {
            max_tries: 4,
            first_pause: Duration::from_millis(2),
            max_pause: Duration::from_millis(20),
            ..RetryOptions::default()
        },
        try_timeout: Duration::from_secs(5),
        ..ClientOptions::default()
    }
}

pub fn client(url: Url) -> BatchClient {
    BatchClient::new(url, Credential::SharedKey(key()), hasty()).unwrap()
}

pub fn in_process(router: Router) -> BatchClient {
    in_process_with(router, hasty())
}

pub fn in_process_with(router: Router, options: ClientOptions) -> BatchClient {
    let options = ClientOptions { transport: Some(HttpTransport::in_process(router)), ..options };
    let url = "http://batch.localhost:18080/".parse().unwrap();
    BatchClient::new(url, Credential::SharedKey(key()), options).unwrap()
}

pub fn respond(status: u16, body: impl Into<Body>) -> Response<Body> {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("request-id", "r-1")
        .header("content-type", "application/json;odata=minimalmetadata")
        .body(body.into())
        .unwrap()
}

pub fn error(status: u16, code: &str) -> Response<Body> {
    let body = serde_json::json!({ "code": code, "message": { "lang": "en-US", "value": "It is so.\nRequestId:r-1" } });
    respond(status, body.to_string())
}
