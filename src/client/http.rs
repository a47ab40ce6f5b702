//! One exchange with the service: a request is rendered, sent as often as need be, and its answer judged.

use std::sync::Arc;
use std::time::Duration;

use azure_core::http::headers::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderName, Headers, LAST_MODIFIED};
use azure_core::http::{
    AsyncRawResponse, Context, Method, Pipeline, PipelineStreamOptions, Request, Url,
    response::AsyncResponseBody,
};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tracing::Instrument as _;
use tracing::field::Empty;

use super::body::{self, excerpt};
use super::budget::RetryBudgets;
use super::error::{Call, ClientError, TransportError, TransportErrorKind};
use super::retry::{self, Obstacle, RetryOptions};
use crate::batch::error::BatchErrorBody;
use crate::batch::operation::Query;
use crate::batch::{ApiVersion, BatchError, DateTime, ETag, Operation, OperationSpec};
use crate::clock::Clock;
use crate::loopback::is_loopback;

/// Everything but the unreserved characters of RFC 3986. A space becomes `%20`, not `+`, which not every server takes for one.
const QUERY_VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const JSON: &str = "application/json; odata=minimalmetadata";
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
/// The largest answer that is taken into memory, in bytes. The largest of the service, a page of 1000 tasks, has some megabytes.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// The way to one account.
#[derive(Debug)]
pub(super) struct Http {
    pub(super) endpoint: Url,
    pub(super) api_version: ApiVersion,
    pub(super) pipeline: Pipeline,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) retry: RetryOptions,
    pub(super) budgets: RetryBudgets,
    pub(super) try_timeout: Duration,
}

/// A request that can be sent any number of times.
pub(super) struct Outgoing {
    pub(super) call: Box<Call>,
    request: Request,
    family: &'static str,
    success: u16,
    /// Whether throttling is left to the caller, who knows more than this one request.
    pub(super) reports_throttling: bool,
}

impl Outgoing {
    /// Sets a header.
    pub(super) fn set_header(&mut self, name: &'static str, value: String) {
        self.request.insert_header(name, value);
    }

    fn leaves_to_caller(&self, obstacle: Obstacle) -> bool {
        self.reports_throttling && matches!(obstacle, Obstacle::Status { status: 429 | 503, .. })
    }
}

/// Whether an answer's body is wanted whole or piece by piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    Whole,
    Streamed,
}

/// A successful answer.
pub(super) struct Answer<B> {
    pub(super) call: Box<Call>,
    headers: Headers,
    pub(super) body: B,
}

impl<B> Answer<B> {
    pub(super) fn etag(&self) -> Option<ETag> {
        self.headers.get_optional_str(&ETAG).map(ETag::new)
    }

    pub(super) fn last_modified(&self) -> Option<DateTime> {
        self.headers.get_optional_str(&LAST_MODIFIED).and_then(DateTime::from_rfc1123)
    }

    pub(super) fn request_id(&self) -> Option<String> {
        self.headers.get_optional_string(&REQUEST_ID)
    }

    pub(super) fn content_length(&self) -> Option<u64> {
        self.header(&CONTENT_LENGTH)?.parse().ok()
    }

    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get_optional_str(name)
    }
}

impl Answer<Bytes> {
    /// Reads the body.
    pub(super) fn decode<T: serde::de::DeserializeOwned>(&self) -> Result<T, ClientError> {
        // An output that `null` describes needs no body; whatever the service sends beyond that is not looked at.
        serde_json::from_slice(b"null").or_else(|_| serde_json::from_slice(&self.body)).map_err(|source| {
            ClientError::Decode {
                call: self.call.clone(),
                content_type: self.header(&CONTENT_TYPE).map(Into::into),
                request_id: self.request_id().map(Into::into),
                source,
            }
        })
    }
}

impl Http {
    /// The request that carries `operation` out.
    pub(super) fn request<Op: Operation>(&self, operation: &Op) -> Result<Outgoing, ClientError> {
        let spec = Op::SPEC;
        let body = operation.body().map_err(|source| ClientError::Encode { operation: spec.name, source })?;
        let path = spec.render_path(&operation.path_parameters());
        let mut url = self.endpoint.clone();
        let path = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        if url.path() != path {
            // A segment `.` or `..` would be dropped, and the request would go to another resource.
            return Err(ClientError::Path { operation: spec.name, path });
        }
        url.set_query(Some(&render_query(operation.query(), self.version_of(&spec))));

        let mut outgoing = self.outgoing(&spec, url)?;
        for (name, value) in operation.conditions().headers().into_iter().chain(operation.headers()) {
            outgoing.set_header(name, value);
        }
        if let Some(body) = body {
            outgoing.set_header("content-type", JSON.to_owned());
            outgoing.set_header("content-length", body.len().to_string());
            outgoing.request.set_body(body);
        } else if matches!(outgoing.request.method(), Method::Post | Method::Put | Method::Patch) {
            // Set here, before the signature, which covers it.
            outgoing.set_header("content-length", "0".to_owned());
        }
        Ok(outgoing)
    }

    /// The request for the page at `link`, as `call` returned it.
    pub(super) fn next_page(
        &self,
        spec: &OperationSpec,
        call: &Call,
        link: &str,
    ) -> Result<Outgoing, ClientError> {
        let refuse = |reason| {
            let link = link.split('?').next().unwrap_or_default().into();
            Err(ClientError::NextLink { call: Box::new(call.clone()), link, reason })
        };
        let Ok(mut url) = Url::parse(link) else { return refuse("that is not a URL") };
        if url.origin() != self.endpoint.origin() {
            return refuse("that is another host than the account's, and no request is signed for it");
        }
        if !url.query_pairs().any(|(name, _)| name == "api-version") {
            url.query_pairs_mut().append_pair("api-version", self.version_of(spec).as_str());
        }
        self.outgoing(spec, url)
    }

    /// The version that an operation is asked for in: the account's, or the last that has the operation.
    fn version_of(&self, spec: &OperationSpec) -> ApiVersion {
        spec.version().min(self.api_version)
    }

    fn outgoing(&self, spec: &OperationSpec, url: Url) -> Result<Outgoing, ClientError> {
        let mut target = url.clone();
        target.set_query(None);
        let Ok(method) = spec.method.as_str().parse() else {
            return Err(ClientError::Path { operation: spec.name, path: target.path().to_owned() });
        };
        let client_request_id = uuid::Uuid::new_v4().to_string();
        let mut request = Request::new(url, method);
        request.insert_header("accept", "application/json");
        request.insert_header("client-request-id", client_request_id.clone());
        request.insert_header("return-client-request-id", "true");
        let call = Call { operation: spec.name, method: spec.method.clone(), url: target, client_request_id };
        let (family, success) = (spec.family(), spec.success);
        Ok(Outgoing { call: Box::new(call), request, family, success, reports_throttling: false })
    }

    /// Sends a request and takes its answer whole. An answer that breaks off counts as a failed try.
    pub(super) async fn fetch(&self, outgoing: Outgoing) -> Result<Answer<Bytes>, ClientError> {
        let Answer { call, headers, body } = self.exchange(outgoing, Delivery::Whole).await?;
        // Already collected by the exchange, so this only takes it out of its wrapping.
        let body = body.collect().await.unwrap_or_default();
        Ok(Answer { call, headers, body })
    }

    /// Sends a request and hands over its answer's body as it arrives.
    pub(super) async fn stream(&self, outgoing: Outgoing) -> Result<Answer<AsyncResponseBody>, ClientError> {
        self.exchange(outgoing, Delivery::Streamed).await
    }

    /// Sends a request until it is settled, in a span of its own: which call it is, how often it was sent, what came of it.
    async fn exchange(
        &self,
        outgoing: Outgoing,
        delivery: Delivery,
    ) -> Result<Answer<AsyncResponseBody>, ClientError> {
        let Call { operation, method, url, client_request_id } = &*outgoing.call;
        let span = tracing::debug_span!(
            "batch_call",
            operation,
            %method,
            path = url.path(),
            client_request_id,
            tries = Empty,
            status = Empty,
            request_id = Empty,
        );
        let outcome = self.settle(outgoing, delivery).instrument(span.clone()).await;
        tracing::debug!(parent: &span, "{}", if outcome.is_ok() { "succeeded" } else { "failed" });
        outcome
    }

    async fn settle(
        &self,
        mut outgoing: Outgoing,
        delivery: Delivery,
    ) -> Result<Answer<AsyncResponseBody>, ClientError> {
        let started = self.clock.now();
        let mut tries = 0;
        let mut retried = false;
        loop {
            let outcome = self.try_once(&mut outgoing.request, outgoing.success, delivery).await;
            tries += 1;
            record(tries, outcome.as_ref().ok());
            let obstacle = match &outcome {
                Ok(response) => {
                    Obstacle::of_answer(response.status().into(), response.headers(), self.clock.now())
                }
                Err(error) => {
                    Some(Obstacle::Transport { kind: error.kind, local: is_loopback(&self.endpoint) })
                }
            };
            if obstacle.is_none() {
                self.budgets.give_back(outgoing.family);
            }
            let pause =
                obstacle.filter(|obstacle| !outgoing.leaves_to_caller(*obstacle)).and_then(|obstacle| {
                    let elapsed = self.clock.now().duration_since(started).try_into().unwrap_or_default();
                    let pause = self.retry.pause(tries, elapsed, obstacle)?;
                    (obstacle.names_a_time() || self.budgets.take(outgoing.family)).then_some(pause)
                });
            let (Some(obstacle), Some(pause)) = (obstacle, pause) else {
                return match outcome {
                    Ok(response) => self.judge(outgoing, response, retried).await,
                    Err(source) => Err(self.failed(outgoing.call, source, tries)),
                };
            };
            retried |= obstacle.may_have_been_carried_out();
            tracing::debug!(call = %outgoing.call, tries, ?obstacle, ?pause, "sending the request again");
            self.clock.sleep(pause).await;
        }
    }

    /// Sends the request once. Errors are collected whole in any case, because they are judged here.
    async fn try_once(
        &self,
        request: &mut Request,
        success: u16,
        delivery: Delivery,
    ) -> Result<AsyncRawResponse, TransportError> {
        let sending = async {
            let options = PipelineStreamOptions { skip_checks: true, ..Default::default() };
            let response = self.pipeline.stream(&Context::new(), request, Some(options)).await?;
            if delivery == Delivery::Streamed && u16::from(response.status()) == success {
                return Ok(response);
            }
            let (status, headers, body) = response.deconstruct();
            Ok(AsyncRawResponse::from_bytes(status, headers, body::collect(body, MAX_ANSWER).await?))
        };
        // Real time, whatever the clock shows: this guards against a silent peer, not against a long plan.
        match tokio::time::timeout(self.try_timeout, sending).await {
            Ok(outcome) => outcome.map_err(|error: azure_core::Error| TransportError::from_azure(&error)),
            Err(_) => Err(TransportError::timed_out(self.try_timeout)),
        }
    }

    fn failed(&self, call: Box<Call>, source: TransportError, tries: u32) -> ClientError {
        match source.kind {
            TransportErrorKind::TimedOut => ClientError::Timeout { call, limit: self.try_timeout, tries },
            TransportErrorKind::NoCredential | TransportErrorKind::CredentialRefused => {
                ClientError::Unauthorized { call, source }
            }
            _ => ClientError::Transport { call, tries, source },
        }
    }

    /// Success is the operation's status and no other.
    async fn judge(
        &self,
        outgoing: Outgoing,
        response: AsyncRawResponse,
        retried: bool,
    ) -> Result<Answer<AsyncResponseBody>, ClientError> {
        let call = outgoing.call;
        let (status, headers, body) = response.deconstruct();
        let status = u16::from(status);
        if status == outgoing.success {
            return Ok(Answer { call, headers, body });
        }
        let body = body.collect().await.unwrap_or_default();
        let Some(error) = read_error(status, &body) else {
            return Err(ClientError::UnexpectedAnswer {
                call,
                status,
                content_type: headers.get_optional_str(&CONTENT_TYPE).map(Into::into),
                excerpt: excerpt(&body).into(),
            });
        };
        Err(ClientError::Service {
            call,
            error: Box::new(error),
            request_id: headers.get_optional_string(&REQUEST_ID),
            retried,
            retry_after: retry::retry_after(&headers, self.clock.now()),
            clock_skew: retry::date(&headers).map(|theirs| self.clock.now().duration_since(theirs)),
        })
    }
}

/// Notes in the call's span what a try brought.
fn record(tries: u32, response: Option<&AsyncRawResponse>) {
    let span = tracing::Span::current();
    span.record("tries", tries);
    if let Some(response) = response {
        span.record("status", u16::from(response.status()));
        span.record("request_id", response.headers().get_optional_str(&REQUEST_ID));
    }
}

fn render_query(parameters: Query, version: ApiVersion) -> String {
    let version = ("api-version", version.to_string());
    let pairs = parameters.into_iter().chain([version]);
    let pairs: Vec<String> =
        pairs.map(|(name, value)| format!("{name}={}", utf8_percent_encode(&value, QUERY_VALUE))).collect();
    pairs.join("&")
}

/// The error in an answer, if that is one of Azure Batch: a JSON body with a code, or none at all (as answers to HEAD).
fn read_error(status: u16, body: &[u8]) -> Option<BatchError> {
    if !(status == 304 || (400..600).contains(&status)) {
        return None;
    }
    if body.is_empty() {
        return Some(BatchError { status, body: BatchErrorBody::default() });
    }
    let body: BatchErrorBody = serde_json::from_slice(body).ok()?;
    (!body.code.is_empty()).then_some(BatchError { status, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_encoded_so_that_every_server_reads_them_alike() {
        let query = vec![("$filter", "id eq 'a b+c'".to_owned()), ("maxresults", "5".to_owned())];
        let query = render_query(query, ApiVersion::CURRENT);
        assert_eq!(query, "$filter=id%20eq%20%27a%20b%2Bc%27&maxresults=5&api-version=2025-06-01");
        let read: Vec<_> = crate::batch::auth::query_pairs(&query).collect();
        assert_eq!(read[0], ("$filter".to_owned(), "id eq 'a b+c'".to_owned()));
    }

    #[test]
    fn only_errors_of_batch_are_taken_for_such() {
        assert_eq!(read_error(404, b"").unwrap().status, 404);
        let json = br#"{"code":"PoolExists","message":{"value":"x"}}"#;
        assert_eq!(read_error(409, json).unwrap().body.code, "PoolExists");
        assert_eq!(read_error(502, b"<html>"), None);
        assert_eq!(read_error(404, b"{}"), None);
        assert_eq!(read_error(404, br#"{"error":{"code":"x"}}"#), None);
        assert_eq!(read_error(302, b""), None);
        assert_eq!(read_error(204, b""), None);
    }
}
