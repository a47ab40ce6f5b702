//! Edits of a recipe that its plan can't show.

use crate::resource::{Address, ChangeClass, DesiredState};

use super::Planner;

impl Planner<'_> {
    /// Notes what was edited since it was applied, and has secrets, where nothing that the service returns differs: it returns no
    /// secret, so another one shows nowhere, and takes no effect.
    pub(super) fn note_hidden_edits(&mut self, desired: &DesiredState) {
        let lasts = |id| self.live.jobs.get(id).is_some_and(|job| !job.value.is_over());
        let pools = desired.pools.iter().filter(|(_, pool)| !pool.spec.secrets().is_empty());
        let jobs =
            desired.jobs.iter().filter(|(_, job)| lasts(&job.spec.id) && !job.spec.secrets().is_empty());
        let schedules = desired.schedules.iter().filter(|(_, schedule)| !schedule.spec.secrets().is_empty());
        let with_secrets: Vec<Address> = { pools.map(|(key, _)| Address::pool(key)) }
            .chain(jobs.map(|(key, _)| Address::job(key)))
            .chain(schedules.map(|(key, _)| Address::schedule(key)))
            .collect();
        let hidden = self.changes.iter().filter(|change| {
            change.edited && change.class == ChangeClass::Unchanged && with_secrets.contains(&change.address)
        });
        let notes: Vec<String> = hidden
            .map(|change| {
                format!(
                    "{0}: the recipe was edited since it was applied, in nothing that the service returns; if a secret is \
                     another one now, that takes effect with `--replace {0}` only",
                    change.address
                )
            })
            .collect();
        self.notes.extend(notes);
    }

    /// Says of what was edited since it was applied that nobody knows what others changed of it, and leaves what they did change.
    pub(super) fn leave_only_drift(&mut self) {
        let edited = self.changes.iter().filter(|change| change.edited);
        let notes: Vec<String> = edited
            .map(|change| {
                format!(
                    "{}: the recipe was edited since it was applied; what others changed of it meanwhile can't be told apart",
                    change.address
                )
            })
            .collect();
        self.notes.extend(notes);
        self.changes.retain(|change| change.drifted || change.class == ChangeClass::Unchanged);
    }
}
