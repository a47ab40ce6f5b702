//! `show`.

use std::path::PathBuf;

use clap::Args;

use super::Format;

/// Arguments of `show`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  batchyard plan my-recipe --out my.plan\n  batchyard show my.plan\n  batchyard show my.plan --format markdown > comment.md"
)]
pub(in crate::cli) struct ShowArgs {
    /// A plan that `plan --out` kept
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// Form of the output
    #[arg(long, value_name = "FORMAT", default_value = "human", value_parser = Format::among(&[Format::Human, Format::Json, Format::Markdown]))]
    pub format: Format,
}
