//! What happens to the pools of a recipe.

use std::collections::BTreeMap;

use crate::batch::model::BatchPoolState;
use crate::resource::{
    Address, ChangeClass, DesiredPool, InputFile, LivePool, Mutability, Observed, OnChange, Ownership,
};

use super::super::change::{ActionReason, Change, FieldChange};
use super::super::diff::source_of;
use super::super::pool;
use super::super::step::{Action, PoolResize, StepId};
use super::{Adoption, Planner, conflict, hardest, unchanged};

impl Planner<'_> {
    pub(super) fn pool(&mut self, key: &str, desired: &DesiredPool, live: Option<&Observed<LivePool>>) {
        let address = Address::pool(key);
        let mut change = Change {
            id: desired.spec.id.to_string(),
            source: source_of(&desired.sources, ""),
            ..unchanged(address)
        };
        match live {
            None => {
                let uploaded = self.upload_files(&change.address, desired);
                self.create_pool(&mut change, key, desired, uploaded.into_iter().collect());
            }
            Some(live) if live.value.state == BatchPoolState::Deleting => {
                change.reason = ActionReason::BeingDeleted;
                change
                    .remarks
                    .push("the pool of that id is still being deleted; apply waits for it to go".to_owned());
                let gone =
                    self.step(&change.address, Action::AwaitPoolGone { pool: desired.spec.id.clone() }, []);
                let uploaded = self.upload_files(&change.address, desired);
                self.create_pool(&mut change, key, desired, uploaded.into_iter().chain([gone]).collect());
            }
            Some(live) => match self.ownership_of(live.value.ownership.as_ref()) {
                Err((reason, remark)) => conflict(&mut change, reason, remark),
                Ok(adoption) => self.update_pool(&mut change, key, desired, live, adoption),
            },
        }
        self.changes.push(change);
    }

    /// Uploads the local files of the start task. That comes before anything is deleted or drained: it may fail.
    fn upload_files(&mut self, address: &Address, desired: &DesiredPool) -> Option<StepId> {
        let files = &desired.spec.start_task.as_ref()?.uploads;
        if files.is_empty() {
            return None;
        }
        let unique: BTreeMap<&str, &InputFile> = files.iter().map(|file| (&*file.blob, file)).collect();
        let noun = if unique.len() == 1 { "file" } else { "files" };
        self.notes.push(format!(
            "{address}: its start task gets {} local {noun}; what the recipe's storage lacks is uploaded",
            unique.len()
        ));
        let files = unique.into_values().cloned().collect();
        let upload = Action::UploadInputs { target: desired.spec.id.to_string(), files };
        Some(self.step(address, upload, []))
    }

    fn create_pool(&mut self, change: &mut Change, key: &str, desired: &DesiredPool, after: Vec<StepId>) {
        change.class = change.class.max(ChangeClass::Create);
        if change.reason == ActionReason::UpToDate {
            change.reason = ActionReason::Missing;
        }
        if change.class == ChangeClass::Create {
            change.fields = pool::introduce(&desired.spec, &desired.sources);
        }
        let ownership = Ownership::new(self.recipe, desired.spec.digest(), &desired.spec.metadata);
        let create = Action::CreatePool { spec: Box::new(desired.spec.clone()), ownership };
        let step = self.step(&change.address, create, after);
        self.pool_ready.insert(key.to_owned(), step);
    }

    fn update_pool(
        &mut self,
        change: &mut Change,
        key: &str,
        desired: &DesiredPool,
        live: &Observed<LivePool>,
        adoption: Adoption,
    ) {
        change.fields = pool::diff(&desired.spec, &live.value, &desired.sources);
        adoption.mark(change);
        let Some(hardest) = hardest(&change.fields) else {
            if adoption == Adoption::Adopted {
                self.patch_pool(change, desired, live, None);
            }
            return;
        };
        let empty = live.value.current_dedicated + live.value.current_spot == 0
            && live.value.spec.dedicated_nodes + live.value.spec.spot_nodes == 0
            && live.value.spec.autoscale.is_none();
        change.reason = ActionReason::FieldsDiffer;
        change.class = change.class.max(match hardest {
            Mutability::Live => ChangeClass::UpdateLive,
            Mutability::LiveAfterReboot if removes_start_task(desired, live) => ChangeClass::Replace,
            Mutability::LiveAfterReboot => ChangeClass::UpdateLiveAfterReboot,
            Mutability::AtZeroNodes if removes_something(&change.fields) => ChangeClass::Replace,
            Mutability::AtZeroNodes if empty => ChangeClass::UpdateLive,
            Mutability::AtZeroNodes => ChangeClass::DrainAndUpdate,
            Mutability::Replace => ChangeClass::Replace,
        });
        if change.class == ChangeClass::DrainAndUpdate && desired.on_change == OnChange::Recreate {
            change.class = ChangeClass::Replace;
        }
        change.needs = self.missing_permission(change.class, desired.on_change);
        self.disturb_pool(change, &live.value);
        if change.needs.is_some() {
            return;
        }
        let step = match change.class {
            ChangeClass::Replace => {
                let uploaded = self.upload_files(&change.address, desired);
                let delete = Action::DeletePool { pool: desired.spec.id.clone(), etag: live.etag.clone() };
                let gone = self.step(&change.address, delete, uploaded);
                return self.create_pool(change, key, desired, vec![gone]);
            }
            ChangeClass::DrainAndUpdate => self.drain_and_update(change, desired, live),
            _ => self.patch_pool(change, desired, live, None),
        };
        self.pool_ready.insert(key.to_owned(), step);
    }

    /// The same for a pool that is there, if its start task changes.
    fn upload_changed_files(&mut self, change: &Change, desired: &DesiredPool) -> Option<StepId> {
        let changes = change.fields.iter().any(|field| field.path == "start_task");
        changes.then(|| self.upload_files(&change.address, desired)).flatten()
    }

    fn drain_and_update(
        &mut self,
        change: &Change,
        desired: &DesiredPool,
        live: &Observed<LivePool>,
    ) -> StepId {
        let pool = &desired.spec.id;
        // A formula would bring the nodes back.
        let disabled = live
            .value
            .spec
            .autoscale
            .is_some()
            .then(|| self.step(&change.address, Action::DisableAutoscale { pool: pool.clone() }, []));
        let uploaded = self.upload_changed_files(change, desired);
        let zero = PoolResize { dedicated: 0, spot: 0, timeout: desired.spec.resize_timeout };
        let drain = Action::ResizePool { pool: pool.clone(), size: zero };
        let drained = self.step(&change.address, drain, disabled.into_iter().chain(uploaded));
        self.patch_pool(change, desired, live, Some(drained))
    }

    /// Changes a pool in place, then its size: a pool that was drained gets its nodes back by the same step that would resize it.
    fn patch_pool(
        &mut self,
        change: &Change,
        desired: &DesiredPool,
        live: &Observed<LivePool>,
        drained: Option<StepId>,
    ) -> StepId {
        let is_scale = |path: &String| path.starts_with("nodes.") || path == "resize_timeout";
        let (scale, fields): (Vec<_>, Vec<_>) =
            change.fields.iter().map(|field| field.path.clone()).partition(is_scale);
        let update = Action::UpdatePool {
            spec: Box::new(desired.spec.clone()),
            fields,
            ownership: Ownership::new(self.recipe, desired.spec.digest(), &desired.spec.metadata),
            etag: if drained.is_some() { None } else { live.etag.clone() },
        };
        let uploaded = if drained.is_some() { None } else { self.upload_changed_files(change, desired) };
        let updated = self.step(&change.address, update, drained.into_iter().chain(uploaded));
        if scale.is_empty() && drained.is_none() {
            return updated;
        }
        self.scale(change, desired, live, updated, drained.is_some())
    }

    /// Gives the pool its number of nodes, or the formula that sets it.
    fn scale(
        &mut self,
        change: &Change,
        desired: &DesiredPool,
        live: &Observed<LivePool>,
        after: StepId,
        drained: bool,
    ) -> StepId {
        let spec = &desired.spec;
        let pool = spec.id.clone();
        if let Some(autoscale) = spec.autoscale.clone() {
            return self.step(&change.address, Action::EnableAutoscale { pool, autoscale }, [after]);
        }
        let mut last = after;
        if live.value.spec.autoscale.is_some() && !drained {
            last = self.step(&change.address, Action::DisableAutoscale { pool: pool.clone() }, [last]);
        }
        let size = PoolResize {
            dedicated: spec.dedicated_nodes,
            spot: spec.spot_nodes,
            timeout: spec.resize_timeout,
        };
        self.step(&change.address, Action::ResizePool { pool, size }, [last])
    }
}

/// `PATCH /pools` leaves alone what its body leaves out: it can set a property, and can't remove one.
fn removes_something(fields: &[FieldChange]) -> bool {
    let removed = fields.iter().filter(|field| field.after.is_null());
    { removed }.any(|field| ["display_name", "network", "upgrade_policy"].contains(&field.path.as_str()))
}

fn removes_start_task(desired: &DesiredPool, live: &Observed<LivePool>) -> bool {
    desired.spec.start_task.is_none() && live.value.spec.start_task.is_some()
}
