//! A service that fails: of a hundred requests, so many are answered with an error, broken off, or carried out without an answer.

use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::routing::RouterIntoService;
use batchyard::client::{BatchClient, HttpTransport};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Method, Request, Response};
use http_body_util::Full;
use serde_json::json;
use tower::ServiceExt as _;

use super::account::{Account, client_by};
use crate::support::Chance;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What happened to requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub requests: u64,
    pub refused: u64,
    pub reset: u64,
    /// Carried out, and the answer lost.
    pub lost: u64,
    /// Of those: the ones that changed something.
    pub lost_writes: u64,
}

#[derive(Clone)]
struct Faulty {
    inner: RouterIntoService<Full<Bytes>>,
    percent: usize,
    chance: Arc<Mutex<Chance>>,
    tally: Arc<Mutex<Tally>>,
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    Status(u16),
    Reset,
    Lost,
}

impl Faulty {
    fn fault(&self, method: &Method) -> Option<Fault> {
        let (mut chance, mut tally) = (self.chance.lock().unwrap(), self.tally.lock().unwrap());
        tally.requests += 1;
        if !chance.percent(self.percent) {
            return None;
        }
        let fault = match chance.below(5) {
            0 => Fault::Status(429),
            1 => Fault::Status(503),
            2 => Fault::Status(500),
            3 => Fault::Reset,
            _ => Fault::Lost,
        };
        match fault {
            Fault::Status(_) => tally.refused += 1,
            Fault::Reset => tally.reset += 1,
            Fault::Lost => {
                tally.lost += 1;
                tally.lost_writes += u64::from(!matches!(*method, Method::GET | Method::HEAD));
            }
        }
        Some(fault)
    }
}

impl tower::Service<Request<Full<Bytes>>> for Faulty {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Body>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let fault = self.fault(request.method());
        let inner = self.inner.clone();
        Box::pin(async move {
            match fault {
                None => Ok(inner.oneshot(request).await?),
                Some(Fault::Status(status)) => Ok(error(status)),
                Some(Fault::Reset) => Err("connection reset by peer".into()),
                Some(Fault::Lost) => {
                    inner.oneshot(request).await?;
                    Err("connection reset by peer".into())
                }
            }
        })
    }
}

fn error(status: u16) -> Response<Body> {
    let code = match status {
        429 => "TooManyRequests",
        503 => "ServerBusy",
        _ => "InternalError",
    };
    let body = json!({"code": code, "message": {"lang": "en-US", "value": "The service has its troubles."}});
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

/// A client of the account to which that happens on the way, and what has happened.
pub struct Trouble {
    pub client: BatchClient,
    tally: Arc<Mutex<Tally>>,
}

impl Trouble {
    pub fn of(account: &Account, percent: usize, chance: Chance) -> Self {
        let (chance, tally) = (Arc::new(Mutex::new(chance)), Arc::<Mutex<Tally>>::default());
        let inner = account.emulator().router().into_service();
        let faulty = Faulty { inner, percent, chance, tally: tally.clone() };
        Self { client: client_by(HttpTransport::in_process(faulty)), tally }
    }

    pub fn tally(&self) -> Tally {
        *self.tally.lock().unwrap()
    }
}
