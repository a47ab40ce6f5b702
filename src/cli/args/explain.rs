//! `explain`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  batchyard explain unknown-key               what a finding means, with an example
  batchyard explain pools.vm_size             what a field of a recipe is
  batchyard explain jobs.train.tasks.epoch    the same, with names of jobs and tasks
  batchyard explain run_options               wherever it is
  batchyard explain --list                    all findings";

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(in crate::cli) struct ExplainArgs {
    /// The code of a finding, such as `unknown-key`; or a field, such as `pools.vm_size`
    #[arg(value_name = "CODE|FIELD", required_unless_present = "list")]
    pub subject: Option<String>,
    /// List the codes of all findings
    #[arg(long)]
    pub list: bool,
}
