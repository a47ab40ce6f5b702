//! `import shipyard`: a configuration of Batch Shipyard becomes a recipe, and a report of every key.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::configuration_files::{Found, read};
use crate::cli::args::ShipyardArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::exit_code::ExitCode;
use crate::import::shipyard::{Imported, import};
use crate::view::json::document;
use crate::view::words::counted;
use crate::view::{diagnostics, imported};

/// The file that the report is written to, beside the recipe.
const REPORT: &str = "import-report.md";

pub(super) fn run(context: &Context, args: &ShipyardArgs) -> Result<ExitCode, CommandError> {
    let Found { files, ignored } = read(&args.dir, &args.jobs)?;
    let fallback = fs::canonicalize(&args.dir).unwrap_or_else(|_| args.dir.clone());
    let fallback = fallback.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let result = import(&files, &fallback).map_err(|report| {
        context.printer.err(&diagnostics::human(&report, true));
        let count = counted(report.error_count() as u64, "error");
        CommandError::new(
            ExitCode::InvalidRecipe,
            format!("the configuration {} has {count}", args.dir.display()),
        )
        .findings(diagnostics::json(&report))
    })?;
    let Some(recipe) = result.recipe.as_deref() else {
        show(context, &result, &[], &ignored)?;
        let message = format!(
            "{} has neither a pool nor jobs, so there is nothing to make a recipe of",
            args.dir.display()
        );
        return Err(CommandError::new(ExitCode::Error, message));
    };
    if args.out.as_deref() == Some(Path::new("-")) && !context.printer.is_json() {
        context.printer.text(recipe)?;
        context.printer.err(&imported::human(&result));
        context.printer.err(&imported::rest(&result));
        return Ok(ExitCode::Success);
    }
    let written = match args.out.as_deref() {
        Some(out) if out == Path::new("-") => Vec::new(),
        out => {
            let folder = out.map_or_else(|| PathBuf::from(&result.name), Path::to_owned);
            let report = imported::markdown(&result);
            write(&folder, &[("recipe.yaml", recipe), (REPORT, &report)])?
        }
    };
    show(context, &result, &written, &ignored)?;
    Ok(ExitCode::Success)
}

/// Shows the report, and what was written.
fn show(
    context: &Context,
    result: &Imported,
    written: &[PathBuf],
    ignored: &[String],
) -> Result<(), CommandError> {
    if context.printer.is_json() {
        let mut members = imported::members(result);
        if let Some(members) = members.as_object_mut() {
            let written: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
            members.insert("files".to_owned(), json!(written));
            members.insert("ignored".to_owned(), json!(ignored));
        }
        context.printer.json(&document("import", members))?;
        return Ok(());
    }
    let mut out = context.printer.narration();
    write!(out, "{}{}", imported::human(result), imported::rest(result))?;
    if !ignored.is_empty() {
        writeln!(out, "\nNot of Batch Shipyard, and not read: {}", ignored.join(", "))?;
    }
    writeln!(out, "\n{}.", imported::summary(result.report.counts()))?;
    if let Some(folder) = written.first().and_then(|recipe| recipe.parent()) {
        let folder = folder.display();
        writeln!(
            out,
            "Made {folder} with the recipe and this report ({REPORT}). Next:\n\n  batchyard validate {folder}\n  batchyard plan {folder}"
        )?;
    }
    Ok(())
}

/// Writes files into a folder, never over anything that is there.
fn write(folder: &Path, files: &[(&str, &str)]) -> Result<Vec<PathBuf>, CommandError> {
    let failed = |path: &Path, error: std::io::Error| {
        CommandError::new(ExitCode::Error, format!("{} could not be written: {error}", path.display()))
    };
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.join(name)).collect();
    if let Some(there) = paths.iter().find(|path| path.symlink_metadata().is_ok()) {
        let message = format!("{} exists, and is not written over", there.display());
        return Err(CommandError::new(ExitCode::Usage, message)
            .hint(Some("name another folder with --out".to_owned())));
    }
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    for (path, (_, content)) in paths.iter().zip(files) {
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        file.and_then(|mut file| file.write_all(content.as_bytes())).map_err(|error| failed(path, error))?;
    }
    Ok(paths)
}
