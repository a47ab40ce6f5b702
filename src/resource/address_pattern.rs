//! Addresses with wildcards, as users name several resources at once.

use std::fmt;
use std::str::FromStr;

use glob::Pattern;

use super::{Address, ResourceKind};
use crate::batch::TaskId;

/// Which resources of a recipe are meant: `pools.gpu`, `jobs.train`, `jobs.*`, `jobs.train.tasks.epoch-*`, `schedules.nightly`. `*` and
/// `?` stand for parts of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressPattern {
    text: String,
    kind: ResourceKind,
    key: Pattern,
    task: Option<Pattern>,
}

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no address: those are like pools.gpu, jobs.train, jobs.train.tasks.epoch-1 and schedules.nightly, and `*` stands for anything"
)]
pub struct InvalidAddress(pub String);

impl FromStr for AddressPattern {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let invalid = || InvalidAddress(text.to_owned());
        let pattern = |part: &str| Pattern::new(part).ok().filter(|_| !part.is_empty()).ok_or_else(invalid);
        let parts: Vec<&str> = text.split('.').collect();
        let (kind, key, task) = match parts.as_slice() {
            ["pools", key] => (ResourceKind::Pool, pattern(key)?, None),
            ["jobs", key] => (ResourceKind::Job, pattern(key)?, None),
            ["jobs", key, "tasks"] => (ResourceKind::Tasks, pattern(key)?, None),
            ["jobs", key, "tasks", task] => (ResourceKind::Tasks, pattern(key)?, Some(pattern(task)?)),
            ["schedules", key] => (ResourceKind::Schedule, pattern(key)?, None),
            _ => return Err(invalid()),
        };
        Ok(Self { text: text.to_owned(), kind, key, task })
    }
}

impl fmt::Display for AddressPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl AddressPattern {
    /// Whether a resource is meant. The tasks of a job go with it, and it with them.
    pub fn matches(&self, address: &Address) -> bool {
        let of_job = |kind| matches!(kind, ResourceKind::Job | ResourceKind::Tasks);
        let same_kind = self.kind == address.kind || (of_job(self.kind) && of_job(address.kind));
        same_kind && self.key.matches(&address.key)
    }

    /// Whether tasks of the job with this key can be meant.
    pub fn names_tasks_of(&self, job: &str) -> bool {
        matches!(self.kind, ResourceKind::Job | ResourceKind::Tasks) && self.key.matches(job)
    }

    /// Whether a task of the job with this key is meant.
    pub fn matches_task(&self, job: &str, task: &TaskId) -> bool {
        self.names_tasks_of(job) && self.task.as_ref().is_none_or(|pattern| pattern.matches(task.as_str()))
    }

    /// Whether single tasks are meant, and not a job as a whole.
    pub fn names_single_tasks(&self) -> bool {
        self.task.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> AddressPattern {
        text.parse().unwrap()
    }

    #[test]
    fn patterns_mean_what_is_written() {
        assert!(pattern("pools.gpu").matches(&Address::pool("gpu")));
        assert!(!pattern("pools.gpu").matches(&Address::pool("gpu-2")));
        assert!(!pattern("pools.gpu").matches(&Address::job("gpu")));
        assert!(pattern("jobs.*").matches(&Address::tasks("train")), "tasks go with their job");
        assert!(pattern("jobs.train.tasks").matches(&Address::job("train")));
        let task = TaskId::new("epoch-12").unwrap();
        assert!(pattern("jobs.tr*.tasks.epoch-*").matches_task("train", &task));
        assert!(!pattern("jobs.train.tasks.epoch-1").matches_task("train", &task));
        assert!(pattern("jobs.train").matches_task("train", &task));
        for text in ["", "gpu", "pools.", "pools", "jobs.a.b", "jobs.a.tasks.b.c", "tasks.a", "pools.[a"] {
            assert!(text.parse::<AddressPattern>().is_err(), "{text}");
        }
    }
}
