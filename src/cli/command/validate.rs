//! `validate`: checks recipes without looking at any account.

use std::io::Write;

use crate::cli::args::ValidateArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::recipe::{request, show_refused};
use crate::exit_code::ExitCode;
use crate::pipeline::refused_run_options;
use crate::recipe::load;
use crate::view::{diagnostics, words};

pub(super) fn run(context: &Context, args: &ValidateArgs) -> Result<ExitCode, CommandError> {
    let mut documents = Vec::new();
    let mut invalid = 0;
    let mut out = context.printer.narration();
    for path in &args.paths {
        let shown = path.display();
        match load(&request(context, path.clone(), &args.parameters)) {
            Ok(loaded) => {
                let refused = refused_run_options(&loaded.desired).map_err(CommandError::from_error)?;
                if !refused.is_empty() {
                    invalid += 1;
                    context.printer.err(&show_refused(&refused));
                    let errors = words::counted(refused.len() as u64, "error");
                    context.printer.err(&format!("{shown}: invalid ({errors})\n"));
                    documents.extend(refused.iter().map(|refused| {
                        serde_json::json!({
                            "code": "run-options", "message": refused.to_string(), "source": refused.source,
                        })
                    }));
                    continue;
                }
                let tasks: u64 = loaded.desired.jobs.values().map(|job| job.tasks.count()).sum();
                if context.printer.is_json() {
                    documents.push(diagnostics::json(&loaded.warnings));
                } else {
                    write!(out, "{}", diagnostics::human(&loaded.warnings, true))?;
                    writeln!(
                        out,
                        "{shown}: valid ({}, {}, {})",
                        words::counted(loaded.desired.pools.len() as u64, "pool"),
                        words::counted(loaded.desired.jobs.len() as u64, "job"),
                        words::counted(tasks, "task")
                    )?;
                }
            }
            Err(report) => {
                invalid += 1;
                if context.printer.is_json() {
                    documents.push(diagnostics::json(&report));
                } else {
                    context.printer.err(&diagnostics::human(&report, true));
                    let errors = words::counted(report.error_count() as u64, "error");
                    context.printer.err(&format!("{shown}: invalid ({errors})\n"));
                }
            }
        }
    }
    if context.printer.is_json() {
        context.printer.json(&serde_json::json!({ "format_version": "1.0", "recipes": documents }))?;
    }
    Ok(if invalid == 0 { ExitCode::Success } else { ExitCode::InvalidRecipe })
}
