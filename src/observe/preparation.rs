//! What nodes do for jobs beside the jobs' tasks.

use futures::{TryStreamExt, pin_mut};

use crate::batch::JobId;
use crate::batch::model::{
    BatchAllTasksCompleteMode, BatchJob, BatchJobPreparationTask, BatchJobPreparationTaskExecutionInfo,
    BatchJobState,
};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::operations::{GetJob, ListJobPreparationAndReleaseTaskStatus};
use crate::client::{BatchClient, ClientError};

use super::hold::{Hold, Problem};
use super::node_trouble::named_values;
use super::pool_status::PoolStatus;

/// Whether a job's tasks stay off nodes on which this preparation task of the job has not succeeded.
pub fn waits_for_preparation(task: Option<&BatchJobPreparationTask>) -> bool {
    task.is_some_and(|task| task.wait_for_success != Some(false))
}

/// Why no node of its pool takes the tasks of a job: its preparation task failed on each. `None` if one may yet.
pub(super) async fn unprepared(
    client: &BatchClient,
    job_id: &JobId,
    pool: Option<&PoolStatus>,
) -> Result<Option<Hold>, ClientError> {
    let Some(pool) = pool.filter(|pool| pool.coming == 0 && !pool.able.is_empty()) else { return Ok(None) };
    let query = ListQuery {
        filter: Some("jobPreparationTaskExecutionInfo/result eq 'failure'".to_owned()),
        ..ListQuery::default()
    };
    let statuses = client.list(ListJobPreparationAndReleaseTaskStatus { job_id: job_id.clone(), query });
    pin_mut!(statuses);
    let (mut failed, mut problem) = (0, None);
    while let Some(status) = statuses.try_next().await? {
        let is_able = status.node_id.as_ref().is_some_and(|node| pool.able.contains(node));
        if let Some(info) = status.job_preparation_task_execution_info.filter(|_| is_able) {
            failed += 1;
            problem.get_or_insert_with(|| problem_of(info));
        }
    }
    let hold = |problem| Hold::Unprepared { pool: pool.id.clone(), nodes: failed, problem };
    Ok(problem.filter(|_| failed == pool.able.len()).map(hold))
}

fn problem_of(info: BatchJobPreparationTaskExecutionInfo) -> Problem {
    let failure = info.failure_info;
    let exit_code = info.exit_code.map(|code| format!("exit code {code}"));
    let said = failure.as_ref().and_then(|failure| failure.message.clone());
    Problem {
        code: failure.as_ref().and_then(|failure| failure.code.clone()).unwrap_or_default(),
        message: exit_code.or(said).unwrap_or_default(),
        details: named_values(failure.and_then(|failure| failure.details).as_deref().unwrap_or_default()),
    }
}

/// Whether a job whose tasks have all completed ends by itself, and still has its nodes to be released.
///
/// # Errors
/// When the account can't be read.
pub async fn awaits_release(client: &BatchClient, job_id: &JobId) -> Result<bool, ClientError> {
    let select = Select::of(&["id", "state", "jobReleaseTask", "onAllTasksComplete"]);
    let job = client.find(&GetJob { job_id: job_id.clone(), select }).await?;
    Ok(job.is_some_and(|answer| is_to_be_released(&answer.value)))
}

fn is_to_be_released(job: &BatchJob) -> bool {
    job.job_release_task.is_some()
        && match job.state {
            Some(BatchJobState::Terminating) => true,
            Some(BatchJobState::Active) => {
                job.on_all_tasks_complete == Some(BatchAllTasksCompleteMode::TerminateJob)
            }
            _ => false,
        }
}
