//! How a run of a task ended, and why it failed, in the codes of the service.

use serde::{Deserialize, Serialize};

use crate::batch::model::{
    BatchApplicationPackageReference, BatchErrorSourceCategory, BatchNodeError,
    BatchTaskContainerExecutionInfo, BatchTaskFailureInfo, NameValuePair,
};
use crate::node::free_space::KEPT_FREE;
use crate::node::images::ImageProblem;
use crate::node::packages::PackageError;
use crate::node::runtime::{ExitStatus, RuntimeError};

/// How one run of a task ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskOutcome {
    /// The exit code of its program; absent where no program ran to its end.
    pub exit_code: Option<i32>,
    /// What became of its container.
    pub container_info: Option<BatchTaskContainerExecutionInfo>,
    /// Why it failed; absent if it succeeded.
    pub failure_info: Option<BatchTaskFailureInfo>,
}

impl TaskOutcome {
    /// Whether the run succeeded.
    pub fn succeeded(&self) -> bool {
        self.failure_info.is_none()
    }

    /// A run whose program ended by itself.
    pub(super) fn exited(code: i32, container_info: Option<BatchTaskContainerExecutionInfo>) -> Self {
        let failure_info = (code != 0).then(|| {
            failure(
                FAILURE_EXIT_CODE,
                "The program ended with an exit code other than 0.",
                [("Message", format!("exit code {code}"))],
            )
        });
        Self { exit_code: Some(code), container_info, failure_info }
    }

    /// A run that fails with an exit code because somebody wants to see that; nothing ran.
    pub fn wanted_failure(code: i32) -> Self {
        let details = [("Message", format!("exit code {code}, on demand (/_emulator): nothing ran"))];
        let info = failure(FAILURE_EXIT_CODE, "The program ended with an exit code other than 0.", details);
        Self { exit_code: Some(code), container_info: None, failure_info: Some(info) }
    }

    /// A run that failed before its program ran.
    pub(super) fn failed(failure_info: BatchTaskFailureInfo) -> Self {
        Self { exit_code: None, container_info: None, failure_info: Some(failure_info) }
    }

    /// Says what became of the container.
    pub(super) fn with_container(mut self, info: BatchTaskContainerExecutionInfo) -> Self {
        self.container_info = Some(info);
        self
    }
}

const FAILURE_EXIT_CODE: &str = "FailureExitCode";
const INVALID_IMAGE: &str = "ContainerInvalidImage";
const DISK_FULL: &str = "DiskFull";
const DISK_FULL_MESSAGE: &str = "The disk of the node has no room for a container image.";
const INVALID_SETTINGS: &str = "ContainerInvalidSettings";
const PACKAGE_ERROR: &str = "ApplicationPackageError";

/// Why a run was ended from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Interruption {
    /// Somebody asked for it.
    Cancelled,
    /// It took longer than its maxWallClockTime.
    TimeLimit(std::time::Duration),
}

/// `TaskEnded`: the run was ended from outside.
pub(super) fn ended(why: Interruption) -> BatchTaskFailureInfo {
    let (message, detail) = match why {
        Interruption::Cancelled => {
            ("The task was ended at a user's request.", "the task was terminated".to_owned())
        }
        Interruption::TimeLimit(limit) => (
            "The task was ended as it ran for longer than it may.",
            format!("maxWallClockTime {} is over", crate::batch::WireDuration::from(limit)),
        ),
    };
    failure("TaskEnded", message, [("Message", detail)])
}

/// `FailureExitCode`: the coordination command of a task that runs on several nodes at once has failed.
pub(super) fn of_coordination(code: i32) -> BatchTaskFailureInfo {
    failure(
        FAILURE_EXIT_CODE,
        "The coordination command ended with an exit code other than 0.",
        [("Message", format!("exit code {code}"))],
    )
}

/// `FailureExitCode`: what a subtask's coordination command left running has ended before the task did.
pub(super) fn subtask_ended(code: Option<i32>) -> BatchTaskFailureInfo {
    let detail = code.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"));
    failure(FAILURE_EXIT_CODE, "The subtask's container ended before the task did.", [("Message", detail)])
}

/// Whether a failure is that of a program that ran and ended by itself.
pub(super) fn is_exit_code(info: &BatchTaskFailureInfo) -> bool {
    info.code.as_deref() == Some(FAILURE_EXIT_CODE)
}

/// `ApplicationPackageError`: a package of a task is not on the node.
pub(super) fn of_package(
    reference: &BatchApplicationPackageReference,
    error: &PackageError,
) -> BatchTaskFailureInfo {
    let mut info = failure(
        PACKAGE_ERROR,
        "An application package of the task could not be installed on the node.",
        [("Application", package_name(reference)), ("Message", with_causes(error))],
    );
    if error.is_of_node() {
        info.category = BatchErrorSourceCategory::ServerError;
    }
    info
}

/// `ApplicationPackageError`: a package of the pool is not on the node.
pub(super) fn of_pool_package(
    reference: &BatchApplicationPackageReference,
    error: &PackageError,
) -> BatchNodeError {
    let message =
        format!("The application package {} could not be installed on the node.", package_name(reference));
    node_error(PACKAGE_ERROR, &message, &with_causes(error))
}

fn package_name(reference: &BatchApplicationPackageReference) -> String {
    let version = reference.version.as_deref();
    format!("{} {}", reference.application(), version.unwrap_or("(default version)"))
}

/// An error with what caused it, in one line.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// `ContainerPoolNotSupported`: container settings on a pool without containers.
pub(super) fn pool_without_containers() -> BatchTaskFailureInfo {
    let advice = "give the pool a container configuration, or the task no container settings";
    failure(
        "ContainerPoolNotSupported",
        "The task has container settings, and its pool does not run containers.",
        [("Message", advice.to_owned())],
    )
}

/// `ContainerInvalidSettings`.
pub(super) fn invalid_settings(reason: impl std::fmt::Display) -> BatchTaskFailureInfo {
    failure(
        INVALID_SETTINGS,
        "The task's container settings are not valid.",
        [("Message", reason.to_string())],
    )
}

/// `CommandProgramNotFound`: there is no such program.
pub(super) fn program_not_found(program: &str, reason: impl std::fmt::Display) -> BatchTaskFailureInfo {
    failure(
        "CommandProgramNotFound",
        "The program of the task's command line was not found.",
        [("Program", program.to_owned()), ("Message", reason.to_string())],
    )
}

/// `CommandLaunchFailed`: the command line can't be run.
pub(super) fn launch_failed(reason: impl std::fmt::Display) -> BatchTaskFailureInfo {
    failure(
        "CommandLaunchFailed",
        "The task's command line could not be run.",
        [("Message", reason.to_string())],
    )
}

/// `Unknown`: the node failed, not the task.
pub(super) fn node_failed(reason: impl std::fmt::Display) -> BatchTaskFailureInfo {
    let mut info = failure("Unknown", "The node could not run the task.", [("Message", reason.to_string())]);
    info.category = BatchErrorSourceCategory::ServerError;
    info
}

/// What a failure of the runtime means for a task.
pub(super) fn of_runtime(error: &RuntimeError, program: &str) -> BatchTaskFailureInfo {
    match error {
        RuntimeError::Passing(error) => of_runtime(error, program),
        RuntimeError::Unauthorized { image, .. }
        | RuntimeError::ImageNotFound { image, .. }
        | RuntimeError::InvalidImage { image, .. }
        | RuntimeError::PullFailed { image, .. } => {
            of_image(&ImageProblem { image: image.clone(), error: error.clone() })
        }
        RuntimeError::DiskFull { reason, .. } => disk_full(reason),
        RuntimeError::InvalidSettings { reason } => invalid_settings(reason),
        RuntimeError::StartFailed { reason } if is_missing_program(reason) => {
            program_not_found(program, reason)
        }
        RuntimeError::StartFailed { reason } => launch_failed(reason),
        RuntimeError::Unavailable { .. }
        | RuntimeError::NoSuchContainer { .. }
        | RuntimeError::NameTaken { .. }
        | RuntimeError::Failed { .. } => node_failed(error),
    }
}

/// `DiskFull`: the node has no room for an image.
fn disk_full(reason: &str) -> BatchTaskFailureInfo {
    let mut info = failure(DISK_FULL, DISK_FULL_MESSAGE, [("Message", reason.to_owned())]);
    info.category = BatchErrorSourceCategory::ServerError;
    info
}

/// Container runtimes say in words only that a program is missing.
fn is_missing_program(reason: &str) -> bool {
    let lower = reason.to_ascii_lowercase();
    ["not found", "no such file"].iter().any(|words| lower.contains(words))
}

/// Whether an image can't be had because the runtime does not work, which is no fault of the image.
fn is_the_runtimes(error: &RuntimeError) -> bool {
    match error {
        RuntimeError::Passing(error) => is_the_runtimes(error),
        RuntimeError::Unavailable { .. } | RuntimeError::Failed { .. } => true,
        _ => false,
    }
}

/// `ContainerInvalidImage` for a task.
pub(super) fn of_image(problem: &ImageProblem) -> BatchTaskFailureInfo {
    if is_the_runtimes(&problem.error) {
        return node_failed(&problem.error);
    }
    if let RuntimeError::DiskFull { reason, .. } = &problem.error {
        return BatchTaskFailureInfo { details: Some(image_details(problem)), ..disk_full(reason) };
    }
    BatchTaskFailureInfo {
        details: Some(image_details(problem)),
        ..failure(INVALID_IMAGE, IMAGE_MESSAGE, [])
    }
}

/// What a failed prefetch means for a node.
pub(super) fn of_prefetch(problem: &ImageProblem) -> BatchNodeError {
    if is_the_runtimes(&problem.error) {
        return of_missing_runtime(&problem.error);
    }
    if let RuntimeError::DiskFull { .. } = problem.error {
        return BatchNodeError {
            error_details: Some(image_details(problem)),
            ..node_error(DISK_FULL, DISK_FULL_MESSAGE, &problem.error)
        };
    }
    BatchNodeError {
        code: Some(INVALID_IMAGE.to_owned()),
        message: Some(format!("{IMAGE_MESSAGE} {}", problem.error)),
        error_details: Some(image_details(problem)),
    }
}

/// A node whose container runtime does not work.
pub(super) fn of_missing_runtime(error: &RuntimeError) -> BatchNodeError {
    node_error("ContainerEngineUnavailable", "The node cannot run containers.", error)
}

/// A node whose directories can't be made.
pub(super) fn of_directories(error: &std::io::Error, root: &std::path::Path) -> BatchNodeError {
    let reason = format!("{}: {error}", root.display());
    node_error("NodeDirectoryCreateFailed", "The directories of the node could not be made.", &reason)
}

/// A node whose disk has no room.
pub(super) fn of_full_disk(root: &std::path::Path) -> BatchNodeError {
    let reason = format!(
        "{}: of its disk less than {} MiB are free, and those are always kept free",
        root.display(),
        KEPT_FREE >> 20
    );
    node_error("DiskFull", "The disk of the node is full.", &reason)
}

/// A node on which something can't be mounted.
pub(super) fn of_mount(place: &str, error: &std::io::Error) -> BatchNodeError {
    let reason = format!("{place}: {error}");
    node_error("MountConfigurationException", "A file system of the pool could not be mounted.", &reason)
}

/// A node that has no place in the network of its pool.
pub(super) fn of_network(error: &dyn std::fmt::Display) -> BatchNodeError {
    node_error("NodeNetworkUnavailable", "The node cannot join the network of its pool.", error)
}

fn node_error(code: &str, message: &str, reason: &dyn std::fmt::Display) -> BatchNodeError {
    BatchNodeError {
        code: Some(code.to_owned()),
        message: Some(format!("{message} {reason}")),
        error_details: Some(vec![NameValuePair::new("Message", reason.to_string())]),
    }
}

const IMAGE_MESSAGE: &str = "A container image can't be used.";

fn image_details(problem: &ImageProblem) -> Vec<NameValuePair> {
    let mut details = vec![NameValuePair::new("ContainerImage", &problem.image)];
    if let RuntimeError::Unauthorized { registry, .. }
    | RuntimeError::ImageNotFound { registry, .. }
    | RuntimeError::PullFailed { registry, .. } = &problem.error
    {
        details.push(NameValuePair::new("Registry", registry));
    }
    details.push(NameValuePair::new("Message", problem.error.to_string()));
    details
}

fn failure<const N: usize>(code: &str, message: &str, details: [(&str, String); N]) -> BatchTaskFailureInfo {
    BatchTaskFailureInfo {
        category: BatchErrorSourceCategory::UserError,
        code: Some(code.to_owned()),
        message: Some(message.to_owned()),
        details: Some(details.into_iter().map(|(name, value)| NameValuePair::new(name, value)).collect()),
    }
}

/// What the runtime says of a container that has ended.
pub(super) fn container_info(id: &str, status: &ExitStatus) -> BatchTaskContainerExecutionInfo {
    let memory = match status.out_of_memory {
        Some(true) => Some("the container went over its memory limit"),
        None => Some("the container was killed, perhaps because it went over its memory limit"),
        Some(false) => None,
    };
    let parts: Vec<_> = memory.map(str::to_owned).into_iter().chain(status.error.clone()).collect();
    BatchTaskContainerExecutionInfo {
        container_id: Some(id.to_owned()),
        state: Some("exited".to_owned()),
        error: (!parts.is_empty()).then(|| parts.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::runtime::RuntimeKind;

    fn detail<'a>(info: &'a BatchTaskFailureInfo, name: &str) -> Option<&'a str> {
        let details = info.details.as_ref()?;
        details.iter().find(|detail| detail.name.as_deref() == Some(name))?.value.as_deref()
    }

    #[test]
    fn exit_code_zero_is_success_and_no_other() {
        assert!(TaskOutcome::exited(0, None).succeeded());
        let failed = TaskOutcome::exited(3, None);
        let info = failed.failure_info.unwrap();
        assert_eq!(failed.exit_code, Some(3));
        assert_eq!(
            (info.code.as_deref(), &info.category),
            (Some("FailureExitCode"), &BatchErrorSourceCategory::UserError)
        );
        assert_eq!(detail(&info, "Message"), Some("exit code 3"));
    }

    #[test]
    fn an_image_that_does_not_fit_is_the_node_s_fault() {
        let problem = ImageProblem {
            image: "r.io/large".to_owned(),
            error: RuntimeError::DiskFull { image: "r.io/large".to_owned(), reason: "too large".to_owned() },
        };
        let info = of_image(&problem);
        assert_eq!(info.code.as_deref(), Some("DiskFull"));
        assert_eq!(info.category, BatchErrorSourceCategory::ServerError);
        assert_eq!(detail(&info, "ContainerImage"), Some("r.io/large"));
        assert_eq!(of_runtime(&problem.error, "p").code.as_deref(), Some("DiskFull"));
        let error = of_prefetch(&problem);
        assert_eq!(error.code.as_deref(), Some("DiskFull"));
        assert!(error.message.unwrap().contains("too large"));
    }

    #[test]
    fn a_refused_login_names_registry_image_and_answer() {
        let problem = ImageProblem {
            image: "registry.example:5000/app".to_owned(),
            error: RuntimeError::Unauthorized {
                image: "registry.example:5000/app:latest".to_owned(),
                registry: "registry.example:5000".to_owned(),
                reason: "401 Unauthorized: authentication required".to_owned(),
            },
        };
        let info = of_image(&problem);
        assert_eq!(info.code.as_deref(), Some("ContainerInvalidImage"));
        assert_eq!(detail(&info, "ContainerImage"), Some("registry.example:5000/app"));
        assert_eq!(detail(&info, "Registry"), Some("registry.example:5000"));
        assert!(detail(&info, "Message").unwrap().contains("401 Unauthorized"));
        let error = of_prefetch(&problem);
        assert_eq!(error.code.as_deref(), Some("ContainerInvalidImage"));
        for part in ["registry.example:5000", "app", "401"] {
            assert!(error.message.as_ref().unwrap().contains(part), "{part}");
        }
    }

    #[test]
    fn each_failure_of_a_runtime_has_its_code_and_category() {
        let code = |error: RuntimeError| {
            let info = of_runtime(&error, "prog");
            (info.code.unwrap(), info.category)
        };
        let reason = |text: &str| text.to_owned();
        assert_eq!(
            code(RuntimeError::InvalidSettings { reason: reason("no such network") }),
            (reason("ContainerInvalidSettings"), BatchErrorSourceCategory::UserError)
        );
        assert_eq!(
            code(RuntimeError::StartFailed {
                reason: reason("exec: \"prog\": executable file not found in $PATH")
            }),
            (reason("CommandProgramNotFound"), BatchErrorSourceCategory::UserError)
        );
        assert_eq!(
            code(RuntimeError::StartFailed { reason: reason("exec: \"/etc\": permission denied") }),
            (reason("CommandLaunchFailed"), BatchErrorSourceCategory::UserError)
        );
        assert_eq!(
            code(RuntimeError::Unavailable { kind: RuntimeKind::Docker, reason: reason("gone") }),
            (reason("Unknown"), BatchErrorSourceCategory::ServerError)
        );
    }

    #[test]
    fn an_ended_run_says_who_ended_it() {
        let limit = ended(Interruption::TimeLimit(std::time::Duration::from_secs(90)));
        assert_eq!(limit.code.as_deref(), Some("TaskEnded"));
        assert_eq!(detail(&limit, "Message"), Some("maxWallClockTime PT1M30S is over"));
        assert_eq!(ended(Interruption::Cancelled).code.as_deref(), Some("TaskEnded"));
    }
}
