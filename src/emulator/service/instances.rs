//! Tasks that run on several nodes at once: all of their instances are placed together, the primary goes on when all are ready,
//! and what ends one ends all.
//!
//! An instance is a run like any other. As a task is not placed again before its last run is gone, all its runs belong together.

use super::{Failure, Unit};
use crate::batch::model::{BatchTaskContainerExecutionInfo, BatchTaskState};
use crate::emulator::effect::Effect;
use crate::emulator::lifecycle::{Requeue, TaskEvent};
use crate::emulator::scheduler::Slots;
use crate::emulator::store::{
    JobRecord, NodeRow, PoolRecord, RunRecord, RunRow, RunStage, StoreError, SubtaskRecord, TaskPlace,
    TaskRecord, TaskRow,
};
use crate::node::{Host, Instance, TaskOutcome};

impl Unit<'_> {
    /// Gives all instances of a task to nodes, or none: then the free nodes are kept for it, so that tasks which need fewer do not
    /// take one after the other from under it for ever. Says whether it was placed.
    pub(super) fn schedule_instances(
        &mut self,
        pool: &PoolRecord,
        job: &JobRecord,
        mut task: TaskRecord,
        (slots, barred): (&mut Slots, &[NodeRow]),
    ) -> Result<bool, Failure> {
        let Some(nodes) = slots.take_nodes(task.instances(), barred) else {
            if task.instances() + i32::try_from(barred.len()).unwrap_or(i32::MAX) <= slots.most_instances() {
                slots.reserve(task.instances(), barred);
            }
            return Ok(false);
        };
        let addresses: Vec<_> = nodes.iter().map(|(node, _)| node.address_in(&pool.pool.id)).collect();
        let mut is_prepared = true;
        for address in &addresses {
            is_prepared &= self.prepare_for(job, address)?;
        }
        let stage = if is_prepared { RunStage::Running } else { RunStage::Preparing };
        self.subtasks().delete(task.row)?;
        let mut runs = Vec::with_capacity(nodes.len());
        for (number, (node, address)) in (0..).zip(&nodes) {
            let run = self.runs().start(node.row, &task, 1, stage)?;
            let place = TaskPlace { pool_id: pool.pool.id.clone(), node_id: node.id.clone() };
            if number == 0 {
                task.life.step(TaskEvent::Assigned { run, place: place.clone(), is_prepared }, self.now);
                self.tasks().save_life(&task)?;
            }
            let mut subtask = SubtaskRecord::new((task.row, number), run, place, *address, self.now);
            if is_prepared {
                subtask.begin(false, self.now);
            }
            self.subtasks().save(&subtask)?;
            self.node_changed(node.row);
            runs.push(run);
        }
        for (run, address) in runs.into_iter().zip(addresses).filter(|_| is_prepared) {
            let mut assignment = self.assignment(pool, job, task.clone(), run)?;
            assignment.instance = self.instance(run)?;
            self.begin_run(run, address, assignment)?;
        }
        Ok(true)
    }

    /// Which instance a run is, and where all of them are; `None` if its task runs on one node.
    pub(super) fn instance(&self, run: RunRow) -> Result<Option<Instance>, StoreError> {
        let Some(own) = self.subtasks().of_run(run)? else { return Ok(None) };
        let all = self.subtasks().of_task(own.task)?;
        Ok(Some(Instance {
            number: usize::try_from(own.number).unwrap_or_default(),
            hosts: all.iter().map(|one| Host::new(&one.place.node_id, one.address)).collect(),
            ..Instance::default()
        }))
    }

    /// An instance begins that has waited until the nodes of its task were prepared.
    pub(super) fn instance_begins(&mut self, run: RunRow) -> Result<(), Failure> {
        if let Some(mut subtask) = self.subtasks().of_run(run)? {
            subtask.begin(true, self.now);
            self.subtasks().save(&subtask)?;
        }
        Ok(())
    }

    /// The coordination command of an instance has succeeded.
    pub(super) fn coordinated(
        &mut self,
        run: RunRow,
        container: BatchTaskContainerExecutionInfo,
    ) -> Result<(), Failure> {
        let is_running = self.runs().get(run)?.is_some_and(|run| run.stage == RunStage::Running);
        let Some(mut subtask) = self.subtasks().of_run(run)?.filter(|_| is_running) else { return Ok(()) };
        subtask.coordinated(container, self.now);
        self.subtasks().save(&subtask)?;
        self.let_go(subtask.task)
    }

    /// Lets the primary instance of a task go on, if all are ready.
    pub(super) fn let_go(&mut self, task: TaskRow) -> Result<(), Failure> {
        let instances = self.subtasks().of_task(task)?;
        if let Some(primary) = instances.first()
            && instances.iter().all(SubtaskRecord::is_ready)
        {
            self.emit(Effect::LetGo { run: primary.run });
        }
        Ok(())
    }

    /// Whether a run is one of a task's present runs: the one, or that of one of its instances.
    pub(super) fn belongs(&self, run: &RunRecord, task: &TaskRecord) -> Result<bool, StoreError> {
        if task.life.run.is_none() || task.life.run == Some(run.row) {
            return Ok(task.life.run.is_some());
        }
        Ok(self.subtasks().of_run(run.row)?.is_some_and(|subtask| subtask.task == task.row))
    }

    /// What the end of a run means for its task: what it says, unless it is that of a subtask.
    pub(super) fn outcome_for_task(
        &mut self,
        run: &RunRecord,
        task: &TaskRecord,
        outcome: Option<TaskOutcome>,
    ) -> Result<Option<TaskOutcome>, StoreError> {
        if task.life.run == Some(run.row) {
            return Ok(outcome);
        }
        let subtask = self.subtasks().of_run(run.row)?;
        let (Some(mut subtask), Some(outcome)) = (subtask, outcome) else { return Ok(None) };
        subtask.failed(&outcome, self.now);
        self.subtasks().save(&subtask)?;
        Ok(Some(subtask.failure_of_task(outcome)))
    }

    /// Ends what still runs, but for `ended`, of a task that runs no more. Gives the nodes where that is.
    pub(super) fn stop_instances(
        &mut self,
        task: &TaskRecord,
        ended: Option<RunRow>,
    ) -> Result<Vec<NodeRow>, Failure> {
        let mut nodes = Vec::new();
        if task.definition.multi_instance_settings.is_none() || task.life.run.is_some() {
            return Ok(nodes);
        }
        for run in self.runs().of_task(task.job, &task.definition.id.key())? {
            let is_under_way = matches!(run.stage, RunStage::Preparing | RunStage::Running);
            if is_under_way && Some(run.row) != ended {
                self.stop_run(run.row)?;
                self.node_changed(run.node);
                nodes.push(run.node);
            }
        }
        match task.life.state {
            BatchTaskState::Active => self.subtasks().delete(task.row)?,
            _ => {
                for mut subtask in self.subtasks().of_task(task.row)? {
                    subtask.task_ended(self.now);
                    self.subtasks().save(&subtask)?;
                }
            }
        }
        Ok(nodes)
    }

    /// The run has ended of an instance whose task is over.
    pub(super) fn note_end(&mut self, run: &RunRecord, outcome: Option<&TaskOutcome>) -> Result<(), Failure> {
        if run.stage == RunStage::Stopping
            && let (Some(outcome), Some(mut subtask)) = (outcome, self.subtasks().of_run(run.row)?)
        {
            subtask.run_ended(outcome);
            self.subtasks().save(&subtask)?;
        }
        Ok(())
    }

    /// A run was lost with its node: its task runs again, on others.
    pub(super) fn requeue_lost(&mut self, run: &RunRecord) -> Result<(), Failure> {
        if let Some(mut task) = self.tasks().find_key(run.job, &run.task_key)?
            && self.belongs(run, &task)?
        {
            task.life.step(TaskEvent::Requeued(Requeue::Recovery), self.now);
            self.tasks().save_life(&task)?;
            self.stop_instances(&task, Some(run.row))?;
        }
        Ok(())
    }
}
