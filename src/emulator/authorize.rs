//! Who may ask, and for what: whoever signs with the account's key, now, or brings a token of the test issuer, for everything; a task
//! with its own token for what belongs to its job.

use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use jiff::{SignedDuration, Timestamp};

use super::account::Account;
use super::refusal::Refusal;
use super::service::job_of_token;
use super::task_token;
use super::test_issuer::TestIssuer;
use crate::batch::auth::{Refused, SharedKey, SignedRequest};
use crate::batch::{DateTime, ErrorCode, JobId, OperationSpec};

/// How far the time in a request may be off.
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(15);

/// What a request may ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everything.
    Account,
    /// The operations on this job and on what it holds.
    Job(JobId),
}

impl Access {
    /// Checks that the request may ask for that operation, whose path has these values.
    pub(crate) fn check(&self, operation: &OperationSpec, values: &[String]) -> Result<(), Refusal> {
        let Self::Job(job) = self else { return Ok(()) };
        let is_of_job = operation.path == JOB || operation.path.starts_with(&format!("{JOB}/"));
        if is_of_job && values.first().is_some_and(|named| named.eq_ignore_ascii_case(job.as_str())) {
            return Ok(());
        }
        Err(Refusal::new(ErrorCode::INSUFFICIENT_ACCOUNT_PERMISSIONS)
            .with("Reason", format!("the token of a task is for operations on its own job, {job}")))
    }
}

/// The path of a job; operations on it and on what it holds begin so.
const JOB: &str = "/jobs/{jobId}";

/// Checks who asks: by a token, if the request has one, else by its signature. Some ways in are for tokens of tasks only.
pub(crate) async fn authorize(
    account: &Account,
    request: &Parts,
    is_for_tasks: bool,
    now: Timestamp,
) -> Result<Access, Refusal> {
    let token = bearer_token(request);
    if let Some(digest) = token.and_then(task_token::digest) {
        let job = account.service.read(move |store| job_of_token(store, &digest)).await?;
        return job.map(Access::Job).ok_or_else(|| {
            unauthorized("the bearer token is refused: it is no task's, or the task that had it runs no more")
        });
    }
    if is_for_tasks {
        return Err(unauthorized(
            "only tasks come in this way, with the token that is in AZ_BATCH_AUTHENTICATION_TOKEN (Authorization: Bearer …)",
        ));
    }
    match token {
        Some(token) => check_token(account.issuer.as_ref(), token, now)?,
        None => check_signature(&account.key, request, now)?,
    }
    Ok(Access::Account)
}

/// The token of a request, empty if it brings none or something that can't be one. The scheme is written in any case (RFC 9110 §11.1).
fn bearer_token(request: &Parts) -> Option<&str> {
    let credentials = request.headers.get(AUTHORIZATION)?.as_bytes();
    let end = credentials.iter().position(u8::is_ascii_whitespace).unwrap_or(credentials.len());
    let (scheme, token) = credentials.split_at(end);
    let token = str::from_utf8(token).unwrap_or_default().trim();
    scheme.eq_ignore_ascii_case(b"Bearer").then_some(token)
}

fn check_token(issuer: Option<&TestIssuer>, token: &str, now: Timestamp) -> Result<(), Refusal> {
    let Some(issuer) = issuer else {
        return Err(unauthorized(
            "no bearer tokens are taken here, because no test issuer is configured; sign the request with the account's key \
             (SharedKey), or start the emulator with --test-issuer FILE",
        ));
    };
    issuer.verify(token, now).map_err(|error| unauthorized(&format!("the bearer token is refused: {error}")))
}

/// Checks the signature of a request, and that it is fresh.
fn check_signature(key: &SharedKey, request: &Parts, now: Timestamp) -> Result<(), Refusal> {
    let headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .filter_map(|(name, value)| value.to_str().ok().map(|value| (name.as_str(), value)))
        .collect();
    let signed = SignedRequest {
        method: request.method.as_str(),
        path: request.uri.path(),
        query: request.uri.query().unwrap_or_default(),
        headers: &headers,
    };
    key.verify(&signed).map_err(|refused| refuse(&refused))?;
    let date = |name: &str| request.headers.get(name).and_then(|value| value.to_str().ok());
    let sent = date("ocp-date").or_else(|| date("date")).unwrap_or_default();
    let Some(DateTime(time)) = DateTime::from_rfc1123(sent) else {
        return Err(failed("the request has neither an ocp-date nor a Date header with a time"));
    };
    if now.duration_since(time).abs() > MAX_SKEW {
        return Err(failed(&format!(
            "the time of the request, {sent}, is more than 15 minutes from the server's, {}; check the clock",
            DateTime(now).to_rfc1123()
        )));
    }
    Ok(())
}

fn refuse(refused: &Refused) -> Refusal {
    match refused {
        Refused::Missing => {
            Refusal::new(ErrorCode::MISSING_REQUIRED_HEADER).with("HeaderName", "Authorization")
        }
        Refused::Malformed => {
            Refusal::new(ErrorCode::INVALID_AUTHENTICATION_INFO).with("Reason", refused.to_string())
        }
        Refused::OtherAccount(_) | Refused::Signature(_) => failed(&refused.to_string()),
    }
}

fn failed(detail: &str) -> Refusal {
    Refusal::new(ErrorCode::AUTHENTICATION_FAILED).with("AuthenticationErrorDetail", detail)
}

/// A signature that is wrong is forbidden, a token that is wrong is no authorization at all: the service answers so.
fn unauthorized(detail: &str) -> Refusal {
    let mut refusal = failed(detail);
    refusal.status = StatusCode::UNAUTHORIZED.as_u16();
    refusal
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Operation as _;
    use crate::batch::operations::{CreateJob, DeleteJob, GetPool, GetTask, ListJobs, ListTasks};

    #[test]
    fn a_task_may_do_what_it_wants_with_its_own_job_and_nothing_else() {
        let access = Access::Job(JobId::new("Mine").unwrap());
        let check = |operation: &OperationSpec, values: &[&str]| {
            let values: Vec<String> = values.iter().map(|&value| value.to_owned()).collect();
            assert_eq!(Access::Account.check(operation, &values), Ok(()));
            access.check(operation, &values).map_err(|refusal| refusal.into_error().body.code)
        };
        assert_eq!(check(&DeleteJob::SPEC, &["mine"]), Ok(()));
        assert_eq!(check(&ListTasks::SPEC, &["mine"]), Ok(()));
        assert_eq!(check(&GetTask::SPEC, &["MINE", "t"]), Ok(()));
        let refused = Err("InsufficientAccountPermissions".to_owned());
        assert_eq!(check(&GetTask::SPEC, &["other", "mine"]), refused);
        assert_eq!(check(&GetPool::SPEC, &["mine"]), refused);
        assert_eq!(check(&ListJobs::SPEC, &[]), refused);
        assert_eq!(check(&CreateJob::SPEC, &[]), refused);
    }
}
