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

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::control::{COMMAND, COORDINATION, GLANCE, GO, Step};
use super::way_out;
use crate::node::family::{Family, News, reap_orphans};

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
        Runner { family: Family::new()?, account_url }.run(&instructions).await
    })
}

/// What runs programs, one after the other.
struct Runner {
    family: Family,
    /// Where they reach the account, if they may.
    account_url: Option<String>,
}

impl Runner {
    async fn run(&mut self, instructions: &Instructions) -> io::Result<i32> {
        let control = &instructions.control;
        if let Some(coordination) = &instructions.coordination {
            let coordination = self.see_through(coordination).await?;
            coordination.write(control, COORDINATION)?;
            if coordination != Step::Exited(0) {
                return Ok(code_of(&coordination));
            }
            if let Some(signal) = stay(&mut self.family, control, instructions.command.is_some()).await {
                return Ok(128 + signal.as_raw());
            }
        }
        let command = self.see_through(instructions.command.as_deref().unwrap_or_default()).await?;
        if let Step::NotStarted { .. } = command {
            command.write(control, COMMAND)?;
        }
        Ok(code_of(&command))
    }

    /// Runs a program to its end.
    async fn see_through(&mut self, command: &[String]) -> io::Result<Step> {
        let Some((program, arguments)) = command.split_first() else {
            let reason = "the command line is empty".to_owned();
            return Ok(Step::NotStarted { reason, is_missing: false });
        };
        let mut command = Command::new(program);
        command.args(arguments).arg0(program);
        if let Some(url) = &self.account_url {
            command.env(ACCOUNT_URL, url);
        }
        match command.spawn() {
            Ok(child) => self.family.see_out(&child).await.map(Step::Exited),
            Err(error) => Ok(not_started(program, &error)),
        }
    }
}

/// Stays until it may go on, which only the primary instance ever may, or is to end: then it tells by which signal.
async fn stay(family: &mut Family, control: &Path, goes_on: bool) -> Option<Signal> {
    let go = control.join(GO);
    loop {
        let pause = async {
            if !goes_on {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(GLANCE).await;
        };
        tokio::select! {
            news = family.news() => match news {
                News::ChildEnded => reap_orphans(),
                News::Signal(Signal::WINCH | Signal::USR1 | Signal::USR2 | Signal::CONT) => {}
                News::Signal(signal) => return Some(signal),
            },
            () = pause => if go.exists() {
                return None;
            },
        }
    }
}

fn not_started(program: &str, error: &io::Error) -> Step {
    let is_missing = error.kind() == ErrorKind::NotFound;
    let reason = if is_missing {
        format!("the program `{program}` was not found in the container")
    } else {
        format!("the program `{program}` can't be executed: {error}")
    };
    Step::NotStarted { reason, is_missing }
}

fn code_of(step: &Step) -> i32 {
    match step {
        Step::Exited(code) => *code,
        Step::NotStarted { is_missing: true, .. } => NOT_FOUND,
        Step::NotStarted { is_missing: false, .. } => NOT_EXECUTABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kept_a_program_from_starting_decides_the_code_and_no_words_do() {
        let code = |error: ErrorKind, program: &str| code_of(&not_started(program, &error.into()));
        assert_eq!(code(ErrorKind::NotFound, "tool"), 127);
        assert_eq!(code(ErrorKind::PermissionDenied, "tool"), 126);
        assert_eq!(code(ErrorKind::PermissionDenied, "not found"), 126);
        assert_eq!(code_of(&Step::Exited(3)), 3);
    }
}
