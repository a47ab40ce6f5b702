//! From the process's arguments to its exit code.

use std::path::Path;

use clap::Parser;

use super::args::Cli;
use super::context::Context;
use super::project_finder::ProjectFinder;
use super::{command, error, printer};
use crate::exit_code::ExitCode;
use crate::settings::Variables;

/// Runs the program and returns its exit code.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, anything else is a wrong command line.
            let code = if error.use_stderr() { ExitCode::Usage } else { ExitCode::Success };
            if code == ExitCode::Usage && error::wants_json(std::env::args_os()) {
                // Nobody can be told that the reader has gone away.
                let _ = error::usage(&error).print_json();
            }
            return if error.print().is_ok() { code } else { ExitCode::Error };
        }
    };
    let variables = Variables::of_this_process();
    printer::start_log(&cli.global, &variables);
    let printer = printer::Printer::new(&cli.global, cli.command.outlives_readers());
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return error::report(&printer, &error::CommandError::from_error(error)),
    };
    let start = cli.command.recipe().unwrap_or_else(|| Path::new(".")).to_owned();
    let context =
        Context { global: cli.global, variables, printer, projects: ProjectFinder::default(), start };
    let result = runtime.block_on(command::run(cli.command, &context));
    // Whatever still runs in the background belongs to nodes that outlive this program.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result.unwrap_or_else(|error| error::report(&context.printer, &error))
}
