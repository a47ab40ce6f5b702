//! `plan`, and how far a plan may go.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Format, RecipeArgs};
use crate::resource::{AddressPattern, InvalidAddress, OnChange};

const EXAMPLES: &str = "\
Examples:
  batchyard plan my-recipe
  batchyard plan my-recipe --detailed-exitcode          exit 2 if there are changes
  batchyard plan my-recipe --format json | jq .resource_changes
  batchyard plan my-recipe --format markdown            for a pull request
  batchyard plan my-recipe --out my.plan && batchyard apply my.plan
  batchyard plan my-recipe --target jobs.train          a job, and the pool that it needs
  batchyard plan my-recipe --rerun 'jobs.train.tasks.epoch-*'
  batchyard plan my-recipe --refresh-only               what changed behind the recipe's back";

/// What only a plan that changes something goes by.
const CHANGES: [&str; 5] = ["allow", "adopt", "prune", "replace", "rerun"];

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct PlanArgs {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Keep the plan in a file, which `apply` carries out if it still holds, and `show` shows. It holds no secrets
    #[arg(long, short = 'o', value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Exit with 2 if there are changes, 0 if there are none
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Plan the removal of everything that the recipe made
    #[arg(long, conflicts_with_all = CHANGES)]
    pub destroy: bool,
    /// Say only what was changed since the recipe was applied, and not by it; nothing is planned
    #[arg(long, conflicts_with_all = ["destroy", "out"], conflicts_with_all = CHANGES)]
    pub refresh_only: bool,
    /// Form of the output; markdown is for pull requests, and never longer than the 65,536 characters that code hosts take
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = Format::among(&[Format::Human, Format::Json, Format::Markdown]))]
    pub format: Format,
    #[command(flatten)]
    pub policy: PolicyArgs,
}

/// How far a plan may go, and what it is about.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct PolicyArgs {
    /// Permit more than the recipe's on_change does; may be repeated
    #[arg(long, value_enum, value_name = "CLASS")]
    pub allow: Vec<AllowChoice>,
    /// Take over objects that exist and that no recipe owns
    #[arg(long)]
    pub adopt: bool,
    /// Destroy what the recipe made and no longer has
    #[arg(long, conflicts_with_all = ["target", "exclude"])]
    pub prune: bool,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Delete and make anew a pool, job or schedule although nothing asks for it; may be repeated
    #[arg(long, value_name = "ADDRESS", value_parser = whole_resource)]
    pub replace: Vec<AddressPattern>,
    /// Run tasks again although they are what the recipe asks for: `failed` for all that failed, or addresses; may be repeated
    #[arg(long, value_name = "ADDRESS|failed")]
    pub rerun: Vec<RerunChoice>,
}

impl PolicyArgs {
    /// Whether nothing is given.
    pub(in crate::cli) fn is_empty(&self) -> bool {
        let Self { allow, adopt, prune, selection, replace, rerun } = self;
        allow.is_empty() && !adopt && !prune && selection.is_empty() && replace.is_empty() && rerun.is_empty()
    }
}

impl SelectionArgs {
    /// Whether nothing is given.
    pub(in crate::cli) fn is_empty(&self) -> bool {
        self.target.is_empty() && self.exclude.is_empty()
    }
}

/// What a plan is about.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct SelectionArgs {
    /// Look only at this pool, job or schedule, and at the pools that it needs; `*` stands for anything; may be repeated
    #[arg(long, value_name = "ADDRESS", value_parser = whole_resource)]
    pub target: Vec<AddressPattern>,
    /// Leave this pool, job or schedule alone; may be repeated
    #[arg(long, value_name = "ADDRESS", value_parser = whole_resource)]
    pub exclude: Vec<AddressPattern>,
}

/// Takes the address of a pool, a job or a schedule: tasks go with their job.
fn whole_resource(text: &str) -> Result<AddressPattern, String> {
    let pattern: AddressPattern = text.parse().map_err(|error: InvalidAddress| error.to_string())?;
    if pattern.names_single_tasks() {
        return Err(
            "that names single tasks, which go with their job; --rerun runs single tasks again".to_owned()
        );
    }
    Ok(pattern)
}

/// Which tasks run again.
#[derive(Debug, Clone)]
pub(in crate::cli) enum RerunChoice {
    /// All that failed.
    Failed,
    /// By address.
    Tasks(AddressPattern),
}

impl std::str::FromStr for RerunChoice {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "failed" { Ok(Self::Failed) } else { Ok(Self::Tasks(text.parse()?)) }
    }
}

impl std::fmt::Display for RerunChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Failed => f.write_str("failed"),
            Self::Tasks(pattern) => pattern.fmt(f),
        }
    }
}

/// What may be permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum AllowChoice {
    /// Reboot the nodes of a pool, some at a time.
    Reboot,
    /// Make another pool, move the jobs there, delete the old one.
    #[value(name = "blue_green", alias = "blue-green")]
    BlueGreen,
    /// Take the nodes of a pool away, change it, bring them back.
    Drain,
    /// Delete an object and make it anew.
    Recreate,
}

impl From<AllowChoice> for OnChange {
    fn from(choice: AllowChoice) -> Self {
        match choice {
            AllowChoice::Reboot => Self::Reboot,
            AllowChoice::BlueGreen => Self::BlueGreen,
            AllowChoice::Drain => Self::Drain,
            AllowChoice::Recreate => Self::Recreate,
        }
    }
}
