//! The command line as a whole: global options and a command.

use std::path::{Path, PathBuf};

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Parser, Subcommand};

use super::{
    ApplyArgs, DestroyArgs, DoctorArgs, DoctorSubject, EmulatorArgs, ExplainArgs, FmtArgs, Global,
    HistoryArgs, ImportArgs, LogsArgs, NewArgs, PlanArgs, RenderArgs, SchemaArgs, ShowArgs, StatusArgs,
    ValidateArgs, WatchArgs,
};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Declarative recipes for container workloads on Azure Batch.
///
/// A recipe is a YAML file that says which pools, jobs and tasks there should be. `plan` shows what it would take, `apply` does
/// it: on this machine in real containers (the account `local`, the default), or on Azure Batch.
#[derive(Debug, Parser)]
#[command(name = "batchyard", version, styles = STYLES, arg_required_else_help = true, after_help = EXAMPLES)]
pub(in crate::cli) struct Cli {
    #[command(flatten)]
    pub(in crate::cli) global: Global,
    #[command(subcommand)]
    pub(in crate::cli) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  batchyard new parameter-sweep my-recipe      copy a recipe of the library into a folder
  batchyard plan my-recipe -p seeds=4          show what applying it would do, with a parameter
  batchyard apply my-recipe                    do it, here, in real containers
  batchyard logs sweep/merge                   show what a task printed
  batchyard destroy my-recipe                  remove all that the recipe made
  batchyard --account azure apply my-recipe    the same recipe on Azure Batch";

/// What to do.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Copy a recipe of the library
    New(NewArgs),
    /// Make a recipe of what another tool was told, or of what an account has
    Import(ImportArgs),
    /// Check recipes without looking at any account
    Validate(ValidateArgs),
    /// Show a recipe with values in place of parameters, expressions and factories
    Render(RenderArgs),
    /// Give recipes the canonical layout
    Fmt(FmtArgs),
    /// Explain a finding, or a field of recipes
    Explain(ExplainArgs),
    /// Show what apply would do
    Plan(PlanArgs),
    /// Show a plan that was kept
    Show(ShowArgs),
    /// Bring an account to what a recipe asks for
    Apply(ApplyArgs),
    /// Show how a recipe's pools, jobs and tasks are doing
    Status(StatusArgs),
    /// Show what was done to a recipe's objects, when, and by whom
    History(HistoryArgs),
    /// Show what a task printed
    Logs(LogsArgs),
    /// Remove everything that a recipe made
    Destroy(DestroyArgs),
    /// Keep an account as the recipes of a folder or a git repository ask for
    Watch(WatchArgs),
    /// Serve the embedded Azure Batch to SDKs and other programs
    Emulator(EmulatorArgs),
    /// Look at this machine, or at an image, and say what ails it
    Doctor(DoctorArgs),
    /// Print a JSON Schema of recipes
    Schema(SchemaArgs),
}

impl Command {
    /// Whether the command goes on when nobody reads what it says any more.
    pub(in crate::cli) fn outlives_readers(&self) -> bool {
        matches!(self, Self::Apply(_) | Self::Destroy(_) | Self::Emulator(_) | Self::Watch(_))
    }

    /// The recipe that the command is about; of several the first.
    pub(in crate::cli) fn recipe(&self) -> Option<&Path> {
        match self {
            Self::Validate(args) => args.paths.first().map(PathBuf::as_path),
            Self::Render(args) => Some(&args.recipe.path),
            Self::Plan(args) => Some(&args.recipe.path),
            Self::Apply(args) => Some(&args.recipe.path),
            Self::Status(args) => Some(&args.recipe.path),
            Self::History(args) => Some(&args.recipe.path),
            Self::Destroy(args) => Some(&args.recipe.path),
            Self::Watch(args) => args.local_source(),
            Self::Doctor(DoctorArgs { subject: Some(DoctorSubject::Image(args)) }) => args.recipe.as_deref(),
            Self::New(_)
            | Self::Import(_)
            | Self::Doctor(_)
            | Self::Fmt(_)
            | Self::Show(_)
            | Self::Explain(_)
            | Self::Logs(_)
            | Self::Emulator(_)
            | Self::Schema(_) => None,
        }
    }
}
