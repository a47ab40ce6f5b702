//! What an engine's answers mean. Engines say most things in words only, and with status codes of their own.

use bollard::errors::Error;

use crate::batch::image_reference::ImageReference;
use crate::node::runtime::{ContainerId, RuntimeError, RuntimeKind};

/// The engine can't be reached, or does not answer.
pub(super) fn unavailable(reason: impl std::fmt::Display) -> RuntimeError {
    RuntimeError::Unavailable { kind: RuntimeKind::Docker, reason: reason.to_string() }
}

/// Whether the engine itself could not be talked to, in contrast to having refused.
pub(super) fn is_connection_problem(error: &Error) -> bool {
    matches!(
        error,
        Error::HyperResponseError { .. }
            | Error::HyperLegacyError { .. }
            | Error::IOError { .. }
            | Error::RequestTimeoutError
            | Error::SocketNotFoundError(_)
    )
}

pub(super) fn is_not_found(error: &Error) -> bool {
    status(error) == Some(404)
}

/// The status of the engine's answer.
pub(super) fn status(error: &Error) -> Option<u16> {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// The engine's own words.
pub(super) fn message(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } => message.trim().to_owned(),
        Error::DockerStreamError { error } => error.trim().to_owned(),
        Error::HyperLegacyError { err } => with_causes(err),
        Error::HyperResponseError { err } => with_causes(err),
        other => other.to_string(),
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Whether a 404 means the container, and not something that it needs.
pub(super) fn is_about_container(error: &Error) -> bool {
    message(error).to_ascii_lowercase().contains("no such container")
}

/// A container is in a state in which it can't be waited for.
pub(super) fn failed_state(container: &ContainerId, reason: &str) -> RuntimeError {
    RuntimeError::Failed { action: format!("wait for container {container}"), reason: reason.to_owned() }
}

/// Anything that has no meaning of its own.
pub(super) fn failed(action: &str, error: &Error) -> RuntimeError {
    if is_connection_problem(error) {
        return unavailable(format!("{action}: {}", message(error)));
    }
    let failed = RuntimeError::Failed { action: action.to_owned(), reason: message(error) };
    if may_pass(error) { RuntimeError::Passing(Box::new(failed)) } else { failed }
}

/// Why an image could not be pulled.
pub(super) fn of_pull(image: &ImageReference, error: &Error) -> RuntimeError {
    if is_connection_problem(error) {
        return unavailable(format!("pull {image}: {}", message(error)));
    }
    let (name, registry, reason) = (image.to_string(), image.registry().to_owned(), message(error));
    let lower = reason.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if says(&["no space left on device", "disk quota exceeded"]) {
        return RuntimeError::DiskFull { image: name, reason };
    }
    // Registries answer a missing or wrong login with 401; engines report that in words.
    if says(&["403 forbidden"]) {
        RuntimeError::Unauthorized { image: name, registry, reason }
    } else if says(&[
        "unauthorized",
        "no basic auth credentials",
        "authentication required",
        "denied",
        "incorrect username",
    ]) {
        let reason = if lower.contains("401") { reason } else { format!("401 Unauthorized: {reason}") };
        RuntimeError::Unauthorized { image: name, registry, reason }
    } else if says(&[
        "manifest unknown",
        "manifest for",
        "name unknown",
        "repository does not exist",
        "not found",
    ]) {
        RuntimeError::ImageNotFound { image: name, registry, reason }
    } else if says(&[
        "invalid reference",
        "no matching manifest",
        "unsupported media type",
        "unsupported manifest",
    ]) {
        RuntimeError::InvalidImage { image: name, reason }
    } else {
        RuntimeError::PullFailed { image: name, registry, reason }
    }
}

/// Engines answer 500 and above to what they can't do just now, and also to some settings that never work: only trying again
/// tells the two apart.
pub(super) fn may_pass(error: &Error) -> bool {
    matches!(status(error), Some(500..))
}

/// Why a container could not be made.
pub(super) fn of_create(name: &str, image: &str, error: &Error) -> RuntimeError {
    let reason = message(error);
    match status(error) {
        Some(409) => RuntimeError::NameTaken { name: name.to_owned(), reason },
        _ if may_pass(error) => RuntimeError::Passing(Box::new(RuntimeError::InvalidSettings { reason })),
        Some(404) if reason.to_ascii_lowercase().contains("no such image") => {
            let registry = image.parse::<ImageReference>().map(|image| image.registry().to_owned());
            RuntimeError::ImageNotFound {
                image: image.to_owned(),
                registry: registry.unwrap_or_default(),
                reason,
            }
        }
        Some(400 | 404) => RuntimeError::InvalidSettings { reason },
        _ => failed("create container", error),
    }
}

/// Why a container could not be started.
pub(super) fn of_start(error: &Error) -> RuntimeError {
    if status(error).is_none() {
        return failed("start container", error);
    }
    let reason = message(error);
    let lower = reason.to_ascii_lowercase();
    // Runtimes name the program only where it was the program that they could not run.
    let meaning = if lower.contains("exec") && !lower.contains("mount") {
        RuntimeError::StartFailed { reason }
    } else {
        RuntimeError::InvalidSettings { reason }
    };
    if may_pass(error) { RuntimeError::Passing(Box::new(meaning)) } else { meaning }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status_code: u16, message: &str) -> Error {
        Error::DockerResponseServerError { status_code, message: message.to_owned() }
    }

    fn pull_error(message: &str) -> RuntimeError {
        of_pull(&"127.0.0.1:5000/app:1".parse().unwrap(), &answer(500, message))
    }

    #[test]
    fn refused_logins_carry_the_401() {
        for message in [
            "Get \"http://127.0.0.1:5000/v2/app/manifests/1\": no basic auth credentials",
            "Head \"http://127.0.0.1:5000/v2/app/manifests/1\": unauthorized: authentication required",
            "login attempt to http://127.0.0.1:5000/v2/ failed with status: 401 Unauthorized",
            "pull access denied for app, repository does not exist or may require 'docker login': denied: requested \
             access to the resource is denied",
        ] {
            let RuntimeError::Unauthorized { registry, reason, .. } = pull_error(message) else {
                panic!("{message}")
            };
            assert_eq!(registry, "127.0.0.1:5000");
            assert_eq!(reason.matches("401").count(), 1, "{reason}");
        }
    }

    #[test]
    fn missing_images_and_unreachable_registries_are_told_apart() {
        let missing = "manifest for 127.0.0.1:5000/app:1 not found: manifest unknown: manifest unknown";
        assert!(matches!(pull_error(missing), RuntimeError::ImageNotFound { .. }));
        let unreachable =
            "Get \"http://127.0.0.1:5000/v2/\": dial tcp 127.0.0.1:5000: connect: connection refused";
        assert!(matches!(pull_error(unreachable), RuntimeError::PullFailed { .. }));
        let no_host = "Get \"https://nowhere.example/v2/\": dial tcp: lookup nowhere.example: no such host";
        assert!(matches!(pull_error(no_host), RuntimeError::PullFailed { .. }));
    }

    #[test]
    fn what_an_engine_fails_at_may_pass_and_a_name_may_be_taken() {
        let busy = "failed to create shim task: context deadline exceeded: unknown";
        for error in [of_start(&answer(500, busy)), of_create("n", "i", &answer(503, busy))] {
            let RuntimeError::Passing(error) = error else { panic!("{error:?}") };
            assert!(matches!(*error, RuntimeError::InvalidSettings { .. }));
        }
        let taken = "Conflict. The container name \"/n\" is already in use by container \"abc\".";
        let error = of_create("n", "i", &answer(409, taken));
        assert!(matches!(&error, RuntimeError::NameTaken { name, .. } if name == "n"));
        assert!(matches!(of_create("n", "i", &answer(400, "no")), RuntimeError::InvalidSettings { .. }));
    }

    #[test]
    fn programs_that_can_t_run_are_told_from_settings_that_are_wrong() {
        let missing = "failed to create shim task: OCI runtime create failed: runc create failed: unable to start \
                       container process: exec: \"nope\": executable file not found in $PATH: unknown";
        assert!(matches!(of_start(&answer(400, missing)), RuntimeError::StartFailed { .. }));
        assert!(matches!(
            of_start(&answer(404, "network x not found")),
            RuntimeError::InvalidSettings { .. }
        ));
        let user = "unable to find user bob: no matching entries in passwd file";
        assert!(matches!(of_start(&answer(400, user)), RuntimeError::InvalidSettings { .. }));
        assert!(matches!(of_start(&Error::RequestTimeoutError), RuntimeError::Unavailable { .. }));
    }
}
