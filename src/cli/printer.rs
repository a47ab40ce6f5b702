//! Where words go: results to standard output, everything else to standard error.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::AnsiColor;

use super::args::{Color, Format, Global};
use crate::env_vars;
use crate::settings::Variables;
use crate::view::json::begin;

/// Writes to the streams of the process.
#[derive(Debug, Clone)]
pub(super) struct Printer {
    color: ColorChoice,
    format: Format,
    quiet: bool,
    outlives_readers: bool,
}

impl Printer {
    /// The printer of a command. One that `outlives_readers` goes on when nobody reads what it says any more, because it changes
    /// things, and to leave them half done would be worse.
    pub(super) fn new(global: &Global, outlives_readers: bool) -> Self {
        Self {
            color: color_choice(global.color),
            format: global.format,
            quiet: global.quiet,
            outlives_readers,
        }
    }

    /// Whether output is for programs.
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Whether the user wants to read only what went wrong.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether a person watches standard error.
    pub(super) fn is_watched(&self) -> bool {
        io::stderr().is_terminal() && !self.quiet
    }

    /// Whether a person reads standard output on a terminal, where it can be written over.
    pub(super) fn is_screen(&self) -> bool {
        io::stdout().is_terminal() && !self.quiet && self.format == Format::Human
    }

    /// The stream of results.
    pub(super) fn stdout(&self) -> Results<AutoStream<io::Stdout>> {
        self.results(AutoStream::new(io::stdout(), self.color))
    }

    fn results<W>(&self, stream: W) -> Results<W> {
        Results { stream, outlives_readers: self.outlives_readers }
    }

    /// The stream of everything else.
    pub(super) fn stderr(&self) -> AutoStream<io::Stderr> {
        AutoStream::new(io::stderr(), self.color)
    }

    /// The stream for what people read while something happens: standard output, or standard error where standard output is for
    /// programs. Nothing where the user wants quiet.
    pub(super) fn narration(&self) -> Box<dyn Write + Send> {
        match (self.quiet, self.format) {
            (true, _) => Box::new(io::sink()),
            (false, Format::Human) => Box::new(self.stdout()),
            (false, _) => Box::new(self.stderr()),
        }
    }

    /// The stream for what people must read whatever they asked for: where the rest goes, or standard error where they want quiet.
    pub(super) fn complaints(&self) -> Box<dyn Write + Send> {
        if self.quiet { Box::new(self.stderr()) } else { self.narration() }
    }

    /// [`Printer::narration`] for good news, [`Printer::complaints`] for bad.
    pub(super) fn news(&self, good: bool) -> Box<dyn Write + Send> {
        if good { self.narration() } else { self.complaints() }
    }

    /// Begins a stream for programs.
    pub(super) fn begin(&self, command: &str) -> io::Result<()> {
        if self.is_json() { self.line(&begin(command)) } else { Ok(()) }
    }

    /// Writes one line of a stream for programs.
    pub(super) fn line(&self, document: &serde_json::Value) -> io::Result<()> {
        let mut out = self.results(io::stdout().lock());
        writeln!(out, "{document}")?;
        out.flush()
    }

    /// Writes a document for people or programs, as it is.
    pub(super) fn text(&self, text: &str) -> io::Result<()> {
        self.results(io::stdout().lock()).write_all(text.as_bytes())
    }

    /// Writes a document for programs.
    pub(super) fn json(&self, document: &serde_json::Value) -> io::Result<()> {
        writeln!(self.results(io::stdout().lock()), "{document:#}")
    }

    /// Writes to standard error; there is nobody to tell if that fails.
    pub(super) fn err(&self, text: &str) {
        let _ = self.stderr().write_all(text.as_bytes());
    }

    /// `error`, in red.
    pub(super) fn error_word(&self) -> String {
        let red = AnsiColor::Red.on_default().bold();
        format!("{red}error{red:#}")
    }
}

/// A stream of results, which may lose its reader.
pub(super) struct Results<W> {
    stream: W,
    outlives_readers: bool,
}

impl<W> Results<W> {
    fn or_nobody<T>(&self, result: io::Result<T>, said: T) -> io::Result<T> {
        match result {
            Err(error) if self.outlives_readers && error.kind() == io::ErrorKind::BrokenPipe => Ok(said),
            result => result,
        }
    }
}

impl<W: Write> Write for Results<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let result = self.stream.write(bytes);
        self.or_nobody(result, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.stream.flush();
        self.or_nobody(result, ())
    }
}

fn color_choice(color: Color) -> ColorChoice {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}

/// Starts the diagnostic log on standard error: warnings only, unless asked for more.
pub(super) fn start_log(global: &Global, variables: &Variables) {
    let default = match global.verbose {
        0 => "off",
        1 => "batchyard=info",
        _ => "batchyard=debug,info",
    };
    let filter = variables.get(env_vars::BATCHYARD_LOG).unwrap_or(default);
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    // Asks the terminal and the environment, where the user leaves it to them.
    let color = AutoStream::new(io::stderr(), color_choice(global.color)).current_choice();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).without_time();
    // A second start, as in tests, finds the first one's log: that is fine.
    let _ = log.with_ansi(color != ColorChoice::Never).try_init();
}
