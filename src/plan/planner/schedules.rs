//! What happens to the job schedules of a recipe.

use crate::batch::model::BatchJobScheduleState;
use crate::resource::{
    Address, ChangeClass, DesiredSchedule, LiveSchedule, Mutability, Observed, OnChange, Ownership,
};

use super::super::change::{ActionReason, Change};
use super::super::diff::source_of;
use super::super::schedule;
use super::super::step::{Action, StepId};
use super::{Planner, conflict, hardest};

impl Planner<'_> {
    pub(super) fn schedule(
        &mut self,
        key: &str,
        desired: &DesiredSchedule,
        live: Option<&Observed<LiveSchedule>>,
    ) {
        let mut change = Change {
            id: desired.spec.id.to_string(),
            source: source_of(&desired.sources, ""),
            ..Change::unchanged(Address::schedule(key))
        };
        let foreign = desired.spec.pool().filter(|_| desired.pool_key.is_none());
        self.note_missing_pool(&change.address, foreign, "tasks of the schedule's jobs wait");
        let pool_ready = desired.pool_key.as_ref().and_then(|key| self.pool_ready.get(key)).copied();
        match live {
            None => self.create_schedule(&mut change, desired, pool_ready.into_iter().collect()),
            Some(live) if live.value.state == BatchJobScheduleState::Deleting => {
                change.reason = ActionReason::BeingDeleted;
                change.remarks.push(
                    "the schedule of that id is still being deleted; apply waits for it to go".to_owned(),
                );
                let schedule = desired.spec.id.clone();
                let gone = self.step(&change.address, Action::AwaitScheduleGone { schedule }, []);
                self.create_schedule(&mut change, desired, pool_ready.into_iter().chain([gone]).collect());
            }
            Some(live) => match self.ownership_of(live.value.ownership.as_ref(), None) {
                Err((reason, remark)) => conflict(&mut change, reason, remark),
                Ok(adoption) => {
                    adoption.mark(&mut change);
                    self.update_schedule(&mut change, desired, live, pool_ready);
                }
            },
        }
        self.changes.push(change);
    }

    fn create_schedule(&mut self, change: &mut Change, desired: &DesiredSchedule, after: Vec<StepId>) {
        change.class = change.class.max(ChangeClass::Create);
        if change.reason == ActionReason::UpToDate {
            change.reason = ActionReason::Missing;
        }
        if change.class == ChangeClass::Create {
            change.fields = schedule::introduce(&desired.spec, &desired.sources);
        }
        let create = Action::CreateSchedule {
            spec: Box::new(desired.spec.clone()),
            ownership: self.schedule_mark(desired),
        };
        self.step(&change.address, create, after);
    }

    fn update_schedule(
        &mut self,
        change: &mut Change,
        desired: &DesiredSchedule,
        live: &Observed<LiveSchedule>,
        pool_ready: Option<StepId>,
    ) {
        change.fields = schedule::diff(&desired.spec, &live.value, &desired.sources, self.live.api_version);
        change.ignore(&desired.ignored);
        change.note_live(live.etag.as_ref(), live.value.ownership.as_ref(), &desired.spec.digest());
        let is_requested = self.policy.replaces(&change.address);
        let is_over = live.value.is_over();
        let is_left = change.fields.is_empty() && change.reason != ActionReason::Adopted && !is_requested;
        if is_left || !is_over {
            self.note_that_it_rests(&change.address, &live.value);
        }
        if is_left {
            return;
        }
        if is_requested || is_over || hardest(&change.fields) == Some(Mutability::Replace) {
            change.class = ChangeClass::Replace;
            change.reason = ActionReason::CannotUpdate;
            if is_requested {
                change.reason = ActionReason::ReplaceRequested;
                change.remarks.push("--replace asks for it".to_owned());
            }
            if is_over {
                change.remarks.push(format!("it is {} and can't be changed any more", live.value.state));
            }
            change.remarks.push("its jobs, their tasks and their files are deleted with it".to_owned());
            self.disturb_schedule(change, &desired.spec.id);
            change.needs = self.missing_permission(change.class, OnChange::Stop).filter(|_| !is_requested);
            if change.needs.is_some() {
                return;
            }
            let delete =
                Action::DeleteSchedule { schedule: desired.spec.id.clone(), etag: live.etag.clone() };
            let gone = self.step(&change.address, delete, []);
            self.create_schedule(change, desired, pool_ready.into_iter().chain([gone]).collect());
            return;
        }
        change.class = change.class.max(ChangeClass::UpdateLive);
        if !change.fields.is_empty() {
            change.reason = ActionReason::FieldsDiffer;
        }
        if change.fields.iter().any(|field| field.path == "job") {
            change.remarks.push(
                "the job that is there keeps what it has; the next one is as the recipe says".to_owned(),
            );
        }
        let update = Action::UpdateSchedule {
            spec: Box::new(desired.spec.clone()),
            fields: change.fields.iter().map(|field| field.path.clone()).collect(),
            ownership: self.schedule_mark(desired),
        };
        self.step(&change.address, update, pool_ready);
    }

    /// Says of a schedule that somebody disabled or ended, or whose time is over, that it makes no jobs. Whether it does is not the
    /// recipe's business, but who reads a plan may think so.
    fn note_that_it_rests(&mut self, address: &Address, live: &LiveSchedule) {
        let advice = match &live.state {
            BatchJobScheduleState::Disabled => "until somebody enables it".to_owned(),
            _ if live.is_over() => {
                format!("any more; --replace {address} makes it anew, and deletes those that it has made")
            }
            _ => return,
        };
        self.notes.push(format!("{address}: it is {} and makes no jobs {advice}", live.state));
    }

    fn schedule_mark(&self, desired: &DesiredSchedule) -> Ownership {
        Ownership::new(self.recipe, desired.spec.digest(), &desired.spec.metadata)
    }
}
