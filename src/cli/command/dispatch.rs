//! From a command to the function that runs it.

use super::{
    apply, destroy, doctor, emulator, explain, fmt, history, import, logs, new, plan, render, schema, show,
    status, validate, watch,
};
use crate::cli::args::Command;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;

/// Runs a command.
pub(in crate::cli) async fn run(command: Command, context: &Context) -> Result<ExitCode, CommandError> {
    match command {
        Command::New(args) => new::run(context, &args),
        Command::Import(args) => import::run(context, &args).await,
        Command::Validate(args) => validate::run(context, &args).await,
        Command::Render(args) => render::run(context, &args),
        Command::Fmt(args) => fmt::run(context, &args),
        Command::Explain(args) => explain::run(context, &args),
        Command::Plan(args) => plan::run(context, &args).await,
        Command::Show(args) => show::run(context, &args),
        Command::Apply(args) => apply::run(context, &args).await,
        Command::Status(args) => status::run(context, &args).await,
        Command::History(args) => history::run(context, &args).await,
        Command::Logs(args) => logs::run(context, &args).await,
        Command::Destroy(args) => destroy::run(context, &args).await,
        Command::Watch(args) => watch::run(context, &args).await,
        Command::Emulator(args) => emulator::run(context, &args).await,
        Command::Doctor(args) => doctor::run(context, &args).await,
        Command::Schema(args) => schema::run(context, &args),
    }
}
