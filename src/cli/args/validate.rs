//! `validate`.

use std::path::PathBuf;

use clap::Args;

use super::ParameterArgs;

/// Arguments of `validate`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard validate recipes/*\n  batchyard validate my-recipe -p nodes=4"
)]
pub(in crate::cli) struct ValidateArgs {
    /// Recipes: files, or folders with a recipe.yaml
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub parameters: ParameterArgs,
}
