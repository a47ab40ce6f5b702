//! What tasks wait for whose pool has nodes that can work.

use std::collections::{BTreeSet, HashSet};

use futures::{StreamExt, TryStreamExt, pin_mut};

use crate::batch::model::{BatchTask, BatchTaskState};
use crate::batch::odata::ListQuery;
use crate::batch::operations::ListTasks;
use crate::batch::{JobId, TaskId};
use crate::client::{BatchClient, ClientError};

use super::blocked::{Blocked, dependencies};
use super::hold::{Held, Hold, NAMED};
use super::pool_status::PoolStatus;

/// How many tasks that have not ended are looked at. Of a job with more, the rest counts as waiting for its turn.
const LOOKED_AT: usize = 1_000;

/// Why tasks wait in the queue of a pool, the most final reasons first: what the first thousand ask for that the pool does not have,
/// the tasks that they wait for, and their turn. `turn` is why the others wait; they are `waiting` altogether, without those `blocked`.
///
/// # Errors
/// When the account can't be read.
pub(super) async fn queued(
    client: &BatchClient,
    job: &JobId,
    pool: &PoolStatus,
    (blocked, waiting): (&Blocked, u64),
    turn: Hold,
) -> Result<Vec<Held>, ClientError> {
    let unfinished = unfinished(client, job).await?;
    let keys: HashSet<String> = unfinished.iter().map(|task| task.id.key()).collect();
    let (mut unfit, mut after, mut depending) = (Vec::<Held>::new(), BTreeSet::new(), 0);
    let waits = |task: &&BatchTask| {
        task.state == Some(BatchTaskState::Active) && !blocked.contains_key(&task.id.key())
    };
    for task in unfinished.iter().filter(waits) {
        let before: Vec<String> = dependencies(task).into_iter().filter(|id| keys.contains(id)).collect();
        if let Some(why) = hold_of_needs(task, pool) {
            match unfit.iter_mut().find(|held| held.why == why) {
                Some(held) => held.tasks += 1,
                None => unfit.push(Held { tasks: 1, why }),
            }
        } else if !before.is_empty() {
            depending += 1;
            after.extend(before);
        }
    }
    unfit.sort_by_key(|held| !held.why.is_final());
    let rest = waiting.saturating_sub(depending + unfit.iter().map(|held| held.tasks).sum::<u64>());
    let mut held = unfit;
    if depending > 0 {
        let of = |key: &String| unfinished.iter().find(|task| task.id.key() == *key).map(|task| &task.id);
        let named: Vec<TaskId> = after.iter().filter_map(of).take(NAMED).cloned().collect();
        let why = Hold::Dependencies { unfinished: named, count: after.len() as u64 };
        held.push(Held { tasks: depending, why });
    }
    if rest > 0 {
        held.push(Held { tasks: rest, why: turn });
    }
    Ok(held)
}

async fn unfinished(client: &BatchClient, job: &JobId) -> Result<Vec<BatchTask>, ClientError> {
    let query = ListQuery {
        filter: Some("state ne 'completed'".to_owned()),
        ..ListQuery::select(&["id", "state", "dependsOn", "requiredSlots", "multiInstanceSettings"])
    };
    let tasks = client.list(ListTasks { job_id: job.clone(), query }).take(LOOKED_AT);
    pin_mut!(tasks);
    tasks.try_collect().await
}

/// What a task asks for that its pool does not have.
pub(super) fn hold_of_needs(task: &BatchTask, pool: &PoolStatus) -> Option<Hold> {
    let instances = task.multi_instance_settings.as_ref().map(|it| it.number_of_instances.unwrap_or(1));
    if let Some(hold) = instances.and_then(|instances| hold_of_instances(instances, pool)) {
        return Some(hold);
    }
    let (needed, slots) = (task.required_slots.unwrap_or(1), pool.slots_per_node);
    (slots < needed).then(|| Hold::TooManySlots { pool: pool.id.clone(), needed, slots })
}

/// Why a task waits that runs on that many nodes at once, if the pool's nodes are why.
fn hold_of_instances(needed: i32, pool: &PoolStatus) -> Option<Hold> {
    if !pool.communicates || pool.slots_per_node > 1 {
        return Some(Hold::NotTogether { pool: pool.id.clone() });
    }
    let nodes = pool.able.len();
    let may_grow = pool.autoscale || !pool.is_settled();
    let too_few = nodes < usize::try_from(needed).unwrap_or_default();
    too_few.then(|| Hold::TooManyInstances { pool: pool.id.clone(), needed, nodes, may_grow })
}
