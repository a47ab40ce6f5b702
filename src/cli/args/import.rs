//! `import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::resource::{AddressPattern, InvalidAddress, RecipeName};

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
    /// Make a recipe of what an account has
    Live(LiveArgs),
}

/// Arguments of `import live`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard import live                                 everything in the account\n  batchyard import live pools.gpu 'jobs.train*'         one pool, and some jobs with their tasks\n  batchyard import live --recipe sweep --out sweep      what a recipe owns whose file is lost\n  batchyard --account azure import live --name nightly --out - > recipe.yaml"
)]
pub(in crate::cli) struct LiveArgs {
    /// What to import: pools.ID, jobs.ID or schedules.ID, where `*` stands for anything [default: everything]
    #[arg(value_name = "ADDRESS", value_parser = whole_object)]
    pub addresses: Vec<AddressPattern>,
    /// The folder to make, or `-` to print the recipe [default: the recipe's name]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Import what this recipe owns, into a recipe of that name
    #[arg(long, value_name = "NAME", value_parser = recipe_name)]
    pub recipe: Option<RecipeName>,
    /// The recipe's name [default: that of the recipe that owns what is imported, else the id of a job or pool]
    #[arg(long, value_name = "NAME", value_parser = recipe_name, conflicts_with = "recipe")]
    pub name: Option<RecipeName>,
}

fn recipe_name(text: &str) -> Result<RecipeName, String> {
    RecipeName::new(text).map_err(|error| error.to_string())
}

fn whole_object(text: &str) -> Result<AddressPattern, String> {
    let pattern: AddressPattern = text.parse().map_err(|error: InvalidAddress| error.to_string())?;
    if pattern.names_single_tasks() {
        return Err("tasks are imported with their job: name jobs.ID".to_owned());
    }
    Ok(pattern)
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
