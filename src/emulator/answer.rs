//! Answers: their headers and bodies, as the real service writes them.

use axum::body::Body;
use axum::http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, ETAG, LAST_MODIFIED, LOCATION, RETRY_AFTER, SERVER, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::store::Version;
use super::versions;
use crate::batch::model::FileProperties;
use crate::batch::odata::Select;
use crate::batch::{ApiVersion, DateTime, OperationSpec};

const JSON: HeaderValue = HeaderValue::from_static("application/json;odata=minimalmetadata");
/// How to ask again after a 401 (RFC 6750 §3).
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer error=\"invalid_token\"");
const DATA_SERVICE_ID: HeaderName = HeaderName::from_static("dataserviceid");
const DATA_SERVICE_VERSION: HeaderName = HeaderName::from_static("dataserviceversion");

/// A successful answer.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    headers: HeaderMap,
    body: Content,
}

#[derive(Debug, Default)]
enum Content {
    #[default]
    Empty,
    Json(Value),
    Stream(Body),
}

impl Answer {
    /// An object was made; it is at `location`.
    pub(crate) fn created(location: &str, version: &Version) -> Self {
        Self::default().version(version).header(DATA_SERVICE_ID, location).header(LOCATION, location)
    }

    /// An object was changed, or something was done to it; `url` is what was asked for.
    pub(crate) fn changed(url: &str, version: &Version) -> Self {
        Self::default().version(version).header(DATA_SERVICE_ID, url)
    }

    /// Something was done to an object that has no versions; `url` is what was asked for.
    pub(crate) fn acted(url: &str) -> Self {
        Self::default().header(DATA_SERVICE_ID, url)
    }

    /// Something was made that has no versions and no URL of its own; `url` is where.
    pub(crate) fn added(url: &str) -> Self {
        Self::acted(url).header(LOCATION, url)
    }

    /// It was done, and there is nothing to say about it.
    pub(crate) fn done() -> Self {
        Self::default()
    }

    /// An object exists.
    pub(crate) fn exists(version: &Version) -> Self {
        Self::default().version(version)
    }

    /// An object of `set`.
    pub(crate) fn object(base: &str, set: &str, mut object: Value, select: &Select) -> Self {
        select.apply(&mut object);
        if let Value::Object(properties) = &mut object {
            properties.insert("odata.metadata".to_owned(), json!(format!("{base}/$metadata#{set}/@Element")));
        }
        Self { body: Content::Json(object), ..Self::default() }
    }

    /// A page of a list of `set`.
    pub(crate) fn list(base: &str, set: &str, values: Vec<Value>, next: Option<String>) -> Self {
        let mut body = json!({"odata.metadata": format!("{base}/$metadata#{set}"), "value": values});
        if let (Some(next), Value::Object(properties)) = (next, &mut body) {
            properties.insert("odata.nextLink".to_owned(), json!(next));
        }
        Self { body: Content::Json(body), ..Self::default() }
    }

    /// A file, or what is known of it.
    pub(crate) fn file(url: &str, properties: &FileProperties, is_directory: bool, length: u64) -> Self {
        let answer = Self::default()
            .header(LAST_MODIFIED, &properties.last_modified.to_rfc1123())
            .header(CONTENT_TYPE, properties.content_type.as_deref().unwrap_or("application/octet-stream"))
            .header(CONTENT_LENGTH, &length.to_string())
            .header(HeaderName::from_static("ocp-batch-file-url"), url)
            .header(
                HeaderName::from_static("ocp-batch-file-isdirectory"),
                if is_directory { "True" } else { "False" },
            );
        match &properties.file_mode {
            Some(mode) => answer.header(HeaderName::from_static("ocp-batch-file-mode"), mode),
            None => answer,
        }
    }

    /// A small file that is made up for the answer.
    pub(crate) fn made_up(content: String) -> Self {
        Self::default()
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, &content.len().to_string())
            .stream(Body::from(content))
    }

    /// With the bytes of a file.
    pub(crate) fn stream(mut self, body: Body) -> Self {
        self.body = Content::Stream(body);
        self
    }

    /// With the version of the object it is about.
    pub(crate) fn version(self, version: &Version) -> Self {
        self.header(ETAG, version.e_tag.as_str()).header(LAST_MODIFIED, &version.last_modified.to_rfc1123())
    }

    fn header(mut self, name: HeaderName, value: &str) -> Self {
        // Everything that comes here was a header, an id or a percent-encoded URL before.
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// As a version of the API has it that may be older than the present one.
    pub(crate) fn in_version(mut self, version: ApiVersion, operation: &OperationSpec) -> Self {
        if let Content::Json(document) = &mut self.body {
            versions::from_present(version, operation, document);
        }
        self
    }

    /// The answer on the wire. Answers to HEAD have no body.
    pub(crate) fn respond(self, status: StatusCode, head: bool) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        *response.headers_mut() = self.headers;
        match self.body {
            Content::Empty => {}
            Content::Json(value) => json_body(&mut response, &value, head),
            Content::Stream(body) if !head => *response.body_mut() = body,
            Content::Stream(_) => {}
        }
        response
    }
}

/// What an error looks like on the wire.
pub(crate) fn refuse(mut error: Refusal, base: &str, request: &RequestStamp, head: bool) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if error.status == StatusCode::NOT_MODIFIED {
        return response;
    }
    if let Some(seconds) = error.pause() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if error.status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE);
    }
    error.body.metadata =
        Some(format!("{base}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element"));
    sign(&mut error, request);
    match serde_json::to_value(&error.body) {
        Ok(body) => json_body(&mut response, &body, head),
        Err(error) => tracing::error!("an error can't be written as JSON: {error}"),
    }
    response
}

/// Adds the lines by which a request is found again to an error's message.
pub(crate) fn sign(error: &mut Refusal, request: &RequestStamp) {
    let message = &mut error.body.message.value;
    *message = format!("{message}\nRequestId:{}\nTime:{}", request.id, request.time);
}

fn json_body(response: &mut Response<Body>, value: &Value, head: bool) {
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    if !head {
        *response.body_mut() = Body::from(value.to_string());
    }
}

/// What tells a request from all others.
#[derive(Debug, Clone)]
pub(crate) struct RequestStamp {
    /// A new id.
    pub(crate) id: String,
    /// When it came.
    pub(crate) time: DateTime,
    /// The caller's own id, if the answer is to repeat it.
    pub(crate) client_id: Option<HeaderValue>,
}

impl RequestStamp {
    /// Stamps a request with these headers.
    pub(crate) fn new(headers: &HeaderMap, time: DateTime) -> Self {
        let wanted = headers
            .get("return-client-request-id")
            .and_then(|value| value.to_str().ok())
            .is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let client_id = headers.get("client-request-id").filter(|_| wanted).cloned();
        Self { id: uuid::Uuid::new_v4().to_string(), time, client_id }
    }

    /// Adds the headers that every answer has.
    pub(crate) fn mark(self, response: &mut Response<Body>) {
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert("request-id", id);
        }
        if let Some(id) = self.client_id {
            headers.insert("client-request-id", id);
        }
        headers.insert(DATA_SERVICE_VERSION, HeaderValue::from_static("3.0"));
        headers.insert(SERVER, HeaderValue::from_static("Batchyard"));
    }
}
