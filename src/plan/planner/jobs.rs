//! What happens to the jobs of a recipe and to their tasks.

use std::sync::Arc;

use crate::batch::PoolId;
use crate::batch::model::BatchJobState;
use crate::resource::{
    Address, ChangeClass, DesiredJob, LiveJob, Mutability, Observed, OnChange, OnComplete, Ownership,
    Pending, TaskStreamError,
};

use super::super::change::{ActionReason, Change, FieldChange};
use super::super::diff::source_of;
use super::super::job;
use super::super::obstacle::Obstacle;
use super::super::step::{Action, JobSeal, StepId};
use super::super::tasks::TaskPlan;
use super::blue_green::is_the_same_pool;
use super::next_job::{ends_between, say_new_work};
use super::{Planner, conflict, hardest, say_that_nothing_can_follow};

impl Planner<'_> {
    pub(super) fn job(
        &mut self,
        key: &str,
        desired: &DesiredJob,
        live: Option<&Observed<LiveJob>>,
        tasks: TaskPlan,
    ) -> Result<(), TaskStreamError> {
        let mut change = Change {
            id: desired.spec.id.to_string(),
            source: source_of(&desired.sources, ""),
            ..Change::unchanged(Address::job(key))
        };
        let foreign = desired.spec.pool.id().filter(|_| desired.pool_key.is_none());
        self.note_missing_pool(&change.address, foreign, "the job's tasks wait");
        let pool_ready = desired.pool_key.as_ref().and_then(|key| self.pool_ready.get(key)).copied();
        match live {
            None => {
                let uploaded = self.upload_inputs(key, desired, &tasks);
                self.create_job(change, key, desired, (tasks, uploaded), pool_ready.into_iter().collect());
            }
            Some(live) if live.value.state == BatchJobState::Deleting => {
                change.reason = ActionReason::BeingDeleted;
                change
                    .remarks
                    .push("the job of that id is still being deleted; apply waits for it to go".to_owned());
                let gone =
                    self.step(&change.address, Action::AwaitJobGone { job: desired.spec.id.clone() }, []);
                let tasks = TaskPlan::for_new_job(desired)?;
                let uploaded = self.upload_inputs(key, desired, &tasks);
                let after = pool_ready.into_iter().chain([gone]).collect();
                self.create_job(change, key, desired, (tasks, uploaded), after);
            }
            Some(live) => {
                match self.ownership_of(live.value.ownership.as_ref(), desired.generation.recorded()) {
                    Err((reason, remark)) => {
                        conflict(&mut change, reason, remark);
                        self.changes.push(change);
                    }
                    Ok(adoption) => {
                        adoption.mark(&mut change);
                        let is_over = live.value.is_over();
                        let tasks = if is_over { tasks } else { self.unless_all_go(&change, tasks) };
                        match self.next_generation(&change, desired, &live.value, &tasks) {
                            Some(next) => {
                                self.follow_job(change, key, (live, &tasks), next, pool_ready);
                            }
                            None => self.update_job(change, key, (desired, live), tasks, pool_ready)?,
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Notes that a pool which is not the recipe's own is not there, and what that does to whoever has this address.
    pub(super) fn note_missing_pool(
        &mut self,
        address: &Address,
        foreign: Option<&PoolId>,
        consequence: &str,
    ) {
        if let Some(pool) = foreign.filter(|pool| !self.live.pools.contains_key(*pool)) {
            self.notes
                .push(format!("{address}: the pool `{pool}` does not exist; {consequence} until it does"));
        }
    }

    pub(super) fn create_job(
        &mut self,
        mut change: Change,
        key: &str,
        desired: &DesiredJob,
        (tasks, uploaded): (TaskPlan, Option<StepId>),
        after: Vec<StepId>,
    ) {
        change.class = change.class.max(ChangeClass::Create);
        if change.reason == ActionReason::UpToDate {
            change.reason = ActionReason::Missing;
        }
        if change.class == ChangeClass::Create {
            change.fields = job::introduce(&desired.spec, &desired.sources);
        }
        let ownership = self.mark_of_job(desired);
        let create = Action::CreateJob { spec: Box::new(desired.spec.clone()), ownership };
        let created = self.step(&change.address, create, after);
        let class = change.class;
        self.changes.push(change);
        let ready = uploaded.into_iter().chain([created]).collect();
        self.add_tasks(key, desired, tasks, class, ready);
    }

    /// Uploads the local files of the tasks to add. That comes before anything is deleted: it may fail.
    pub(super) fn upload_inputs(
        &mut self,
        key: &str,
        desired: &DesiredJob,
        tasks: &TaskPlan,
    ) -> Option<StepId> {
        let target = desired.spec.id.to_string();
        let files = tasks.inputs.values().cloned().collect();
        let upload = Action::UploadInputs { target, files };
        (!tasks.inputs.is_empty()).then(|| self.step(&Address::tasks(key), upload, []))
    }

    fn update_job(
        &mut self,
        mut change: Change,
        key: &str,
        (desired, live): (&DesiredJob, &Observed<LiveJob>),
        tasks: TaskPlan,
        pool_ready: Option<StepId>,
    ) -> Result<(), TaskStreamError> {
        change.fields = job::diff(&desired.spec, &live.value, &desired.sources, self.live.api_version);
        change.ignore(&desired.ignored);
        let has_new_work = tasks.summary.add + tasks.summary.replace > 0;
        if live.value.is_over() {
            self.ignore_what_a_finished_job_cannot_change(&mut change, &live.value, has_new_work);
        }
        change.note_live(live.etag.as_ref(), live.value.ownership.as_ref(), &desired.spec.digest());
        let hardest = hardest(&change.fields);
        let is_requested = self.policy.replaces(&change.address);
        let takes_none = live.value.is_over() || ends_between(&live.value, &tasks);
        let replace = is_requested || hardest == Some(Mutability::Replace) || (takes_none && has_new_work);
        if replace {
            change.class = ChangeClass::Replace;
            change.reason = ActionReason::CannotUpdate;
            if is_requested {
                change.reason = ActionReason::ReplaceRequested;
                change.remarks.push("--replace asks for it".to_owned());
            } else if takes_none && has_new_work {
                say_new_work(&mut change, &live.value, tasks.summary);
                if desired.next_generation.is_none() {
                    say_that_nothing_can_follow(&mut change);
                }
            }
            change.remarks.push("its tasks, their results and their files are deleted with it".to_owned());
            self.disturb_job(&mut change, &desired.spec.id);
            change.needs = self.missing_permission(change.class, OnChange::Stop).filter(|_| !is_requested);
            if change.needs.is_some() {
                self.changes.push(change);
                return Ok(());
            }
            let tasks = TaskPlan::for_new_job(desired)?;
            let uploaded = self.upload_inputs(key, desired, &tasks);
            let delete = Action::DeleteJob { job: desired.spec.id.clone(), etag: live.etag.clone() };
            let gone = self.step(&change.address, delete, uploaded);
            let after = pool_ready.into_iter().chain([gone]).collect();
            self.create_job(change, key, desired, (tasks, uploaded), after);
            return Ok(());
        }
        // The end of the job is set with its seal, once all tasks are there.
        let live_fields: Vec<String> = change
            .fields
            .iter()
            .map(|field| field.path.clone())
            .filter(|path| path != "on_complete" && path != "pool")
            .collect();
        let mut updated = None;
        let was_interrupted = is_to_be_enabled(&live.value);
        let moves = hardest == Some(Mutability::WhileDisabled) || was_interrupted;
        if !change.fields.is_empty() {
            let class = if moves { ChangeClass::UpdateWhileDisabled } else { ChangeClass::UpdateLive };
            change.class = change.class.max(class);
            change.reason = ActionReason::FieldsDiffer;
        }
        if moves {
            self.disturb_moved_job(&mut change, &live.value, was_interrupted);
        }
        if !live_fields.is_empty() || change.reason == ActionReason::Adopted {
            let update = Action::UpdateJob {
                spec: Box::new(desired.spec.clone()),
                fields: live_fields,
                ownership: self.job_mark(desired, &live.value),
            };
            updated = Some(self.step(&change.address, update, pool_ready));
        }
        if let Some(pool) = desired.spec.pool.id().filter(|_| moves) {
            let ownership = Ownership { pending: None, ..self.job_mark(desired, &live.value) };
            let action = Action::MoveJob { job: desired.spec.id.clone(), pool: pool.clone(), ownership };
            updated = Some(self.step(&change.address, action, updated.or(pool_ready)));
        }
        if live.value.is_over() {
            let tasks = self.without_deletions(&change, tasks);
            self.keep_tasks(key, desired, tasks);
        } else if tasks.is_unchanged() && change.class == ChangeClass::Unchanged {
            self.seal_if_unsealed(&mut change, desired, &live.value, &tasks);
            self.keep_tasks(key, desired, tasks);
        } else {
            self.change_tasks(key, desired, &live.value, tasks, updated.or(pool_ready));
        }
        self.changes.push(change);
        Ok(())
    }

    /// Brings the tasks of a job that is there to what is wanted, after the job itself and its pool were changed: they may need what
    /// the pool gets.
    fn change_tasks(
        &mut self,
        key: &str,
        desired: &DesiredJob,
        live: &LiveJob,
        tasks: TaskPlan,
        after: Option<StepId>,
    ) {
        let uploaded =
            if tasks.conflicts.is_empty() { self.upload_inputs(key, desired, &tasks) } else { None };
        let forgotten = self.forget_tally(key, desired, live, &tasks);
        let ready = forgotten.into_iter().chain(after).chain(uploaded).collect();
        let recorded = live.ownership.as_ref().and_then(|owner| owner.tasks.as_deref());
        let were_all_there = recorded == Some(tasks.tally.to_string().as_str());
        self.add_tasks(key, desired, tasks, ChangeClass::UpdateLive, ready);
        let differing = self.changes.last_mut().filter(|tasks| tasks.class == ChangeClass::UpdateLive);
        if let Some(tasks) = differing.filter(|_| were_all_there && !self.policy.rerun.concerns(key)) {
            tasks.note_drift("they were all there once, and somebody changed that since");
        }
    }

    /// The mark of a job that is changed. The tally of its tasks stays until its seal says another: they are what they were.
    fn job_mark(&self, desired: &DesiredJob, live: &LiveJob) -> Ownership {
        let mark = self.mark_of_job(desired);
        let Some(there) = live.ownership.clone() else { return mark };
        Ownership { tasks: there.tasks, inherited: there.inherited, pending: there.pending, ..mark }
    }

    /// The mark of a job whose tasks are not recorded.
    fn mark_of_job(&self, desired: &DesiredJob) -> Ownership {
        let generation = desired.generation.recorded();
        let mark = Ownership::new(self.recipe, desired.spec.digest(), &desired.spec.metadata);
        Ownership { generation, ..mark }
    }

    /// A finished job keeps the tasks that its recipe no longer has: they are its history.
    fn without_deletions(&mut self, change: &Change, mut tasks: TaskPlan) -> TaskPlan {
        if tasks.summary.delete > 0 {
            self.notes.push(format!(
                "{}: the job is over and keeps {} tasks that the recipe no longer has",
                change.address, tasks.summary.delete
            ));
            tasks.delete_none();
        }
        tasks
    }

    /// That a recipe has no task for a job is a mistake more often than meant, as where a folder of inputs is empty today: only
    /// `--prune` deletes all that are there.
    fn unless_all_go(&mut self, change: &Change, mut tasks: TaskPlan) -> TaskPlan {
        let (wanted, left) = (tasks.summary.desired, tasks.summary.delete);
        if wanted == 0 && left > 0 && !self.policy.prune {
            self.notes.push(format!(
                "{}: the recipe has no tasks for it, and the {left} that it made stay; use --prune to delete them with their results",
                change.address
            ));
            tasks.delete_none();
        }
        tasks
    }

    /// A finished job is never run again by itself; what could only matter to its future is said, not done. Only new work makes it
    /// matter how the job would have to be.
    fn ignore_what_a_finished_job_cannot_change(
        &mut self,
        change: &mut Change,
        live: &LiveJob,
        has_new_work: bool,
    ) {
        let (ignored, kept): (Vec<_>, Vec<_>) = change
            .fields
            .drain(..)
            .partition(|field| !has_new_work || field.mutability < Mutability::AtZeroNodes);
        change.fields = kept;
        let is_said = |field: &&FieldChange| field.path != "on_complete" && !is_the_same_pool(field);
        for field in ignored.iter().filter(is_said) {
            self.notes.push(format!(
                "{}: the job is {}, so `{}` stays as it was; it takes effect when the job is made anew",
                change.address, live.state, field.path
            ));
        }
    }

    /// Notes that an earlier apply was interrupted after its last task: all tasks are there, the record of them is not.
    fn seal_if_unsealed(
        &mut self,
        change: &mut Change,
        desired: &DesiredJob,
        live: &LiveJob,
        tasks: &TaskPlan,
    ) {
        let recorded = live.ownership.as_ref().and_then(|ownership| ownership.tasks.as_deref());
        if recorded == Some(tasks.tally.to_string().as_str()) {
            return;
        }
        change.class = ChangeClass::UpdateLive;
        change.reason = ActionReason::TasksDiffer;
        change.remarks.push("all tasks are there; what is left is to record so".to_owned());
        self.seal(&change.address, desired, tasks, Vec::new());
    }

    fn keep_tasks(&mut self, key: &str, desired: &DesiredJob, tasks: TaskPlan) {
        let mut change = Change::unchanged(Address::tasks(key));
        change.id = desired.spec.id.to_string();
        change.source = source_of(&desired.sources, "tasks");
        change.tasks = Some(tasks.summary);
        self.changes.push(change);
    }

    /// Takes back that the recorded tasks are there before any of them is replaced: an apply that is killed in between may leave as
    /// many others, and the recipe may by then ask for the old ones again.
    fn forget_tally(
        &mut self,
        key: &str,
        desired: &DesiredJob,
        live: &LiveJob,
        tasks: &TaskPlan,
    ) -> Option<StepId> {
        let is_recorded = live.ownership.as_ref().is_some_and(|owner| owner.tasks.is_some());
        if tasks.delete.is_empty() || !tasks.conflicts.is_empty() || !is_recorded {
            return None;
        }
        let ownership = Ownership { tasks: None, inherited: None, ..self.job_mark(desired, live) };
        let unseal = Action::UnsealJob { job: desired.spec.id.clone(), ownership };
        Some(self.step(&Address::tasks(key), unseal, []))
    }

    fn add_tasks(
        &mut self,
        key: &str,
        desired: &DesiredJob,
        tasks: TaskPlan,
        class: ChangeClass,
        ready: Vec<StepId>,
    ) {
        let address = Address::tasks(key);
        let source = source_of(&desired.sources, "tasks");
        let mut change =
            Change { id: desired.spec.id.to_string(), source, ..Change::unchanged(address.clone()) };
        if !tasks.is_unchanged() {
            change.class = if class == ChangeClass::Replace { ChangeClass::Create } else { class };
            change.reason = match class {
                ChangeClass::Create => ActionReason::Missing,
                ChangeClass::Replace => ActionReason::ParentReplaced,
                _ => ActionReason::TasksDiffer,
            };
        }
        let job = desired.spec.id.clone();
        if !tasks.conflicts.is_empty() {
            let ids: Vec<_> =
                tasks.conflicts.iter().take(3).map(|conflict| conflict.id.to_string()).collect();
            let remark = format!(
                "{} task ids are taken by tasks that no recipe made: {}",
                tasks.conflicts.len(),
                ids.join(", ")
            );
            conflict(&mut change, ActionReason::NotOwned, remark);
        }
        if tasks.summary.ended > 0 {
            let samples = tasks.summary.samples.ended.iter().map(|task| task.id.clone()).collect();
            change.obstacles.push(Obstacle::TasksRunning { running: tasks.summary.ended, samples });
        }
        if tasks.summary.delete > 0 {
            change.remarks.push("the files of tasks that are deleted go with them".to_owned());
        }
        let refused = change.class == ChangeClass::Conflict;
        change.tasks = Some(tasks.summary.clone());
        self.changes.push(change);
        if refused {
            return;
        }
        let mut last = ready;
        if !tasks.delete.is_empty() {
            let delete = Action::DeleteTasks { job: job.clone(), tasks: tasks.delete.clone() };
            last = vec![self.step(&address, delete, last)];
        }
        let count = tasks.summary.add + tasks.summary.replace;
        if count > 0 {
            let add = Action::AddTasks {
                job,
                tasks: desired.tasks.clone(),
                present: tasks.present.clone(),
                done_before: tasks.done_before.clone(),
                count,
                secrets: tasks.secrets.iter().cloned().collect(),
                sources: Arc::new(desired.sources.clone()),
            };
            last = vec![self.step(&address, add, last)];
        }
        self.seal(&address, desired, &tasks, last);
    }

    fn seal(&mut self, address: &Address, desired: &DesiredJob, tasks: &TaskPlan, after: Vec<StepId>) {
        let mut ownership = self.mark_of_job(desired);
        ownership.tasks = Some(tasks.tally.to_string());
        ownership.inherited = Some(tasks.summary.inherited).filter(|count| *count > 0);
        let terminate_when_done = desired.spec.on_complete == OnComplete::Terminate;
        let seal = JobSeal { spec: Box::new(desired.spec.clone()), ownership, terminate_when_done };
        self.step(address, Action::SealJob { job: desired.spec.id.clone(), seal }, after);
    }
}

/// Whether an apply was interrupted that had disabled the job.
fn is_to_be_enabled(live: &LiveJob) -> bool {
    let pending = live.ownership.as_ref().and_then(|owner| owner.pending.as_ref());
    pending == Some(&Pending::Enable) && !live.is_over()
}
