//! `new`.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `new`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard new --list\n  batchyard new --list mpi\n  batchyard new hello my-first-recipe\n  batchyard new hello@1"
)]
pub(in crate::cli) struct NewArgs {
    /// A recipe of the library, in its newest version or, as in `hello@1`, in another; with --list a word to look for
    #[arg(value_name = "RECIPE")]
    pub recipe: Option<String>,
    /// The folder to make [default: the recipe's name]
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Show the library, or what of it has the word in its name, its description or its group
    #[arg(long)]
    pub list: bool,
}
