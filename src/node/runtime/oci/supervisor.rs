//! The supervisor: a process of our own executable, one per container, that makes it, waits for it and writes down how it ended.
//!
//! It is a process apart for two reasons. Making a container means cloning a process with other namespaces, which is only safe
//! while there is a single thread; so [`intercept`] must run before anything starts one. And the container must outlive the
//! program that asked for it: whoever restarts finds the supervisor by its lock and the exit status it left behind.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use libcontainer::container::Container;
use libcontainer::container::builder::ContainerBuilder;
use libcontainer::syscall::syscall::SyscallType;
use rustix::fs::Mode;
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions};
use serde::{Deserialize, Serialize};

use super::container_folder::{ContainerFolder, Exit, Fault, Record, lock};
use super::executor::{PROGRAM_REASON, ProgramExecutor};
use super::network::{self, Membership};
use super::streams::{ContainerEnds, Streams};
use super::{chores, root_mount, user_namespace};
use crate::node::root_folder::RootFolder;

/// The hidden first argument that makes this program a supervisor.
pub(super) const ARGUMENT: &str = "__oci-run";

/// Exit codes for containers that never ran, as `docker run` gives them.
const NOT_STARTED: i32 = 125;
const PROGRAM_NOT_STARTED: i32 = 127;

/// What the library logs where it can't enter the working directory.
const NO_WORKING_DIRECTORY: &str = "failed to chdir";

/// What the supervisor tells the process that started it, as one line of JSON.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Report {
    /// The container's program runs.
    Started,
    /// Someone else has started this container before.
    StartedBefore,
    /// It can't be started.
    NotStarted(Fault, String),
}

/// Why a container didn't start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("{0}")]
    Program(String),
    #[error("{0}")]
    Settings(String),
    #[error("{action}: {reason}")]
    Step { action: &'static str, reason: String },
}

impl StartError {
    fn fault(&self) -> Fault {
        match self {
            Self::Program(_) => Fault::Program,
            Self::Settings(_) => Fault::Settings,
            Self::Step { .. } => Fault::Machine,
        }
    }
}

fn step<E: std::fmt::Display>(action: &'static str) -> impl FnOnce(E) -> StartError {
    move |error| StartError::Step { action, reason: error.to_string() }
}

/// If this process was started to be a supervisor, is one until its container has ended, and returns the exit code of the
/// process. The same for what else this runtime starts processes for. Call it first thing in `main`, before any thread starts.
pub fn intercept() -> Option<u8> {
    user_namespace::intercept().or_else(chores::intercept).or_else(play_supervisor)
}

fn play_supervisor() -> Option<u8> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    let folder = PathBuf::from(arguments.next()?);
    Some(match supervise(&folder) {
        Ok(()) => 0,
        Err(error) => {
            // Standard error is the container's log.
            let _ = writeln!(io::stderr(), "supervisor: {error}");
            1
        }
    })
}

fn supervise(path: &Path) -> io::Result<()> {
    // Fails if the process leads a group already, in which case no terminal's Ctrl-C reaches it anyway.
    let _ = rustix::process::setsid();
    rustix::process::umask(Mode::from_raw_mode(0o022));
    std::env::set_current_dir(path)?;
    let folder = ContainerFolder { path: path.to_owned() };
    let Some(_lock) = take_over(&folder)? else {
        return report(&Report::StartedBefore);
    };
    write_errors_to_log(&folder)?;
    let record = folder.record()?;
    let error = match launch(&folder, &record) {
        Ok(running) => {
            report(&Report::Started)?;
            return running.see_out(&folder);
        }
        Err(error) => error,
    };
    let (fault, reason) = (error.fault(), error.to_string());
    let code = if fault == Fault::Program { PROGRAM_NOT_STARTED } else { NOT_STARTED };
    folder.set_exit(&Exit {
        code,
        out_of_memory: false,
        error: Some(reason.clone()),
        not_started: Some(fault),
    })?;
    report(&Report::NotStarted(fault, reason))
}

/// Tells whoever started us. That they are gone by now is no reason to stop.
fn report(report: &Report) -> io::Result<()> {
    let mut line = serde_json::to_vec(report)?;
    line.push(b'\n');
    let mut output = io::stdout().lock();
    let _ = output.write_all(&line).and_then(|()| output.flush());
    Ok(())
}

/// Takes the container's lock and signs for it; `None` if someone else did before.
fn take_over(folder: &ContainerFolder) -> io::Result<Option<File>> {
    let mut file = File::options().read(true).write(true).open(folder.file("supervisor"))?;
    // Whoever looks whether the lock is held holds it for a moment themselves.
    let mut attempts = 20;
    while let Err(error) = lock(&file) {
        attempts -= 1;
        if attempts == 0 {
            return match error {
                rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS => Ok(None),
                error => Err(error.into()),
            };
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    if file.metadata()?.len() > 0 || folder.exit()?.is_some() {
        return Ok(None);
    }
    write!(file, "{}", std::process::id())?;
    Ok(Some(file))
}

/// libcontainer says what went wrong where it happens; its errors alone often don't.
fn write_errors_to_log(folder: &ContainerFolder) -> io::Result<()> {
    let log = File::options().append(true).create(true).open(folder.file("log"))?;
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::ERROR)
        .with_writer(std::sync::Mutex::new(log))
        .without_time()
        .with_ansi(false)
        .finish();
    // Nothing was set before: this process has just begun.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// A container whose program runs.
struct Running {
    container: Container,
    init: Pid,
    streams: Streams,
    memory_events: Option<PathBuf>,
    /// Keeps the network of the container's pool in being.
    _membership: Option<Membership>,
}

fn launch(folder: &ContainerFolder, record: &Record) -> Result<Running, StartError> {
    let (streams, ends) = Streams::open(&record.stdout, &record.stderr, record.owner_of_streams)
        .map_err(step("open the files for standard output and error"))?;
    mount_root(record)?;
    mount_binds(folder, record)?;
    if let Some((root, path)) = &record.working_directory {
        let made = RootFolder::open(root).and_then(|root| root.make_folder(path));
        made.map_err(|error| {
            let (path, root) = (path.display(), root.display());
            StartError::Settings(format!(
                "the working directory can't be made: `{path}` in `{root}`: {error}"
            ))
        })?;
    }
    if record.isolated_network {
        network::isolate().map_err(step("make a network with nothing but loopback"))?;
    }
    let membership = match &record.place {
        Some(place) => Some(network::join(place).map_err(step("join the pool's network"))?),
        None => None,
    };
    let (mut failures, failures_writer) = io::pipe().map_err(step("open a pipe"))?;
    let mut container = build(folder, record, ends, ProgramExecutor::new(failures_writer, record.init))?;
    let running = container
        .pid()
        .and_then(|pid| Pid::from_raw(pid.as_raw()))
        .ok_or(StartError::Step { action: "make the container", reason: "it has no process".to_owned() });
    let outcome = running.and_then(|init| {
        fs::write(folder.file("init"), init.as_raw_pid().to_string())
            .map_err(step("write down the process"))?;
        check_group(record, init).map_err(step("put the container into its control group"))?;
        let memory_events = memory_events(init).filter(|_| record.has_group);
        container.start().map_err(step("start the container"))?;
        // The pipe closes without a word when the program has taken over.
        let mut reason = String::new();
        failures.read_to_string(&mut reason).map_err(step("wait for the program"))?;
        if reason.is_empty() { Ok((init, memory_events)) } else { Err(StartError::Program(reason)) }
    });
    match outcome {
        Ok((init, memory_events)) => {
            Ok(Running { container, init, streams, memory_events, _membership: membership })
        }
        Err(error) => {
            if let Some(init) = container.pid().and_then(|pid| Pid::from_raw(pid.as_raw())) {
                // Without a control group the library would not find it; where it is gone already, nobody else has its number
                // before it is waited for.
                let _ = rustix::process::kill_process(init, Signal::KILL);
            }
            // What can't be cleaned up here is cleaned up when the container is removed.
            let _ = container.delete(true);
            Err(error)
        }
    }
}

/// Mounts what the container's root file system is, in a mount namespace of our own.
fn mount_root(record: &Record) -> Result<(), StartError> {
    root_mount::enter().map_err(step("make a namespace"))?;
    if !record.rootless {
        return root_mount::mount(record.devices_in_root).map_err(step("mount the image (overlay)"));
    }
    root_mount::hide_version_1().map_err(step("hide control groups of version 1"))?;
    root_mount::mount_of_user().map_err(step("mount the image (overlay)"))
}

/// Has what the container's own mounts show where they take it from: what of the machine it sees, and the image's volumes. A volume is
/// a part of the container's root file system, with what the image has there, mounted once more.
fn mount_binds(folder: &ContainerFolder, record: &Record) -> Result<(), StartError> {
    let of = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| StartError::Step { action: "mount", reason: format!("`{path}`: {error}") }
    };
    let places = (0..).map(|number| ContainerFolder::bind(&folder.path, number));
    let rootfs = folder.file("rootfs");
    let mut sources = record.binds.clone();
    for volume in &record.volumes {
        let volume = Path::new(volume);
        RootFolder::open(&rootfs).and_then(|root| root.make_folder(volume)).map_err(of(volume))?;
        sources.push(rootfs.join(volume.strip_prefix("/").unwrap_or(volume)));
    }
    sources
        .iter()
        .zip(places)
        .try_for_each(|(source, place)| root_mount::mount_bind(source, &place).map_err(of(source)))
}

fn build(
    folder: &ContainerFolder,
    record: &Record,
    ends: ContainerEnds,
    executor: ProgramExecutor,
) -> Result<Container, StartError> {
    let built = ContainerBuilder::new(record.id.clone(), SyscallType::default())
        .with_executor(executor)
        .with_stdout(ends.stdout)
        .with_stderr(ends.stderr)
        .with_root_path(folder.file("run"))
        .and_then(|builder| builder.as_init(&folder.path).with_systemd(false).with_detach(true).build());
    built.map_err(|error| {
        let text = error.to_string();
        match text.find(PROGRAM_REASON) {
            Some(start) => StartError::Program(text.get(start..).unwrap_or_default().to_owned()),
            None => {
                let reason = with_log(folder, text);
                if reason.contains(NO_WORKING_DIRECTORY) {
                    return StartError::Settings(format!("the working directory can't be entered: {reason}"));
                }
                StartError::Step { action: "make the container", reason }
            }
        }
    })
}

/// The library's error, with the first thing it logged: that is closest to the cause.
fn with_log(folder: &ContainerFolder, error: String) -> String {
    let log = fs::read_to_string(folder.file("log")).unwrap_or_default();
    match log.lines().next().map(|line| line.trim_start().trim_start_matches("ERROR").trim()) {
        Some(cause) if !cause.is_empty() => format!("{error} ({cause})"),
        _ => error,
    }
}

impl Running {
    /// Waits for the end, writes it down and cleans up.
    fn see_out(mut self, folder: &ContainerFolder) -> io::Result<()> {
        let process = rustix::process::pidfd_open(self.init, PidfdFlags::empty())?;
        self.streams.copy_until_end_of(process.as_fd())?;
        let status = loop {
            match rustix::process::waitpid(Some(self.init), WaitOptions::empty()) {
                Ok(Some((_, status))) => break status,
                Ok(None) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        };
        let code = match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => code,
            (None, Some(signal)) => 128 + signal,
            (None, None) => NOT_STARTED,
        };
        let out_of_memory = self.memory_events.as_deref().is_some_and(saw_out_of_memory_kill);
        // Whatever the program left behind ends now, so that no output comes after the exit status. Without a process
        // namespace of its own, that takes the control group.
        let cleaned = self.container.delete(true);
        folder.set_exit(&Exit { code, out_of_memory, error: self.streams.finish(), not_started: None })?;
        cleaned.map_err(io::Error::other)
    }
}

/// Whether the container of an ordinary user is in the control group that it was to have: where that fails, the library only says so
/// where nobody reads it, and no limit would hold.
fn check_group(record: &Record, process: Pid) -> io::Result<()> {
    if !record.rootless || !record.has_group {
        return Ok(());
    }
    let groups = fs::read_to_string(format!("/proc/{}/cgroup", process.as_raw_pid()))?;
    if groups.lines().any(|line| line.starts_with("0::") && line.ends_with(&record.id)) {
        return Ok(());
    }
    Err(io::Error::other(format!("it is still in `{}`", groups.trim())))
}

/// The file in which the kernel counts the processes it killed for want of memory, for the control group of a process.
fn memory_events(process: Pid) -> Option<PathBuf> {
    let groups = fs::read_to_string(format!("/proc/{}/cgroup", process.as_raw_pid())).ok()?;
    memory_events_file(&groups)
}

fn memory_events_file(groups: &str) -> Option<PathBuf> {
    let group_of = |controller: &str| {
        groups.lines().find_map(|line| {
            let mut fields = line.splitn(3, ':');
            let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
            controllers.split(',').any(|name| name == controller).then_some(path.trim_start_matches('/'))
        })
    };
    match group_of("memory") {
        Some(path) => Some(Path::new("/sys/fs/cgroup/memory").join(path).join("memory.oom_control")),
        None => Some(Path::new("/sys/fs/cgroup").join(group_of("")?).join("memory.events")),
    }
}

fn saw_out_of_memory_kill(file: &Path) -> bool {
    fs::read_to_string(file).is_ok_and(|text| {
        text.lines().any(|line| line.strip_prefix("oom_kill ").is_some_and(|count| count.trim() != "0"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_group_is_found_in_both_versions() {
        let first = "9:name=systemd:/\n4:cpu,memory:/batchyard/abc\n0::/\n";
        let second = "0::/user.slice/batchyard/abc\n";
        assert_eq!(
            memory_events_file(first).unwrap(),
            Path::new("/sys/fs/cgroup/memory/batchyard/abc/memory.oom_control")
        );
        assert_eq!(
            memory_events_file(second).unwrap(),
            Path::new("/sys/fs/cgroup/user.slice/batchyard/abc/memory.events")
        );
    }

    #[test]
    fn a_container_is_taken_over_once() {
        let containers = tempfile::tempdir().unwrap();
        let folder = ContainerFolder::new(containers.path(), "c").unwrap();
        fs::create_dir(&folder.path).unwrap();
        fs::write(folder.file("supervisor"), "").unwrap();
        assert!(take_over(&folder).unwrap().is_some());
        assert!(take_over(&folder).unwrap().is_none(), "the first supervisor signed");
    }
}
