//! A folder of a test's own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Command, Output, Redactions};

/// A temporary folder with recipe files, a home and a data folder that no other test shares. Gone when dropped.
#[derive(Debug)]
pub struct Sandbox {
    root: TempDir,
}

impl Sandbox {
    /// An empty sandbox.
    pub fn new() -> Self {
        let root = tempfile::Builder::new().prefix("batchyard-test-").tempdir().expect("a temporary folder");
        fs::create_dir(root.path().join("home")).expect("a home in the sandbox");
        Self { root }
    }

    /// The sandbox with one more file, at `path` below its root.
    pub fn file(self, path: &str, content: &str) -> Self {
        self.write(path, content);
        self
    }

    /// Writes a file at `path` below the root: for what changes in the course of a test.
    pub fn write(&self, path: &str, content: &str) {
        let path = self.path(path);
        let folder = path.parent().expect("a file has a folder");
        fs::create_dir_all(folder)
            .unwrap_or_else(|error| panic!("cannot create {}: {error}", folder.display()));
        fs::write(&path, content).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }

    /// The content of the file at `path` below the root.
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        let path = self.path(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
    }

    /// An absolute path from one relative to the root.
    pub fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.path().join(relative)
    }

    /// The local account's data folder, as `BATCHYARD_DATA` names it to every command of this sandbox.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Runs `batchyard` in the sandbox to its end.
    #[track_caller]
    pub fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Output {
        self.command(args).run()
    }

    /// `batchyard` in the sandbox, for tests that set more than arguments.
    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        self.furnish(Command::batchyard()).args(args)
    }

    /// Another program in the sandbox.
    pub fn program(&self, program: impl AsRef<OsStr>) -> Command {
        self.furnish(Command::program(program))
    }

    fn furnish(&self, command: Command) -> Command {
        command
            .current_dir(self.root.path())
            .env("HOME", self.path("home"))
            .env("BATCHYARD_DATA", self.data())
            .redactions(Redactions::default().path(self.root.path(), "[SANDBOX]"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn files_land_below_the_root() {
        let sandbox = Sandbox::new().file("recipes/deep/recipe.yaml", "name: deep\n");
        assert_eq!(sandbox.read("recipes/deep/recipe.yaml"), "name: deep\n");
    }

    #[test]
    fn a_command_sees_the_sandbox_and_not_the_machine() {
        let sandbox = Sandbox::new();
        let output = sandbox.program("env").env("EXTRA", "1").run();
        output.success().stdout_contains("EXTRA=1").never_mentions("CARGO");
        assert!(output.redacted_stdout().contains("HOME=[SANDBOX]/home\n"), "{output}");
        assert!(output.redacted_stdout().contains("BATCHYARD_DATA=[SANDBOX]/data\n"), "{output}");
    }

    #[test]
    fn the_program_under_test_runs_in_a_sandbox() {
        Sandbox::new().run(["--version"]).success();
    }

    #[test]
    fn a_command_is_fed_and_its_exit_code_kept() {
        let sandbox = Sandbox::new();
        let output =
            sandbox.program("sh").args(["-c", "read word; echo got $word; exit 3"]).stdin("yes\n").run();
        output.code(3).stdout_is("got yes");
    }

    #[test]
    #[should_panic(expected = "still running after 50ms")]
    fn a_command_that_hangs_fails_the_test() {
        Sandbox::new().program("sleep").args(["60"]).timeout(Duration::from_millis(50)).run();
    }

    #[test]
    #[should_panic(expected = "ended before the line came")]
    fn waiting_for_a_line_ends_with_the_process() {
        let mut running = Sandbox::new().program("echo").args(["nothing of note"]).start();
        running.wait_for_line(Duration::from_secs(30), |line| line.strip_prefix("ready").map(str::to_owned));
    }
}
