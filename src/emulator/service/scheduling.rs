//! Placement of a pool's tasks on its nodes.

use super::{Activity, Failure, Unit};
use crate::batch::TaskId;
use crate::batch::model::{BatchContainerConfiguration, BatchNodeFillType, UserAccount};
use crate::emulator::effect::Effect;
use crate::emulator::lifecycle::TaskEvent;
use crate::emulator::scheduler::{Need, Slots};
use crate::emulator::store::{
    FreeNode, JobRecord, NodeAddress, PoolRecord, PoolRow, RunRow, RunStage, StoreError, TaskPlace,
    TaskRecord,
};
use crate::node::{Share, TaskAssignment, TaskRole};

/// The most tasks that are looked at in one go.
pub(super) const BATCH: i32 = 256;

impl Unit<'_> {
    /// Gives tasks that are ready to nodes that have free slots: the most important job first, then the oldest; within a job
    /// the oldest task first. A task that needs more slots than any node has free lets others pass.
    pub(super) fn schedule(&mut self, pool: PoolRow) -> Result<(), Failure> {
        if self.rules.activity != Activity::Running {
            return Ok(());
        }
        let Some(pool) = self.pools().get(pool)?.filter(|pool| !pool.is_deleting()) else { return Ok(()) };
        let capacity = pool.pool.task_slots_per_node.unwrap_or(1);
        let free = self.nodes().free(pool.row, capacity)?;
        let waiting = self.jobs().waiting(&pool.pool.id.key())?;
        let mut precedence = self.precedence(&pool, &waiting)?;
        if free.is_empty() && precedence.is_none() {
            return Ok(());
        }
        let fill = pool.pool.task_scheduling_policy.as_ref().map(|policy| policy.node_fill_type.clone());
        let slots = Slots::new(free, capacity, &fill.unwrap_or(BatchNodeFillType::Spread));
        let communicates = pool.pool.enable_inter_node_communication == Some(true);
        let reachable = if communicates { self.nodes().count_reachable(pool.row)? } else { 0 };
        let mut slots = slots.with_reachable(reachable);
        for waiting in waiting {
            let precedence = precedence.as_mut().filter(|precedence| precedence.serves(waiting.priority));
            if slots.total() == 0 && precedence.is_none() {
                break;
            }
            let room = match waiting.max_parallel {
                limit if limit < 0 => i32::MAX,
                limit => limit - self.tasks().count_running(waiting.row)?,
            };
            if room > 0
                && let Some(job) = self.jobs().get(waiting.row)?
            {
                let room = self.schedule_tasks(&pool, &job, room, &mut slots)?;
                if let Some(precedence) = precedence.filter(|_| room > 0) {
                    self.make_way(&job, room, &mut slots, precedence)?;
                }
            }
        }
        Ok(())
    }

    /// Gives tasks of a job to nodes; the answer is how many more may run.
    fn schedule_tasks(
        &mut self,
        pool: &PoolRecord,
        job: &JobRecord,
        mut room: i32,
        slots: &mut Slots,
    ) -> Result<i32, Failure> {
        let barred = self.barred_nodes(job)?;
        loop {
            let limit = room.min(slots.total()).min(BATCH);
            if limit <= 0 {
                return Ok(room);
            }
            let mut placed = 0;
            for task in self.tasks().ready(job.row, slots.largest(), slots.most_instances(), limit)? {
                if task.instances() > 0 {
                    placed += i32::from(self.schedule_instances(pool, job, task, (slots, &barred))?);
                    continue;
                }
                let preferred =
                    task.definition.affinity_info.as_ref().and_then(|near| slots.named(&near.affinity_id));
                let need = Need { preferred, ..need(job, &task) };
                if let Some((node, taken)) = slots.take(need, &barred) {
                    self.assign(pool, job, task, (node, taken))?;
                    placed += 1;
                }
            }
            if placed == 0 {
                return Ok(room);
            }
            room -= placed;
        }
    }

    fn assign(
        &mut self,
        pool: &PoolRecord,
        job: &JobRecord,
        mut task: TaskRecord,
        (node, slots): (&FreeNode, i32),
    ) -> Result<(), Failure> {
        let address = node.address_in(&pool.pool.id);
        let is_prepared = self.prepare_for(job, &address)?;
        let stage = if is_prepared { RunStage::Running } else { RunStage::Preparing };
        let run = self.runs().start(node.row, &task, slots, stage)?;
        let place = TaskPlace { pool_id: pool.pool.id.clone(), node_id: node.id.clone() };
        task.life.step(TaskEvent::Assigned { run, place, is_prepared }, self.now);
        self.tasks().save_life(&task)?;
        self.node_changed(node.row);
        if is_prepared {
            let assignment = self.assignment(pool, job, task, run)?;
            self.begin_run(run, address, assignment)?;
        }
        Ok(())
    }

    /// What a node is told of a task, but for its certificates, packages and token: a run that goes on has them.
    pub(super) fn assignment(
        &self,
        pool: &PoolRecord,
        job: &JobRecord,
        task: TaskRecord,
        run: RunRow,
    ) -> Result<TaskAssignment, StoreError> {
        Ok(TaskAssignment {
            job_id: job.job.id.clone(),
            role: TaskRole::Task,
            preparation: preparation_id(job)?,
            task: task.definition,
            attempt: run.attempt(),
            common_environment: job.job.common_environment_settings.clone().unwrap_or_default(),
            container_configuration: container_configuration(pool),
            user_accounts: user_accounts(pool),
            shares: self.shares(pool),
            certificates: Vec::new(),
            packages: Vec::new(),
            token: None,
            instance: None,
        })
    }

    /// What stands in for the file systems that a pool's nodes mount; admission has seen to it that something can.
    pub(super) fn shares(&self, pool: &PoolRecord) -> Vec<Share> {
        let mounts = pool.pool.mount_configuration.as_deref().unwrap_or_default();
        Share::all(mounts, &self.rules.stand_ins).unwrap_or_default()
    }

    /// Has a node run what it was assigned, with the certificates and application packages that it has for tasks, and a token if
    /// the task asks for one.
    pub(super) fn begin_run(
        &mut self,
        run: RunRow,
        node: NodeAddress,
        mut assignment: TaskAssignment,
    ) -> Result<(), Failure> {
        assignment.certificates = self.certificates_for_tasks(node.row)?;
        assignment.packages = self.nodes().installed(node.row)?;
        assignment.token = self.token_for(run, &assignment.task)?;
        self.emit(Effect::StartRun { run, node, assignment: Box::new(assignment), resume: false });
        Ok(())
    }
}

/// What a task of `job` needs of a node: its job manager task may want one for itself, and none of Spot.
pub(super) fn need(job: &JobRecord, task: &TaskRecord) -> Need {
    let manager = job.job.job_manager_task.as_ref();
    let manager = manager.filter(|manager| manager.id.eq_ignore_ascii_case(task.definition.id.as_str()));
    Need {
        slots: task.slots(),
        whole_node: manager.is_some_and(|manager| manager.run_exclusive != Some(false)),
        dedicated: manager.is_some_and(|manager| manager.allow_low_priority_node == Some(false)),
        preferred: None,
    }
}

/// The id of a job's preparation task, if it has one.
pub(super) fn preparation_id(job: &JobRecord) -> Result<Option<TaskId>, StoreError> {
    let task = job.job.job_preparation_task.as_ref().map(|task| task.task_id());
    Ok(task.transpose()?)
}

/// The user accounts of a pool's nodes. Nobody logs in there, so they come without passwords and keys.
pub(super) fn user_accounts(pool: &PoolRecord) -> Vec<UserAccount> {
    let accounts = pool.pool.user_accounts.iter().flatten();
    accounts.map(UserAccount::without_secrets).collect()
}

/// What a pool's nodes prepare for containers.
pub(super) fn container_configuration(pool: &PoolRecord) -> Option<BatchContainerConfiguration> {
    pool.pool.virtual_machine_configuration.as_ref()?.container_configuration.clone()
}
