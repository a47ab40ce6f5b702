//! Somebody else who uses the same account: an SDK, as far as the recipe can tell.

use batchyard::batch::auth::SharedKey;
use batchyard::batch::model::{BatchTask, BatchTaskState};
use batchyard::batch::operations::{
    CreateJob, CreatePool, CreateTask, DeleteTask, DisableJobSchedule, GetPool, ListTasks, ResizePool,
};
use batchyard::batch::{Conditions, JobId, JobScheduleId, PoolId, TaskId};
use batchyard::client::{BatchClient, ClientOptions, Credential};
use batchyard::secret::Secret;
use futures::TryStreamExt as _;
use serde_json::{Value, json};

use crate::support::Emulator;

/// A client of the emulator's account that knows nothing of recipes.
pub struct Stranger {
    runtime: tokio::runtime::Runtime,
    client: BatchClient,
}

impl Stranger {
    /// A client of that emulator.
    pub fn of(emulator: &Emulator<'_>) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let key = SharedKey::new(emulator.account(), &Secret::new(emulator.key())).unwrap();
        let endpoint = emulator.endpoint().parse().unwrap();
        let credential = Credential::SharedKey(key);
        let client = runtime
            .block_on(async { BatchClient::new(endpoint, credential, ClientOptions::default()).unwrap() });
        Self { runtime, client }
    }

    /// Makes a job on a pool.
    pub fn job(&self, id: &str, pool: &str) -> &Self {
        let job = json!({"id": id, "poolInfo": {"poolId": pool}});
        let create = CreateJob { job: serde_json::from_value(job).unwrap() };
        self.runtime.block_on(self.client.send(&create)).unwrap();
        self
    }

    /// Makes a pool as an SDK describes it.
    pub fn make_pool(&self, pool: Value) -> &Self {
        let create = CreatePool { pool: serde_json::from_value(pool).unwrap() };
        self.runtime.block_on(self.client.send(&create)).unwrap();
        self
    }

    /// Makes a job as an SDK describes it.
    pub fn make_job(&self, job: Value) -> &Self {
        let create = CreateJob { job: serde_json::from_value(job).unwrap() };
        self.runtime.block_on(self.client.send(&create)).unwrap();
        self
    }

    /// Adds a task whose container ends as `script` says; see the simulated runtime.
    pub fn task(&self, job: &str, id: &str, script: &str) -> &Self {
        self.add(
            job,
            json!({"id": id, "commandLine": "work", "containerSettings": {"imageName": "busybox"},
            "environmentSettings": [{"name": "BATCHYARD_SIMULATE", "value": script}]}),
        )
    }

    fn add(&self, job: &str, task: Value) -> &Self {
        let create = CreateTask { job_id: job_id(job), task: serde_json::from_value(task).unwrap() };
        self.runtime.block_on(self.client.send(&create)).unwrap();
        self
    }

    /// Changes the number of nodes of a pool.
    pub fn resize_pool(&self, id: &str, dedicated: i32) -> &Self {
        let resize = json!({ "targetDedicatedNodes": dedicated });
        let request = ResizePool {
            pool_id: PoolId::new(id).unwrap(),
            resize: serde_json::from_value(resize).unwrap(),
            conditions: Conditions::default(),
        };
        self.runtime.block_on(self.client.send(&request)).unwrap();
        self
    }

    /// Disables a job schedule.
    pub fn disable_schedule(&self, id: &str) -> &Self {
        let job_schedule_id = JobScheduleId::new(id).unwrap();
        let disable = DisableJobSchedule { job_schedule_id, conditions: Conditions::default() };
        self.runtime.block_on(self.client.send(&disable)).unwrap();
        self
    }

    /// The states of a job's tasks, and how often each went back to the queue.
    pub fn states(&self, job: &str) -> Vec<(BatchTaskState, i32)> {
        let list = ListTasks { job_id: job_id(job), query: Default::default() };
        let tasks: Vec<BatchTask> = self.runtime.block_on(self.client.list(list).try_collect()).unwrap();
        let requeued = |task: &BatchTask| task.execution_info.as_ref().map(|info| info.requeue_count);
        tasks.iter().map(|task| (task.state.clone().unwrap(), requeued(task).unwrap_or_default())).collect()
    }

    /// Deletes a task.
    pub fn delete_task(&self, job: &str, id: &str) -> &Self {
        let delete = DeleteTask {
            job_id: job_id(job),
            task_id: TaskId::new(id).unwrap(),
            conditions: Conditions::default(),
        };
        self.runtime.block_on(self.client.send(&delete)).unwrap();
        self
    }

    /// Whether a pool exists.
    pub fn sees_pool(&self, id: &str) -> bool {
        let get = GetPool { pool_id: PoolId::new(id).unwrap(), select: Default::default() };
        self.runtime.block_on(self.client.find(&get)).unwrap().is_some()
    }

    /// The ids of a job's tasks.
    pub fn tasks(&self, job: &str) -> Vec<String> {
        let list = ListTasks { job_id: job_id(job), query: Default::default() };
        let tasks: Vec<_> = self.runtime.block_on(self.client.list(list).try_collect()).unwrap();
        tasks.iter().map(|task: &BatchTask| task.id.to_string()).collect()
    }
}

fn job_id(id: &str) -> JobId {
    JobId::new(id).unwrap()
}
