//! One file a command: `run` takes the arguments and returns the exit code.

mod apply;
mod destroy;
mod emulator;
mod logs;
mod new;
mod plan;
mod schema;
mod status;
mod validate;

use super::args::{Command, Global};
use super::error::CommandError;
use super::printer::Printer;
use crate::exit_code::ExitCode;
use crate::settings::Variables;

/// What every command has at hand.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) global: Global,
    pub(super) variables: Variables,
    pub(super) printer: Printer,
}

/// Runs a command.
pub(super) async fn run(command: Command, context: &Context) -> Result<ExitCode, CommandError> {
    match command {
        Command::New(args) => new::run(context, &args),
        Command::Validate(args) => validate::run(context, &args),
        Command::Plan(args) => plan::run(context, &args).await,
        Command::Apply(args) => apply::run(context, &args).await,
        Command::Status(args) => status::run(context, &args).await,
        Command::Logs(args) => logs::run(context, &args).await,
        Command::Destroy(args) => destroy::run(context, &args).await,
        Command::Emulator(args) => emulator::run(context, &args).await,
        Command::Schema(args) => schema::run(context, &args),
    }
}
