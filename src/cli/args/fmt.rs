//! `fmt`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  batchyard fmt                     lay out every recipe in this folder and below
  batchyard fmt my.yaml             lay out one file
  batchyard fmt --check             change nothing; exit code 1 if something would change
  batchyard fmt --diff              change nothing; show what would change
  batchyard fmt - < my.yaml         from standard input to standard output

Keys keep their order, and every comment stays. A file that would not mean exactly the same afterwards is left alone.";

/// Arguments of `fmt`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct FmtArgs {
    /// Recipes: files, folders (every recipe.yaml in them and below them), or patterns; `-` is standard input
    #[arg(value_name = "PATH", default_value = ".")]
    pub paths: Vec<PathBuf>,
    /// Change nothing, and exit with 1 if something would change
    #[arg(long)]
    pub check: bool,
    /// Change nothing, and show what would change
    #[arg(long)]
    pub diff: bool,
}
