//! What a recipe needs although nothing differs: nodes that can't work are mended, and nodes that never came are asked for again.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::condition::{ConditionKind, Finding};
use super::digests::fingerprint;
use super::inventory::Record;
use super::locked::{Applied, NotBegun, apply_locked};
use super::mending::{Mended, Mending};
use super::reconcile::{Next, Pass, PassEnd};
use super::repair::CaseBook;
use crate::batch::PoolId;
use crate::observe::Status;
use crate::plan::{self, Change, Plan};
use crate::resource::{Address, Digest, LiveState, ResourceKind};

impl Pass<'_> {
    /// Asks again for nodes that the account's quota did not allow. A pause that grows comes before the next time.
    pub(super) async fn ask_again(
        mut self,
        (found, live): (&Plan, &LiveState),
        short: &[PoolId],
        digest: Digest,
        finding: Finding,
    ) -> PassEnd {
        let plan = plan::ask_again(self.recipe(), live, &of_plan(found, short));
        if plan.is_empty() {
            return self.end(finding, Next::BackOff);
        }
        match apply_locked(&plan, &self.loaded.folder, self.tools, self.stop).await {
            Ok(Applied { report, writes }) => {
                let next = if report.is_complete() { Next::Settle } else { Next::BackOff };
                self.memory.applied = report.is_complete().then(|| (fingerprint(&plan, digest), 1));
                let mut end = self.end(finding, next);
                end.tally.writes = writes;
                end.tally.failures = report.failures().count();
                end
            }
            Err(NotBegun { reason, text }) => {
                self.end(finding.and(ConditionKind::Reconciling, reason, text), Next::BackOff)
            }
        }
    }

    pub(super) fn is_only_looked_at(&self) -> bool {
        self.options.dry_run || self.options.suspended.contains(self.recipe())
    }

    /// Mends nodes that can't work, if that is wanted.
    pub(super) async fn mend(&mut self, status: &Status, plan: &Plan) -> Mended {
        let mut cases = std::mem::take(&mut self.record.cases);
        cases.reduced.clear();
        let Some(options) = self.options.repair.filter(|_| !self.is_only_looked_at()) else {
            self.record.cases = cases;
            return Mended::default();
        };
        let remember = |cases: &CaseBook| self.keep(&Record { cases: cases.clone(), ..self.record.clone() });
        let mending = Mending {
            recipe: self.recipe(),
            folder: &self.loaded.folder,
            options,
            remember: &remember,
            tools: self.tools,
            stop: self.stop,
        };
        let all: Vec<PoolId> = status.pools.iter().map(|pool| pool.id.clone()).collect();
        let picked: BTreeSet<PoolId> = match self.options.policy.selection.is_everything() {
            true => all.into_iter().collect(),
            false => of_plan(plan, &all).into_iter().map(|(_, pool)| pool).collect(),
        };
        let pools: Vec<_> = status.pools.iter().filter(|pool| picked.contains(&pool.id)).collect();
        let mended = mending.run(&pools, &mut cases).await;
        self.record.cases = cases;
        mended
    }

    /// Writes down at once what is to be remembered of the recipe.
    fn keep(&self, record: &Record) -> Result<(), String> {
        let Some(inventory) = &self.inventory else { return Ok(()) };
        let mut inventory = inventory.lock().unwrap_or_else(PoisonError::into_inner);
        inventory.remember(self.recipe(), record.clone());
        inventory.save().map_err(|error| error.to_string())
    }
}

/// Those of the pools that a plan is about, with their addresses.
fn of_plan(plan: &Plan, pools: &[PoolId]) -> Vec<(Address, PoolId)> {
    let address = |pool: &PoolId| {
        let is_its =
            |change: &&Change| change.address.kind == ResourceKind::Pool && change.id == pool.as_str();
        plan.changes.iter().find(is_its).map(|change| change.address.clone())
    };
    pools.iter().filter_map(|pool| Some((address(pool)?, pool.clone()))).collect()
}
