//! Versions of objects, for conditional requests and the headers of answers.

use jiff::Timestamp;

use super::{CertificateRecord, JobRecord, JobScheduleRecord, PoolRecord, TaskLife};
use crate::batch::{DateTime, ETag};

/// The version of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) e_tag: ETag,
    pub(crate) last_modified: DateTime,
}

impl Version {
    /// The version of a file: files have no entity tag.
    pub(crate) fn of_file(last_modified: DateTime) -> Self {
        Self { e_tag: ETag::new(""), last_modified }
    }
}

impl PoolRecord {
    /// The version of the pool.
    pub(crate) fn version(&self) -> Version {
        version(self.pool.e_tag.as_deref(), self.pool.last_modified)
    }
}

impl JobRecord {
    /// The version of the job.
    pub(crate) fn version(&self) -> Version {
        version(self.job.e_tag.as_deref(), self.job.last_modified)
    }
}

impl CertificateRecord {
    /// The version of the certificate.
    pub(crate) fn version(&self) -> Version {
        version(Some(&self.e_tag), Some(self.last_modified))
    }
}

impl JobScheduleRecord {
    /// The version of the job schedule.
    pub(crate) fn version(&self) -> Version {
        version(self.schedule.e_tag.as_deref(), self.schedule.last_modified)
    }
}

impl TaskLife {
    /// The version of the task: that of its definition. Changes of state leave it as it is.
    pub(crate) fn version(&self) -> Version {
        version(Some(&self.e_tag), Some(self.replaced.unwrap_or(self.created)))
    }
}

fn version(e_tag: Option<&str>, last_modified: Option<DateTime>) -> Version {
    Version {
        e_tag: ETag::new(e_tag.unwrap_or_default()),
        last_modified: last_modified.unwrap_or(DateTime(Timestamp::UNIX_EPOCH)),
    }
}
