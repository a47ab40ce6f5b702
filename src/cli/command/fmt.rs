//! `fmt`: gives recipes the canonical layout.

use std::collections::HashSet;
use std::io::{self, Read as _, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::args::FmtArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::rewrite::rewrite;
use crate::diagnostic::Report;
use crate::exit_code::ExitCode;
use crate::recipe::discover;
use crate::recipe::format::{Formatted, format, format_file};
use crate::recipe::parse::MAX_BYTES;
use crate::view::words::counted;
use crate::view::{self, diagnostics, human};

/// The name of standard input, among paths and in findings.
const STDIN: &str = "-";

pub(super) fn run(context: &Context, args: &FmtArgs) -> Result<ExitCode, CommandError> {
    let mut files = Files { context, args, seen: HashSet::new(), done: Vec::new(), changed: 0, refused: 0 };
    for named in &args.paths {
        if named.as_os_str() == STDIN {
            files.standard_input()?;
            continue;
        }
        match discover(named) {
            Ok(found) => found.into_iter().try_for_each(|path| files.file(path))?,
            Err(error) => files.refuse(&named.display().to_string(), &error.report())?,
        }
    }
    files.finish()
}

/// The files that are laid out, and what became of them.
struct Files<'a> {
    context: &'a Context,
    args: &'a FmtArgs,
    seen: HashSet<PathBuf>,
    done: Vec<Value>,
    changed: u64,
    refused: u64,
}

impl Files<'_> {
    fn file(&mut self, path: PathBuf) -> Result<(), CommandError> {
        if !self.seen.insert(path.clone()) {
            return Ok(());
        }
        let shown = path.display().to_string();
        match format_file(&path) {
            Ok(formatted) => {
                // First what is done, then what is said of it.
                if formatted.before != formatted.after && self.may_write() {
                    write(&path, &formatted.after)?;
                }
                self.settle(&shown, &formatted)
            }
            Err(report) => self.refuse(&shown, &report),
        }
    }

    fn standard_input(&mut self) -> Result<(), CommandError> {
        let mut before = String::new();
        io::stdin().lock().take(MAX_BYTES as u64 + 1).read_to_string(&mut before).map_err(|error| {
            CommandError::new(ExitCode::Error, "standard input cannot be read").caused_by(error)
        })?;
        match format("<stdin>", &before) {
            Ok(after) => {
                if self.may_write() && !self.context.printer.is_json() {
                    io::stdout().write_all(after.as_bytes())?;
                    return Ok(());
                }
                self.settle("<stdin>", &Formatted { before, after })
            }
            Err(report) => self.refuse("<stdin>", &report),
        }
    }

    fn may_write(&self) -> bool {
        !self.args.check && !self.args.diff
    }

    /// Tells what becomes of a file.
    fn settle(&mut self, path: &str, formatted: &Formatted) -> Result<(), CommandError> {
        let Formatted { before, after } = formatted;
        let is_changed = before != after;
        self.changed += u64::from(is_changed);
        self.done.push(document(path, is_changed, &Report::default()));
        if !is_changed {
            return Ok(());
        }
        let mut out = self.context.printer.narration();
        if self.args.diff {
            human::diff(&mut *out, path, before, after)?;
        } else {
            let verb = if self.args.check { "would format" } else { "formatted" };
            writeln!(out, "{verb} {path}")?;
        }
        Ok(())
    }

    fn refuse(&mut self, path: &str, report: &Report) -> Result<(), CommandError> {
        self.refused += 1;
        self.done.push(document(path, false, report));
        self.context.printer.err(&diagnostics::human(report, true));
        Ok(())
    }

    fn finish(self) -> Result<ExitCode, CommandError> {
        let Self { context, args, done, changed, refused, .. } = self;
        if context.printer.is_json() {
            context.printer.json(&view::json::document("format", json!({ "files": done })))?;
        } else if done.len() > 1 && !args.diff {
            let verb = if args.check { "to format" } else { "formatted" };
            let unchanged = done.len() as u64 - changed - refused;
            let mut line =
                format!("{}: {changed} {verb}, {unchanged} unchanged", counted(done.len() as u64, "file"));
            if refused > 0 {
                line.push_str(&format!(", {refused} left alone"));
            }
            writeln!(context.printer.narration(), "{line}")?;
        }
        Ok(match (refused, changed) {
            (1.., _) => ExitCode::InvalidRecipe,
            (0, 1..) if args.check => ExitCode::Error,
            _ => ExitCode::Success,
        })
    }
}

/// What became of a file, for programs.
fn document(path: &str, is_changed: bool, report: &Report) -> Value {
    let mut document = diagnostics::json(report);
    if let Some(members) = document.as_object_mut() {
        members.insert("path".to_owned(), json!(path));
        members.insert("changed".to_owned(), json!(is_changed));
    }
    document
}

fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    rewrite(path, text).map_err(|error| {
        let message = format!("{} could not be written", path.display());
        CommandError::new(ExitCode::Error, message).caused_by(error)
    })
}
