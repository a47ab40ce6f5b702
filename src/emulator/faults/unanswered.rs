//! A request that gets no answer.

use std::io;

use axum::body::Body;
use axum::http::{Response, StatusCode};

/// Why a connection ends: a rule for faults wants it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rule for faults ends the connection without an answer")]
pub(crate) struct Unanswered;

/// What stands for no answer where there has to be one. A server hangs up in its place; who asks in this process gets a body that
/// breaks off at once, with a status that nobody takes for success.
pub(crate) fn unanswered() -> Response<Body> {
    let broken = futures::stream::once(async { Err::<bytes::Bytes, _>(io::Error::other(Unanswered)) });
    let mut response = Response::new(Body::from_stream(broken));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.extensions_mut().insert(Unanswered);
    response
}

/// Whether there is to be no answer.
pub(crate) fn is_unanswered<B>(response: &Response<B>) -> bool {
    response.extensions().get::<Unanswered>().is_some()
}
