//! `plan`, and how far a plan may go.

use clap::{Args, ValueEnum};

use super::RecipeArgs;
use crate::resource::OnChange;

/// Arguments of `plan`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard plan my-recipe\n  batchyard plan my-recipe --detailed-exitcode   exit 2 if there are changes\n  batchyard plan my-recipe --format json | jq .resource_changes"
)]
pub(in crate::cli) struct PlanArgs {
    #[command(flatten)]
    pub recipe: RecipeArgs,
    /// Exit with 2 if there are changes, 0 if there are none
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Plan the removal of everything that the recipe made
    #[arg(long)]
    pub destroy: bool,
    #[command(flatten)]
    pub policy: PolicyArgs,
}

/// How far a plan may go.
#[derive(Debug, Clone, Args)]
pub(in crate::cli) struct PolicyArgs {
    /// Permit more than the recipe's on_change does; may be repeated
    #[arg(long, value_enum, value_name = "CLASS")]
    pub allow: Vec<AllowChoice>,
    /// Take over objects that exist and that no recipe owns
    #[arg(long)]
    pub adopt: bool,
    /// Destroy what the recipe made and no longer has
    #[arg(long)]
    pub prune: bool,
}

/// What may be permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum AllowChoice {
    /// Take the nodes of a pool away, change it, bring them back.
    Drain,
    /// Delete an object and make it anew.
    Recreate,
}

impl From<AllowChoice> for OnChange {
    fn from(choice: AllowChoice) -> Self {
        match choice {
            AllowChoice::Drain => Self::Drain,
            AllowChoice::Recreate => Self::Recreate,
        }
    }
}
