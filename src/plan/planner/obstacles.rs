//! What stands in the way of changes that end or interrupt work.

use crate::batch::PoolId;
use crate::resource::{Address, ChangeClass, LiveJob, LivePool, OnChange};

use super::super::change::{ActionReason, Change};
use super::super::obstacle::Obstacle;
use super::Planner;
use super::blue_green::is_the_same_pool;
use super::pools::{has_outdated_nodes, was_rebooting};

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
        for (job, neighbour) in self.live.neighbours.iter().filter(|(_, job)| job.pool == live.spec.id) {
            let held = self.live.contents.get(job).cloned().unwrap_or_default();
            if goes || held.running > 0 {
                change.obstacles.push(Obstacle::PoolInUse {
                    job: job.clone(),
                    recipe: neighbour.recipe.clone(),
                    running: held.running,
                    waiting: held.waiting,
                });
            }
        }
    }

    /// Says what becomes of the nodes of a pool that goes by a change only once they have rebooted.
    pub(super) fn say_who_reboots(&self, change: &mut Change, live: &LivePool, on_change: OnChange) {
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
        let here = self.live.jobs.values().filter(|job| job.value.runs_on.as_ref() == Some(pool));
        let held = here.filter_map(|job| self.live.contents.get(&job.value.spec.id));
        match held.map(|held| held.running).sum() {
            0 => "; tasks running there are put back in the queue".to_owned(),
            1 => "; a task of this recipe that runs there is put back in the queue".to_owned(),
            running => format!("; {running} tasks of this recipe that run there are put back in the queue"),
        }
    }

    /// Says what deleting a job takes along: running tasks, and tasks of others. They must be given up explicitly also where the
    /// job may be made anew.
    pub(super) fn disturb_job(&self, change: &mut Change, job: &crate::batch::JobId) {
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
