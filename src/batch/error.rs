//! Errors as the service writes them.

use serde::{Deserialize, Serialize};

/// The codes that this program sends or acts upon, each with its HTTP status and the service's message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCode {
    /// The name on the wire.
    pub name: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What it means, for people.
    pub message: &'static str,
}

macro_rules! error_codes {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $status:literal, $message:literal;)+) => {
        impl ErrorCode {
            $($(#[$doc])* #[doc = concat!("`", $name, "`: ", $message)]
            pub const $constant: Self = Self { name: $name, status: $status, message: $message };)+

            /// Every code that this program sends.
            pub const ALL: &'static [Self] = &[$(Self::$constant),+];
        }
    };
}

error_codes! {
    CONDITION_NOT_MET = "ConditionNotMet", 412, "The condition in the request's headers does not hold.";
    NOT_MODIFIED = "ConditionNotMet", 304, "The object has not changed.";
    MULTIPLE_CONDITION_HEADERS_NOT_SUPPORTED = "MultipleConditionHeadersNotSupported", 400, "The request has more than one kind of condition.";
    MISSING_REQUIRED_HEADER = "MissingRequiredHeader", 400, "The request lacks a mandatory HTTP header.";
    MISSING_REQUIRED_PROPERTY = "MissingRequiredProperty", 400, "The request body lacks a mandatory property.";
    MISSING_REQUIRED_QUERY_PARAMETER = "MissingRequiredQueryParameter", 400, "The request lacks a mandatory query parameter.";
    INVALID_HEADER_VALUE = "InvalidHeaderValue", 400, "The value of an HTTP header is not valid.";
    INVALID_PROPERTY_VALUE = "InvalidPropertyValue", 400, "The value of a property in the request body is not valid.";
    INVALID_QUERY_PARAMETER_VALUE = "InvalidQueryParameterValue", 400, "The value of a query parameter is not valid.";
    OUT_OF_RANGE_QUERY_PARAMETER_VALUE = "OutOfRangeQueryParameterValue", 400, "The value of a query parameter is out of range.";
    INVALID_URI = "InvalidUri", 400, "The request's URI does not name a resource of the service.";
    INVALID_REQUEST_BODY = "InvalidRequestBody", 400, "The request body is not valid.";
    UNSUPPORTED_PROPERTY = "UnsupportedProperty", 400, "A property in the request body is not supported.";
    INVALID_AUTHENTICATION_INFO = "InvalidAuthenticationInfo", 400, "The Authorization header is malformed.";
    UNSUPPORTED_REQUEST_VERSION = "UnsupportedRequestVersion", 400, "The api-version of the request is not supported.";
    INVALID_AUTO_SCALING_SETTINGS = "InvalidAutoScalingSettings", 400, "The autoscale settings of the pool contradict each other.";
    AUTO_SCALING_FORMULA_SYNTAX_ERROR = "AutoScalingFormulaSyntaxError", 400, "The autoscale formula cannot be read.";
    AUTO_SCALING_FORMULA_TOO_LONG = "AutoScalingFormulaTooLong", 400, "The autoscale formula is too long.";
    TASK_DEPENDENCIES_NOT_SPECIFIED_ON_JOB = "TaskDependenciesNotSpecifiedOnJob", 400, "The task has dependencies, and its job does not use task dependencies.";
    TASK_DEPENDENCY_LIST_TOO_LONG = "TaskDependencyListTooLong", 400, "The ids of the task's dependencies have more than 64,000 characters together.";
    OUT_OF_RANGE_PRIORITY = "OutOfRangePriority", 400, "The priority is not between -1000 and 1000.";
    INVALID_CONSTRAINT_VALUE = "InvalidConstraintValue", 400, "The value of a constraint is not valid.";
    AUTHENTICATION_FAILED = "AuthenticationFailed", 403, "The server could not authenticate the request; look at the Authorization header and its signature.";
    RESOURCE_NOT_FOUND = "ResourceNotFound", 404, "The specified resource does not exist.";
    POOL_NOT_FOUND = "PoolNotFound", 404, "The specified pool does not exist.";
    NODE_NOT_FOUND = "NodeNotFound", 404, "The specified node does not exist.";
    APPLICATION_NOT_FOUND = "ApplicationNotFound", 404, "The specified application does not exist.";
    CERTIFICATE_NOT_FOUND = "CertificateNotFound", 404, "The specified certificate does not exist.";
    NODE_USER_NOT_FOUND = "NodeUserNotFound", 404, "The specified node user does not exist.";
    JOB_NOT_FOUND = "JobNotFound", 404, "The specified job does not exist.";
    TASK_NOT_FOUND = "TaskNotFound", 404, "The specified task does not exist.";
    FILE_NOT_FOUND = "FileNotFound", 404, "The specified file does not exist.";
    INSUFFICIENT_ACCOUNT_PERMISSIONS = "InsufficientAccountPermissions", 403, "The credentials of the request do not let it do this.";
    UNSUPPORTED_HTTP_VERB = "UnsupportedHttpVerb", 405, "The resource does not support the HTTP verb.";
    POOL_EXISTS = "PoolExists", 409, "The specified pool already exists.";
    JOB_EXISTS = "JobExists", 409, "The specified job already exists.";
    TASK_EXISTS = "TaskExists", 409, "The specified task already exists.";
    POOL_BEING_DELETED = "PoolBeingDeleted", 409, "The specified pool is being deleted.";
    POOL_BEING_RESIZED = "PoolBeingResized", 409, "The specified pool is being resized.";
    CERTIFICATE_EXISTS = "CertificateExists", 409, "The specified certificate already exists.";
    CERTIFICATE_BEING_DELETED = "CertificateBeingDeleted", 409, "The specified certificate is being deleted.";
    CERTIFICATE_STATE_ACTIVE = "CertificateStateActive", 409, "The specified certificate is active: its deletion was not asked for, or not in vain.";
    INVALID_APPLICATION_PACKAGE_REFERENCES = "InvalidApplicationPackageReferences", 409, "An application package that the pool refers to does not exist, or has no default version.";
    INVALID_CERTIFICATE_REFERENCES = "InvalidCertificateReferences", 409, "A certificate that the pool refers to does not exist, or is being deleted.";
    NODE_USER_EXISTS = "NodeUserExists", 409, "The specified node user already exists.";
    NODE_BEING_CREATED = "NodeBeingCreated", 409, "The specified node is being created.";
    NODE_BEING_STARTED = "NodeBeingStarted", 409, "The specified node is being started.";
    NODE_BEING_REBOOTED = "NodeBeingRebooted", 409, "The specified node is being rebooted.";
    NODE_BEING_REIMAGED = "NodeBeingReimaged", 409, "The specified node is being reimaged.";
    NODE_STATE_UNUSABLE = "NodeStateUnusable", 409, "The specified node is unusable.";
    NODE_ALREADY_IN_TARGET_SCHEDULING_STATE = "NodeAlreadyInTargetSchedulingState", 409, "The specified node already has that scheduling state.";
    JOB_PREPARATION_TASK_NOT_SPECIFIED = "JobPreparationTaskNotSpecified", 409, "The specified job has no job preparation task.";
    TASK_ID_SAME_AS_JOB_PREPARATION_TASK = "TaskIdSameAsJobPreparationTask", 409, "The specified task has the id of the job's preparation task.";
    TASK_ID_SAME_AS_JOB_RELEASE_TASK = "TaskIdSameAsJobReleaseTask", 409, "The specified task has the id of the job's release task.";
    JOB_SCHEDULE_NOT_FOUND = "JobScheduleNotFound", 404, "The specified job schedule does not exist.";
    JOB_SCHEDULE_EXISTS = "JobScheduleExists", 409, "The specified job schedule already exists.";
    JOB_SCHEDULE_WITH_SAME_ID_EXISTS = "JobScheduleWithSameIdExists", 409, "A job schedule has the id of the specified job.";
    JOB_WITH_SAME_ID_EXISTS = "JobWithSameIdExists", 409, "A job has the id of the specified job schedule.";
    JOB_SCHEDULE_COMPLETED = "JobScheduleCompleted", 409, "The specified job schedule has completed.";
    JOB_SCHEDULE_BEING_TERMINATED = "JobScheduleBeingTerminated", 409, "The specified job schedule is being terminated.";
    JOB_SCHEDULE_BEING_DELETED = "JobScheduleBeingDeleted", 409, "The specified job schedule is being deleted.";
    JOB_BEING_DELETED = "JobBeingDeleted", 409, "The specified job is being deleted.";
    JOB_BEING_TERMINATED = "JobBeingTerminated", 409, "The specified job is being terminated.";
    JOB_COMPLETED = "JobCompleted", 409, "The specified job has completed.";
    JOB_DISABLED = "JobDisabled", 409, "The specified job is disabled.";
    JOB_NOT_ACTIVE = "JobNotActive", 409, "The specified job is not active.";
    TASK_COMPLETED = "TaskCompleted", 409, "The specified task has completed.";
    TASK_NOT_COMPLETED = "TaskNotCompleted", 409, "The specified task has not completed.";
    TASK_SUCCEEDED = "TaskSucceeded", 409, "The specified task has succeeded.";
    TASK_FILES_UNAVAILABLE = "TaskFilesUnavailable", 409, "The files of the specified task are not available: no node has them.";
    OPERATION_INVALID_FOR_CURRENT_STATE = "OperationInvalidForCurrentState", 409, "The operation is not possible in the present state of the object.";
    POOL_QUOTA_REACHED = "PoolQuotaReached", 409, "The account has as many pools as its quota allows.";
    ACTIVE_JOB_AND_SCHEDULE_QUOTA_REACHED = "ActiveJobAndScheduleQuotaReached", 409, "The account has as many active jobs and schedules as its quota allows.";
    MISSING_CONTENT_LENGTH_HEADER = "MissingContentLengthHeader", 411, "The request does not say how long its body is.";
    REQUEST_BODY_TOO_LARGE = "RequestBodyTooLarge", 413, "The request body is larger than the service accepts.";
    INVALID_RANGE = "InvalidRange", 416, "The requested range lies outside the file.";
    INTERNAL_ERROR = "InternalError", 500, "The server met an error of its own.";
    NOT_IMPLEMENTED_BY_EMULATOR = "NotImplementedByEmulator", 501, "The embedded Azure Batch does not do this.";
    SERVER_BUSY = "ServerBusy", 503, "The server is busy; try again later.";
    TOO_MANY_REQUESTS = "TooManyRequests", 429, "There are too many requests; try again later.";
}

/// An error in the body of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchErrorBody {
    /// What kind of object this is.
    #[serde(rename = "odata.metadata", default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
    /// The code's name.
    #[serde(default)]
    pub code: String,
    /// The message.
    #[serde(default)]
    pub message: BatchErrorMessage,
    /// Details.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<BatchErrorDetail>,
}

/// A message for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchErrorMessage {
    /// Its language.
    #[serde(default)]
    pub lang: String,
    /// The text, followed by lines with the request's id and time.
    #[serde(default)]
    pub value: String,
}

/// A detail of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchErrorDetail {
    /// What it is.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// An error answer of the service: a status, and what its body says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchError {
    /// The HTTP status.
    pub status: u16,
    /// The body; empty for answers without one.
    pub body: BatchErrorBody,
}

impl BatchError {
    /// An error of that code, without details.
    pub fn new(code: ErrorCode) -> Self {
        Self {
            status: code.status,
            body: BatchErrorBody {
                metadata: None,
                code: code.name.to_owned(),
                message: BatchErrorMessage { lang: "en-US".to_owned(), value: code.message.to_owned() },
                values: Vec::new(),
            },
        }
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<String>) -> Self {
        self.body.values.push(BatchErrorDetail { key: key.to_owned(), value: value.into() });
        self
    }

    /// Whether this is that code.
    pub fn is(&self, code: ErrorCode) -> bool {
        self.body.code.eq_ignore_ascii_case(code.name)
    }

    /// The first line of the message: without the request's id and time.
    pub fn headline(&self) -> &str {
        self.body.message.value.lines().next().unwrap_or_default()
    }

    /// The value of a detail.
    pub fn detail(&self, key: &str) -> Option<&str> {
        self.body
            .values
            .iter()
            .find(|detail| detail.key.eq_ignore_ascii_case(key))
            .map(|detail| detail.value.as_str())
    }
}

impl From<ErrorCode> for BatchError {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl std::fmt::Display for BatchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.body.code.as_str(), self.headline()) {
            ("", _) => write!(f, "HTTP {}", self.status),
            (code, "") => write!(f, "{code} (HTTP {})", self.status),
            (code, headline) => write!(f, "{code} (HTTP {}): {headline}", self.status),
        }?;
        for detail in &self.body.values {
            write!(f, "; {}: {}", detail.key, detail.value)?;
        }
        Ok(())
    }
}

impl std::error::Error for BatchError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_service_is_read_and_shown_in_one_line() {
        let body = r#"{"odata.metadata":"https://a/$metadata#x","code":"PoolExists",
            "message":{"lang":"en-US","value":"The specified pool already exists.\nRequestId:1\nTime:2"},
            "values":[{"key":"PropertyName","value":"id"}]}"#;
        let error = BatchError { status: 409, body: serde_json::from_str(body).unwrap() };
        assert!(error.is(ErrorCode::POOL_EXISTS));
        assert_eq!(error.detail("propertyname"), Some("id"));
        assert_eq!(
            error.to_string(),
            "PoolExists (HTTP 409): The specified pool already exists.; PropertyName: id"
        );
    }
}
