//! How to watch.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

use crate::apply::ApplyOptions;
use crate::client::BatchClient;
use crate::clock::Clock;
use crate::plan::Policy;
use crate::record::Record;
use crate::resource::RecipeName;

use super::census::Load;
use super::event::WatchObserver;
use super::repair::RepairOptions;

/// What to do about changes that somebody else made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDrift {
    /// Take them back.
    Heal,
    /// Say that they are there.
    Report,
}

/// How to watch.
#[derive(Debug, Clone)]
pub struct WatchOptions {
    /// How long until the account is looked at again.
    pub interval: Duration,
    /// How long until sources are.
    pub fetch_interval: Duration,
    /// How many recipes are reconciled at once at the most.
    pub parallelism: usize,
    /// What to do about changes that somebody else made.
    pub on_drift: OnDrift,
    /// Whether to show plans only.
    pub dry_run: bool,
    /// How far plans may go. Its `prune` is for recipes that leave their source, too.
    pub policy: Policy,
    /// Whether work that is not over may be ended.
    pub force: bool,
    /// How many of a source's recipes may be destroyed at once, in per cent, because they left it; one always may.
    pub prune_share: u8,
    /// Recipes that are looked at only.
    pub suspended: BTreeSet<RecipeName>,
    /// How far nodes that can't work are to be mended; `None` means not at all.
    pub repair: Option<RepairOptions>,
    /// Whether to end once everything was looked at and applied.
    pub once: bool,
    /// The longest pause before something that failed is tried again.
    pub most_pause: Duration,
    /// How long to wait before looking whether what was applied has settled.
    pub settle: Duration,
}

/// Has the account take changes.
pub type Wake = Arc<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// The record that the project files name which a recipe of this folder goes by; `None` if there is none.
pub type RecordOf = Arc<dyn Fn(&Path) -> Result<Option<Record>, String> + Send + Sync>;

/// What watching works with.
#[derive(Clone)]
pub struct Tools {
    /// The account.
    pub client: BatchClient,
    /// Loads recipes.
    pub load: Load,
    /// How to apply a recipe of this folder.
    pub apply: Arc<dyn Fn(&Path) -> ApplyOptions + Send + Sync>,
    /// Whose locks are held while something is changed, and whose history says what was.
    pub record: RecordOf,
    /// Called before something is applied.
    pub wake: Wake,
    /// Who is told.
    pub observer: Arc<dyn WatchObserver>,
    /// The clock that conditions go by.
    pub clock: Arc<dyn Clock>,
}
