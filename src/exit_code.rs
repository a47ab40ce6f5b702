//! Exit codes: a contract with scripts, the same for every command.

use std::process::{ExitCode as ProcessExitCode, Termination};

/// What a finished command tells the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExitCode {
    /// Everything asked for was done.
    Success = 0,
    /// Something failed that has no code of its own.
    Error = 1,
    /// `plan --detailed-exitcode`: the plan holds changes. `watch --once`: something differs, and was left as it is.
    ChangesPresent = 2,
    /// The recipe is invalid.
    InvalidRecipe = 3,
    /// The plan asks for more than the policy (`on_change`, `--allow`, a refused confirmation) permits.
    BlockedByPolicy = 4,
    /// A saved plan is stale, or an object is not ours.
    StaleOrConflict = 5,
    /// Some steps were applied, others were not.
    PartlyApplied = 6,
    /// Applied, but the result is unhealthy: a task failed or can't run, a node is unusable, or time was up before all had ended.
    Unhealthy = 7,
    /// The command line itself is wrong.
    Usage = 64,
    /// Stopped by Ctrl-C.
    Interrupted = 130,
    /// Whoever read standard output has gone away, as `head` does; what SIGPIPE makes of other programs.
    ReaderGone = 141,
}

impl ExitCode {
    /// Its name for programs, as in the `code` of an error.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::ChangesPresent => "changes-present",
            Self::InvalidRecipe => "invalid-recipe",
            Self::BlockedByPolicy => "blocked",
            Self::StaleOrConflict => "conflict",
            Self::PartlyApplied => "partly-applied",
            Self::Unhealthy => "unhealthy",
            Self::Usage => "usage",
            Self::Interrupted => "interrupted",
            Self::ReaderGone => "reader-gone",
        }
    }

    /// The number that the shell sees.
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl Termination for ExitCode {
    fn report(self) -> ProcessExitCode {
        ProcessExitCode::from(self.number())
    }
}
