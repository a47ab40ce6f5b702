//! Containers without a daemon, of an ordinary user. The tests run as root and play the user: in a mount namespace of their own they put
//! other files in the place of `/etc/passwd`, `/etc/subuid` and `/etc/subgid`, so that the machine's stay as they are.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Users that no machine has. Each test has one for itself, to tell its processes from those of others.
const FIRST: u32 = 54_300;
const NAME: &str = "batchyard-tests";
/// Whom the machine lends them.
const LENT: u32 = 700_000;
const LENT_COUNT: u32 = 65_536;

/// What hides the machine's files behind the user's, and then becomes a program of the user's.
const BECOME: &str = r#"for file in passwd subuid subgid; do
    [ -e /etc/$file ] || continue
    mount --bind "$1/etc/$file" /etc/$file || exit 125
done
cd "$1" || exit 125
user=$2
shift 2
exec setpriv --reuid="$user" --regid="$user" --clear-groups --inh-caps=-all "$@""#;

const SOON: Duration = Duration::from_secs(60);

/// An ordinary user, with a home that is removed in the end.
struct User {
    number: u32,
    home: tempfile::TempDir,
}

impl User {
    /// A user to whom the machine lends others, or nobody. `None`, with the reason on stderr, where there can be none.
    fn new(test: u32, lends: bool) -> Option<Self> {
        let number = FIRST + test;
        let home = tempfile::tempdir().unwrap();
        let etc = home.path().join("etc");
        std::fs::create_dir(&etc).unwrap();
        let passwd = std::fs::read_to_string("/etc/passwd").unwrap();
        let line = format!("{NAME}:x:{number}:{number}::{}:/bin/sh\n", home.path().display());
        std::fs::write(etc.join("passwd"), passwd + &line).unwrap();
        for file in ["subuid", "subgid"] {
            let lent = if lends { format!("{NAME}:{LENT}:{LENT_COUNT}\n") } else { String::new() };
            std::fs::write(etc.join(file), lent).unwrap();
        }
        let user = Self { number, home };
        match user.lacks(lends) {
            None => Some(user),
            Some(reason) => {
                eprintln!("skipped: {reason}");
                None
            }
        }
    }

    /// Why the test can't be made here.
    fn lacks(&self, lends: bool) -> Option<&'static str> {
        if !rustix::process::geteuid().is_root() {
            return Some("only root can play another user");
        }
        if lends && !["newuidmap", "newgidmap"].iter().all(|name| Path::new("/usr/bin").join(name).exists()) {
            return Some("there is no newuidmap (Debian's uidmap)");
        }
        if lends && !["subuid", "subgid"].iter().all(|name| Path::new("/etc").join(name).exists()) {
            return Some("there is no /etc/subuid to put another in the place of");
        }
        chown(self.home.path(), Some(self.number), Some(self.number)).unwrap();
        let succeeds = |program: &str, arguments: &[&str]| {
            self.command(program).args(arguments).output().is_ok_and(|output| output.status.success())
        };
        if !succeeds("true", &[]) {
            return Some("there is no unshare and setpriv that root may use (util-linux)");
        }
        if !succeeds("unshare", &["--user", "--mount", "true"]) {
            return Some("the kernel lets ordinary users make no user namespaces");
        }
        if !succeeds("test", &["-x", env!("CARGO_BIN_EXE_batchyard")]) {
            return Some("the folder with the program is closed to ordinary users");
        }
        None
    }

    /// A command of the user's.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", BECOME, "sh"]);
        command.arg(self.home.path()).arg(self.number.to_string()).arg(program);
        command.env_clear().env("HOME", self.home.path()).env("TMPDIR", self.home.path());
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
        command.env("DOCKER_HOST", "unix:///nonexistent/engine.sock").stdin(Stdio::null());
        command
    }

    /// The program, without an engine.
    fn batchyard(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_batchyard"));
        command.args(["--runtime", "oci"]).args(arguments);
        command
    }

    fn recipe(&self, text: &str) {
        std::fs::write(self.home.path().join("recipe.yaml"), text).unwrap();
    }

    fn apply(&self) -> Output {
        self.batchyard(&["apply", "recipe.yaml", "--auto-approve"]).output().unwrap()
    }

    /// What is on the disk below the nodes and the containers of the user's account.
    fn left(&self) -> Vec<PathBuf> {
        let data = self.home.path().join(".local/state/batchyard");
        let below =
            |folder: &str| walkdir::WalkDir::new(data.join(folder)).min_depth(1).into_iter().flatten();
        let names = ["nodes", "oci/containers", "oci/temporary"];
        names.iter().flat_map(|folder| below(folder)).map(walkdir::DirEntry::into_path).collect()
    }

    /// The command lines of this user's processes.
    fn processes(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for process in std::fs::read_dir("/proc").unwrap().flatten() {
            let is_theirs = process.metadata().is_ok_and(|data| data.uid() == self.number);
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            // One that has ended and is not waited for yet has none.
            if is_theirs && !line.is_empty() {
                lines.push(line);
            }
        }
        lines
    }
}

fn recipe(tasks: &str) -> String {
    format!(
        "api_version: batchyard/v1
name: r
pools:
  p: {{ vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }} }}
jobs:
  j:
    pool: p
    tasks:
{tasks}"
    )
}

fn task(id: &str, options: &str) -> String {
    format!("      {id}: {{ container: {{ image: batchyard/hello, run_options: \"{options}\" }} }}\n")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What was said of a task, up to the next one.
#[track_caller]
fn said_of<'a>(said: &'a str, task: &str) -> &'a str {
    let start = said.find(&format!("j/{task}: ")).unwrap_or_else(|| panic!("nothing of {task}: {said}"));
    let rest = &said[start..];
    let end = ["\n✓", "\n✗", "\nJob"].iter().filter_map(|mark| rest.find(mark)).min();
    &rest[..end.unwrap_or(rest.len())]
}

#[track_caller]
fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < deadline, "{what} did not come about");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn tasks_run_with_what_a_user_can_give_and_the_rest_is_refused_with_the_reason() {
    let Some(user) = User::new(0, true) else { return };
    let doctor = text(&user.batchyard(&["doctor"]).output().unwrap());
    assert!(
        doctor.contains("as an ordinary user") && doctor.contains("65537 users in a container"),
        "{doctor}"
    );
    let tasks = [
        ("plain", ""),
        ("other", "--user 1234:2345"),
        ("beyond", "--user 70000:70000"),
        ("memory", "--memory 64m"),
        ("processes", "--pids-limit 12"),
        ("machine", "--pid host"),
        ("alone", "--network none"),
        ("closed", "--read-only --tmpfs /tmp"),
    ];
    user.recipe(&recipe(&tasks.map(|(id, options)| task(id, options)).concat()));
    let applied = user.apply();
    let said = text(&applied);
    assert_eq!(applied.status.code(), Some(7), "{said}");
    for (id, who) in
        [("plain", "as user 0"), ("other", "as user 1234"), ("alone", "as user 0"), ("closed", "as user 0")]
    {
        let said = said_of(&said, id);
        assert!(said.contains("exit 0") && said.contains(who), "{id}: {said}");
    }
    for (id, reason) in [
        ("beyond", "users 0 to 65536 only"),
        // This process is in a control group of root's, whatever the version.
        ("memory", "the limit `--memory` can't be kept without root"),
        ("processes", "the limit `--pids-limit` can't be kept without root"),
        ("machine", "(`--pid host`) needs root"),
    ] {
        let said = said_of(&said, id);
        assert!(said.contains("ContainerInvalidSettings") && said.contains(reason), "{id}: {said}");
    }
    let destroyed = user.batchyard(&["destroy", "recipe.yaml", "--auto-approve"]).output().unwrap();
    assert!(destroyed.status.success(), "{}", text(&destroyed));
    assert_eq!(user.left(), Vec::<PathBuf>::new());
    assert_eq!(user.processes(), Vec::<String>::new());
}

#[test]
fn where_nobody_is_lent_root_runs_and_others_are_refused() {
    let Some(user) = User::new(1, false) else { return };
    let doctor = text(&user.batchyard(&["doctor"]).output().unwrap());
    assert!(
        doctor.contains("no user but root in a container") && doctor.contains("--add-subuids"),
        "{doctor}"
    );
    user.recipe(&recipe(&[task("plain", ""), task("other", "--user 1234:2345")].concat()));
    let said = text(&user.apply());
    assert!(said_of(&said, "plain").contains("as user 0"), "{said}");
    let refused = said_of(&said, "other");
    assert!(refused.contains("1234:2345") && refused.contains("no user but root, which is you"), "{refused}");
}

/// A recipe whose one task runs for long, being applied.
fn applying(user: &User) -> Child {
    let task = "      t: { container: { image: batchyard/hello }, command: [sleep, \"600\"] }\n";
    user.recipe(&recipe(task));
    let mut command = user.batchyard(&["apply", "recipe.yaml", "--auto-approve"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until("a running task", || {
        assert!(child.try_wait().unwrap().is_none(), "it waits for its task");
        let logs = user.batchyard(&["logs", "j/t"]).output().unwrap();
        text(&logs).contains("sleeping")
    });
    child
}

#[test]
fn a_container_of_a_killed_program_is_found_and_ended() {
    let Some(user) = User::new(2, true) else { return };
    let mut applying = applying(&user);
    applying.kill().unwrap();
    applying.wait().unwrap();
    let supervisors = || user.processes().iter().filter(|line| line.contains("__oci-run")).count();
    assert_eq!(supervisors(), 1, "it outlives the program: {:?}", user.processes());
    let status = user.batchyard(&["status", "recipe.yaml"]).output().unwrap();
    assert!(text(&status).contains("1 running"), "{}", text(&status));
    let destroyed =
        user.batchyard(&["destroy", "recipe.yaml", "--auto-approve", "--force"]).output().unwrap();
    assert!(destroyed.status.success(), "{}", text(&destroyed));
    assert_eq!((user.processes(), user.left()), (vec![], vec![]));
}

#[test]
fn a_killed_supervisor_takes_its_container_along_and_that_is_said() {
    let Some(user) = User::new(3, true) else { return };
    let applying = applying(&user);
    let supervisor = std::fs::read_dir("/proc").unwrap().flatten().find(|process| {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).into_owned();
        line.contains("__oci-run") && line.contains(&user.home.path().display().to_string())
    });
    let number: i32 = supervisor.unwrap().file_name().to_string_lossy().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(number).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let ended = applying.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(7));
    let status = text(&user.batchyard(&["status", "recipe.yaml"]).output().unwrap());
    assert!(status.contains("1 failed"), "{status}");
    assert_eq!(user.processes(), Vec::<String>::new());
}

/// The tests of the runtime itself, but those of what only root has, which say so.
#[test]
fn the_runtime_keeps_its_word_for_an_ordinary_user() {
    let Some(user) = User::new(4, true) else { return };
    let tests = std::env::current_exe().unwrap();
    let mut command = user.command(tests);
    command.args([
        "oci_runtime::containers",
        "oci_runtime::malicious",
        "oci_runtime::init",
        "--test-threads",
        "2",
    ]);
    let output = command.output().unwrap();
    let said = text(&output);
    assert!(output.status.success() && said.contains("test result: ok"), "{said}");
    let passed = said.lines().filter(|line| line.ends_with("... ok")).count();
    assert!(passed > 20 && !said.contains("skipped: without root"), "{said}");
}
