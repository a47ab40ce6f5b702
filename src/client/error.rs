//! What can go wrong between the client and the service, and what to try then.

use std::fmt;
use std::time::Duration;

use ::http::Method;
use azure_core::error::ErrorKind;
use jiff::SignedDuration;

use super::body::TooLarge;
use super::entra::EntraError;
use crate::batch::{BatchError, ErrorCode};
use crate::loopback::is_loopback;

/// How far two clocks may differ before the difference is worth a word; the service accepts 15 minutes.
const NOTABLE_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// A call as errors name it. Its query and headers stay out, because they are long and may carry secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The operation's name in the REST reference.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The target, without its query.
    pub url: url::Url,
    /// The id that the client gave the request; the service's logs have it too.
    pub client_request_id: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} {})", self.operation, self.method, self.url)
    }
}

/// What a failed exchange failed with, as far as it decides what to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportErrorKind {
    /// Nothing listens at the address.
    Refused,
    /// No connection could be made for another reason.
    Unreachable,
    /// The server's certificate is not trusted, or TLS could not be agreed on.
    Certificate,
    /// The server does not speak TLS, where that was expected.
    NotTls,
    /// The server does not speak HTTP, where that was expected without TLS.
    NotHttp,
    /// The answer is larger than any of the service.
    TooLarge,
    /// The connection broke while the request or its answer was on the way.
    Interrupted,
    /// A try took longer than it may.
    TimedOut,
    /// The request could not be sent as it is.
    Unsendable,
    /// Nobody is signed in who could get a token for the request.
    NoCredential,
    /// Whoever is to send the request is refused a token.
    CredentialRefused,
}

impl TransportErrorKind {
    /// Whether the same request may succeed later.
    pub(super) fn may_pass(self) -> bool {
        use TransportErrorKind::{Interrupted, Refused, TimedOut, Unreachable};
        matches!(self, Refused | Unreachable | Interrupted | TimedOut)
    }
}

/// The cause at the bottom of a failed exchange, in the words of the library that met it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct TransportError {
    /// What kind of failure it is.
    pub kind: TransportErrorKind,
    /// The innermost message.
    pub reason: String,
}

impl TransportError {
    pub(super) fn timed_out(limit: Duration) -> Self {
        Self { kind: TransportErrorKind::TimedOut, reason: format!("no answer within {limit:?}") }
    }

    /// Takes the innermost cause out of the layers that the HTTP libraries wrap around it.
    pub(super) fn from_azure(error: &azure_core::Error) -> Self {
        let mut kind = match error.kind() {
            ErrorKind::Connection => TransportErrorKind::Unreachable,
            ErrorKind::Io => TransportErrorKind::Interrupted,
            _ => TransportErrorKind::Unsendable,
        };
        let mut reason = error.to_string();
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
        while let Some(layer) = cause {
            reason = layer.to_string();
            if let Some(error) = layer.downcast_ref::<EntraError>() {
                return Self { kind: of_credential(error), reason };
            }
            if let Some(refined) = refine(layer) {
                kind = refined;
            }
            cause = layer.source();
        }
        Self { kind, reason }
    }
}

fn of_credential(error: &EntraError) -> TransportErrorKind {
    if error.is_refusal() { TransportErrorKind::CredentialRefused } else { TransportErrorKind::NoCredential }
}

fn of_tls(error: &rustls::Error) -> TransportErrorKind {
    match error {
        rustls::Error::InvalidMessage(_) => TransportErrorKind::NotTls,
        _ => TransportErrorKind::Certificate,
    }
}

/// What a layer says about the kind of failure, if anything.
fn refine(layer: &(dyn std::error::Error + 'static)) -> Option<TransportErrorKind> {
    if let Some(error) = layer.downcast_ref::<rustls::Error>() {
        return Some(of_tls(error));
    }
    if layer.is::<TooLarge>() {
        return Some(TransportErrorKind::TooLarge);
    }
    if let Some(error) = layer.downcast_ref::<hyper::Error>() {
        // What begins an answer is not `HTTP/`. A server that expects TLS says so in its own way.
        let is_foreign = error.is_parse() && error.to_string().contains("version");
        return is_foreign.then_some(TransportErrorKind::NotHttp);
    }
    if let Some(error) = layer.downcast_ref::<reqwest::Error>() {
        return (error.is_timeout() && !error.is_connect()).then_some(TransportErrorKind::TimedOut);
    }
    let error = layer.downcast_ref::<std::io::Error>()?;
    // An `io::Error` skips the error it wraps when asked for its source, so look inside; there may be another one.
    let mut inner = error.get_ref();
    while let Some(wrapped) = inner {
        if let Some(error) = wrapped.downcast_ref::<rustls::Error>() {
            return Some(of_tls(error));
        }
        inner = wrapped.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    }
    (error.kind() == std::io::ErrorKind::ConnectionRefused).then_some(TransportErrorKind::Refused)
}

/// Why a call failed. The message says which call; the source says why; [`ClientError::hint`] says what to try.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The service answered with an error.
    #[error("{call} was refused{}", of_request(.request_id.as_deref()))]
    Service {
        /// The call.
        call: Box<Call>,
        /// What the service says.
        #[source]
        error: Box<BatchError>,
        /// The id that the service gave the request.
        request_id: Option<String>,
        /// Whether an earlier try of the same call may have been carried out although its answer was lost. An `…Exists` or a
        /// "not found" may then be the trace of that try.
        retried: bool,
        /// How long the service asks to wait.
        retry_after: Option<Duration>,
        /// How far this machine's clock is ahead of the service's, if the answer tells the time.
        clock_skew: Option<SignedDuration>,
    },
    /// Something answered that does not speak like Azure Batch.
    #[error(
        "{call} was answered with HTTP {status}{}, which Azure Batch does not do: {excerpt}",
        of_type(.content_type.as_deref())
    )]
    UnexpectedAnswer {
        /// The call.
        call: Box<Call>,
        /// The status of the answer.
        status: u16,
        /// The media type of the answer.
        content_type: Option<Box<str>>,
        /// The beginning of its text.
        excerpt: Box<str>,
    },
    /// The answer's body is not what the operation returns.
    #[error("the answer to {call}{}{} can't be read", of_type(.content_type.as_deref()), of_request(.request_id.as_deref()))]
    Decode {
        /// The call.
        call: Box<Call>,
        /// The media type of the answer.
        content_type: Option<Box<str>>,
        /// The id that the service gave the request.
        request_id: Option<Box<str>>,
        /// What is wrong with the body.
        source: serde_json::Error,
    },
    /// No answer came in time.
    #[error("{call} got no answer within {limit:?}, in {tries} tries")]
    Timeout {
        /// The call.
        call: Box<Call>,
        /// How long each try may take.
        limit: Duration,
        /// How often it was sent.
        tries: u32,
    },
    /// The request or its answer did not come through.
    #[error("{call} did not come through")]
    Transport {
        /// The call.
        call: Box<Call>,
        /// How often it was sent.
        tries: u32,
        /// Why.
        source: TransportError,
    },
    /// The request was not sent, because there is no token for it.
    #[error("{call} was not sent")]
    Unauthorized {
        /// The call.
        call: Box<Call>,
        /// Why.
        source: TransportError,
    },
    /// A list goes on at a place that the client does not go to.
    #[error("{call} continues at `{link}`: {reason}")]
    NextLink {
        /// The call that returned the link.
        call: Box<Call>,
        /// The link, without its query.
        link: Box<str>,
        /// Why the client does not follow it.
        reason: &'static str,
    },
    /// The request's body can't be written as JSON.
    #[error("the request body of {operation} can't be written")]
    Encode {
        /// The operation.
        operation: &'static str,
        /// Why.
        source: serde_json::Error,
    },
    /// The operation's arguments don't make a URL.
    #[error("{operation} can't be sent to the path `{path}`: a URL has no such path")]
    Path {
        /// The operation.
        operation: &'static str,
        /// The path.
        path: String,
    },
}

fn of_request(id: Option<&str>) -> String {
    id.map(|id| format!(" (request id {id})")).unwrap_or_default()
}

fn of_type(content_type: Option<&str>) -> String {
    content_type.map(|name| format!(" and {name}")).unwrap_or_default()
}

impl ClientError {
    /// The HTTP status of the answer, if one came.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Service { error, .. } => Some(error.status),
            Self::UnexpectedAnswer { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the service says that the object does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Service { error, .. } if error.status == 404)
    }

    /// Whether the service answered with this code.
    pub fn code_is(&self, code: ErrorCode) -> bool {
        matches!(self, Self::Service { error, .. } if error.is(code))
    }

    /// Whether the service answered with this code after an earlier try of the same call may have been carried out: a create
    /// that meets its own object, for example, has most likely succeeded.
    pub fn code_is_after_retry(&self, code: ErrorCode) -> bool {
        matches!(self, Self::Service { error, retried: true, .. } if error.is(code))
    }

    /// Whether the service answered after an earlier try of the same call may have been carried out: its answer may be about what
    /// that try left.
    pub fn was_retried(&self) -> bool {
        matches!(self, Self::Service { retried: true, .. })
    }

    /// Whether the service has too much to do.
    pub fn is_throttling(&self) -> bool {
        matches!(self.status(), Some(429 | 503))
    }

    /// Whether nothing can be reached at the endpoint at all.
    pub fn is_unreachable(&self) -> bool {
        use TransportErrorKind::{Certificate, NotHttp, NotTls, Refused, Unreachable};
        matches!(self, Self::Transport { source, .. } if matches!(source.kind, Refused | Unreachable | Certificate | NotTls | NotHttp))
    }

    /// What the user can try, in one sentence.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Service { error, clock_skew, .. } => service_hint(error, *clock_skew),
            Self::UnexpectedAnswer { call, status: 300..=399, .. } => Some(format!(
                "the client follows no redirects, because its signature is for one host only; check the account's URL, {}",
                origin(call)
            )),
            Self::UnexpectedAnswer { call, .. } | Self::Decode { call, .. } => {
                Some(format!("is {} the account's URL, and does no proxy answer in its place?", origin(call)))
            }
            Self::Timeout { .. } => Some("the service may be overloaded; try again later".to_owned()),
            Self::Transport { call, source, .. } | Self::Unauthorized { call, source } => {
                transport_hint(call, source)
            }
            Self::NextLink { .. } => {
                Some("a proxy or gateway between here and the account may rewrite its answers".to_owned())
            }
            Self::Encode { .. } | Self::Path { .. } => None,
        }
    }
}

fn origin(call: &Call) -> String {
    call.url.origin().ascii_serialization()
}

/// The server of a call by another scheme.
fn by(scheme: &str, call: &Call) -> String {
    let origin = origin(call);
    format!("{scheme}://{}", origin.split_once("://").map_or(&*origin, |(_, rest)| rest))
}

fn service_hint(error: &BatchError, clock_skew: Option<SignedDuration>) -> Option<String> {
    if error.status == 401 {
        return Some(
            "the account takes tokens of its own tenant and cloud only: `az account show` says which tenant you are signed in to"
                .to_owned(),
        );
    }
    if error.is(ErrorCode::AUTHENTICATION_FAILED) {
        return Some(match clock_skew {
            Some(skew) if skew.abs() >= NOTABLE_CLOCK_SKEW => format!(
                "this machine's clock is {} minutes {} the service's; set it right, because signatures hold for 15 minutes only",
                skew.abs().as_mins(),
                if skew.is_positive() { "ahead of" } else { "behind" },
            ),
            _ => "check that the key is the account's, whole and current; a key that was regenerated no longer works".to_owned(),
        });
    }
    if error.is(ErrorCode::UNSUPPORTED_REQUEST_VERSION) {
        return Some(
            "the endpoint does not know that version of the REST API; --api-version asks for another"
                .to_owned(),
        );
    }
    matches!(error.status, 429 | 503).then(|| "the service is busy; try again later".to_owned())
}

fn transport_hint(call: &Call, error: &TransportError) -> Option<String> {
    let text = match error.kind {
        TransportErrorKind::Refused if is_loopback(&call.url) => {
            format!(
                "nothing listens at {}: is the emulator running? `batchyard emulator` starts it",
                origin(call)
            )
        }
        TransportErrorKind::Refused | TransportErrorKind::Unreachable => {
            format!("check the account's URL, {}, and the network", origin(call))
        }
        TransportErrorKind::NotTls => {
            format!("the server speaks plain http: if it is the one you mean, use {}", by("http", call))
        }
        TransportErrorKind::NotHttp => format!("the server seems to speak TLS: use {}", by("https", call)),
        TransportErrorKind::TooLarge => {
            format!("is {} the account's URL, and does no proxy answer in its place?", origin(call))
        }
        TransportErrorKind::Certificate if error.reason.contains("CaUsedAsEndEntity") => {
            "the server's certificate says that it is an authority's, CA:TRUE, and is used as a server's; make one with `openssl req -x509 \
             … -addext basicConstraints=critical,CA:FALSE`"
                .to_owned()
        }
        TransportErrorKind::Certificate => format!(
            "check the account's URL, {}; if it is right, BATCHYARD_CA_FILE names a PEM file with the certificate to trust",
            origin(call)
        ),
        // Some servers that expect TLS hang up without a word.
        TransportErrorKind::Interrupted if call.url.scheme() == "http" => format!(
            "the connection or the service broke off; try again, or, if the server speaks TLS, use {}",
            by("https", call)
        ),
        TransportErrorKind::Interrupted | TransportErrorKind::TimedOut => {
            "the connection or the service broke off; try again".to_owned()
        }
        TransportErrorKind::NoCredential => {
            "`az login` signs you in; AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET name a service principal; and set \
             AZURE_BATCH_ACCESS_KEY to use the account's key, which `az batch account keys list --resource-group GROUP --name NAME` \
             prints"
                .to_owned()
        }
        TransportErrorKind::CredentialRefused => {
            "check the tenant, the client and its secret; BATCHYARD_CREDENTIAL, or `credential` of the account where it has one, \
             chooses another kind, for example azure_cli"
                .to_owned()
        }
        TransportErrorKind::Unsendable => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(url: &str) -> Box<Call> {
        Box::new(Call {
            operation: "Pools_GetPool",
            method: Method::GET,
            url: url.parse().unwrap(),
            client_request_id: "c".to_owned(),
        })
    }

    fn refused(code: ErrorCode, clock_skew: Option<SignedDuration>) -> ClientError {
        ClientError::Service {
            call: call("https://a.batch.azure.com/pools/p"),
            error: Box::new(BatchError::new(code)),
            request_id: Some("r-1".to_owned()),
            retried: true,
            retry_after: None,
            clock_skew,
        }
    }

    #[test]
    fn a_message_names_operation_target_and_request_and_leaves_the_cause_to_its_source() {
        let error = refused(ErrorCode::POOL_EXISTS, None);
        assert_eq!(
            error.to_string(),
            "Pools_GetPool (GET https://a.batch.azure.com/pools/p) was refused (request id r-1)"
        );
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(source, "PoolExists (HTTP 409): The specified pool already exists.");
        assert!(error.code_is(ErrorCode::POOL_EXISTS) && error.code_is_after_retry(ErrorCode::POOL_EXISTS));
        assert!(!error.is_not_found());
    }

    #[test]
    fn a_failed_authentication_is_blamed_on_the_clock_only_if_it_is_off() {
        let hint = |skew| refused(ErrorCode::AUTHENTICATION_FAILED, skew).hint().unwrap();
        assert!(
            hint(Some(SignedDuration::from_mins(47)))
                .starts_with("this machine's clock is 47 minutes ahead of the service's")
        );
        assert!(hint(Some(SignedDuration::from_mins(-20))).contains("20 minutes behind"));
        assert!(hint(Some(SignedDuration::from_secs(30))).contains("check that the key is the account's"));
        assert!(hint(None).contains("check that the key is the account's"));
    }

    #[test]
    fn a_refused_connection_asks_for_the_emulator_only_on_this_machine() {
        let hint = |url| {
            let source = TransportError { kind: TransportErrorKind::Refused, reason: String::new() };
            ClientError::Transport { call: call(url), tries: 3, source }.hint().unwrap()
        };
        assert!(
            hint("http://127.0.0.1:1/pools/p")
                .starts_with("nothing listens at http://127.0.0.1:1: is the emulator running?")
        );
        assert!(!hint("https://a.batch.azure.com/pools/p").contains("emulator"));
    }

    #[test]
    fn the_innermost_cause_is_kept() {
        let refusal = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let text = refusal.to_string();
        let error = azure_core::Error::with_error(ErrorKind::Connection, refusal, "outer");
        let error = TransportError::from_azure(&error);
        assert_eq!(error, TransportError { kind: TransportErrorKind::Refused, reason: text });
        let certificate = || std::io::Error::other(rustls::Error::HandshakeNotComplete);
        for certificate in [certificate(), std::io::Error::other(certificate())] {
            let error = azure_core::Error::with_error(ErrorKind::Connection, certificate, "outer");
            assert_eq!(TransportError::from_azure(&error).kind, TransportErrorKind::Certificate);
        }
    }

    #[test]
    fn a_server_of_the_other_scheme_is_told_from_one_that_is_not_trusted() {
        let failed = |source: rustls::Error, url| {
            let source = azure_core::Error::with_error(ErrorKind::Connection, source, "outer");
            let source = TransportError::from_azure(&source);
            ClientError::Transport { call: call(url), tries: 1, source }.hint().unwrap()
        };
        let plain = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
        assert_eq!(
            failed(plain, "https://127.0.0.1:1/pools"),
            "the server speaks plain http: if it is the one you mean, use http://127.0.0.1:1"
        );
        let source = TransportError { kind: TransportErrorKind::Interrupted, reason: String::new() };
        let hung_up = ClientError::Transport { call: call("http://10.0.0.1/pools"), tries: 1, source };
        assert!(hung_up.hint().unwrap().ends_with("if the server speaks TLS, use https://10.0.0.1"));
        let ca =
            rustls::Error::General("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))".into());
        assert!(failed(ca, "https://a.example").contains("basicConstraints=critical,CA:FALSE"));
        assert!(failed(rustls::Error::DecryptError, "https://a.example").contains("BATCHYARD_CA_FILE"));
    }
}
