//! `logs`.

use clap::Args;

use super::ParameterArgs;

/// Arguments of `logs`.
#[derive(Debug, Args)]
#[command(
    after_help = "The address is JOB/TASK or jobs.JOB.tasks.TASK, by their ids in the account, with * and ? for what may differ; JOB alone is\nall of its tasks. A path to a recipe, and nothing at all for the one in this folder, is all tasks of the recipe.\n\nExamples:\n  batchyard logs hello/greet\n  batchyard logs 'sweep/estimate-*' --both\n  batchyard logs sweep/estimate-7 -f            until it ends; exit 7 if it fails\n  batchyard logs --failed my-recipe             all that failed, with what they printed"
)]
pub(in crate::cli) struct LogsArgs {
    /// A task, a job, a pattern, or a recipe: see below [default: the recipe in this folder]
    #[arg(value_name = "ADDRESS|PATH")]
    pub named: Option<String>,
    #[command(flatten)]
    pub parameters: ParameterArgs,
    /// Go on showing what is printed until the tasks end
    #[arg(short, long)]
    pub follow: bool,
    /// Show the tasks that failed, and of them both streams unless told otherwise
    #[arg(long)]
    pub failed: bool,
    /// Show standard output [default]
    #[arg(long)]
    pub stdout: bool,
    /// Show standard error
    #[arg(long)]
    pub stderr: bool,
    /// Show both
    #[arg(long)]
    pub both: bool,
}
