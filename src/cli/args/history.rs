//! `history`.

use clap::Args;

use super::RecipeArgs;

/// Arguments of `history`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard --account prod history my-recipe\n  batchyard --account prod history my-recipe --limit 1 --format json"
)]
pub(in crate::cli) struct HistoryArgs {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// How many entries are shown, the newest first
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
}
