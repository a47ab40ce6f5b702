//! Everything that an account has.

use futures::{Stream, TryStreamExt, pin_mut};

use crate::batch::model::BatchTask;
use crate::batch::odata::ListQuery;
use crate::batch::operations::{ListJobSchedules, ListJobs, ListPools, ListTasks};
use crate::batch::{ErrorCode, JobId};
use crate::client::{BatchClient, ClientError};
use crate::resource::{LiveJob, LivePool, LiveSchedule, LiveState, Observed};

/// Reads all pools, jobs and job schedules, whosever they are. Jobs that schedules made are those of `scheduled`.
///
/// # Errors
/// When the account can't be read.
pub async fn inventory(client: &BatchClient) -> Result<LiveState, ClientError> {
    let mut live = LiveState { api_version: client.api_version(), ..LiveState::default() };
    let pools = client.list(ListPools { query: ListQuery::default() });
    pin_mut!(pools);
    while let Some(pool) = pools.try_next().await? {
        live.pools.insert(pool.id.clone(), Observed::<LivePool>::from_wire(&pool));
    }
    let schedules = client.list(ListJobSchedules { query: ListQuery::default() });
    pin_mut!(schedules);
    loop {
        match schedules.try_next().await {
            Ok(Some(schedule)) => {
                let observed = Observed::<LiveSchedule>::from_wire(&schedule);
                live.schedules.extend(observed.map(|observed| (schedule.id.clone(), observed)));
            }
            Ok(None) => break,
            Err(error) if error.code_is(ErrorCode::NOT_IMPLEMENTED_BY_EMULATOR) => break,
            Err(error) => return Err(error),
        }
    }
    let jobs = client.list(ListJobs { query: ListQuery::default() });
    pin_mut!(jobs);
    while let Some(job) = jobs.try_next().await? {
        let Some(observed) = Observed::<LiveJob>::from_wire(&job) else { continue };
        let of_schedule = job.id.schedule().is_some();
        let jobs = if of_schedule { &mut live.scheduled } else { &mut live.jobs };
        jobs.insert(job.id.clone(), observed);
    }
    Ok(live)
}

/// The tasks of a job, a page at a time, with all that is known of each.
pub fn whole_tasks(
    client: &BatchClient,
    job: &JobId,
) -> impl Stream<Item = Result<BatchTask, ClientError>> + use<> {
    client.list(ListTasks { job_id: job.clone(), query: ListQuery::default() })
}
