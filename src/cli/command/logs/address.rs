//! Addresses of tasks.

use glob::Pattern;

use crate::batch::{JobId, TaskId};
use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;

/// What an address names: `JOB/TASK` or `jobs.JOB.tasks.TASK`, with `*` and `?` for what may differ; a job alone is all of its tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) job: Name<JobId>,
    pub(super) task: Name<TaskId>,
}

/// An id, or a pattern that ids fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name<Id> {
    Exact(Id),
    Pattern(Pattern),
}

impl<Id> Name<Id> {
    fn parse<E>(text: &str, id: impl Fn(&str) -> Result<Id, E>) -> Result<Self, String>
    where
        E: std::fmt::Display,
    {
        if text.contains(['*', '?', '[']) {
            // Ids are compared without regard to case.
            let pattern = Pattern::new(&text.to_ascii_lowercase()).map_err(|error| error.to_string())?;
            return Ok(Self::Pattern(pattern));
        }
        id(text).map(Self::Exact).map_err(|error| error.to_string())
    }

    /// Whether an id fits.
    pub(super) fn fits(&self, id: &str) -> bool
    where
        Id: AsId,
    {
        match self {
            Self::Exact(exact) => exact.text().eq_ignore_ascii_case(id),
            Self::Pattern(pattern) => pattern.matches(&id.to_ascii_lowercase()),
        }
    }
}

/// An id as text.
pub(super) trait AsId {
    fn text(&self) -> &str;
}

impl AsId for JobId {
    fn text(&self) -> &str {
        self.as_str()
    }
}

impl AsId for TaskId {
    fn text(&self) -> &str {
        self.as_str()
    }
}

impl Address {
    /// Reads an address.
    pub(super) fn parse(text: &str) -> Result<Self, CommandError> {
        let (job, task) = match text.strip_prefix("jobs.") {
            Some(path) => path.split_once(".tasks.").unwrap_or((path, "*")),
            None => text.split_once('/').unwrap_or((text, "*")),
        };
        let job = Name::parse(job, |id| JobId::new(id));
        let task = Name::parse(task, |id| TaskId::new(id));
        match (job, task) {
            (Ok(job), Ok(task)) => Ok(Self { job, task }),
            (Err(reason), _) | (_, Err(reason)) => Err(CommandError::new(
                ExitCode::Usage,
                format!("`{text}` is not the address of a task: {reason}"),
            )
            .hint(Some(
                "write JOB/TASK, for example hello/greet, or 'sweep/estimate-*' for several".to_owned(),
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_has_two_addresses_and_a_job_stands_for_all_of_its_tasks() {
        for address in ["sweep/estimate-7", "jobs.sweep.tasks.estimate-7"] {
            let address = Address::parse(address).unwrap();
            assert_eq!(address.job, Name::Exact(JobId::new("sweep").unwrap()));
            assert_eq!(address.task, Name::Exact(TaskId::new("estimate-7").unwrap()));
        }
        for address in ["sweep", "jobs.sweep"] {
            let address = Address::parse(address).unwrap();
            assert!(address.job.fits("Sweep") && address.task.fits("anything"));
        }
        for address in ["sweep/..", "/x", "", "jobs.", "a/b/c"] {
            assert!(Address::parse(address).is_err(), "{address}");
        }
    }

    #[test]
    fn patterns_fit_whole_ids_without_regard_to_case() {
        let address = Address::parse("Sweep-?/Estimate-*").unwrap();
        assert!(address.job.fits("sweep-1") && !address.job.fits("sweep-10"));
        assert!(address.task.fits("estimate-7") && !address.task.fits("an-estimate-7"));
    }
}
