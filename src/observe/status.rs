//! How a recipe's objects are doing: what `status` shows.

use std::collections::BTreeMap;

use futures::{TryStreamExt, pin_mut};
use serde::Serialize;

use crate::batch::PoolId;
use crate::batch::model::{BatchNode, BatchTask, BatchTaskCounts};
use crate::batch::odata::ListQuery;
use crate::batch::operations::{GetJobTaskCounts, ListNodes, ListTasks};
use crate::client::{BatchClient, ClientError};
use crate::resource::LiveState;

/// How many failed tasks of a job are shown.
const SHOWN_FAILURES: usize = 10;

/// How a recipe's objects are doing.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Status {
    /// Its pools.
    pub pools: Vec<PoolStatus>,
    /// Its jobs.
    pub jobs: Vec<JobStatus>,
}

/// How a pool is doing.
#[derive(Debug, Clone, Serialize)]
pub struct PoolStatus {
    /// The pool.
    pub id: PoolId,
    /// Its state.
    pub state: String,
    /// Whether its nodes are changing.
    pub allocation_state: String,
    /// How many nodes it should have.
    pub target_nodes: i32,
    /// How many nodes are in which state.
    pub nodes: BTreeMap<String, usize>,
    /// The nodes as they came, for those that can't work.
    #[serde(skip)]
    pub live_nodes: Vec<BatchNode>,
}

/// How a job is doing.
#[derive(Debug, Clone, Serialize)]
pub struct JobStatus {
    /// The job.
    pub id: String,
    /// Its state.
    pub state: String,
    /// Its pool.
    pub pool: PoolId,
    /// How many tasks are in which state.
    pub tasks: BatchTaskCounts,
    /// Some of the tasks that failed.
    pub failures: Vec<BatchTask>,
}

/// Reads how the objects of `live` are doing.
///
/// # Errors
/// When the account can't be read.
pub async fn status(client: &BatchClient, live: &LiveState) -> Result<Status, ClientError> {
    let mut status = Status::default();
    for (id, pool) in &live.pools {
        let query = ListQuery::default();
        let live_nodes: Vec<BatchNode> =
            client.list(ListNodes { pool_id: id.clone(), query }).try_collect().await?;
        let mut nodes = BTreeMap::new();
        for state in live_nodes.iter().filter_map(|node| node.state.as_ref()) {
            *nodes.entry(state.to_string()).or_default() += 1;
        }
        status.pools.push(PoolStatus {
            id: id.clone(),
            state: pool.value.state.to_string(),
            allocation_state: pool.value.allocation_state.to_string(),
            target_nodes: pool.value.spec.dedicated_nodes + pool.value.spec.spot_nodes,
            nodes,
            live_nodes,
        });
    }
    for (id, job) in &live.jobs {
        let tasks = client.send(&GetJobTaskCounts { job_id: id.clone() }).await?.value.task_counts;
        let mut failures = Vec::new();
        if tasks.failed > 0 {
            let query = ListQuery {
                filter: Some("executionInfo/result eq 'failure'".to_owned()),
                ..ListQuery::select(&["id", "state", "executionInfo", "nodeInfo"])
            };
            let failed = client.list(ListTasks { job_id: id.clone(), query });
            pin_mut!(failed);
            while let Some(task) = failed.try_next().await? {
                failures.push(task);
                if failures.len() == SHOWN_FAILURES {
                    break;
                }
            }
        }
        status.jobs.push(JobStatus {
            id: id.to_string(),
            state: job.value.state.to_string(),
            pool: job.value.spec.pool.clone(),
            tasks,
            failures,
        });
    }
    Ok(status)
}
