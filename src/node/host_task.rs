//! Runs a task on the node itself: a process with the node's files and nothing else of its surroundings.

use std::fs::File;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};

use crate::batch::command_line;
use crate::batch::model::BatchTaskFailureInfo;
use crate::node::account::Account;
use crate::node::compute_node::Inner;
use crate::node::container_plan::GRACE;
use crate::node::failure::{self, TaskOutcome};
use crate::node::record::{Program, RunRecord};
use crate::node::run::{Run, Watch};

/// Where programs are looked for, unless the task sets PATH. The node's own PATH says nothing about nodes in Azure.
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs the command line of a task to its end.
pub(super) async fn run(node: &Inner, run: &Run<'_>, account: Account, watch: &Watch<'_>) -> TaskOutcome {
    let mut child = match launch(run, node.account, account) {
        Ok(child) => child,
        Err(failure_info) => return TaskOutcome::failed(failure_info),
    };
    let mut group = ProcessGroup::of(&child);
    let (pid, started) = group.identity();
    let program = Program::Process { pid, started };
    let mut record = RunRecord { attempt: run.attempt, started: run.started.into(), program, outcome: None };
    node.note(&run.record, &record).await;
    let (status, interruption) = tokio::select! {
        status = child.wait() => (status, None),
        why = watch.interrupted() => (group.end(&mut child).await, Some(why)),
    };
    group.disarm();
    let outcome = match status {
        Ok(status) => {
            let mut outcome = TaskOutcome::exited(exit_code(status), None);
            if let Some(why) = interruption {
                outcome.failure_info = Some(failure::ended(why));
            }
            outcome
        }
        Err(error) => {
            TaskOutcome::failed(failure::node_failed(format!("waiting for the process failed: {error}")))
        }
    };
    node.settle(&run.record, &mut record, outcome).await
}

fn launch(run: &Run<'_>, current: Account, account: Account) -> Result<Child, BatchTaskFailureInfo> {
    if !cfg!(target_os = "linux") {
        return Err(failure::launch_failed("tasks outside of containers run on Linux only"));
    }
    let arguments = command_line::split(run.command_line).map_err(failure::launch_failed)?;
    let Some((program, arguments)) = arguments.split_first() else {
        return Err(failure::launch_failed("the command line is empty"));
    };
    let working = run.directory.working();
    check_account(account, current, &working)?;

    let mut command = Command::new(program);
    command.args(arguments).current_dir(&working).process_group(0).stdin(Stdio::null());
    command.env_clear().envs(run.environment.clone().into_variables(|_| true));
    if account != current {
        command.uid(account.uid).gid(account.gid);
    }
    let output = |path: &Path| File::options().append(true).open(path).map(Stdio::from);
    let (stdout, stderr) = output(&run.directory.stdout())
        .and_then(|stdout| Ok((stdout, output(&run.directory.stderr())?)))
        .map_err(|error| failure::node_failed(format!("the output files can't be opened: {error}")))?;
    command.stdout(stdout).stderr(stderr).spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => failure::program_not_found(program, error),
        _ => failure::launch_failed(format!("`{program}`: {error}")),
    })
}

/// Says before the kernel does, and in more words, why a user can't run anything here.
fn check_account(account: Account, current: Account, working: &Path) -> Result<(), BatchTaskFailureInfo> {
    if account.is_root() && !current.is_root() {
        return Err(failure::launch_failed(
            "elevation level `admin` means root on the node itself, and this program does not run as root; \
             run it as root, run the task in a container, or use elevation level `nonadmin`",
        ));
    }
    match account.closed_directory(working) {
        None => Ok(()),
        Some(closed) => Err(failure::launch_failed(format!(
            "the task runs as user {account}, and {} is closed to that user; keep the node's data elsewhere, open the \
             folder (chmod o+x), or use elevation level `admin`",
            closed.display()
        ))),
    }
}

fn exit_code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}

/// A process and all that it started. Dropped before it was disarmed it ends them, as nobody could tell any more how they
/// ended.
#[derive(Debug)]
struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    /// Its id, and when it was started; no process has a start time of 0.
    fn identity(&self) -> (i32, u64) {
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
    async fn end(&mut self, child: &mut Child) -> io::Result<ExitStatus> {
        self.signal(Signal::TERM);
        let status = match tokio::time::timeout(GRACE, child.wait()).await {
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

    fn disarm(&mut self) {
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
    if start_time(pid) == Some(started) {
        ProcessGroup(Pid::from_raw(pid)).signal(Signal::KILL);
    }
}

/// When the kernel started a process, in ticks since the boot.
fn start_time(pid: i32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses and may hold anything; the start time is the 22nd.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}
