//! Jobs that can't take the work that there is for them: the job that comes after them takes it.

use crate::resource::{DesiredJob, JobSpec, LiveJob, Observed, OnComplete};

use super::super::change::{ActionReason, Change, TaskSummary};
use super::super::obstacle::Obstacle;
use super::super::step::{Action, StepId};
use super::super::tasks::TaskPlan;
use super::Planner;

/// Whether a job that ends with its tasks would do so between the deletion of tasks and their return: then no other unfinished task is
/// left in it. That it ends so can't be taken back.
pub(super) fn ends_between(live: &LiveJob, tasks: &TaskPlan) -> bool {
    live.spec.on_complete == OnComplete::Terminate && !tasks.delete.is_empty() && tasks.unfinished_kept == 0
}

/// Says that a job takes none of the work that there is for it, and why.
pub(super) fn say_new_work(change: &mut Change, live: &LiveJob, tasks: TaskSummary) {
    change.reason = ActionReason::NewWorkForFinishedJob;
    let why = if live.is_over() {
        format!("it is {} and takes no tasks any more", live.state)
    } else {
        "it ends when all of its tasks have completed, and would end when those to replace are deleted"
            .to_owned()
    };
    change.remarks.push(format!("{why}; there are {} to add and {} to replace", tasks.add, tasks.replace));
    change.new_work = Some(tasks);
}

impl Planner<'_> {
    /// The generation that comes after a job that is over, with its tasks, if there is work for it. A job that is taken over has none:
    /// its mark can't be written any more.
    pub(super) fn next_generation(
        &self,
        change: &Change,
        desired: &DesiredJob,
        live: &LiveJob,
        tasks: &TaskPlan,
    ) -> Option<(DesiredJob, TaskPlan)> {
        let takes_none = live.is_over() || ends_between(live, tasks);
        let is_wanted = takes_none && live.ownership.is_some() && !self.policy.replaces(&change.address);
        let tasks = tasks.next_generation.as_deref().filter(|_| is_wanted)?;
        let generation = desired.next_generation.clone()?;
        let spec = JobSpec { id: generation.id()?, ..desired.spec.clone() };
        let next = DesiredJob { spec, generation, next_generation: None, ..desired.clone() };
        Some((next, tasks.clone()))
    }

    /// Leaves a job as it is, and makes the generation that comes after it.
    pub(super) fn follow_job(
        &mut self,
        mut change: Change,
        key: &str,
        (there, before): (&Observed<LiveJob>, &TaskPlan),
        (next, tasks): (DesiredJob, TaskPlan),
        pool_ready: Option<StepId>,
    ) {
        let live = &there.value;
        change.id = next.spec.id.to_string();
        change.reason = ActionReason::NewWorkForFinishedJob;
        let uploaded = self.upload_inputs(key, &next, &tasks);
        let mut ended = None;
        if live.is_over() {
            change.remarks.push(format!(
                "`{}` is {} and takes no tasks any more: it stays, and what it has not done becomes a job of its own",
                live.spec.id, live.state
            ));
        } else {
            change.remarks.push(format!(
                "`{}` has nothing to do but tasks that change, and would end without them: it is ended and stays, and what it has not done becomes a job of its own",
                live.spec.id
            ));
            if before.summary.ended > 0 {
                let samples = before.summary.samples.ended.iter().map(|task| task.id.clone()).collect();
                change.obstacles.push(Obstacle::TasksRunning { running: before.summary.ended, samples });
            }
            let (job, for_job) = (live.spec.id.clone(), next.spec.id.clone());
            let end = Action::EndJob { job, for_job, etag: there.etag.clone() };
            ended = Some(self.step(&change.address, end, uploaded));
        }
        let after = pool_ready.into_iter().chain(ended).collect();
        self.create_job(change, key, &next, (tasks, uploaded), after);
    }
}
