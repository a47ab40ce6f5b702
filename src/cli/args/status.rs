//! `status`.

use clap::Args;

use super::RecipeArgs;

/// Arguments of `status`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard status my-recipe\n  batchyard status my-recipe --watch\n  batchyard status my-recipe --format json"
)]
pub(in crate::cli) struct StatusArgs {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Go on showing it whenever it changes, until nothing more will happen by itself
    #[arg(short, long)]
    pub watch: bool,
}
