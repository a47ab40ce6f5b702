//! Job schedules.

use super::job::JobScope;
use super::part::{ignored, metadata, part};
use crate::batch::{JobId, JobScheduleId};
use crate::recipe::document::{Schedule, ScheduleProperty, optional};
use crate::resource::{DesiredSchedule, FieldSources, JobScheduleSpec, normal};

pub(super) fn schedule(
    key: &str,
    schedule: &Schedule,
    scope: JobScope<'_>,
    sources: FieldSources,
) -> Option<DesiredSchedule> {
    let id = optional(schedule.id.as_ref())?.unwrap_or_else(|| key.to_owned());
    // The service gives the jobs their ids.
    let (job, pool_key) = scope.spec(JobId::new(id.as_str()).ok()?, &schedule.job.get()?.0)?;
    let spec = JobScheduleSpec {
        id: JobScheduleId::new(id).ok()?,
        display_name: optional(schedule.display_name.as_ref())?,
        recurrence: part(Some(&schedule.recurrence))?.unwrap_or_default(),
        job: normal(Some(job.to_specification()))?,
        metadata: metadata(schedule.metadata.as_ref())?,
    };
    let ignored = ignored(schedule.ignore_changes.as_ref(), ScheduleProperty::path)?;
    Some(DesiredSchedule { spec, pool_key, ignored, sources })
}
