//! Work on files that belong to users of a user namespace: processes in there do it, one for each piece of work.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::Mode;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use super::unpack_image::{Fault, Layer, unpack_image};
use super::user_namespace::UserNamespace;
use crate::node::plain_path;
use crate::node::root_folder::remove_host_tree;

/// The hidden first argument of a process that unpacks an image: after it come who asked for it, the folder, the bytes that it may take, and
/// of each layer the file and the digest.
const UNPACK: &str = "__oci-unpack";
/// The hidden first argument of a process that removes a file or folder: after it come who asked for it, and the path.
const REMOVE: &str = "__oci-remove";

/// What such a process has to say, as one line of JSON.
#[derive(Debug, Serialize, Deserialize)]
enum Report {
    /// It is done; of what was unpacked, how many bytes of the disk it takes.
    Done(u64),
    /// The image is to blame.
    Image(String),
    /// The machine is.
    Machine {
        /// Where it went wrong.
        path: PathBuf,
        /// Whether there was no room.
        is_full: bool,
        /// What went wrong.
        reason: String,
    },
}

impl Report {
    fn of(outcome: Result<u64, Fault>) -> Self {
        match outcome {
            Ok(bytes) => Self::Done(bytes),
            Err(Fault::Image(reason)) => Self::Image(reason),
            Err(Fault::Machine(path, error)) => {
                let full = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
                Self::Machine { path, is_full: full.contains(&error.kind()), reason: error.to_string() }
            }
        }
    }

    fn outcome(self) -> Result<u64, Fault> {
        match self {
            Self::Done(bytes) => Ok(bytes),
            Self::Image(reason) => Err(Fault::Image(reason)),
            Self::Machine { path, is_full, reason } => {
                let kind = if is_full { io::ErrorKind::StorageFull } else { io::ErrorKind::Other };
                Err(Fault::Machine(path, io::Error::new(kind, reason)))
            }
        }
    }
}

/// Unpacks an image as [`unpack_image`] does, as root of the namespace: its files get the owners that they have in the image.
pub(super) fn unpack<'a>(
    namespace: &UserNamespace,
    root: &Path,
    room: u64,
    layers: impl IntoIterator<Item = Layer<'a>>,
) -> Result<u64, Fault> {
    let run = || {
        let mut command = chore(UNPACK, namespace)?;
        command.arg(root).arg(room.to_string());
        for (file, digest) in layers {
            command.arg(file).arg(digest);
        }
        run(command)
    };
    run().map_err(|error| Fault::Machine(root.to_owned(), error))?.outcome()
}

/// Removes a file or folder with everything below it. What this process may not remove, root of the namespace may.
pub(super) fn remove_tree(path: &Path, namespace: Option<&UserNamespace>) -> io::Result<()> {
    match (remove_host_tree(path), namespace) {
        (Err(error), Some(namespace)) if error.kind() == io::ErrorKind::PermissionDenied => {
            remove_as_root(path, namespace)
        }
        (result, _) => result,
    }
}

/// Removes a file or folder with everything below it, as root of the namespace. No link is followed on the way there.
pub(super) fn remove_as_root(path: &Path, namespace: &UserNamespace) -> io::Result<()> {
    let mut command = chore(REMOVE, namespace)?;
    command.arg(path);
    match run(command)?.outcome() {
        Ok(_) => Ok(()),
        Err(Fault::Image(reason)) => Err(io::Error::other(reason)),
        Err(Fault::Machine(_, error)) => Err(error),
    }
}

fn chore(argument: &str, namespace: &UserNamespace) -> io::Result<Command> {
    let mut command = namespace.command()?;
    command.arg(argument).arg(std::process::id().to_string());
    Ok(command)
}

/// Runs a process and hears its report.
fn run(mut command: Command) -> io::Result<Report> {
    // Out of reach of the terminal's Ctrl-C: whoever waits for it decides.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output()?;
    serde_json::from_slice(&output.stdout).map_err(|_| {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        io::Error::other(format!("the process in the user namespace ended with {}: {said}", output.status))
    })
}

/// If this process was started for a piece of work, does it, and returns the exit code of the process.
pub(super) fn intercept() -> Option<u8> {
    let mut arguments = std::env::args_os().skip(1);
    let argument = arguments.next()?;
    let outcome = match () {
        () if argument == UNPACK => with_asker(arguments.next(), || play_unpacker(arguments.collect())),
        () if argument == REMOVE => with_asker(arguments.next(), || {
            let path = PathBuf::from(arguments.next().unwrap_or_default());
            // What tasks have left may have become a link on the way there.
            plain_path::remove(&path).map(|()| 0).map_err(|error| Fault::Machine(path, error))
        }),
        () => return None,
    };
    let reported = serde_json::to_vec(&Report::of(outcome)).map_err(io::Error::from);
    Some(match reported.and_then(|report| io::stdout().lock().write_all(&report)) {
        Ok(()) => 0,
        Err(_) => 1,
    })
}

/// Does something unless whoever asked for it is gone, or goes meanwhile: then somebody else may already be clearing it away.
fn with_asker(asker: Option<OsString>, work: impl FnOnce() -> Result<u64, Fault>) -> Result<u64, Fault> {
    let failed = |error| Fault::Machine(PathBuf::from("/"), error);
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| failed(error.into()))?;
    let parent = rustix::process::getppid().map(|parent| parent.as_raw_pid().to_string());
    if parent.map(OsString::from) != asker {
        return Err(failed(io::Error::other("whoever asked for it is gone")));
    }
    rustix::process::umask(Mode::from_raw_mode(0o022));
    work()
}

fn play_unpacker(arguments: Vec<OsString>) -> Result<u64, Fault> {
    let [root, room, layers @ ..] = arguments.as_slice() else {
        return Err(Fault::Image("there is nothing to unpack".to_owned()));
    };
    let room = room.to_str().and_then(|room| room.parse().ok()).unwrap_or(0);
    let layers = layers.chunks(2).filter_map(|layer| match layer {
        [file, digest] => Some((Path::new(file), digest.to_str()?)),
        _ => None,
    });
    unpack_image(Path::new(root), room, layers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_keeps_whose_fault_it_was_and_whether_there_was_no_room() {
        let through = |outcome| {
            let line = serde_json::to_vec(&Report::of(outcome)).unwrap();
            serde_json::from_slice::<Report>(&line).unwrap().outcome()
        };
        assert_eq!(through(Ok(7)).unwrap(), 7);
        assert!(
            matches!(through(Err(Fault::Image("bad".to_owned()))), Err(Fault::Image(why)) if why == "bad")
        );
        let machine = |kind| through(Err(Fault::Machine("/x".into(), io::Error::new(kind, "why"))));
        for (kind, expected) in [
            (io::ErrorKind::StorageFull, io::ErrorKind::StorageFull),
            (io::ErrorKind::QuotaExceeded, io::ErrorKind::StorageFull),
            (io::ErrorKind::PermissionDenied, io::ErrorKind::Other),
        ] {
            let Err(Fault::Machine(path, error)) = machine(kind) else { panic!("whose fault?") };
            assert_eq!((path.as_path(), error.kind()), (Path::new("/x"), expected));
            assert!(error.to_string().contains("why"));
        }
    }
}
