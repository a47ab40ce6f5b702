//! `apply`.

use std::time::Duration;

use clap::Args;

use super::duration::duration;
use super::{LockArgs, PolicyArgs, RecipeArgs};

/// Arguments of `apply`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard apply my-recipe\n  batchyard apply my-recipe --auto-approve -p seeds=4\n  batchyard apply my-recipe --no-wait\n  batchyard apply my.plan                    what `plan --out my.plan` kept, without asking\n  batchyard apply my-recipe --rerun failed   run tasks again that failed\n  batchyard apply my-recipe --lock-timeout 10m   wait for whoever works on it, where the team keeps a record"
)]
pub(in crate::cli) struct ApplyArgs {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Don't ask before applying
    #[arg(long, alias = "yes", short = 'y')]
    pub auto_approve: bool,
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Go on even where that ends running tasks, or takes a pool away from a job of somebody else
    #[arg(long)]
    pub force: bool,
    /// Wait until the tasks have ended, and show what they printed [default for the local account]
    #[arg(long, overrides_with = "no_wait")]
    pub wait: bool,
    /// Return once everything is submitted
    #[arg(long, overrides_with = "wait")]
    pub no_wait: bool,
    /// How many steps run at once at the most
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub parallelism: u16,
    /// Give up after this long, for example 90s, 30m or 2h, the time of a confirmation not counted: what was applied stays, and
    /// the exit code is 7
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
    #[command(flatten)]
    pub lock: LockArgs,
}
