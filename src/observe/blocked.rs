//! Tasks that can never run, because a task that they depend on failed.

use std::collections::HashMap;

use futures::{TryStreamExt, pin_mut};

use crate::batch::model::{BatchTask, BatchTaskExecutionResult, BatchTaskState};
use crate::batch::odata::ListQuery;
use crate::batch::operations::ListTasks;
use crate::batch::{ExitConsequences, JobId, TaskId};
use crate::client::{BatchClient, ClientError};

/// Tasks that can never run, by their keys, each with a task that failed and that it depends on, directly or through others.
pub(super) type Blocked = HashMap<String, TaskId>;

/// Finds the waiting tasks of a job that can never run. Lists all that wait or failed: to be asked only where some failed.
pub(super) async fn blocked(client: &BatchClient, job: &JobId) -> Result<Blocked, ClientError> {
    let query = ListQuery {
        filter: Some("state eq 'active' or executionInfo/result eq 'failure'".to_owned()),
        ..ListQuery::select(&["id", "state", "executionInfo", "dependsOn", "exitConditions"])
    };
    let tasks = client.list(ListTasks { job_id: job.clone(), query });
    pin_mut!(tasks);
    let mut dependents: HashMap<String, Vec<String>> = HashMap::new();
    let mut failed = Vec::new();
    while let Some(task) = tasks.try_next().await? {
        if has_failed(&task) {
            if blocks(&task) {
                failed.push(task.id);
            }
            continue;
        }
        for dependency in dependencies(&task) {
            dependents.entry(dependency).or_default().push(task.id.key());
        }
    }
    let mut blocked = Blocked::new();
    for cause in failed {
        let mut queue = vec![cause.key()];
        while let Some(key) = queue.pop() {
            for dependent in dependents.remove(&key).into_iter().flatten() {
                if !blocked.contains_key(&dependent) {
                    blocked.insert(dependent.clone(), cause.clone());
                    queue.push(dependent);
                }
            }
        }
    }
    Ok(blocked)
}

fn has_failed(task: &BatchTask) -> bool {
    let result = task.execution_info.as_ref().and_then(|info| info.result.as_ref());
    task.state == Some(BatchTaskState::Completed) && result == Some(&BatchTaskExecutionResult::Failure)
}

/// Whether a task that has completed keeps those that depend on it from running: failure does unless it is said not to.
fn blocks(task: &BatchTask) -> bool {
    task.execution_info
        .as_ref()
        .is_none_or(|ended| !ExitConsequences::of(task.exit_conditions.as_ref(), ended).satisfies)
}

/// The keys of the tasks that a task depends on.
pub(super) fn dependencies(task: &BatchTask) -> Vec<String> {
    let Some(depends_on) = &task.depends_on else { return Vec::new() };
    let ids = depends_on.task_ids.iter().flatten().map(TaskId::key);
    let ranges = depends_on.task_id_ranges.iter().flatten();
    ids.chain(ranges.flat_map(|range| (range.start..=range.end).map(|id| id.to_string()))).collect()
}
