//! `import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Arguments of `import`.
#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    /// What to import from
    #[command(subcommand)]
    pub from: ImportSource,
}

/// Where recipes can come from.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ImportSource {
    /// Make a recipe of a configuration of Batch Shipyard
    Shipyard(ShipyardArgs),
}

/// Arguments of `import shipyard`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard import shipyard config\n  batchyard import shipyard config --out my-recipe\n  batchyard import shipyard config --jobs jobs-nightly.yaml --out nightly\n  batchyard import shipyard config --out - > recipe.yaml"
)]
pub(in crate::cli) struct ShipyardArgs {
    /// The folder of credentials.yaml, config.yaml, pool.yaml and jobs.yaml
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// The folder to make, or `-` to print the recipe [default: the recipe's name]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// A file of jobs, in place of all of the folder; may be given several times
    #[arg(long, value_name = "FILE")]
    pub jobs: Vec<PathBuf>,
}
