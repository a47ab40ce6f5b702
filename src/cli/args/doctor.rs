//! `doctor`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ParameterArgs;

const EXAMPLES: &str = "\
Examples:
  batchyard doctor                                 this machine: what runs containers here, and which account is used
  batchyard --account azure doctor                 whether an account answers
  batchyard doctor image python:3.12-slim          what an image does with a task's command, directory and user
  batchyard doctor image registry.example/tool:1 --recipe my-recipe
                                                   log in as the recipe does; show what its tasks would run

Exit code 7 if something is wrong that is needed. docs/doctor.md explains what is looked at.";

const IMAGE_EXAMPLES: &str = "\
Examples:
  batchyard doctor image ubuntu
  batchyard doctor image python:3.12-slim --recipe my-recipe -p seeds=4
  batchyard doctor image 127.0.0.1:5000/tool@sha256:… --format json | jq .config.entrypoint

Only the image's manifest and configuration are fetched, none of its layers.";

/// Arguments of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(in crate::cli) struct DoctorArgs {
    /// What to look at; without it, this machine
    #[command(subcommand)]
    pub subject: Option<DoctorSubject>,
}

/// What to look at.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum DoctorSubject {
    /// Look at an image in its registry, and say what it means for tasks
    Image(DoctorImageArgs),
}

/// Arguments of `doctor image`.
#[derive(Debug, Args)]
#[command(after_help = IMAGE_EXAMPLES)]
pub(in crate::cli) struct DoctorImageArgs {
    /// The image, as for `docker pull`
    #[arg(value_name = "IMAGE")]
    pub image: String,
    /// A recipe that uses it: its login to the registry is used, and what its tasks would run is shown
    #[arg(long, value_name = "PATH")]
    pub recipe: Option<PathBuf>,
    #[command(flatten)]
    pub parameters: ParameterArgs,
}
