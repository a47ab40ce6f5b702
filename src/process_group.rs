//! A program with all that it has started.

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// A program with all that it has started: they are ended when this is dropped.
#[derive(Debug)]
pub struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    /// That of a program that was started with `process_group(0)`.
    pub fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)))
    }

    /// Nothing is ended any more: once the program has been waited for, its number may be another's.
    pub fn let_go(mut self) {
        self.0 = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It fails when all have ended, and then there is nothing to do.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
