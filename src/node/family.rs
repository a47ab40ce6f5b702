//! What the first process of a container owes the others: it takes on children that their parents leave behind, and hands signals on.

use std::io::{self, ErrorKind};
use std::process::Child;

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// The signals that are handed on: all that a program may be asked to end by, or told things with.
const HANDED_ON: &[Signal] = &[
    Signal::TERM,
    Signal::INT,
    Signal::QUIT,
    Signal::HUP,
    Signal::USR1,
    Signal::USR2,
    Signal::WINCH,
    Signal::ABORT,
    Signal::ALARM,
    Signal::CONT,
];

/// The code of a child that ended in no way that has one.
const UNKNOWN: i32 = 125;

/// The children of this process, its own and those that it inherits, and the signals that they are to get.
#[derive(Debug)]
pub(in crate::node) struct Family {
    children: tokio::signal::unix::Signal,
    signals: mpsc::UnboundedReceiver<Signal>,
}

/// Something that has happened.
#[derive(Debug)]
pub(in crate::node) enum News {
    /// One or more children have ended.
    ChildEnded,
    /// This process got a signal.
    Signal(Signal),
}

impl Family {
    /// From now on signals do nothing to this process but to be told. Needs a runtime of tokio.
    pub(in crate::node) fn new() -> io::Result<Self> {
        let (sender, signals) = mpsc::unbounded_channel();
        for handed_on in HANDED_ON.iter().copied() {
            let mut arrivals = signal(SignalKind::from_raw(handed_on.as_raw()))?;
            let sender = sender.clone();
            tokio::spawn(async move {
                while arrivals.recv().await.is_some() && sender.send(handed_on).is_ok() {}
            });
        }
        Ok(Self { children: signal(SignalKind::child())?, signals })
    }

    /// Waits until something happens. What has happened is not lost when this is dropped.
    pub(in crate::node) async fn news(&mut self) -> News {
        tokio::select! {
            _ = self.children.recv() => News::ChildEnded,
            Some(signal) = self.signals.recv() => News::Signal(signal),
        }
    }

    /// Waits for the end of a child, which gets the signals meanwhile; gives its exit code, 128 + n when signal n ended it.
    pub(in crate::node) async fn see_out(&mut self, child: &Child) -> io::Result<i32> {
        let child = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let child = child.ok_or_else(|| io::Error::from(ErrorKind::InvalidData))?;
        loop {
            if let Some(code) = reap(child)? {
                return Ok(code);
            }
            if let News::Signal(signal) = self.news().await {
                // It may have ended in this moment.
                let _ = rustix::process::kill_process(child, signal);
            }
        }
    }
}

/// Takes note of every child that has ended; gives the exit code of this one if it is among them.
fn reap(child: Pid) -> io::Result<Option<i32>> {
    let mut found = None;
    loop {
        match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some((ended, status))) if ended == child => found = Some(exit_code(status)),
            Ok(Some(_)) => {}
            Ok(None) | Err(rustix::io::Errno::CHILD) => return Ok(found),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Takes note of every child that has ended.
pub(in crate::node) fn reap_orphans() {
    while matches!(rustix::process::wait(WaitOptions::NOHANG), Ok(Some(_)) | Err(rustix::io::Errno::INTR)) {}
}

fn exit_code(status: WaitStatus) -> i32 {
    status.exit_status().or_else(|| Some(128 + status.terminating_signal()?)).unwrap_or(UNKNOWN)
}
