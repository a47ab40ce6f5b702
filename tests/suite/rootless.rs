//! Containers without a daemon, of an ordinary user. The tests run as root and play the user: in a mount namespace of their own they put
//! other files in the place of `/etc/passwd`, `/etc/subuid` and `/etc/subgid`, so that the machine's stay as they are.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

/// Users that no machine has. Each test has one for itself, to tell its processes from those of others.
const FIRST: u32 = 54_300;
const NAME: &str = "batchyard-tests";
/// Whom the machine lends them.
const LENT: u32 = 700_000;
const LENT_COUNT: u32 = 65_536;

/// What hides the machine's files behind the user's, and then becomes a program of the user's. With the start of the name
/// of a control group of version 2 as its third argument it has the machine show only those, and is in a new one, which is the user's: as
/// systemd makes them.
const BECOME: &str = r#"set -e
if [ -n "$3" ]; then
    groups=/sys/fs/cgroup
    [ -e $groups/cgroup.controllers ] || mount --bind $groups/unified $groups
    sed 's/[a-z_]\+/+&/g' $groups/cgroup.controllers > $groups/cgroup.subtree_control || true
    group=$groups/$3-$$
    mkdir $group
    chown $2:$2 $group $group/cgroup.procs $group/cgroup.subtree_control $group/cgroup.threads
    echo $$ > $group/cgroup.procs
fi
for file in passwd subuid subgid; do
    [ -e /etc/$file ] || continue
    mount --bind "$1/etc/$file" /etc/$file
done
if [ -n "$OVERLAY" ]; then
    mkdir "$1/lower" "$1/upper" "$1/work"
    mount -t overlay overlay -o "lowerdir=$1/lower,upperdir=$1/upper,workdir=$1/work" "$HOME"
    chown "$2:$2" "$HOME"
fi
cd "$1"
user=$2
shift 3
exec setpriv --reuid="$user" --regid="$user" --clear-groups --inh-caps=-all "$@""#;

const SOON: Duration = Duration::from_secs(60);

/// An ordinary user, with a home that is removed in the end.
struct User {
    number: u32,
    home: tempfile::TempDir,
    /// What the names of the control groups begin with that its programs start in; empty where they have the test's.
    groups: String,
}

impl Drop for User {
    fn drop(&mut self) {
        // Only a test that has failed leaves one. Its container goes along.
        for supervisor in self.supervisors() {
            let _ = rustix::process::kill_process(supervisor, Signal::KILL);
        }
        for group in self.groups() {
            for below in ["batchyard", ""] {
                let _ = std::fs::remove_dir(group.join(below));
            }
        }
    }
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
        let user = Self { number, home, groups: String::new() };
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
        command.arg(self.home.path()).arg(self.number.to_string()).arg(&self.groups).arg(program);
        command.env_clear().env("HOME", self.home.path()).env("TMPDIR", self.home.path());
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
        command.env("DOCKER_HOST", "unix:///nonexistent/engine.sock").stdin(Stdio::null());
        command
    }

    /// The folders of the user's control groups.
    fn groups(&self) -> Vec<PathBuf> {
        let all =
            groups().filter(|_| !self.groups.is_empty()).into_iter().flat_map(|place| folders_in(&place));
        all.filter(|folder| name(folder).starts_with(&self.groups)).collect()
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

    /// The supervisors of this user's containers.
    fn supervisors(&self) -> Vec<Pid> {
        let home = self.home.path().display().to_string();
        let is_theirs = |process: &PathBuf| {
            let line = command_line(process);
            line.contains("__oci-run") && line.contains(&home)
        };
        let processes = folders_in(Path::new("/proc")).into_iter().filter(is_theirs);
        processes.filter_map(|process| Pid::from_raw(name(&process).parse().ok()?)).collect()
    }

    /// The command lines of this user's processes.
    fn processes(&self) -> Vec<String> {
        let is_theirs = |process: &PathBuf| process.metadata().is_ok_and(|data| data.uid() == self.number);
        let processes = folders_in(Path::new("/proc")).into_iter().filter(is_theirs);
        // One that has ended and is not waited for yet has none.
        processes.map(|process| command_line(&process)).filter(|line| !line.is_empty()).collect()
    }
}

fn command_line(process: &Path) -> String {
    let line = std::fs::read(process.join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&line).replace('\0', " ")
}

/// Where the machine has control groups of version 2.
fn groups() -> Option<PathBuf> {
    let places = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(PathBuf::from);
    places.into_iter().find(|place| place.join("cgroup.controllers").exists())
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
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
    let Some((_, rest)) = said.split_once(&format!("j/{task}: ")) else {
        panic!("nothing of {task}: {said}")
    };
    let end = ["\n✓", "\n✗", "\nJob"].iter().filter_map(|mark| rest.find(mark)).min();
    end.and_then(|end| rest.get(..end)).unwrap_or(rest)
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
fn applying(user: &User, options: &str) -> Child {
    let task = task("t", options).replace(" } }", " }, command: [sleep, \"600\"] }");
    user.recipe(&recipe(&task));
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
    let mut applying = applying(&user, "");
    applying.kill().unwrap();
    applying.wait().unwrap();
    assert_eq!(user.supervisors().len(), 1, "it outlives the program: {:?}", user.processes());
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
    let applying = applying(&user, "");
    let [supervisor] = user.supervisors()[..] else { panic!("{:?}", user.processes()) };
    rustix::process::kill_process(supervisor, Signal::KILL).unwrap();
    let ended = applying.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(7));
    let status = text(&user.batchyard(&["status", "recipe.yaml"]).output().unwrap());
    assert!(status.contains("1 failed"), "{status}");
    assert_eq!(user.processes(), Vec::<String>::new());
}

/// With controllers, as on machines that have version 2 only, their limits are kept; without, as where version 1 has them, refused.
#[test]
fn a_delegated_group_is_divided_among_containers_and_left_as_it_was() {
    let Some(mut user) = User::new(5, true) else { return };
    let Some(groups) = groups() else {
        eprintln!("skipped: there are no control groups of version 2");
        return;
    };
    user.groups = format!("batchyard-tests-{}", user.number);
    let controllers = std::fs::read_to_string(groups.join("cgroup.controllers")).unwrap();
    let has_memory = controllers.split_whitespace().any(|name| name == "memory");
    let divided = || user.groups().iter().any(|group| group.join("batchyard").exists());
    let doctor = text(&user.batchyard(&["doctor"]).output().unwrap());
    assert!(doctor.contains("limits by") && !divided(), "looking divides nothing: {doctor}");

    if !has_memory {
        user.recipe(&recipe(&[task("plain", ""), task("memory", "-m 64m")].concat()));
        let said = text(&user.apply());
        assert!(said_of(&said, "plain").contains("exit 0"), "{said}");
        assert!(said_of(&said, "memory").contains("delegated without the controller memory"), "{said}");
        user.batchyard(&["destroy", "recipe.yaml", "--auto-approve"]).output().unwrap();
    }
    let mut applying = applying(&user, if has_memory { "-m 64m" } else { "" });
    let containers = || {
        let below = user.groups().into_iter().flat_map(|group| folders_in(&group));
        below.filter(|path| name(path).starts_with("batchyard-")).collect::<Vec<_>>()
    };
    let [container] = &containers()[..] else { panic!("{:?}", containers()) };
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    assert_eq!(read(&container.join("cgroup.procs")).lines().count(), 1, "the container's program");
    assert_eq!(read(&container.with_file_name("cgroup.procs")), "", "this program has moved away");
    if has_memory {
        assert_eq!(read(&container.join("memory.max")).trim(), (64 << 20).to_string());
    }
    applying.kill().unwrap();
    applying.wait().unwrap();
    let destroyed =
        user.batchyard(&["destroy", "recipe.yaml", "--auto-approve", "--force"]).output().unwrap();
    assert!(destroyed.status.success(), "{}", text(&destroyed));
    assert_eq!((containers(), user.processes(), user.left()), (vec![], vec![], vec![]));
}

/// A file system that can't have an overlay on it.
#[test]
fn where_there_is_no_overlay_the_container_gets_a_copy_of_its_image() {
    let Some(user) = User::new(6, true) else { return };
    let home = user.home.path().join("home");
    std::fs::create_dir(&home).unwrap();
    user.recipe(&recipe(&[task("plain", ""), task("other", "--user 1234:2345")].concat()));
    let mut apply = user.batchyard(&["apply", "recipe.yaml", "--auto-approve"]);
    let said = text(&apply.env("HOME", &home).env("OVERLAY", "yes").output().unwrap());
    for (id, who) in [("plain", "as user 0"), ("other", "as user 1234")] {
        assert!(said_of(&said, id).contains(who), "{said}");
    }
    let changes = walkdir::WalkDir::new(user.home.path().join("upper")).into_iter().flatten();
    let copies = changes.filter(|entry| entry.path().ends_with("upper/bin/hello")).count();
    assert_eq!(copies, 2, "each has its own");
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
