//! The first process of an instance's container, and of one whose task uses the account: this program, in the user's image and as the
//! task's user.
//!
//! In an instance it runs the coordination command and says how that went. Then it stays, as the container's processes end with it: a server that
//! the coordination command left in the background serves until the task is over. In the primary instance it runs the task's
//! command once it is told to, and ends as that does. It takes on children that others leave behind, and hands signals on.

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};
use serde::{Deserialize, Serialize};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::control::{COMMAND, COORDINATION, GLANCE, GO, Step};
use super::way_out;

/// The hidden first argument that makes this program a container's first process.
pub(super) const ARGUMENT: &str = "__instance";

/// The variable that says where the account is.
const ACCOUNT_URL: &str = "AZ_BATCH_ACCOUNT_URL";

/// Exit codes for programs that never ran, as shells give them.
const NOT_FOUND: i32 = 127;
const NOT_EXECUTABLE: i32 = 126;
/// What went wrong is this process's own fault.
const FAILED: u8 = 125;

/// What the first process is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Instructions {
    /// The coordination command, if this is one of several instances.
    pub(super) coordination: Option<Vec<String>>,
    /// The task's command; of several instances only the primary has one.
    pub(super) command: Option<Vec<String>>,
    /// The folder in which it and the node talk.
    pub(super) control: PathBuf,
    /// The socket of the account, if the task may use that.
    pub(super) account: Option<PathBuf>,
}

/// If this process was started to be the first one of an instance's container, is that until the end, and returns its exit code.
/// Call it before anything starts a thread.
pub fn intercept() -> Option<u8> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let instructions = arguments.next()?;
    Some(match begin(&instructions) {
        Ok(code) => u8::try_from(code).unwrap_or(FAILED),
        Err(error) => {
            let _ = writeln!(io::stderr(), "batchyard: the task can't be run: {error}");
            FAILED
        }
    })
}

fn begin(instructions: &OsString) -> io::Result<i32> {
    let instructions: Instructions = serde_json::from_str(&instructions.to_string_lossy())?;
    // Where it is not the first process, as another init is, orphans shall come here all the same.
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let account_url = match &instructions.account {
            Some(socket) => Some(way_out::open(socket.clone()).await?),
            None => None,
        };
        Family::new(account_url)?.run(&instructions).await
    })
}

/// The children of this process, its own and those that it inherits, and the signals that they are to get.
struct Family {
    children: tokio::signal::unix::Signal,
    signals: mpsc::UnboundedReceiver<Signal>,
    /// Where they reach the account, if they may.
    account_url: Option<String>,
}

impl Family {
    fn new(account_url: Option<String>) -> io::Result<Self> {
        let (sender, signals) = mpsc::unbounded_channel();
        for handed_on in
            [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP, Signal::USR1, Signal::USR2, Signal::WINCH]
        {
            let mut arrivals = signal(SignalKind::from_raw(handed_on.as_raw()))?;
            let sender = sender.clone();
            tokio::spawn(async move {
                while arrivals.recv().await.is_some() && sender.send(handed_on).is_ok() {}
            });
        }
        Ok(Self { children: signal(SignalKind::child())?, signals, account_url })
    }

    async fn run(&mut self, instructions: &Instructions) -> io::Result<i32> {
        let control = &instructions.control;
        if let Some(coordination) = &instructions.coordination {
            let coordination = self.see_through(coordination).await?;
            coordination.write(control, COORDINATION)?;
            if coordination != Step::Exited(0) {
                return Ok(code_of(&coordination));
            }
            if let Some(signal) = self.stay(control, instructions.command.is_some()).await {
                return Ok(128 + signal.as_raw());
            }
        }
        let command = self.see_through(instructions.command.as_deref().unwrap_or_default()).await?;
        if let Step::NotStarted(_) = command {
            command.write(control, COMMAND)?;
        }
        Ok(code_of(&command))
    }

    /// Runs a program to its end.
    async fn see_through(&mut self, command: &[String]) -> io::Result<Step> {
        let Some((program, arguments)) = command.split_first() else {
            return Ok(Step::NotStarted("the command line is empty".to_owned()));
        };
        let mut command = Command::new(program);
        command.args(arguments).arg0(program);
        if let Some(url) = &self.account_url {
            command.env(ACCOUNT_URL, url);
        }
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) => return Ok(Step::NotStarted(not_started(program, &error))),
        };
        let child = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let child = child.ok_or_else(|| io::Error::from(ErrorKind::InvalidData))?;
        loop {
            if let Some(status) = reap(child)? {
                return Ok(Step::Exited(status));
            }
            tokio::select! {
                _ = self.children.recv() => {}
                Some(signal) = self.signals.recv() => {
                    // It may have ended in this moment.
                    let _ = rustix::process::kill_process(child, signal);
                }
            }
        }
    }

    /// Stays until it may go on, which only the primary instance ever may, or is to end: then it tells by which signal.
    async fn stay(&mut self, control: &Path, goes_on: bool) -> Option<Signal> {
        let go = control.join(GO);
        loop {
            let pause = async {
                if !goes_on {
                    std::future::pending::<()>().await;
                }
                tokio::time::sleep(GLANCE).await;
            };
            tokio::select! {
                _ = self.children.recv() => reap_orphans(),
                Some(signal) = self.signals.recv() => match signal {
                    Signal::WINCH | Signal::USR1 | Signal::USR2 => {}
                    signal => return Some(signal),
                },
                () = pause => if go.exists() {
                    return None;
                },
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

fn reap_orphans() {
    while matches!(rustix::process::wait(WaitOptions::NOHANG), Ok(Some(_)) | Err(rustix::io::Errno::INTR)) {}
}

fn exit_code(status: WaitStatus) -> i32 {
    status.exit_status().or_else(|| Some(128 + status.terminating_signal()?)).unwrap_or(FAILED.into())
}

fn not_started(program: &str, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("the program `{program}` was not found in the container"),
        _ => format!("the program `{program}` can't be executed: {error}"),
    }
}

fn code_of(step: &Step) -> i32 {
    match step {
        Step::Exited(code) => *code,
        Step::NotStarted(reason) if reason.contains("not found") => NOT_FOUND,
        Step::NotStarted(_) => NOT_EXECUTABLE,
    }
}
