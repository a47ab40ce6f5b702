//! `validate`: checks recipes without looking at any account.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::available_parallelism;

use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::cli::args::{Format, ValidateArgs};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::recipe::request;
use crate::cli::rewrite::rewrite;
use crate::diagnostic::{Fix, Report, apply_fixes};
use crate::exit_code::ExitCode;
use crate::recipe::{self, LoadRequest, discover};
use crate::view::validation::{
    Contents, FixedPlace, Github, Human, Json, Junit, Sarif, Tally, Verdict, VerdictWriter,
};

/// A correction may uncover another mistake; a recipe that needs more rounds than this is left to its author.
const MOST_ROUNDS: usize = 8;

pub(super) async fn run(context: &Context, args: &ValidateArgs) -> Result<ExitCode, CommandError> {
    let mut writer = writer(context);
    let mut tally = Tally::default();
    let parallel = available_parallelism().map_or(1, usize::from);
    let mut seen = HashSet::new();
    let found = args.paths.iter().flat_map(|named| recipes(named));
    let found = found.filter(|found| found.as_ref().map_or(true, |path| seen.insert(path.clone())));
    // Both cores work ahead, and what they find comes in the order of the paths.
    let mut verdicts = stream::iter(found)
        .map(|found| {
            let request = found.map(|path| request(context, path, &args.parameters));
            let fix = args.fix;
            tokio::task::spawn_blocking(move || match request {
                Ok(request) => verdict(&request?, fix),
                Err(nothing) => Ok(*nothing),
            })
        })
        .buffered(parallel * 2)
        .map(|ended| ended.map_err(CommandError::from_error)?);
    writer.begin()?;
    while let Some(verdict) = verdicts.try_next().await? {
        tally.add(&verdict);
        writer.verdict(&verdict)?;
    }
    writer.end(&tally)?;
    Ok(if tally.invalid == 0 { ExitCode::Success } else { ExitCode::InvalidRecipe })
}

fn writer(context: &Context) -> Box<dyn VerdictWriter> {
    let printer = &context.printer;
    let out = io::BufWriter::new(io::stdout());
    match context.global.format {
        Format::Json => Box::new(Json::new(out)),
        Format::Sarif => Box::new(Sarif::new(out, recipe::all_codes())),
        Format::Github => Box::new(Github::new(out)),
        Format::Junit => Box::new(Junit::new(out)),
        Format::Human | Format::Markdown | Format::Yaml => {
            let err = Box::new(io::BufWriter::new(printer.stderr()));
            Box::new(Human { out: printer.narration(), err, quiet: printer.is_quiet() })
        }
    }
}

/// The recipes that a path names; where there are none, a verdict that says so.
fn recipes(named: &Path) -> Vec<Result<PathBuf, Box<Verdict>>> {
    match discover(named) {
        Ok(found) => found.into_iter().map(Ok).collect(),
        Err(error) => {
            let path = named.display().to_string();
            vec![Err(Box::new(Verdict { path, contents: None, report: error.report(), fixed: Vec::new() }))]
        }
    }
}

/// Checks a recipe; corrects it first, where that is wanted and possible.
fn verdict(request: &LoadRequest, fix: bool) -> Result<Verdict, CommandError> {
    let mut fixed = Vec::new();
    let mut checked = recipe::load(request);
    for _ in 0..if fix { MOST_ROUNDS } else { 0 } {
        let report = checked.as_ref().map_or_else(|report| report, |loaded| &loaded.warnings);
        let made = correct(&request.path, report)?;
        if made.is_empty() {
            break;
        }
        fixed.extend(made);
        checked = recipe::load(request);
    }
    let path = request.path.display().to_string();
    Ok(match checked {
        Ok(loaded) => Verdict { path, contents: Some(Contents::of(&loaded)), report: loaded.warnings, fixed },
        Err(report) => Verdict { path, contents: None, report, fixed },
    })
}

/// Corrects a file as far as a report knows how; what was corrected.
fn correct(path: &Path, report: &Report) -> Result<Vec<FixedPlace>, CommandError> {
    let Some((id, source)) = report.sources.find_file(path) else { return Ok(Vec::new()) };
    let fixes = report.diagnostics.iter().filter_map(|finding| finding.fix.as_ref());
    let (text, applied) = apply_fixes(source.text(), fixes.filter(|fix| fix.span.source == id));
    if applied.is_empty() {
        return Ok(Vec::new());
    }
    rewrite(path, &text).map_err(|error| {
        let message = format!("{} could not be corrected", path.display());
        CommandError::new(ExitCode::Error, message).caused_by(error)
    })?;
    let place = |fix: &Fix| {
        let start = report.sources.start(fix.span)?;
        let from = report.sources.slice(fix.span)?.to_owned();
        Some(FixedPlace { line: start.line, column: start.column, from, to: fix.replacement.clone() })
    };
    Ok(applied.into_iter().filter_map(place).collect())
}
