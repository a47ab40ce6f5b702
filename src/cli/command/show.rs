//! `show`: shows a plan that was kept.

use super::plan::print;
use crate::cli::args::ShowArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::plan_file::PlanFile;
use crate::exit_code::ExitCode;

pub(super) fn run(context: &Context, args: &ShowArgs) -> Result<ExitCode, CommandError> {
    let file = PlanFile::read(&args.plan)?;
    print(context, &file.plan())?;
    Ok(ExitCode::Success)
}
