//! What happens to the pools of a recipe.

use std::collections::BTreeMap;

use crate::batch::model::BatchPoolState;
use crate::resource::{
    Address, ChangeClass, DesiredPool, InputFile, LivePool, Mutability, Observed, OnChange, Ownership,
    Pending,
};

use super::super::change::{ActionReason, Change, FieldChange};
use super::super::diff::source_of;
use super::super::pool;
use super::super::step::{Action, PoolResize, StepId};
use super::blue_green::next_generation;
use super::{Adoption, Planner, conflict, hardest, say_that_nothing_can_follow};

impl Planner<'_> {
    pub(super) fn pool(&mut self, key: &str, desired: &DesiredPool, live: Option<&Observed<LivePool>>) {
        let address = Address::pool(key);
        let mut change = Change {
            id: desired.spec.id.to_string(),
            source: source_of(&desired.sources, ""),
            ..Change::unchanged(address)
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
            Some(live) => {
                match self.ownership_of(live.value.ownership.as_ref(), desired.generation.recorded()) {
                    Err((reason, remark)) => conflict(&mut change, reason, remark),
                    Ok(adoption) => {
                        self.note_shortage(&change.address, &live.value);
                        self.update_pool(&mut change, key, desired, live, adoption);
                    }
                }
            }
        }
        self.changes.push(change);
    }

    /// Says why a pool has fewer nodes than it asked for, or more. That the account's quota is used up shows in nothing else that the service
    /// tells here.
    fn note_shortage(&mut self, address: &Address, live: &LivePool) {
        let (there, wanted) =
            (live.current_dedicated + live.current_spot, live.spec.dedicated_nodes + live.spec.spot_nodes);
        let why = live.resize_errors.join("; ");
        if there < wanted && !why.is_empty() {
            self.notes.push(format!("{address}: it has {there} of {wanted} nodes: {why}"));
        }
        if there > wanted && !why.is_empty() && live.spec.autoscale.is_none() {
            self.notes
                .push(format!("{address}: it still has {there} nodes, and should have {wanted}: {why}"));
        }
    }

    /// Uploads the local files of the start task. That comes before anything is deleted or drained: it may fail.
    pub(super) fn upload_files(&mut self, address: &Address, desired: &DesiredPool) -> Option<StepId> {
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

    pub(super) fn create_pool(
        &mut self,
        change: &mut Change,
        key: &str,
        desired: &DesiredPool,
        after: Vec<StepId>,
    ) {
        change.class = change.class.max(ChangeClass::Create);
        if change.reason == ActionReason::UpToDate {
            change.reason = ActionReason::Missing;
        }
        if change.class == ChangeClass::Create {
            change.fields = pool::introduce(&desired.spec, &desired.sources);
        }
        let ownership = self.mark_of_pool(desired);
        let create = Action::CreatePool { spec: Box::new(desired.spec.clone()), ownership };
        let step = self.step(&change.address, create, after);
        self.pool_ready.insert(key.to_owned(), step);
    }

    pub(super) fn mark_of_pool(&self, desired: &DesiredPool) -> Ownership {
        let generation = desired.generation.recorded();
        let mark = Ownership::new(self.recipe, desired.spec.digest(), &desired.spec.metadata);
        Ownership { generation, ..mark }
    }

    fn update_pool(
        &mut self,
        change: &mut Change,
        key: &str,
        desired: &DesiredPool,
        live: &Observed<LivePool>,
        adoption: Adoption,
    ) {
        change.fields = pool::diff(&desired.spec, &live.value, &desired.sources, self.live.api_version);
        change.ignore(&desired.ignored);
        change.note_live(live.etag.as_ref(), live.value.ownership.as_ref(), &desired.spec.digest());
        adoption.mark(change);
        if self.policy.replaces(&change.address) {
            return self.replace_pool(change, key, desired, live);
        }
        let Some(hardest) = hardest(&change.fields) else {
            return self.keep_pool(change, key, desired, live, adoption);
        };
        let empty = live.value.current_dedicated + live.value.current_spot == 0
            && live.value.spec.dedicated_nodes + live.value.spec.spot_nodes == 0
            && live.value.spec.autoscale.is_none();
        change.reason = ActionReason::FieldsDiffer;
        change.class = change.class.max(match hardest {
            Mutability::Live => ChangeClass::UpdateLive,
            // Said of jobs only.
            Mutability::WhileDisabled => ChangeClass::UpdateWhileDisabled,
            Mutability::LiveAfterReboot if removes_start_task(desired, live) => ChangeClass::Replace,
            Mutability::LiveAfterReboot if empty => ChangeClass::UpdateLive,
            Mutability::LiveAfterReboot => ChangeClass::UpdateLiveAfterReboot,
            Mutability::AtZeroNodes if removes_something(&change.fields) => ChangeClass::Replace,
            Mutability::AtZeroNodes if empty => ChangeClass::UpdateLive,
            Mutability::AtZeroNodes => ChangeClass::DrainAndUpdate,
            Mutability::Replace => ChangeClass::Replace,
        });
        // Nobody would remember how many nodes others had given a pool that is killed while it has none.
        let is_sized_by_others = desired.ignored.contains(&"nodes");
        if change.class == ChangeClass::DrainAndUpdate
            && (desired.on_change == OnChange::Recreate || is_sized_by_others)
        {
            change.class = ChangeClass::Replace;
        }
        if change.class > ChangeClass::CreateFirst
            && adoption == Adoption::Owned
            && self.creates_first(desired.on_change)
        {
            match next_generation(desired) {
                Some(next) => return self.create_first(change, key, &next, &live.value),
                None => say_that_nothing_can_follow(change),
            }
        }
        change.needs = self.missing_permission(change.class, desired.on_change);
        self.disturb_pool(change, &live.value);
        let reboots = self.reboots_outdated(&live.value, desired.on_change);
        if change.class == ChangeClass::UpdateLive {
            match reboots {
                true => change.class = ChangeClass::UpdateLiveAfterReboot,
                false => self.note_outdated(&change.address, &live.value),
            }
        }
        self.say_which_nodes_go(change, desired, &live.value);
        if change.class == ChangeClass::UpdateLiveAfterReboot {
            self.say_who_reboots(change, &live.value, desired.on_change);
        }
        if change.needs.is_some() {
            return;
        }
        let step = match change.class {
            ChangeClass::Replace => return self.delete_and_create_pool(change, key, desired, live),
            ChangeClass::DrainAndUpdate => self.drain_and_update(change, desired, live),
            ChangeClass::UpdateLiveAfterReboot if self.permits(OnChange::Reboot, desired.on_change) => {
                let updated = self.patch_pool(change, desired, live, None);
                self.reboot_nodes(change, desired, [updated])
            }
            _ => {
                let updated = self.patch_pool(change, desired, live, None);
                if reboots { self.reboot_nodes(change, desired, [updated]) } else { updated }
            }
        };
        // Nobody has to wait for more nodes: the quota may not have them.
        if change.class != ChangeClass::UpdateLive {
            self.pool_ready.insert(key.to_owned(), step);
        }
    }

    /// Leaves a pool as it is, but for its mark and for nodes that were to be rebooted.
    fn keep_pool(
        &mut self,
        change: &mut Change,
        key: &str,
        desired: &DesiredPool,
        live: &Observed<LivePool>,
        adoption: Adoption,
    ) {
        if adoption == Adoption::Adopted {
            self.patch_pool(change, desired, live, None);
        } else if self.reboots_outdated(&live.value, desired.on_change) {
            change.class = ChangeClass::UpdateLiveAfterReboot;
            change.reason = match was_rebooting(&live.value) {
                true => ActionReason::Interrupted,
                false => ActionReason::NodesOutdated,
            };
            self.say_who_reboots(change, &live.value, desired.on_change);
            let rebooted = self.reboot_nodes(change, desired, []);
            self.pool_ready.insert(key.to_owned(), rebooted);
        } else {
            self.note_outdated(&change.address, &live.value);
        }
    }

    /// Makes a pool anew because somebody asks for it.
    fn replace_pool(
        &mut self,
        change: &mut Change,
        key: &str,
        desired: &DesiredPool,
        live: &Observed<LivePool>,
    ) {
        change.class = ChangeClass::Replace;
        change.reason = ActionReason::ReplaceRequested;
        change.remarks.push("--replace asks for it".to_owned());
        self.disturb_pool(change, &live.value);
        self.delete_and_create_pool(change, key, desired, live);
    }

    fn delete_and_create_pool(
        &mut self,
        change: &mut Change,
        key: &str,
        desired: &DesiredPool,
        live: &Observed<LivePool>,
    ) {
        let uploaded = self.upload_files(&change.address, desired);
        let delete = Action::DeletePool { pool: desired.spec.id.clone(), etag: live.etag.clone() };
        let gone = self.step(&change.address, delete, uploaded);
        self.create_pool(change, key, desired, vec![gone]);
    }

    /// The same for a pool that is there, if its start task changes.
    fn upload_changed_files(&mut self, change: &Change, desired: &DesiredPool) -> Option<StepId> {
        let changes = change.fields.iter().any(|field| field.path == "start_task");
        changes.then(|| self.upload_files(&change.address, desired)).flatten()
    }

    fn reboot_nodes(
        &mut self,
        change: &Change,
        desired: &DesiredPool,
        after: impl IntoIterator<Item = StepId>,
    ) -> StepId {
        let ownership = self.mark_of_pool(desired);
        let reboot = Action::RebootNodes { pool: desired.spec.id.clone(), ownership };
        self.step(&change.address, reboot, after)
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
        let timeout = desired.spec.resize_timeout;
        let zero = PoolResize { dedicated: 0, spot: 0, timeout, interrupts: true };
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
        let mut ownership = self.mark_of_pool(desired);
        // Nodes that come anew need no reboot.
        let is_outdated =
            change.class == ChangeClass::UpdateLiveAfterReboot || has_outdated_nodes(&live.value);
        let permitted = self.permits(OnChange::Reboot, desired.on_change);
        if drained.is_none() && is_outdated {
            // Also where an earlier change waits for its reboots: they are not over, and begin anew.
            let reboots = permitted || was_rebooting(&live.value);
            ownership.pending =
                Some(if reboots { Pending::Reboot { before: None } } else { Pending::Outdated });
        }
        let update = Action::UpdatePool { spec: Box::new(desired.spec.clone()), fields, ownership };
        let uploaded = if drained.is_some() { None } else { self.upload_changed_files(change, desired) };
        let updated = self.step(&change.address, update, drained.into_iter().chain(uploaded));
        if scale.is_empty() && drained.is_none() {
            return updated;
        }
        self.scale(change, desired, live, updated, drained.is_some())
    }

    /// Says how many nodes go by another size, and that nothing is interrupted by that.
    fn say_which_nodes_go(&self, change: &mut Change, desired: &DesiredPool, live: &LivePool) {
        let is_resized = change.fields.iter().any(|field| field.path.starts_with("nodes."));
        let stays = matches!(change.class, ChangeClass::UpdateLive | ChangeClass::UpdateLiveAfterReboot);
        if !is_resized || !stays || desired.spec.autoscale.is_some() {
            return;
        }
        let dedicated = live.current_dedicated - desired.spec.dedicated_nodes;
        match dedicated.max(0) + (live.current_spot - desired.spec.spot_nodes).max(0) {
            0 => {}
            1 => change.remarks.push("1 node goes, once the tasks that run there have completed".to_owned()),
            nodes => change
                .remarks
                .push(format!("{nodes} nodes go, each once the tasks that run there have completed")),
        }
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
            interrupts: false,
        };
        self.step(&change.address, Action::ResizePool { pool, size }, [last])
    }
}

/// `PATCH /pools` leaves alone what its body leaves out: it can set a property, and can't remove one.
fn removes_something(fields: &[FieldChange]) -> bool {
    let removed = fields.iter().filter(|field| field.after.is_null());
    { removed }.any(|field| ["display_name", "network", "upgrade_policy"].contains(&field.path.as_str()))
}

/// Whether an apply ended while it rebooted nodes.
pub(super) fn was_rebooting(live: &LivePool) -> bool {
    let pending = live.ownership.as_ref().and_then(|owner| owner.pending.as_ref());
    matches!(pending, Some(Pending::Reboot { .. }))
}

/// Whether nodes may go by what the pool was before it changed.
pub(super) fn has_outdated_nodes(live: &LivePool) -> bool {
    let pending = live.ownership.as_ref().and_then(|owner| owner.pending.as_ref());
    let has_nodes = live.current_dedicated + live.current_spot > 0;
    was_rebooting(live) || (has_nodes && pending == Some(&Pending::Outdated))
}

fn removes_start_task(desired: &DesiredPool, live: &Observed<LivePool>) -> bool {
    desired.spec.start_task.is_none() && live.value.spec.start_task.is_some()
}
