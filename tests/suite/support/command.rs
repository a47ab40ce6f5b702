//! Running the built program.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::process;
use std::time::Duration;

use super::capture::Capture;
use super::{Output, Redactions, Running};

/// How long a command may take unless the test says otherwise: long enough for a loaded machine, short enough to
/// notice a hang.
const TIMEOUT: Duration = Duration::from_secs(120);

/// What of the surrounding environment reaches a command. Everything else is kept out, so that no test depends on
/// the machine's accounts, engines or settings.
const INHERITED: [&str; 3] = ["PATH", "TMPDIR", "LLVM_PROFILE_FILE"];

/// One invocation of a program, by default of `batchyard`.
#[derive(Debug)]
pub struct Command {
    inner: process::Command,
    timeout: Duration,
    redactions: Redactions,
}

impl Command {
    /// The program under test, with nothing of the surrounding environment but the search path.
    pub fn batchyard() -> Self {
        Self::program(env!("CARGO_BIN_EXE_batchyard"))
    }

    /// Any other program, as clean.
    #[expect(clippy::disallowed_methods, reason = "a test's command starts from the test's own environment")]
    pub fn program(program: impl AsRef<OsStr>) -> Self {
        let mut inner = process::Command::new(program);
        inner.env_clear();
        inner.envs(INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        inner.stdin(process::Stdio::null());
        Self { inner, timeout: TIMEOUT, redactions: Redactions::default() }
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.inner.args(args);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.inner.env(name, value);
        self
    }

    /// Runs in `folder`.
    pub fn current_dir(mut self, folder: impl AsRef<std::path::Path>) -> Self {
        self.inner.current_dir(folder);
        self
    }

    /// Answers the program's questions with `text`.
    pub fn stdin(mut self, text: &str) -> Self {
        let path = tempfile::NamedTempFile::new().expect("a temporary file for the input");
        path.as_file().write_all(text.as_bytes()).expect("writing the input");
        self.inner.stdin(File::open(path.path()).expect("the input"));
        self
    }

    /// Fails the test when the command takes longer.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What to blot out of the output before it is compared.
    pub fn redactions(mut self, redactions: Redactions) -> Self {
        self.redactions = redactions;
        self
    }

    /// Runs the command to its end.
    #[track_caller]
    pub fn run(self) -> Output {
        let timeout = self.timeout;
        self.start().wait(timeout)
    }

    /// Starts the command and returns while it runs.
    #[track_caller]
    pub fn start(mut self) -> Running {
        let (stdout, stderr) = (Capture::new(), Capture::new());
        let line = format!("{:?}", self.inner);
        let child = self.inner.stdout(stdout.writer()).stderr(stderr.writer()).spawn();
        let child = child.unwrap_or_else(|error| panic!("cannot start {line}: {error}"));
        Running::new(line, child, stdout, stderr, self.redactions)
    }
}
