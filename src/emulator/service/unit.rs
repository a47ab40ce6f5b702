//! A unit of work: one transaction, what is to be looked at before it ends, and what is to happen after it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rusqlite::Connection;

use super::Failure;
use crate::batch::{DateTime, ErrorCode};
use crate::batch::{JobId, PoolId};
use crate::clock::Clock;
use crate::emulator::effect::{Effect, Event};
use crate::emulator::lifecycle::NodeEvent;
use crate::emulator::store::{
    CertificateTable, JobRecord, JobRow, JobScheduleRow, JobScheduleTable, JobTable, NodeRow, NodeTable,
    PoolRecord, PoolRow, PoolTable, RunTable, StoreError, SubtaskTable, TaskTable,
};
use crate::emulator::timing::{Pause, Timing};

/// How much of what is to be done is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activity {
    /// Nothing: the account is only read. What has come about outside is written down, and nothing concluded from it.
    AtRest,
    /// What is begun goes on, and no further task is given to a node.
    WindingDown,
    /// All.
    Running,
}

/// What the account works by.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) timing: Timing,
    /// The container runtime of nodes that boot now: `docker`, `oci`, `simulated`, or `none`.
    pub(crate) runtime: String,
    /// The folder whose folders stand in for the file systems that pools mount.
    pub(crate) stand_ins: PathBuf,
    pub(crate) activity: Activity,
}

/// One transaction.
pub(crate) struct Unit<'a> {
    pub(super) store: &'a Connection,
    pub(super) rules: &'a Rules,
    clock: &'a dyn Clock,
    /// The time of the change that is being carried out.
    pub(super) now: DateTime,
    effects: Vec<Effect>,
    pools_to_schedule: BTreeSet<PoolRow>,
    nodes_to_look_at: BTreeSet<NodeRow>,
    /// Jobs to look at, and whether their change of state has taken its time.
    jobs_to_look_at: BTreeMap<JobRow, bool>,
    job_schedules_to_look_at: BTreeSet<JobScheduleRow>,
}

impl<'a> Unit<'a> {
    pub(super) fn new(store: &'a Connection, rules: &'a Rules, clock: &'a dyn Clock) -> Self {
        Self {
            store,
            rules,
            clock,
            now: DateTime(clock.now()),
            effects: Vec::new(),
            pools_to_schedule: BTreeSet::new(),
            nodes_to_look_at: BTreeSet::new(),
            jobs_to_look_at: BTreeMap::new(),
            job_schedules_to_look_at: BTreeSet::new(),
        }
    }

    /// Carries out one change among others: if it fails, it leaves no trace.
    pub(super) fn attempt<T>(
        &mut self,
        change: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        self.now = DateTime(self.clock.now());
        let effects = self.effects.len();
        self.savepoint("SAVEPOINT change")?;
        let result = change(self);
        if result.is_err() {
            self.effects.truncate(effects);
            self.savepoint("ROLLBACK TO change")?;
        }
        self.savepoint("RELEASE change")?;
        result
    }

    fn savepoint(&self, sql: &str) -> Result<(), StoreError> {
        self.store.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    /// Draws the conclusions of all changes, and hands out the effects.
    pub(super) fn finish(mut self) -> Result<Vec<Effect>, Failure> {
        if self.rules.activity == Activity::AtRest {
            self.jobs_to_look_at.clear();
            self.job_schedules_to_look_at.clear();
            self.pools_to_schedule.clear();
        }
        // A job that ends may be what its schedule waits for, and a schedule that ends ends its jobs.
        loop {
            if let Some((job, due)) = self.jobs_to_look_at.pop_first() {
                self.look_at_job(job, due)?;
            } else if let Some(schedule) = self.job_schedules_to_look_at.pop_first() {
                self.look_at_job_schedule(schedule)?;
            } else {
                break;
            }
        }
        for node in &self.nodes_to_look_at {
            self.pools_to_schedule.extend(NodeTable(self.store).pool_of(*node)?);
        }
        while let Some(pool) = self.pools_to_schedule.pop_first() {
            self.schedule(pool)?;
        }
        while let Some(node) = self.nodes_to_look_at.pop_first() {
            self.look_at_node(node)?;
        }
        Ok(self.effects)
    }

    /// Something came about outside.
    pub(crate) fn apply(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::AllocationDue { pool, round } => self.allocation_due(pool, round),
            Event::StopResizeDue { pool, round } => self.stop_resize_due(pool, round),
            Event::ResizeTimedOut { pool, round } => self.resize_timed_out(pool, round),
            Event::FormulaDue { pool, turn } => self.formula_due(pool, turn),
            Event::NodeCreated { node } => self.node_created(node),
            Event::NodePrepared { node, result } => self.node_prepared(node, result),
            Event::StartTaskEnded { node, outcome } => self.start_task_ended(node, outcome),
            Event::NodeRemoved { node } => self.node_removed(node),
            Event::NodeWiped { node } => self.node_wiped(node),
            Event::NodeDeallocated { node } => self.with_node(node, NodeEvent::Deallocated),
            Event::NodePreempted { node, absence } => self.node_preempted(node, absence),
            Event::NodeReplaceable { node } => self.node_replaceable(node),
            Event::CertificateDeletionDue { certificate } => self.certificate_deletion_due(certificate),
            Event::Coordinated { run, container } => self.coordinated(run, container),
            Event::RunEnded { run, outcome } => self.run_ended(run, outcome),
            Event::TaskCleaned { run } => self.task_cleaned(run),
            Event::RetentionDue => self.retention_due(),
            Event::JobCleaned { job } => self.job_cleaned(job),
            Event::JobDue { job } => {
                self.jobs_to_look_at.insert(job, true);
                Ok(())
            }
            Event::JobScheduleDue { schedule, turn } => self.job_schedule_due(schedule, turn),
            Event::LookAtJobSchedule { schedule } => {
                self.job_schedule_changed(schedule);
                Ok(())
            }
        }
    }

    pub(super) fn emit(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub(super) fn wait(&mut self, pause: Pause, then: Event) {
        self.emit(Effect::Wait { pause: self.rules.timing.duration(pause), then });
    }

    /// Places tasks on this pool's nodes before the transaction ends.
    pub(super) fn schedule_pool(&mut self, pool: PoolRow) {
        self.pools_to_schedule.insert(pool);
    }

    /// Places tasks on the nodes of this job's pool before the transaction ends.
    pub(super) fn schedule_job(&mut self, job: &JobRecord) -> Result<(), StoreError> {
        let pool = self.pools().row_of(&job.pool_key())?;
        self.pools_to_schedule.extend(pool);
        Ok(())
    }

    /// Sees before the transaction ends what has become of a node now that its runs have changed.
    pub(super) fn node_changed(&mut self, node: NodeRow) {
        self.nodes_to_look_at.insert(node);
    }

    /// Sees before the transaction ends what has become of a job now that its tasks have changed.
    pub(super) fn job_changed(&mut self, job: JobRow) {
        self.jobs_to_look_at.entry(job).or_insert(false);
    }

    /// Sees before the transaction ends what has become of a schedule now that its jobs or its time have changed.
    pub(super) fn job_schedule_changed(&mut self, schedule: JobScheduleRow) {
        self.job_schedules_to_look_at.insert(schedule);
    }

    pub(crate) fn certificates(&self) -> CertificateTable<'a> {
        CertificateTable(self.store)
    }

    pub(crate) fn pools(&self) -> PoolTable<'a> {
        PoolTable(self.store)
    }

    pub(crate) fn nodes(&self) -> NodeTable<'a> {
        NodeTable(self.store)
    }

    pub(crate) fn jobs(&self) -> JobTable<'a> {
        JobTable(self.store)
    }

    pub(crate) fn job_schedules(&self) -> JobScheduleTable<'a> {
        JobScheduleTable(self.store)
    }

    pub(crate) fn tasks(&self) -> TaskTable<'a> {
        TaskTable(self.store)
    }

    pub(crate) fn runs(&self) -> RunTable<'a> {
        RunTable(self.store)
    }

    pub(crate) fn subtasks(&self) -> SubtaskTable<'a> {
        SubtaskTable(self.store)
    }

    pub(super) fn pool(&self, id: &PoolId) -> Result<PoolRecord, Failure> {
        self.pools().find(id)?.ok_or_else(|| ErrorCode::POOL_NOT_FOUND.into())
    }

    pub(super) fn job(&self, id: &JobId) -> Result<JobRecord, Failure> {
        self.jobs().find(id)?.ok_or_else(|| ErrorCode::JOB_NOT_FOUND.into())
    }
}

/// A new entity tag, unlike any before.
pub(super) fn new_e_tag() -> String {
    let (high, _) = uuid::Uuid::new_v4().as_u64_pair();
    format!("0x8D{:013X}", high >> 12)
}
