//! Watching sources of recipes: whatever they hold is brought about, again and again, and kept that way.
//!
//! | part | modules |
//! |---|---|
//! | where recipes come from | [`address`], `git`, `secret_words`, `source`, `follow`, `settling`, `census`, `sources` |
//! | what is to be looked at, and when | `queue`, `backoff` |
//! | one look at one recipe | `reconcile`, `refusal`, `failure`, `health`, `aftercare`, `repair`, `mending`, `digests`, `prune`, `claims`, `locked` |
//! | what is known | [`condition`], [`board`], `inventory`, [`outcome`] |
//! | the loop | `watcher` |
//!
//! It is level-triggered: every pass reads the account and compares it with the recipe; that something changed only means to
//! look soon. Nothing here prints: what happens is told as [`WatchEvent`]s.

pub mod address;
pub mod board;
pub mod condition;
pub mod outcome;

mod aftercare;
mod backoff;
mod census;
mod claims;
mod digests;
mod event;
mod failure;
mod follow;
mod git;
mod health;
mod inventory;
mod locked;
mod mending;
mod options;
mod prune;
mod queue;
mod reconcile;
mod refusal;
mod repair;
mod secret_words;
mod settling;
mod source;
mod sources;
mod telling;
mod watcher;
mod words;

pub use census::{Key, Load, Unloadable};
pub use event::{WatchEvent, WatchObserver};
pub use inventory::InventoryError;
pub use options::{OnDrift, RecordOf, Tools, Wake, WatchOptions};
pub use repair::{Remedy, RepairOptions};
pub use watcher::{WatchedSource, watch};
