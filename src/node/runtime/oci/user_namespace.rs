//! The user namespace in which an ordinary user is root: a process of its own makes it, and others enter it.
//!
//! Making and entering one takes a process of a single thread, and this program has many. So it starts itself once more for each:
//! [`intercept`] must run before anything starts a thread. Who has which number in the namespace is written from outside, as the kernel
//! wants it. A namespace lives as long as somebody holds it open or is in it, and everything that any of its processes leaves on disk
//! belongs to the same users in the next one: none has to be found again.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufReader, Read as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use libcontainer::oci_spec::runtime::LinuxNamespaceType;
use rustix::mount::MountPropagationFlags;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::ids::{IdMap, Ids, name_of};
use super::new_namespace::enter_new;

/// The hidden first argument that has this program make a namespace.
const MAKE: &str = "__oci-make-namespace";
/// The hidden first argument that has this program enter the namespace at its standard input, and go on with the arguments after it.
const ENTER: &str = "__oci-enter-namespace";

/// What is said between the process that makes the namespace and the one that asked for it.
const MADE: &str = "made";
const MAPPED: &str = "mapped";
const READY: &str = "ready";

/// Where a setuid program may be: never where a variable says.
const PROGRAMS: &[&str] = &["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];

/// This very program, whatever has become of its file.
pub(super) const THIS_PROGRAM: &str = "/proc/self/exe";

/// A user namespace, open as long as this lives.
#[derive(Debug, Clone)]
pub(super) struct UserNamespace {
    namespace: Arc<OwnedFd>,
    /// Who is in it.
    pub(super) ids: Ids,
    /// Why there is nobody but root in it.
    pub(super) alone: Option<String>,
    /// The program whose processes enter it.
    program: PathBuf,
}

impl UserNamespace {
    /// Makes one with `program`, which must call [`intercept`] first thing. With more than root in it, where the machine lends this user
    /// more.
    pub(super) fn make(program: &Path) -> io::Result<Self> {
        let alone = match lent_ids() {
            Ok(ids) => match make(program, |process| write_lent(process, &ids)) {
                Ok(namespace) => return Ok(Self::new(namespace, ids, None, program)),
                Err(error) => error.to_string(),
            },
            Err(reason) => reason,
        };
        let (user, group) = ourselves();
        let ids = Ids { users: IdMap::alone(user), groups: IdMap::alone(group) };
        let namespace = make(program, |process| write_own(process, user, group))?;
        Ok(Self::new(namespace, ids, Some(alone), program))
    }

    fn new(namespace: OwnedFd, ids: Ids, alone: Option<String>, program: &Path) -> Self {
        Self { namespace: Arc::new(namespace), ids, alone, program: program.to_owned() }
    }

    /// The same users in the namespace that process `process` is in.
    pub(super) fn of(&self, process: u32) -> io::Result<Self> {
        let namespace: OwnedFd = File::open(format!("/proc/{process}/ns/user"))?.into();
        Ok(Self { namespace: Arc::new(namespace), ..self.clone() })
    }

    /// A command of this program in the namespace; its arguments are to be added.
    pub(super) fn command(&self) -> io::Result<Command> {
        self.command_of(&self.program)
    }

    /// A command of `program`, another copy of this one, in the namespace; its arguments are to be added.
    pub(super) fn command_of(&self, program: &Path) -> io::Result<Command> {
        let mut command = Command::new(program);
        command.arg(ENTER).stdin(self.namespace.try_clone()?).env_clear();
        Ok(command)
    }
}

/// Who this process is.
fn ourselves() -> (u32, u32) {
    (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw())
}

/// Who there can be in a namespace of this user, or why it is only themselves.
fn lent_ids() -> Result<Ids, String> {
    let (user, group) = ourselves();
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let passwd = read("/etc/passwd");
    let name = name_of(&passwd, user);
    let shown = name.map_or_else(|| user.to_string(), str::to_owned);
    let map = |outside, file: &str| match IdMap::with_lent(outside, &read(file), name, user) {
        map if map.count() < 2 => Err(format!(
            "{file} lends {shown} no others: `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {shown}`, as root"
        )),
        map => Ok(map),
    };
    Ok(Ids { users: map(user, "/etc/subuid")?, groups: map(group, "/etc/subgid")? })
}

/// Has a process make a namespace and `write_ids` write who is in it, and takes hold of it.
fn make(program: &Path, write_ids: impl FnOnce(u32) -> io::Result<()>) -> io::Result<OwnedFd> {
    let mut maker = Command::new(program)
        .arg(MAKE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .env_clear()
        // Out of reach of the terminal's Ctrl-C.
        .process_group(0)
        .spawn()?;
    let process = maker.id();
    let (input, output) = (maker.stdin.take(), maker.stdout.take());
    let result = input.zip(output).ok_or(io::ErrorKind::BrokenPipe.into()).and_then(|(mut input, output)| {
        let mut said = BufReader::new(output);
        hear(&mut said, MADE)?;
        write_ids(process)?;
        writeln!(input, "{MAPPED}")?;
        hear(&mut said, READY)?;
        // Its input is still open, so it is still there and nobody else has its number.
        Ok(File::open(format!("/proc/{process}/ns/user"))?.into())
    });
    // With its input gone it ends; what it then says is nothing new.
    let _ = maker.wait();
    result
}

/// Hears that word, or why it is not said.
fn hear(said: &mut impl io::BufRead, word: &str) -> io::Result<()> {
    let mut line = String::new();
    said.read_line(&mut line)?;
    match line.trim() {
        found if found == word => Ok(()),
        "" => Err(io::Error::other("the process that was to make it said nothing")),
        reason => Err(io::Error::other(reason.to_owned())),
    }
}

/// Writes who is in the namespace of a process: only this user may, for themselves alone.
fn write_own(process: u32, user: u32, group: u32) -> io::Result<()> {
    let file = |name: &str| format!("/proc/{process}/{name}");
    // The kernel wants it so: who could leave groups could get round files that are closed to these.
    fs::write(file("setgroups"), "deny")?;
    fs::write(file("uid_map"), format!("0 {user} 1"))?;
    fs::write(file("gid_map"), format!("0 {group} 1"))
}

/// Has the machine's own programs write who is in the namespace of a process. They see to it that it is nobody who was not lent.
fn write_lent(process: u32, ids: &Ids) -> io::Result<()> {
    for (name, map) in [("newuidmap", &ids.users), ("newgidmap", &ids.groups)] {
        let program = PROGRAMS.iter().map(|folder| Path::new(folder).join(name)).find(|path| path.exists());
        let program = program.ok_or_else(|| {
            io::Error::other(format!("there is no `{name}`: install uidmap or shadow-utils"))
        })?;
        let numbers = map.0.iter().flat_map(|range| [range.inside, range.outside, range.count]);
        let mut command = Command::new(program);
        command.arg(process.to_string()).args(numbers.map(|number| number.to_string()));
        let output = command.stdin(Stdio::null()).env_clear().output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
            return Err(io::Error::other(format!("`{name}` failed: {said}")));
        }
    }
    Ok(())
}

/// If this process was started to make a namespace, does so; if it was started to enter one, does so and becomes what it was started for.
/// Returns the exit code of the process. Call it before any thread starts.
pub(super) fn intercept() -> Option<u8> {
    let mut arguments = std::env::args_os().skip(1);
    let argument = arguments.next()?;
    let outcome = match () {
        () if argument == MAKE => play_maker(),
        () if argument == ENTER => enter(arguments.collect()),
        () => return None,
    };
    let Err(error) = outcome else { return Some(0) };
    // Standard output is what the maker is listened to by, standard error whoever enters.
    let _ = match () {
        () if argument == MAKE => writeln!(io::stdout(), "{error}"),
        () => writeln!(io::stderr(), "user namespace: {error}"),
    };
    Some(1)
}

fn play_maker() -> io::Result<()> {
    let refused = |what: &'static str| {
        move |error: io::Error| io::Error::new(error.kind(), format!("the kernel refused {what}: {error}"))
    };
    enter_new(LinuxNamespaceType::User).map_err(refused("to make a user namespace"))?;
    say(MADE)?;
    hear(&mut BufReader::new(io::stdin().lock()), MAPPED)?;
    // Some machines let everyone make user namespaces, and do nothing in them.
    enter_new(LinuxNamespaceType::Mount).map_err(refused("to make a mount namespace in it"))?;
    let receive_only = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
    rustix::mount::mount_change("/", receive_only)
        .map_err(|error| refused("to change mounts in it")(error.into()))?;
    say(READY)?;
    // Until whoever asked has taken hold of it.
    io::copy(&mut io::stdin().lock().take(1), &mut io::sink()).map(|_| ())
}

fn say(word: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{word}")?;
    output.flush()
}

/// Enters the namespace at standard input, where this process is root, and becomes the program anew with the arguments after. Anew, so
/// that what is known of the process is the namespace's own from its start, and other processes in there may look at it.
fn enter(arguments: Vec<OsString>) -> io::Result<()> {
    move_into_link_name_space(io::stdin().as_fd(), Some(LinkNameSpaceType::User))?;
    match rustix::thread::set_thread_groups(&[]) {
        // Where there is nobody but root the kernel lets nobody leave their groups.
        Ok(()) | Err(rustix::io::Errno::PERM) => {}
        Err(error) => return Err(error.into()),
    }
    Err(Command::new(THIS_PROGRAM).arg0("batchyard").args(arguments).stdin(Stdio::null()).exec())
}
