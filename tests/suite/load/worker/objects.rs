//! What a client does beside its job: a pool and a schedule of its own, and the nodes and files of all.

use batchyard::batch::model::{BatchMetadataItem, BatchTaskState};
use batchyard::batch::odata::{ListQuery, Select};
use batchyard::batch::operations::{
    CreateJobSchedule, CreatePool, GetJobSchedule, GetPool, GetTask, ListNodes, ListTaskFiles,
    UpdateJobSchedule, UpdatePool,
};
use batchyard::batch::{Conditions, JobScheduleId, PoolId};
use serde_json::{from_value, json};

use super::{Pending, Trouble, Worker, ensure, revision_item};
use crate::load::{NODES, pool, shared_job, shared_pool};

/// The revision that metadata names; none that there could be if they name none.
pub fn revision_in(metadata: Option<&Vec<BatchMetadataItem>>) -> u32 {
    let mut items = metadata.into_iter().flatten();
    let item = items.find(|item| item.name == "revision");
    item.and_then(|item| item.value.parse().ok()).unwrap_or(u32::MAX)
}

impl Worker {
    /// Every other client has a pool: the account has a quota of a hundred.
    fn has_pool(&self) -> bool {
        self.number.is_multiple_of(2)
    }

    /// Makes the pool, without nodes, and the schedule, which never makes a job.
    pub(super) async fn create_objects(&mut self) -> Result<(), Trouble> {
        if self.has_pool() {
            let mut pool = pool(self.pool.as_str(), 0);
            pool["metadata"] = json!([revision_item(0)]);
            self.write(&CreatePool { pool: from_value(pool).unwrap() }).await?;
        }
        let schedule = json!({"id": self.schedule, "schedule": {"doNotRunUntil": "2999-01-01T00:00:00Z"},
            "jobSpecification": {"poolInfo": {"poolId": "none"}}, "metadata": [revision_item(0)]});
        self.write(&CreateJobSchedule { job_schedule: from_value(schedule).unwrap() }).await?;
        Ok(())
    }

    pub(super) async fn change_pool(&mut self) -> Result<(), Trouble> {
        if !self.has_pool() {
            return self.change_schedule().await;
        }
        let next = self.pool_revision + 1;
        self.pending = Some(Pending::Pool(next));
        let update = from_value(json!({"metadata": [revision_item(next)]})).unwrap();
        let conditions = Conditions::default();
        self.write(&UpdatePool { pool_id: self.pool.clone(), update, conditions }).await?;
        self.pool_revision = next;
        let found = self.read_pool().await?;
        ensure(found == next, || format!("the pool {} is at {found} instead of {next}", self.pool))
    }

    pub(super) async fn change_schedule(&mut self) -> Result<(), Trouble> {
        let next = self.schedule_revision + 1;
        self.pending = Some(Pending::Schedule(next));
        let update = from_value(json!({"metadata": [revision_item(next)]})).unwrap();
        let (job_schedule_id, conditions) = (self.schedule.clone(), Conditions::default());
        self.write(&UpdateJobSchedule { job_schedule_id, update, conditions }).await?;
        self.schedule_revision = next;
        let found = self.read_schedule().await?;
        ensure(found == next, || format!("the schedule {} is at {found} instead of {next}", self.schedule))
    }

    async fn read_pool(&mut self) -> Result<u32, Trouble> {
        if !self.has_pool() {
            return Ok(self.pool_revision);
        }
        let get = GetPool { pool_id: self.pool.clone(), select: Select::default() };
        Ok(revision_in(self.ask(&get).await?.value.metadata.as_ref()))
    }

    async fn read_schedule(&mut self) -> Result<u32, Trouble> {
        let get = GetJobSchedule { job_schedule_id: self.schedule.clone(), select: Select::default() };
        Ok(revision_in(self.ask(&get).await?.value.metadata.as_ref()))
    }

    /// The nodes of all are there, whoever else works on them.
    pub(super) async fn check_nodes(&mut self) -> Result<(), Trouble> {
        let list = ListNodes { pool_id: shared_pool(), query: ListQuery::default() };
        let nodes = self.ask(&list).await?.value.value.len();
        ensure(nodes == NODES, || format!("{nodes} nodes instead of {NODES}"))
    }

    /// A task that has run left its output.
    pub(super) async fn check_files(&mut self) -> Result<(), Trouble> {
        let position = self.draw(self.report.started.len().max(1));
        let Some((id, _)) = self.report.started.get(position).cloned() else { return Ok(()) };
        let get = GetTask { job_id: shared_job(), task_id: id.clone(), select: Select::of(&["id", "state"]) };
        if self.ask(&get).await?.value.state != Some(BatchTaskState::Completed) {
            return Ok(());
        }
        let (job_id, query) = (shared_job(), ListQuery::default());
        let list = ListTaskFiles { job_id, task_id: id.clone(), recursive: false, query };
        let files = self.ask(&list).await?.value.value;
        let has_output = files.iter().any(|file| file.name == "stdout.txt");
        ensure(has_output, || format!("the task {id} has no output among {files:?}"))
    }

    /// The revisions of pool and schedule.
    pub(super) async fn read_objects(&mut self) -> Result<(u32, u32), Trouble> {
        Ok((self.read_pool().await?, self.read_schedule().await?))
    }

    /// Compares the revisions of pool and schedule with what is known, as [`Worker::audit`] does the rest.
    pub(super) fn audit_objects(&mut self, pool: u32, schedule: u32, pending: Option<&Pending>) {
        if pool != self.pool_revision && !matches!(pending, Some(Pending::Pool(new)) if *new == pool) {
            self.report
                .lost
                .push(format!("the pool {} at {}: it is at {pool}", self.pool, self.pool_revision));
        }
        let is_pending = matches!(pending, Some(Pending::Schedule(new)) if *new == schedule);
        if schedule != self.schedule_revision && !is_pending {
            let known = self.schedule_revision;
            self.report.lost.push(format!("the schedule {} at {known}: it is at {schedule}", self.schedule));
        }
        (self.pool_revision, self.schedule_revision) = (pool, schedule);
    }
}

/// The names of the objects of a client. A schedule must not have the id of a job.
pub fn names(number: usize) -> (PoolId, JobScheduleId) {
    let pool = PoolId::new(format!("own-{number}")).unwrap();
    (pool, JobScheduleId::new(format!("later-{number}")).unwrap())
}
