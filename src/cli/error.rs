//! Errors of commands: what a user reads, and the exit code that goes with it.

use std::io::{self, Write as _};

use serde_json::{Value, json};

use super::printer::Printer;
use crate::client::ClientError;
use crate::exit_code::ExitCode;
use crate::resource::SourceLocation;
use crate::view::json::document;
use crate::view::words::{plain, plain_lines};

/// Why a command failed.
#[derive(Debug)]
pub(super) struct CommandError {
    /// What failed, in one line.
    message: String,
    /// Why, from the outside in.
    causes: Vec<String>,
    /// What to try.
    hint: Option<String>,
    /// What only some errors have. Boxed, because every function of every command returns room for it.
    more: Box<More>,
    /// The exit code.
    code: ExitCode,
}

#[derive(Debug, Default)]
struct More {
    /// Where the recipe asks for what failed.
    place: Option<SourceLocation>,
    /// What the service said, for programs: its code, the status, the id of the request.
    service: Option<Value>,
    /// What is wrong with the recipe, for programs; people have read it by then.
    findings: Option<Value>,
}

impl CommandError {
    /// An error with a message of our own.
    pub(super) fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), causes: Vec::new(), hint: None, more: Box::default(), code }
    }

    /// An error with all of its causes.
    pub(super) fn from_error(error: impl std::error::Error) -> Self {
        let mut causes = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        Self::new(ExitCode::Error, error.to_string()).because(causes)
    }

    /// Adds why, with all of its own causes.
    pub(super) fn caused_by(mut self, error: impl std::error::Error) -> Self {
        let Self { message, causes, .. } = Self::from_error(error);
        self.causes.push(message);
        self.causes.extend(causes);
        self
    }

    /// Adds what to try.
    pub(super) fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }

    /// Adds reasons.
    pub(super) fn because(mut self, causes: impl IntoIterator<Item = String>) -> Self {
        self.causes.extend(causes);
        self
    }

    /// Adds where the recipe asks for it.
    pub(super) fn place(mut self, place: Option<SourceLocation>) -> Self {
        if place.is_some() {
            self.more.place = place;
        }
        self
    }

    /// Adds what the service said.
    fn service(mut self, service: Option<Value>) -> Self {
        self.more.service = service;
        self
    }

    /// Adds what is wrong with the recipe, as a document.
    pub(super) fn findings(mut self, findings: Value) -> Self {
        self.more.findings = Some(findings);
        self
    }

    /// What failed and why, in one line.
    pub(super) fn in_one_line(&self) -> String {
        let parts = std::iter::once(&self.message).chain(&self.causes);
        parts.map(String::as_str).collect::<Vec<_>>().join(": ")
    }

    /// What to try.
    pub(super) fn what_to_try(&self) -> Option<String> {
        self.hint.clone()
    }

    /// Sets the exit code.
    pub(super) fn code(mut self, code: ExitCode) -> Self {
        self.code = code;
        self
    }
}

impl From<ClientError> for CommandError {
    fn from(error: ClientError) -> Self {
        let hint = error.hint();
        let service = said_by_service(&error);
        Self::from_error(error).hint(hint).service(service)
    }
}

/// What the service said, if it said no.
fn said_by_service(error: &ClientError) -> Option<Value> {
    let ClientError::Service { error, request_id, .. } = error else { return None };
    Some(json!({ "code": error.body.code, "status": error.status, "request_id": request_id }))
}

impl From<crate::pipeline::PipelineError> for CommandError {
    fn from(error: crate::pipeline::PipelineError) -> Self {
        let (hint, service) = match &error {
            crate::pipeline::PipelineError::Observe(cause) => (cause.hint(), said_by_service(cause)),
            crate::pipeline::PipelineError::Selection(_) => {
                return Self::from_error(error).code(ExitCode::Usage);
            }
            _ => (None, None),
        };
        Self::from_error(error).hint(hint).service(service)
    }
}

impl From<crate::apply::WaitError> for CommandError {
    fn from(crate::apply::WaitError::Client(error): crate::apply::WaitError) -> Self {
        error.into()
    }
}

impl From<crate::settings::SettingsError> for CommandError {
    fn from(error: crate::settings::SettingsError) -> Self {
        let hint = error.hint();
        Self::from_error(error).code(ExitCode::Usage).hint(hint)
    }
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        // Nothing went wrong that a person must read about, but not all that was asked for is done either.
        let is_reader_gone = error.kind() == io::ErrorKind::BrokenPipe;
        Self::from_error(error).code(if is_reader_gone { ExitCode::ReaderGone } else { ExitCode::Error })
    }
}

impl CommandError {
    /// The error for programs.
    fn json(&self) -> Value {
        document(
            "error",
            json!({ "error": {
                "code": self.code.name(),
                "exit_code": self.code.number(),
                "message": self.message,
                "causes": self.causes,
                "hint": self.hint,
                "place": self.more.place,
                "service": self.more.service,
                "findings": self.more.findings,
            }}),
        )
    }

    /// Writes the error for programs.
    pub(super) fn print_json(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", self.json())?;
        out.flush()
    }
}

/// The error of a command line that can't be understood, for programs; people have read clap's own.
pub(super) fn usage(error: &clap::Error) -> CommandError {
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let message = lines.next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message).to_owned();
    let tip = lines.find_map(|line| line.strip_prefix("tip: ")).map(str::to_owned);
    CommandError::new(ExitCode::Usage, message)
        .hint(tip.or_else(|| Some("--help shows what there is".to_owned())))
}

/// Whether a command line that can't be understood asks for JSON all the same.
pub(super) fn wants_json(arguments: impl Iterator<Item = std::ffi::OsString>) -> bool {
    let arguments: Vec<_> = arguments.collect();
    arguments.iter().any(|argument| argument == "--format=json")
        || arguments
            .windows(2)
            .any(|pair| matches!(pair, [flag, value] if flag == "--format" && value == "json"))
}

/// Shows an error and returns its exit code: to people on standard error, to programs on standard output, where they read.
pub(super) fn report(printer: &Printer, error: &CommandError) -> ExitCode {
    if error.code == ExitCode::ReaderGone {
        return error.code;
    }
    let mut text = format!("{}: {}\n", printer.error_word(), plain_lines(&error.message));
    if let Some(place) = &error.more.place {
        text.push_str(&format!("  --> {}\n", plain(&place.to_string())));
    }
    for cause in &error.causes {
        text.push_str(&format!("  because: {}\n", plain_lines(cause)));
    }
    if let Some(hint) = &error.hint {
        text.push_str(&format!("  hint: {}\n", plain_lines(hint)));
    }
    printer.err(&text);
    if printer.is_json() {
        // Nobody can be told that the reader has gone away.
        let _ = error.print_json();
    }
    error.code
}
