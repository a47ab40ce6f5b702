//! A command that has not ended yet.

use std::process::{Child, ExitStatus};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::capture::Capture;
use super::{Output, Redactions};

/// How often a waiting test looks again.
const TICK: Duration = Duration::from_millis(10);

/// A running process; killed when dropped.
#[derive(Debug)]
pub struct Running {
    line: String,
    child: Child,
    stdout: Capture,
    stderr: Capture,
    redactions: Redactions,
}

impl Running {
    pub(super) fn new(
        line: String,
        child: Child,
        stdout: Capture,
        stderr: Capture,
        redactions: Redactions,
    ) -> Self {
        Self { line, child, stdout, stderr, redactions }
    }

    /// Waits for the end; fails the test, with what was printed so far, when it does not come in time.
    #[track_caller]
    pub fn wait(mut self, timeout: Duration) -> Output {
        match self.ended_within(timeout) {
            Some(status) => self.output(Some(status)),
            None => panic!("still running after {timeout:?}\n{}", self.output(None)),
        }
    }

    /// Waits until standard output holds a line for which `wanted` finds something.
    #[track_caller]
    pub fn wait_for_line<T>(&mut self, timeout: Duration, wanted: impl Fn(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + timeout;
        loop {
            // Asked before reading, so that the last words of a process that has just ended are read too.
            let status = self.child.try_wait().expect("the state of a child process");
            let text = self.stdout.text();
            let complete_lines = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
            if let Some(found) = complete_lines.lines().find_map(&wanted) {
                return found;
            }
            assert!(status.is_none(), "ended before the line came\n{}", self.output(status));
            assert!(Instant::now() < deadline, "no such line within {timeout:?}\n{}", self.output(None));
            sleep(TICK);
        }
    }

    /// The complete lines of standard output so far.
    pub fn stdout_lines(&self) -> Vec<String> {
        let text = self.stdout.text();
        let complete = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
        complete.lines().map(str::to_owned).collect()
    }

    /// Standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// The most memory that the process has had so far, in bytes.
    #[track_caller]
    pub fn memory_peak(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        1024 * peak.and_then(|kilobytes| kilobytes.parse::<u64>().ok()).expect("a running process has memory")
    }

    /// Asks the process to end, as Ctrl-C or a service manager would.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process id");
        // A process that has ended by itself has nothing left to be told.
        let _ = kill_process(pid, signal);
    }

    /// Ends the process at once, with no chance to tidy up: `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().expect("the end of a killed process");
    }

    /// The exit status, if the process ends in time.
    pub fn ended_within(&mut self, timeout: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(status) = self.child.try_wait().expect("the state of a child process") {
                return Some(status);
            }
            if Instant::now() >= deadline {
                return None;
            }
            sleep(TICK);
        }
    }

    fn output(&self, status: Option<ExitStatus>) -> Output {
        Output {
            command: self.line.clone(),
            code: status.and_then(|status| status.code()),
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            redactions: self.redactions.clone(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
