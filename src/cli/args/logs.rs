//! `logs`.

use clap::Args;

/// Arguments of `logs`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard logs hello/greet\n  batchyard logs jobs.hello.tasks.greet --stderr\n  batchyard logs sweep/estimate-7 -f"
)]
pub(in crate::cli) struct LogsArgs {
    /// The task: JOB/TASK, or jobs.JOB.tasks.TASK, by their ids in the account
    #[arg(value_name = "ADDRESS")]
    pub address: String,
    /// Go on showing what is printed until the task ends
    #[arg(short, long)]
    pub follow: bool,
    /// Show standard error instead of standard output
    #[arg(long)]
    pub stderr: bool,
}
