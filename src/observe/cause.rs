//! Known causes of node trouble, by the service's codes.

use serde::Serialize;

/// Why a node is in trouble, and what mends it: more than rebooting can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cause {
    /// Why.
    pub why: &'static str,
    /// What to try.
    pub remedy: &'static str,
}

/// The codes are those of the REST reference (compute node errors, task failure information) and of the service's answers.
const KNOWN: &[(&str, Cause)] = &[
    (
        "ContainerInvalidImage",
        Cause {
            why: "the image can't be had: its name, its registry or the login is wrong",
            remedy: "look at it with `doctor image`, and correct `prefetch` or `registries`",
        },
    ),
    (
        "ContainerInvalidRegistryCredentials",
        Cause { why: "the registry refuses the login", remedy: "correct the login in `registries`" },
    ),
    (
        "DiskFull",
        Cause {
            why: "the disk of the node is full",
            remedy: "take a larger disk, fewer images, or a shorter retention of the tasks' files",
        },
    ),
    (
        "FailureExitCode",
        Cause { why: "the program of the start task failed", remedy: "correct the start task" },
    ),
    (
        "CommandProgramNotFound",
        Cause {
            why: "the program of the start task is not there",
            remedy: "correct the command of the start task",
        },
    ),
    (
        "BlobNotFound",
        Cause {
            why: "a file of the start task is not in its container",
            remedy: "correct its `resource_files` or `inputs`",
        },
    ),
    (
        "BlobAccessDenied",
        Cause {
            why: "the nodes may not read a file of the start task",
            remedy: "renew the signature of its URL, or give the pool's identity the right to read it",
        },
    ),
    (
        "ApplicationPackageError",
        Cause {
            why: "an application package can't be installed",
            remedy: "look at its version in the account",
        },
    ),
];

/// What is known about a code.
pub(super) fn known_cause(code: &str) -> Option<Cause> {
    KNOWN.iter().find(|(known, _)| code.eq_ignore_ascii_case(known)).map(|(_, cause)| *cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_not_made_up() {
        assert!(known_cause("diskfull").unwrap().why.contains("disk"));
        assert_eq!(known_cause("SomethingNew"), None);
        assert_eq!(known_cause(""), None);
    }
}
