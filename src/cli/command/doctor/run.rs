//! From what is to be looked at to who looks.

use super::{image, machine};
use crate::cli::args::{DoctorArgs, DoctorSubject};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;

pub(in crate::cli::command) async fn run(
    context: &Context,
    args: &DoctorArgs,
) -> Result<ExitCode, CommandError> {
    match &args.subject {
        None => machine::run(context).await,
        Some(DoctorSubject::Image(args)) => image::run(context, args).await,
    }
}
