//! What nodes do for jobs beside the jobs' tasks: the preparation task before the first of them, the release task once the job
//! ends (REST reference, `BatchJobPreparationTask`, `BatchJobReleaseTask`).

use super::scheduling::{container_configuration, preparation_id, user_accounts};
use super::{Activity, Failure, Unit};
use crate::batch::model::{BatchNodeState, BatchTaskCreateOptions};
use crate::emulator::lifecycle::{PreparationEffect, PreparationEvent, Requeue, TaskEvent};
use crate::emulator::store::{
    JobRecord, JobRow, NodeAddress, NodeRow, PreparationRecord, PreparationTable, RunRecord, RunRow,
    RunStage, Standing, StoreError,
};
use crate::node::{TaskAssignment, TaskOutcome, TaskRole};

impl Unit<'_> {
    /// Whether tasks of a job may run on a node right away. If the node is to be prepared for the job before, or at the same
    /// time, that begins.
    pub(super) fn prepare_for(&mut self, job: &JobRecord, node: &NodeAddress) -> Result<bool, Failure> {
        let Some(task) = &job.job.job_preparation_task else { return Ok(true) };
        let may_run = task.wait_for_success == Some(false);
        let record = self.preparations().find(job.row, node.row)?.unwrap_or_else(|| {
            PreparationRecord::new(job.row, node.row, node.pool_id.clone(), node.node_id.clone())
        });
        match record.standing {
            Standing::Ready | Standing::Failed => Ok(true),
            Standing::Running => Ok(may_run),
            Standing::Due => {
                self.start_preparation(job, node, record)?;
                Ok(may_run)
            }
        }
    }

    /// The nodes that a job's tasks must not run on because they could not be prepared for it.
    pub(super) fn barred_nodes(&self, job: &JobRecord) -> Result<Vec<NodeRow>, Failure> {
        match &job.job.job_preparation_task {
            Some(task) if task.wait_for_success != Some(false) => {
                Ok(self.preparations().failed_nodes(job.row)?)
            }
            _ => Ok(Vec::new()),
        }
    }

    fn start_preparation(
        &mut self,
        job: &JobRecord,
        node: &NodeAddress,
        mut record: PreparationRecord,
    ) -> Result<(), Failure> {
        record.step(PreparationEvent::Started, self.now);
        self.preparations().save(&record)?;
        self.start_beside(job, node, TaskRole::Preparation)
    }

    fn start_beside(&mut self, job: &JobRecord, node: &NodeAddress, role: TaskRole) -> Result<(), Failure> {
        let Some(task) = task_beside(job, role)? else { return Ok(()) };
        let run = self.runs().start_beside(node.row, job.row, role, &task.id)?;
        let Some(assignment) = self.assignment_beside(job, node, role, run)? else { return Ok(()) };
        self.begin_run(run, node.clone(), assignment)
    }

    /// What a node is told of a job's preparation or release task.
    pub(super) fn assignment_beside(
        &self,
        job: &JobRecord,
        node: &NodeAddress,
        role: TaskRole,
        run: RunRow,
    ) -> Result<Option<TaskAssignment>, Failure> {
        let (Some(task), Some(pool)) = (task_beside(job, role)?, self.pools().find(&node.pool_id)?) else {
            return Ok(None);
        };
        Ok(Some(TaskAssignment {
            job_id: job.job.id.clone(),
            role,
            preparation: preparation_id(job)?,
            task,
            attempt: run.attempt(),
            common_environment: job.job.common_environment_settings.clone().unwrap_or_default(),
            container_configuration: container_configuration(&pool),
            shares: self.shares(&pool),
            user_accounts: user_accounts(&pool),
            certificates: Vec::new(),
            packages: Vec::new(),
            token: None,
            instance: None,
        }))
    }

    /// A run of a preparation task has ended; without an outcome it was lost.
    pub(super) fn preparation_ended(
        &mut self,
        run: &RunRecord,
        outcome: Option<TaskOutcome>,
    ) -> Result<(), Failure> {
        self.runs().delete(run.row)?;
        let (Some(mut record), Some(job), Some(node)) = (
            self.preparations().find(run.job, run.node)?,
            self.jobs().get(run.job)?,
            self.nodes().get(run.node)?,
        ) else {
            return Ok(());
        };
        if run.stage != RunStage::Running {
            return Ok(());
        }
        let limits = job.job.job_preparation_task.as_ref().and_then(|task| task.constraints.as_ref());
        let max_retries = limits.and_then(|limits| limits.max_task_retry_count).unwrap_or_default();
        let event = match outcome {
            Some(outcome) => PreparationEvent::Ended { outcome, max_retries },
            None => PreparationEvent::TakenOff,
        };
        let effect = record.step(event, self.now);
        self.preparations().save(&record)?;
        match effect {
            Some(PreparationEffect::RunAgain) => self.start_preparation(&job, &node.address(), record),
            Some(PreparationEffect::LetTasksRun) => self.let_waiting_tasks_run(run.job, run.node),
            // A node that was lost meanwhile is prepared anew when a task comes to it.
            Some(PreparationEffect::TurnTasksAway) | None => self.turn_waiting_tasks_away(run.job, run.node),
        }
    }

    fn let_waiting_tasks_run(&mut self, job: JobRow, node: NodeRow) -> Result<(), Failure> {
        for run in self.waiting_runs(job, node)? {
            let Some(mut task) = self.tasks().find_key(run.job, &run.task_key)? else { continue };
            let instances = self.runs().of_task(job, &run.task_key)?;
            if !self.are_prepared(&instances)? {
                continue;
            }
            task.life.step(TaskEvent::Prepared, self.now);
            self.tasks().save_life(&task)?;
            for instance in instances {
                self.begin_prepared(&instance)?;
            }
        }
        Ok(())
    }

    /// Whether all nodes of a task are prepared for its job: a task may run on several at once.
    fn are_prepared(&self, instances: &[RunRecord]) -> Result<bool, StoreError> {
        for run in instances {
            let record = self.preparations().find(run.job, run.node)?;
            if record.is_none_or(|record| record.standing != Standing::Ready) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn begin_prepared(&mut self, run: &RunRecord) -> Result<(), Failure> {
        let Some(node) = self.nodes().get(run.node)?.map(|node| node.address()) else { return Ok(()) };
        let Some(pool) = self.pools().find(&node.pool_id)? else { return Ok(()) };
        self.runs().set_stage(run.row, RunStage::Running)?;
        self.instance_begins(run.row)?;
        let Some(assignment) = self.assignment_of(&pool, &node, run)? else { return Ok(()) };
        self.begin_run(run.row, node, assignment)
    }

    fn turn_waiting_tasks_away(&mut self, job: JobRow, node: NodeRow) -> Result<(), Failure> {
        for run in self.waiting_runs(job, node)? {
            self.take_off(&run, TaskEvent::Requeued(Requeue::Recovery))?;
        }
        Ok(())
    }

    fn waiting_runs(&self, job: JobRow, node: NodeRow) -> Result<Vec<RunRecord>, StoreError> {
        let mut runs = self.runs().of_node(node)?;
        runs.retain(|run| run.job == job && run.stage == RunStage::Preparing);
        Ok(runs)
    }

    /// Takes a preparation or release task off its node.
    pub(super) fn take_off_beside(&mut self, run: &RunRecord) -> Result<(), Failure> {
        if run.role == TaskRole::Preparation
            && let Some(mut record) = self.preparations().find(run.job, run.node)?
        {
            record.step(PreparationEvent::TakenOff, self.now);
            self.preparations().save(&record)?;
        }
        self.stop_run(run.row)
    }

    /// A node boots anew: what was done on it for jobs may have to be done again. `wiped` says that its disk is empty.
    pub(super) fn prepare_anew(&mut self, node: NodeRow, wiped: bool) -> Result<(), Failure> {
        for mut record in self.preparations().of_node(node)? {
            let Some(job) = self.jobs().get(record.job)? else { continue };
            let task = job.job.job_preparation_task.as_ref();
            let reruns = task.is_none_or(|task| task.rerun_on_node_reboot_after_success != Some(false));
            if wiped || (reruns && record.standing == Standing::Ready) {
                record.step(PreparationEvent::NodeBooted, self.now);
                self.preparations().save(&record)?;
            }
        }
        Ok(())
    }

    /// Whether a job that ends, and of which nothing runs any more, is done with all nodes that were prepared for it. If not,
    /// its release task begins on them.
    pub(super) fn is_released(&mut self, job: &JobRecord) -> Result<bool, Failure> {
        if job.job.job_release_task.is_none() {
            return Ok(true);
        }
        let mut nodes = Vec::new();
        for record in self.preparations().of_job(job.row)? {
            if record.awaits_release()
                && let Some(node) = self.nodes().get(record.node)?
                && matches!(
                    node.state(),
                    BatchNodeState::Idle | BatchNodeState::Running | BatchNodeState::Offline
                )
            {
                nodes.push((record, node.address()));
            }
        }
        // While the account winds down, what is not begun is left to whoever runs it next.
        if self.rules.activity == Activity::Running {
            for (record, node) in &mut nodes {
                record.step(PreparationEvent::ReleaseStarted, self.now);
                self.preparations().save(record)?;
                self.start_beside(job, node, TaskRole::Release)?;
            }
        }
        Ok(nodes.is_empty())
    }

    /// A run of a release task has ended; without an outcome it was lost.
    pub(super) fn release_ended(
        &mut self,
        run: &RunRecord,
        outcome: Option<TaskOutcome>,
    ) -> Result<(), Failure> {
        self.runs().delete(run.row)?;
        if let Some(mut record) = self.preparations().find(run.job, run.node)? {
            record.step(PreparationEvent::ReleaseEnded(outcome), self.now);
            self.preparations().save(&record)?;
        }
        Ok(())
    }

    fn preparations(&self) -> PreparationTable<'_> {
        PreparationTable(self.store)
    }
}

/// A job's preparation or release task as the task that its node runs.
fn task_beside(job: &JobRecord, role: TaskRole) -> Result<Option<BatchTaskCreateOptions>, Failure> {
    let task = match role {
        TaskRole::Task => None,
        TaskRole::Preparation => job.job.job_preparation_task.as_ref().map(|task| task.to_task()),
        TaskRole::Release => job.job.job_release_task.as_ref().map(|task| task.to_task()),
    };
    Ok(task.transpose().map_err(StoreError::from)?)
}
