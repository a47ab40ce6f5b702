//! Runs a task on the node itself: a process with the node's files and nothing else of its surroundings.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use rustix::fs::OFlags;
use tokio::process::{Child, Command};

use crate::batch::command_line;
use crate::batch::model::BatchTaskFailureInfo;
use crate::node::account::Account;
use crate::node::conclusion::conclude;
use crate::node::container_plan::GRACE;
use crate::node::context::NodeContext;
use crate::node::failure::{self, TaskOutcome};
use crate::node::plain_path;
use crate::node::process_group::ProcessGroup;
use crate::node::record::Program;
use crate::node::run::{Run, Watch};

/// Runs the command line of a task to its end.
pub(super) async fn run(
    node: &NodeContext,
    run: &Run<'_>,
    account: Account,
    watch: &Watch<'_>,
) -> TaskOutcome {
    let mut child = match launch(run, node.account, account) {
        Ok(child) => child,
        Err(failure_info) => return TaskOutcome::failed(failure_info),
    };
    let mut group = ProcessGroup::of(&child);
    let (pid, started) = group.identity();
    let mut record = run.begins(Program::Process { pid, started });
    node.note(&run.record, &record).await;
    let (status, interruption) = tokio::select! {
        status = child.wait() => (status, None),
        why = watch.interrupted() => (group.end(&mut child, GRACE).await, Some(why)),
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
    conclude(node, run, &mut record, outcome, watch).await
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
    let output = |path: &Path| plain_path::open_to_write(path, OFlags::APPEND).map(Stdio::from);
    let (stdout, stderr) = output(&run.directory.stdout())
        .and_then(|stdout| Ok((stdout, output(&run.directory.stderr())?)))
        .map_err(|error| failure::node_failed(format!("the output files can't be opened: {error}")))?;
    command.stdout(stdout).stderr(stderr);
    let spawned =
        if account.is_root() { command.spawn() } else { spawn_without_new_privileges(&mut command) };
    spawned.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => failure::program_not_found(program, error),
        _ => failure::launch_failed(format!("`{program}`: {error}")),
    })
}

/// Spawns a process that no setuid file helps to become root: a task of root in a container may have left one in the node's folders.
fn spawn_without_new_privileges(command: &mut Command) -> io::Result<Child> {
    let runtime = tokio::runtime::Handle::current();
    // What is denied to a thread is denied to the processes that it starts, and can't be given back: so a thread of its own.
    std::thread::scope(|scope| {
        let spawn = scope.spawn(|| {
            let _entered = runtime.enter();
            rustix::thread::set_no_new_privs(true)?;
            command.spawn()
        });
        spawn.join().unwrap_or_else(|_| Err(io::Error::other("the thread that starts it has panicked")))
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
