//! Tasks that can never run, because of how a task ended that they depend on.

use std::collections::HashMap;

use futures::{TryStreamExt, pin_mut};

use crate::batch::model::{BatchTask, BatchTaskCounts, BatchTaskExecutionResult, BatchTaskState};
use crate::batch::odata::ListQuery;
use crate::batch::operations::ListTasks;
use crate::batch::{ExitConsequences, JobId, TaskId};
use crate::client::{BatchClient, ClientError};

/// A task that ended so that those can't run that depend on it.
#[derive(Debug, Clone)]
pub(super) struct Cause {
    pub(super) task: TaskId,
    /// Whether it failed; else its exit conditions have its success block.
    pub(super) has_failed: bool,
}

/// Tasks that can never run, by their keys, each with why: a task that it depends on, directly or through others.
pub(super) type Blocked = HashMap<String, Cause>;

/// Finds the waiting tasks of a job that can never run. Lists those that wait and those that may block them: of a job with any
/// that failed, these; and while nothing runs all that are over, because success blocks, too, where exit conditions say so.
pub(super) async fn blocked(
    client: &BatchClient,
    job: &JobId,
    counts: &BatchTaskCounts,
) -> Result<Blocked, ClientError> {
    let ended = match (counts.running == 0 && counts.succeeded > 0, counts.failed > 0) {
        (true, _) => "state eq 'completed'",
        (false, true) => "executionInfo/result eq 'failure'",
        (false, false) => return Ok(Blocked::new()),
    };
    let query = ListQuery {
        filter: Some(format!("state eq 'active' or {ended}")),
        ..ListQuery::select(&["id", "state", "executionInfo", "dependsOn", "exitConditions"])
    };
    let tasks = client.list(ListTasks { job_id: job.clone(), query });
    pin_mut!(tasks);
    let mut dependents: HashMap<String, Vec<String>> = HashMap::new();
    let mut causes = Vec::new();
    while let Some(task) = tasks.try_next().await? {
        if task.state == Some(BatchTaskState::Completed) {
            if blocks(&task) {
                let has_failed = has_failed(&task);
                causes.push(Cause { task: task.id, has_failed });
            }
            continue;
        }
        for dependency in dependencies(&task) {
            dependents.entry(dependency).or_default().push(task.id.key());
        }
    }
    let mut blocked = Blocked::new();
    for cause in causes {
        let mut queue = vec![cause.task.key()];
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
    result == Some(&BatchTaskExecutionResult::Failure)
}

/// Whether a task that has completed keeps those that depend on it from running: failure does, unless its exit conditions say
/// otherwise.
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
