//! Mending nodes that can't work: under the recipe's lock, and within a budget that outlives the process.

use std::path::Path;

use tokio_util::sync::CancellationToken;

use super::event::WatchEvent;
use super::locked::{NotBegun, Turn};
use super::options::Tools;
use super::repair::{CaseBook, Prescription, Remedy, RepairOptions, treat};
use super::words::call_failed;
use crate::observe::{NodeTrouble, PoolStatus};
use crate::record::{Entry, NodeTreated};
use crate::resource::RecipeName;

/// What mending needs.
pub(super) struct Mending<'a> {
    pub(super) recipe: &'a RecipeName,
    /// The folder of the recipe.
    pub(super) folder: &'a Path,
    pub(super) options: RepairOptions,
    /// Has what was done so far remembered, before it is done.
    pub(super) remember: &'a dyn Fn(&CaseBook) -> Result<(), String>,
    pub(super) tools: &'a Tools,
    pub(super) stop: &'a CancellationToken,
}

/// What mending came to.
#[derive(Debug, Default)]
pub(super) struct Mended {
    /// Why nodes got nothing.
    pub(super) withheld: Vec<String>,
    /// How many remedies were given, and how many could not be.
    pub(super) writes: usize,
    pub(super) failures: usize,
}

impl Mending<'_> {
    /// Gives the nodes of these pools what is prescribed.
    pub(super) async fn run(&self, pools: &[&PoolStatus], cases: &mut CaseBook) -> Mended {
        let mut mended = Mended::default();
        let now = self.tools.clock.now();
        let mut all = Vec::new();
        for pool in pools {
            let Prescription { treatments, withheld } = cases.prescribe(pool, self.options, now);
            all.extend(treatments);
            mended.withheld.extend(withheld);
        }
        if all.is_empty() {
            return mended;
        }
        let turn = match Turn::take(self.recipe, self.folder, self.tools, self.stop).await {
            Ok(turn) => turn,
            Err(NotBegun { text, .. }) => {
                mended.withheld.push(format!("no node is mended now: {text}"));
                return mended;
            }
        };
        let stop = turn.stopping(self.stop);
        let planned = all.len();
        let mut treated = Vec::new();
        for (trouble, remedy) in all {
            if stop.is_cancelled() {
                break;
            }
            cases.note(&trouble.pool, &trouble.node, remedy, now);
            if let Err(error) = (self.remember)(cases) {
                // Who is killed in between must not forget what a pool was given.
                mended.withheld.push(format!("no node is mended, because that can't be remembered: {error}"));
                break;
            }
            treated.push(self.treat(&trouble, remedy).await);
        }
        mended.failures = treated.iter().filter(|node| node.error.is_some()).count();
        mended.writes = treated.len() - mended.failures;
        turn.end(self.recipe, self.tools, |holder, now| {
            Entry::of_nodes(self.recipe, treated, planned, holder, now)
        })
        .await;
        mended
    }

    async fn treat(&self, trouble: &NodeTrouble, remedy: Remedy) -> NodeTreated {
        let error = treat(&self.tools.client, trouble, remedy).await.err().map(|error| call_failed(&error));
        let (recipe, said) = (self.recipe, error.as_deref());
        self.tools.observer.on(WatchEvent::Repaired { recipe, trouble, remedy, error: said });
        let (pool, node) = (trouble.pool.to_string(), trouble.node.to_string());
        NodeTreated { pool, node, remedy: remedy.to_string(), error }
    }
}
