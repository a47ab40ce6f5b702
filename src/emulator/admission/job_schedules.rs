//! Job schedules.

use std::time::Duration;

use super::jobs::job_definition;
use super::properties::metadata;
use super::refusals::invalid;
use crate::batch::JobId;
use crate::batch::model::{
    BatchJobScheduleConfiguration, BatchJobScheduleCreateOptions, BatchJobScheduleUpdateOptions,
    BatchJobSpecification,
};
use crate::emulator::refusal::Refusal;

/// The least time between two jobs, and the shortest start window (REST reference).
const MIN_INTERVAL: Duration = Duration::from_secs(60);

/// Checks a job schedule that is to be made.
pub(crate) fn job_schedule(options: &BatchJobScheduleCreateOptions) -> Result<(), Refusal> {
    configuration(&options.schedule)?;
    specification(options.id.as_str(), &options.job_specification)?;
    metadata(options.metadata.as_deref())
}

/// Checks a change of a job schedule.
pub(crate) fn job_schedule_update(update: &BatchJobScheduleUpdateOptions) -> Result<(), Refusal> {
    update.schedule.as_ref().map_or(Ok(()), configuration)?;
    // Which id its jobs get makes no difference to what they may be.
    update.job_specification.as_ref().map_or(Ok(()), |job| specification("job", job))?;
    metadata(update.metadata.as_deref())
}

fn configuration(schedule: &BatchJobScheduleConfiguration) -> Result<(), Refusal> {
    for (property, time) in [
        ("schedule.recurrenceInterval", schedule.recurrence_interval),
        ("schedule.startWindow", schedule.start_window),
    ] {
        if let Some(time) = time.filter(|time| time.limit().is_some_and(|time| time < MIN_INTERVAL)) {
            return Err(invalid(property, time, "at least one minute"));
        }
    }
    match (schedule.do_not_run_until, schedule.do_not_run_after) {
        (Some(begin), Some(end)) if end <= begin => {
            Err(invalid("schedule.doNotRunAfter", end, "it is not after `doNotRunUntil`"))
        }
        _ => Ok(()),
    }
}

fn specification(id: &str, job: &BatchJobSpecification) -> Result<(), Refusal> {
    let id = JobId::new(id).map_err(|error| invalid("id", id, &error.to_string()))?;
    job_definition(&job.clone().into_job(id))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(schedule: Value, job: Value) -> Result<(), Refusal> {
        let body = json!({"id": "s", "schedule": schedule, "jobSpecification": job});
        job_schedule(&serde_json::from_value(body).unwrap())
    }

    #[test]
    fn times_that_can_not_be_kept_are_refused() {
        let job = json!({"poolInfo": {"poolId": "p"}});
        assert_eq!(check(json!({"recurrenceInterval": "PT1M", "startWindow": "PT1M"}), job.clone()), Ok(()));
        for (schedule, property) in [
            (json!({"recurrenceInterval": "PT59S"}), "schedule.recurrenceInterval"),
            (json!({"startWindow": "PT0S"}), "schedule.startWindow"),
            (
                json!({"doNotRunUntil": "2026-01-02T00:00:00Z", "doNotRunAfter": "2026-01-01T00:00:00Z"}),
                "schedule.doNotRunAfter",
            ),
        ] {
            let error = check(schedule, job.clone()).unwrap_err();
            assert_eq!((error.status, error.detail("PropertyName")), (400, Some(property)));
        }
    }

    #[test]
    fn jobs_of_schedules_are_checked_like_others() {
        for (job, status) in [
            (json!({"poolInfo": {}}), 400),
            (json!({"poolInfo": {"poolId": "p"}, "priority": 2_000}), 400),
            (json!({"poolInfo": {"poolId": "p"}, "jobReleaseTask": {"commandLine": "x"}}), 400),
            (json!({"poolInfo": {"autoPoolSpecification": {"poolLifetimeOption": "job"}}}), 400),
        ] {
            assert_eq!(check(json!({}), job.clone()).unwrap_err().status, status, "{job}");
            let update = serde_json::from_value(json!({"jobSpecification": job})).unwrap();
            assert_eq!(job_schedule_update(&update).unwrap_err().status, status);
        }
    }
}
