//! `destroy`.

use std::time::Duration;

use clap::Args;

use super::duration::duration;
use super::{LockArgs, RecipeArgs, SelectionArgs};

/// Arguments of `destroy`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard destroy my-recipe\n  batchyard destroy my-recipe --auto-approve"
)]
pub(in crate::cli) struct DestroyArgs {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Don't ask before destroying
    #[arg(long, alias = "yes", short = 'y')]
    pub auto_approve: bool,
    /// Go on even where that ends running tasks, takes a pool away from a job of somebody else, or deletes tasks that no recipe
    /// made
    #[arg(long)]
    pub force: bool,
    /// Give up after this long, for example 90s, 30m or 2h, the time of a confirmation not counted: the exit code is 7, and
    /// destroying again goes on from there
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
    #[command(flatten)]
    pub lock: LockArgs,
}
