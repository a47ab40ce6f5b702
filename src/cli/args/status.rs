//! `status`.

use clap::Args;

use super::RecipeArgs;

/// Arguments of `status`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  batchyard status my-recipe\n  batchyard status my-recipe --format json")]
pub(in crate::cli) struct StatusArgs {
    #[command(flatten)]
    pub recipe: RecipeArgs,
}
