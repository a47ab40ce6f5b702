//! The lock of a recipe.

use std::time::Duration;

use clap::Args;

use super::duration::duration;

/// How to come by the lock of a recipe, where the project file names a record.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct LockArgs {
    /// Wait this long for somebody else who works on the recipe, as the record's lock says, for example 10m
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "0s", hide_default_value = true)]
    pub lock_timeout: Duration,
    /// Go without the record: take no lock, and keep no history
    #[arg(long, conflicts_with = "lock_timeout")]
    pub no_lock: bool,
}
