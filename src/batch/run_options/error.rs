//! Why run options can't be used.

use crate::batch::command_line::InvalidCommandLine;

/// Why run options can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRunOptions {
    /// The text can't be split into arguments.
    #[error("the run options can't be split into arguments")]
    Split(#[source] InvalidCommandLine),
    /// An argument that belongs to no option.
    #[error(
        "`{argument}` is not an option; the image and the command line come from the task, not from its run options"
    )]
    NotAnOption {
        /// The argument.
        argument: String,
    },
    /// `docker create` has no such option.
    #[error("`docker create` has no option `{option}`{}", hint(.nearest.as_deref()))]
    Unknown {
        /// The option as it was written.
        option: String,
        /// The option that was probably meant.
        nearest: Option<String>,
    },
    /// The option needs a value, and there is none.
    #[error("option `{option}` needs a value")]
    MissingValue {
        /// The option as it was written.
        option: String,
    },
    /// The value of the option is not valid.
    #[error("option `{option}`: {reason}")]
    InvalidValue {
        /// The option as it was written.
        option: String,
        /// What is wrong with its value.
        reason: String,
    },
    /// The option makes no sense for a task; Azure Batch has another way, or forbids it.
    #[error("option `{option}` can't be used for a task: {reason}")]
    Refused {
        /// The option as it was written.
        option: String,
        /// Why, and what to do instead.
        reason: &'static str,
    },
    /// The option belongs to another command of docker.
    #[error(
        "option `{option}` belongs to `docker run`; Batch makes containers with `docker create` and starts them itself"
    )]
    RunOnly {
        /// The option as it was written.
        option: String,
    },
    /// `docker create` has the option, the nodes of the embedded Azure Batch don't. Nodes in Azure may.
    #[error("option `{option}` is not supported by the nodes of the embedded Azure Batch{}", because(.reason.as_deref()))]
    NotEmulated {
        /// The option as it was written.
        option: String,
        /// What of its value is not supported; `None` if the option as a whole is not.
        reason: Option<String>,
    },
}

impl InvalidRunOptions {
    /// Whether the options may still be right for nodes in Azure.
    pub fn only_here(&self) -> bool {
        matches!(self, Self::NotEmulated { .. })
    }
}

fn because(reason: Option<&str>) -> String {
    reason.map(|reason| format!(": {reason}")).unwrap_or_default()
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}
