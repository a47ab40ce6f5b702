//! `new`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `new`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  batchyard new --list\n  batchyard new hello my-first-recipe")]
pub(in crate::cli) struct NewArgs {
    /// A recipe of the library
    #[arg(value_name = "RECIPE")]
    pub recipe: Option<String>,
    /// The folder to make [default: the recipe's name]
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Show the library
    #[arg(long)]
    pub list: bool,
}
