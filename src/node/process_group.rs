//! The processes of a task that runs on the node itself.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::process::Child;

/// A process and all that it started. Dropped before it was disarmed it ends them, as nobody could tell any more how they
/// ended.
#[derive(Debug)]
pub(super) struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    pub(super) fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    /// Its id, and when it was started; no process has a start time of 0.
    pub(super) fn identity(&self) -> (i32, u64) {
        let pid = self.0.map_or(0, |pid| pid.as_raw_nonzero().get());
        (pid, start_time(pid).unwrap_or(0))
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.0 {
            // Fails only for a group that is gone.
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }

    /// Asks the processes to end, and ends them if they don't.
    pub(super) async fn end(&mut self, child: &mut Child, grace: Duration) -> io::Result<ExitStatus> {
        self.signal(Signal::TERM);
        let status = match tokio::time::timeout(grace, child.wait()).await {
            Ok(status) => status,
            Err(_) => {
                self.signal(Signal::KILL);
                child.wait().await
            }
        };
        // Those that outlived their parent.
        self.signal(Signal::KILL);
        status
    }

    pub(super) fn disarm(&mut self) {
        self.0 = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Ends the processes of a run that an earlier life of this program started, if they still are.
pub(super) fn end_leftover(pid: i32, started: u64) {
    if runs(pid, started) {
        ProcessGroup(Pid::from_raw(pid)).signal(Signal::KILL);
    }
}

/// Whether a process still is that an earlier life of this program started.
pub(super) fn runs(pid: i32, started: u64) -> bool {
    start_time(pid) == Some(started)
}

/// When the kernel started a process, in ticks since the boot.
fn start_time(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses and may hold anything; the start time is the 22nd.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}
