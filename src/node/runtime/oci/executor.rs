//! The last step before the container's program takes over, inside the container: find it and become it.
//!
//! libcontainer's own executor demands that everyone may execute the program, where only the container's user need, and lets
//! the program inherit our ignored SIGPIPE. It also can't say why the program didn't start once the container was
//! told to: here, a pipe that closes when the program takes over carries the reason otherwise.

use std::io::{PipeWriter, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use libcontainer::oci_spec::runtime::Spec;
use libcontainer::workload::{Executor, ExecutorError, ExecutorSetEnvsError, ExecutorValidationError};
use rustix::fs::Access;
use rustix::process::Signal;

use super::init;

/// Marks the reasons that name the program, among all that libcontainer may say.
pub(super) const PROGRAM_REASON: &str = "the program ";

/// Becomes the container's program.
#[derive(Debug, Clone)]
pub(super) struct ProgramExecutor {
    failures: Arc<PipeWriter>,
    /// Whether the program is a child of this process, which stays as the container's first.
    as_init: bool,
}

impl ProgramExecutor {
    /// An executor that writes to `failures` why the program could not take over.
    pub(super) fn new(failures: PipeWriter, as_init: bool) -> Self {
        Self { failures: Arc::new(failures), as_init }
    }

    /// Returns only if the program can't take over, with the reason.
    fn give_way(&self, command: &mut Command) -> std::io::Error {
        if self.as_init { init::stay(command, &self.failures) } else { command.exec() }
    }
}

impl Executor for ProgramExecutor {
    fn validate(&self, spec: &Spec) -> Result<(), ExecutorValidationError> {
        // From here on the container must not outlive its supervisor: nobody would ever learn how it ended. This comes after
        // the change of user, which would undo it.
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(|error| ExecutorValidationError::ArgValidationError(error.to_string()))?;
        find_program(spec).map(|_| ()).map_err(ExecutorValidationError::ArgValidationError)
    }

    fn setup_envs(
        &self,
        _environment: std::collections::HashMap<String, String>,
    ) -> Result<(), ExecutorSetEnvsError> {
        // The program gets its environment in `exec`; ours stays as it is until then.
        Ok(())
    }

    fn exec(&self, spec: &Spec) -> Result<(), ExecutorError> {
        let reason = match find_program(spec) {
            Ok(path) => {
                let reason = match not_executable_here(&path) {
                    Some(reason) => reason.to_owned(),
                    None => self.give_way(&mut command(spec, &path)).to_string(),
                };
                init::refused(&path, &reason)
            }
            Err(reason) => reason,
        };
        // If the supervisor is gone there is nobody to tell.
        let _ = (&*self.failures).write_all(reason.as_bytes());
        if self.as_init {
            init::give_up();
        }
        Err(ExecutorError::Other(reason))
    }
}

fn command(spec: &Spec, path: &Path) -> Command {
    let mut command = Command::new(path);
    let process = spec.process().as_ref();
    let arguments = process.and_then(|process| process.args().as_deref()).unwrap_or_default();
    if let Some((name, rest)) = arguments.split_first() {
        command.arg0(name).args(rest);
    }
    let environment = process.and_then(|process| process.env().as_deref()).unwrap_or_default();
    command.env_clear().envs(environment.iter().filter_map(|variable| variable.split_once('=')));
    command
}

/// Why the kernel would refuse a file, judged by its first bytes. The C library answers such a refusal by running the file as
/// a shell script, as no container engine does.
fn not_executable_here(path: &Path) -> Option<&'static str> {
    // What can be executed but not read is left to the kernel.
    let header = header(path)?;
    if header.starts_with(b"#!") {
        return None;
    }
    let ours = header_machine(&header_of_this_program()?);
    match header_machine(&header) {
        None => Some("exec format error: it is neither a program nor a script that starts with `#!`"),
        machine if machine == ours || machine == ours.and_then(also_runs) => None,
        Some(_) => Some("exec format error: it is a program for another kind of processor"),
    }
}

const MACHINE_386: u16 = 3;
const MACHINE_ARM: u16 = 40;
const MACHINE_X86_64: u16 = 62;
const MACHINE_AARCH64: u16 = 183;

/// The older kind of program that processors of a kind run as well.
fn also_runs(machine: u16) -> Option<u16> {
    match machine {
        MACHINE_X86_64 => Some(MACHINE_386),
        MACHINE_AARCH64 => Some(MACHINE_ARM),
        _ => None,
    }
}

fn header(path: &Path) -> Option<Vec<u8>> {
    let mut header = Vec::new();
    std::fs::File::open(path).ok()?.take(64).read_to_end(&mut header).ok()?;
    Some(header)
}

fn header_of_this_program() -> Option<Vec<u8>> {
    header(Path::new("/proc/self/exe"))
}

/// Which kind of processor a program is for, from its ELF header.
fn header_machine(header: &[u8]) -> Option<u16> {
    let [0x7f, b'E', b'L', b'F', _, order, ..] = header else { return None };
    let machine: [u8; 2] = header.get(18..20)?.try_into().ok()?;
    Some(if *order == 2 { u16::from_be_bytes(machine) } else { u16::from_le_bytes(machine) })
}

/// The path of the program that `spec` names: as it is if it holds a slash, else the first executable along PATH.
fn find_program(spec: &Spec) -> Result<PathBuf, String> {
    let process = spec.process().as_ref();
    let arguments = process.and_then(|process| process.args().as_deref()).unwrap_or_default();
    let name = arguments.first().map(String::as_str).unwrap_or_default();
    let environment = process.and_then(|process| process.env().as_deref()).unwrap_or_default();
    let search = environment.iter().find_map(|variable| variable.strip_prefix("PATH=")).unwrap_or_default();

    let candidates: Vec<PathBuf> = if name.contains('/') {
        vec![PathBuf::from(name)]
    } else {
        search
            .split(':')
            .filter(|folder| !folder.is_empty())
            .map(|folder| Path::new(folder).join(name))
            .collect()
    };
    let mut found = None;
    for candidate in candidates {
        match std::fs::metadata(&candidate) {
            Ok(metadata) if metadata.is_file() => {
                if rustix::fs::access(&candidate, Access::EXEC_OK).is_ok() {
                    return Ok(candidate);
                }
                found = Some("is not executable");
            }
            Ok(_) => found = found.or(Some("is a folder")),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                found = found.or(Some("can't be reached by the container's user"));
            }
            Err(_) => {}
        }
    }
    let reason = found.map(str::to_owned).unwrap_or_else(|| {
        if name.contains('/') {
            "was not found in the container".to_owned()
        } else {
            format!("was not found in the container; PATH is `{search}`")
        }
    });
    Err(format!("{PROGRAM_REASON}`{name}` {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(program: &str, path: &str) -> Spec {
        serde_json::from_value(serde_json::json!({
            "ociVersion": "1.0.2",
            "root": { "path": "/" },
            "process": { "user": {"uid": 0, "gid": 0}, "args": [program], "cwd": "/", "env": [format!("PATH={path}")] }
        }))
        .unwrap()
    }

    #[test]
    fn what_the_kernel_would_refuse_is_told_by_its_first_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let verdict = |content: &[u8]| {
            let path = folder.path().join("file");
            std::fs::write(&path, content).unwrap();
            not_executable_here(&path)
        };
        let own = header_of_this_program().unwrap();
        assert_eq!(verdict(&own), None);
        assert_eq!(verdict(b"#!/bin/sh\n"), None);
        assert!(verdict(b"echo hello\n").unwrap().contains("neither a program nor a script"));
        assert!(verdict(b"").unwrap().contains("neither"));
        let mut foreign = own;
        foreign[18] = 2;
        assert!(verdict(&foreign).unwrap().contains("another kind of processor"));
    }

    #[test]
    fn programs_are_found_along_path_or_named_in_the_reason() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let other = folder.path().join("other");
        std::fs::create_dir(&other).unwrap();
        let place = |path: PathBuf, mode| {
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        place(folder.path().join("tool"), 0o644);
        place(other.join("tool"), 0o700);
        let path = format!("{}:{}", folder.path().display(), other.display());
        assert_eq!(find_program(&spec("tool", &path)).unwrap(), other.join("tool"));

        let only_first = folder.path().display().to_string();
        let error = find_program(&spec("tool", &only_first)).unwrap_err();
        assert_eq!(error, "the program `tool` is not executable");
        let error = find_program(&spec("nothing", &only_first)).unwrap_err();
        assert!(error.contains("`nothing` was not found") && error.contains(&only_first), "{error}");
        let error = find_program(&spec("/no/such", &path)).unwrap_err();
        assert_eq!(error, "the program `/no/such` was not found in the container");
        assert!(find_program(&spec("", &path)).is_err());
    }
}
