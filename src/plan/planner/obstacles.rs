//! What stands in the way of changes that end or interrupt work.

use std::collections::BTreeSet;

use crate::batch::{JobId, JobScheduleId, PoolId};
use crate::resource::{Address, ChangeClass, JobContents, LiveJob, LivePool, Observed, OnChange, RecipeName};

use super::super::change::{ActionReason, Change};
use super::super::obstacle::Obstacle;
use super::super::step::{Action, Step};
use super::Planner;
use super::blue_green::is_the_same_pool;
use super::pools::{has_outdated_nodes, was_rebooting};

/// Which jobs are still on their pool after some steps.
struct Staying<'a> {
    leave: BTreeSet<&'a JobId>,
    leave_with: BTreeSet<&'a JobScheduleId>,
}

impl<'a> Staying<'a> {
    fn after(steps: &'a [Step]) -> Self {
        let mut staying = Self { leave: BTreeSet::new(), leave_with: BTreeSet::new() };
        for step in steps {
            match &step.action {
                Action::MoveJob { job, .. } | Action::DeleteJob { job, .. } | Action::EndJob { job, .. } => {
                    staying.leave.insert(job);
                }
                Action::DeleteSchedule { schedule, .. } => {
                    staying.leave_with.insert(schedule);
                }
                _ => {}
            }
        }
        staying
    }

    fn has(&self, job: &JobId) -> bool {
        !self.leave.contains(job)
            && !job.schedule().is_some_and(|schedule| self.leave_with.contains(&schedule))
    }
}

fn in_use(job: &JobId, recipe: Option<&RecipeName>, held: &JobContents) -> Obstacle {
    Obstacle::PoolInUse {
        job: job.clone(),
        recipe: recipe.cloned(),
        running: held.running,
        waiting: held.waiting,
    }
}

impl Planner<'_> {
    /// Says what taking the nodes of a pool away disturbs. A pool that goes is missed by every job on it; one that is only drained,
    /// by the tasks that run there.
    pub(super) fn disturb_pool(&self, change: &mut Change, live: &LivePool) {
        let goes = matches!(change.class, ChangeClass::Replace | ChangeClass::Destroy);
        if !goes && change.class != ChangeClass::DrainAndUpdate {
            return;
        }
        let nodes = live.current_dedicated + live.current_spot;
        if nodes > 0 {
            let noun = if nodes == 1 { "node is" } else { "nodes are" };
            let requeued = if change.class == ChangeClass::Destroy {
                String::new()
            } else {
                self.requeued(&live.spec.id)
            };
            change.remarks.push(format!("{nodes} {noun} taken away{requeued}"));
        }
        let stay = Staying::after(&self.steps);
        self.disturb_neighbours(change, &live.spec.id, |job, held| {
            stay.has(job) && (goes || held.running > 0)
        });
        if change.class == ChangeClass::Destroy {
            self.disturb_jobs_left(change, &live.spec.id, &stay);
        }
    }

    /// Names the jobs of others on a pool whose work is disturbed.
    fn disturb_neighbours(
        &self,
        change: &mut Change,
        pool: &PoolId,
        is_disturbed: impl Fn(&JobId, &JobContents) -> bool,
    ) {
        for (job, neighbour) in self.live.neighbours.iter().filter(|(_, job)| job.pool == *pool) {
            let held = self.held(job);
            if is_disturbed(job, &held) {
                change.obstacles.push(in_use(job, neighbour.recipe.as_ref(), &held));
            }
        }
    }

    /// Names the recipe's own jobs that would be left without their pool: those that are neither deleted with it nor move, and have
    /// something to do. The job of a schedule has, until it is over: the schedule makes no other before.
    fn disturb_jobs_left(&self, change: &mut Change, pool: &PoolId, stay: &Staying<'_>) {
        let own = self.own_jobs().filter(|(job, _)| self.held(job).has_unfinished());
        let left = own.chain(&self.live.scheduled).filter(|(job, there)| {
            !there.value.is_over() && there.value.runs_on.as_ref() == Some(pool) && stay.has(job)
        });
        for (job, _) in left {
            change.obstacles.push(in_use(job, Some(self.recipe), &self.held(job)));
        }
    }

    fn own_jobs(&self) -> impl Iterator<Item = (&JobId, &Observed<LiveJob>)> {
        let is_own = |job: &Observed<LiveJob>| {
            job.value.ownership.as_ref().is_some_and(|owner| owner.recipe == *self.recipe)
        };
        self.live.jobs.iter().filter(move |(_, job)| is_own(job))
    }

    fn held(&self, job: &JobId) -> JobContents {
        self.live.contents.get(job).cloned().unwrap_or_default()
    }

    /// Says which running tasks deleting a job schedule ends: its jobs go with it.
    pub(super) fn disturb_schedule(&self, change: &mut Change, schedule: &JobScheduleId) {
        let jobs = self.live.scheduled.keys().filter(|job| job.schedule().as_ref() == Some(schedule));
        let running: u64 = jobs.map(|job| self.held(job).running).sum();
        if running > 0 {
            change.obstacles.push(Obstacle::TasksRunning { running, samples: Vec::new() });
        }
    }

    /// Says what becomes of the nodes of a pool that goes by a change only once they have rebooted.
    pub(super) fn say_who_reboots(&self, change: &mut Change, live: &LivePool, on_change: OnChange) {
        if self.reboots_outdated(live, on_change) || self.permits(OnChange::Reboot, on_change) {
            self.disturb_neighbours(change, &live.spec.id, |_, held| held.running > 0);
        }
        let (nodes, requeued) = (live.current_dedicated + live.current_spot, self.requeued(&live.spec.id));
        if self.reboots_outdated(live, on_change) {
            let why = if was_rebooting(live) {
                "an earlier apply ended while it rebooted nodes"
            } else {
                "nodes go by what the pool was before it changed: nobody had permitted to reboot them"
            };
            change.remarks.push(why.to_owned());
            let which = if change.fields.is_empty() { "those that are left of" } else { "all of" };
            let noun = if nodes == 1 { "node" } else { "nodes" };
            change.remarks.push(format!("{which} its {nodes} {noun} are rebooted, some at a time{requeued}"));
        } else if self.permits(OnChange::Reboot, on_change) {
            let noun = if nodes == 1 { "node is" } else { "nodes are" };
            change.remarks.push(format!("{nodes} {noun} rebooted, some at a time{requeued}"));
        } else {
            change.remarks.push(
                "nodes keep what they have until they reboot; `on_change: reboot` in the recipe, or --allow reboot, reboots \
                 them, now or later"
                    .to_owned(),
            );
        }
    }

    /// Whether nodes are rebooted that go by what a pool was before: an apply had begun that, or it is permitted now.
    pub(super) fn reboots_outdated(&self, live: &LivePool, on_change: OnChange) -> bool {
        was_rebooting(live) || (has_outdated_nodes(live) && self.permits(OnChange::Reboot, on_change))
    }

    /// Says that nodes may go by what a pool was before it changed, where nothing is done about it.
    pub(super) fn note_outdated(&mut self, address: &Address, live: &LivePool) {
        if has_outdated_nodes(live) {
            self.notes.push(format!(
                "{address}: nodes that have not rebooted since the pool changed go by what it was before; --allow reboot reboots them"
            ));
        }
    }

    /// What becomes of the recipe's own tasks that run on a pool.
    fn requeued(&self, pool: &PoolId) -> String {
        let jobs = self.own_jobs().chain(&self.live.scheduled);
        let here = jobs.filter(|(_, job)| job.value.runs_on.as_ref() == Some(pool));
        match here.map(|(job, _)| self.held(job).running).sum::<u64>() {
            0 => "; tasks running there are put back in the queue".to_owned(),
            1 => "; a task of this recipe that runs there is put back in the queue".to_owned(),
            running => format!("; {running} tasks of this recipe that run there are put back in the queue"),
        }
    }

    /// Says what deleting a job takes along: running tasks, and tasks of others. They must be given up explicitly also where the
    /// job may be made anew.
    pub(super) fn disturb_job(&self, change: &mut Change, job: &JobId) {
        let Some(held) = self.live.contents.get(job) else { return };
        if held.running > 0 {
            change.obstacles.push(Obstacle::TasksRunning { running: held.running, samples: Vec::new() });
        }
        if held.foreign.count > 0 {
            change.obstacles.push(Obstacle::ForeignTasks(held.foreign.clone()));
        }
    }

    /// Says what disabling a job does to its tasks. One that was left disabled by an interrupted apply has none that run.
    pub(super) fn disturb_moved_job(&self, change: &mut Change, live: &LiveJob, was_interrupted: bool) {
        if was_interrupted {
            change.class = change.class.max(ChangeClass::UpdateWhileDisabled);
            if change.fields.is_empty() {
                change.reason = ActionReason::Interrupted;
            }
            change.remarks.push("an earlier apply was interrupted while the job was disabled".to_owned());
        }
        let running = self.live.contents.get(&live.spec.id).map_or(0, |held| held.running);
        // Who lets a pool take over from another has permitted what that takes.
        let follows_its_pool = change.fields.iter().any(is_the_same_pool);
        match running {
            0 => {}
            1 if follows_its_pool => {
                change.remarks.push("a task that runs is put back in the queue".to_owned());
            }
            _ if follows_its_pool => {
                change.remarks.push(format!("{running} tasks that run are put back in the queue"));
            }
            _ => change.obstacles.push(Obstacle::TasksRequeued { running }),
        }
    }
}
