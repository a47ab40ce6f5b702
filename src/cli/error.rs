//! Errors of commands: what a user reads, and the exit code that goes with it.

use super::printer::Printer;
use crate::exit_code::ExitCode;
use crate::resource::SourceLocation;

/// Why a command failed.
#[derive(Debug)]
pub(super) struct CommandError {
    /// What failed, in one line.
    message: String,
    /// Why, from the outside in.
    causes: Vec<String>,
    /// What to try.
    hint: Option<String>,
    /// Where the recipe asks for what failed.
    place: Option<SourceLocation>,
    /// The exit code.
    code: ExitCode,
}

impl CommandError {
    /// An error with a message of our own.
    pub(super) fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self { message: message.into(), causes: Vec::new(), hint: None, place: None, code }
    }

    /// An error with all of its causes.
    pub(super) fn from_error(error: impl std::error::Error) -> Self {
        let mut causes = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        Self { message: error.to_string(), causes, hint: None, place: None, code: ExitCode::Error }
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
        self.place = place.or(self.place);
        self
    }

    /// Sets the exit code.
    pub(super) fn code(mut self, code: ExitCode) -> Self {
        self.code = code;
        self
    }
}

impl From<crate::client::ClientError> for CommandError {
    fn from(error: crate::client::ClientError) -> Self {
        let hint = error.hint();
        Self::from_error(error).hint(hint)
    }
}

impl From<crate::pipeline::PipelineError> for CommandError {
    fn from(error: crate::pipeline::PipelineError) -> Self {
        let hint = match &error {
            crate::pipeline::PipelineError::Observe(cause) => cause.hint(),
            _ => None,
        };
        Self::from_error(error).hint(hint)
    }
}

impl From<crate::apply::WaitError> for CommandError {
    fn from(crate::apply::WaitError::Client(error): crate::apply::WaitError) -> Self {
        error.into()
    }
}

impl From<crate::settings::SettingsError> for CommandError {
    fn from(error: crate::settings::SettingsError) -> Self {
        Self::from_error(error).code(ExitCode::Usage)
    }
}

impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        // A reader that has gone away (`batchyard … | head`) is no reason to complain.
        let code =
            if error.kind() == std::io::ErrorKind::BrokenPipe { ExitCode::Success } else { ExitCode::Error };
        Self::from_error(error).code(code)
    }
}

/// Shows an error and returns its exit code.
pub(super) fn report(printer: &Printer, error: &CommandError) -> ExitCode {
    if error.code == ExitCode::Success {
        return error.code;
    }
    let mut text = format!("{}: {}\n", printer.error_word(), error.message);
    if let Some(place) = &error.place {
        text.push_str(&format!("  --> {place}\n"));
    }
    for cause in &error.causes {
        text.push_str(&format!("  because: {cause}\n"));
    }
    if let Some(hint) = &error.hint {
        text.push_str(&format!("  hint: {hint}\n"));
    }
    printer.err(&text);
    error.code
}
