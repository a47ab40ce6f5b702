//! Control groups of an ordinary user: those of version 2 below a group that the machine has left to them.
//!
//! A group either holds processes or hands controllers on to groups below it, never both. So this program moves itself from the group
//! that it was started in to one below, and makes those of containers beside that:
//!
//! ```text
//! <what was delegated>/              hands controllers on, holds no process
//! <what was delegated>/batchyard     this program, its supervisors, and whatever else it starts
//! <what was delegated>/batchyard-…   a container
//! ```
//!
//! Other processes are never moved: systemd wants each unit's group to be its own affair, and a shell's is not ours.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

/// Where control groups are.
pub(super) const GROUPS: &str = "/sys/fs/cgroup";

/// The group that this program moves to.
const OWN: &str = "batchyard";

/// The controllers that limit what containers take.
const WANTED: &[&str] = &["cpu", "cpuset", "memory", "pids"];

/// How to be started in a group of one's own.
const TRY: &str = "start it as `systemd-run --user --scope -p Delegate=yes batchyard …`";

/// A group below which this program may make others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delegated {
    /// Its path, as the kernel writes it: below where control groups are, with a slash at the start.
    pub(super) group: PathBuf,
    /// The controllers that it hands on.
    pub(super) controllers: Vec<String>,
    /// Whether this program has to leave it first.
    holds_this_process: bool,
}

/// Why there is none, and what to try.
pub(super) type NotDelegated = String;

impl Delegated {
    /// The group that was delegated to the user of process `process`, by what the process is told of its groups. `groups` is where
    /// all of them are. Changes nothing.
    pub(super) fn find(groups: &Path, told: &str, process: u32) -> Result<Self, NotDelegated> {
        if !groups.join("cgroup.controllers").exists() {
            return Err(
                "control groups are those of version 1, of which ordinary users get none; the kernel's option \
                 systemd.unified_cgroup_hierarchy=1 makes them those of version 2"
                    .to_owned(),
            );
        }
        let own = told.lines().find_map(|line| line.strip_prefix("0::"));
        let own = PathBuf::from(own.ok_or("this process is in no control group")?.trim());
        let (group, holds_this_process) = match own.parent() {
            // It was here before: started anew by itself, or by what it started.
            Some(parent) if own.ends_with(OWN) && is_ours(groups, parent) => (parent.to_owned(), false),
            _ if !is_ours(groups, &own) => {
                return Err(format!(
                    "the control group {} was not delegated to this user; {TRY}",
                    own.display()
                ));
            }
            _ => (own, true),
        };
        let inside = |name: &str| fs::read_to_string(place(groups, &group).join(name)).unwrap_or_default();
        let alone = inside("cgroup.procs").lines().all(|line| line.trim() == process.to_string());
        if holds_this_process && !alone {
            return Err(format!(
                "the control group {} holds other processes as well, so that it can't be divided; {TRY}",
                group.display()
            ));
        }
        let there = inside("cgroup.controllers");
        let has = |name: &&&str| there.split_whitespace().any(|found| found == **name);
        let controllers = WANTED.iter().filter(has).map(|name| (*name).to_owned()).collect();
        Ok(Self { group, controllers, holds_this_process })
    }

    /// One that is settled.
    #[cfg(test)]
    pub(super) fn with(group: &str, controllers: &[&str]) -> Self {
        let controllers = controllers.iter().map(|name| (*name).to_owned()).collect();
        Self { group: group.into(), controllers, holds_this_process: false }
    }

    /// Moves this process out of the way, and has the group hand its controllers on.
    pub(super) fn settle(mut self, groups: &Path, process: u32) -> io::Result<Self> {
        let group = place(groups, &self.group);
        if self.holds_this_process {
            let own = group.join(OWN);
            if !own.exists() {
                fs::create_dir(&own)?;
            }
            write(&own.join("cgroup.procs"), &process.to_string())?;
            self.holds_this_process = false;
        }
        let wanted: Vec<String> = self.controllers.iter().map(|name| format!("+{name}")).collect();
        write(&group.join("cgroup.subtree_control"), &wanted.join(" "))?;
        Ok(self)
    }

    /// Whether a controller is handed on.
    pub(super) fn limits(&self, controller: &str) -> bool {
        self.controllers.iter().any(|name| name == controller)
    }

    /// Whether it limits swap: every group below has a file for that.
    pub(super) fn limits_swap(&self, groups: &Path) -> bool {
        place(groups, &self.group).join(OWN).join("memory.swap.max").exists()
    }
}

/// Where a group is that the kernel calls so.
fn place(groups: &Path, group: &Path) -> PathBuf {
    groups.join(group.strip_prefix("/").unwrap_or(group))
}

/// Whether this user may make groups below one, and move processes to them.
fn is_ours(groups: &Path, group: &Path) -> bool {
    let folder = place(groups, group);
    let files = [folder.clone(), folder.join("cgroup.procs"), folder.join("cgroup.subtree_control")];
    files.iter().all(|file| rustix::fs::access(file, Access::WRITE_OK).is_ok())
}

/// Writes to a file of a group, which must be there.
fn write(file: &Path, text: &str) -> io::Result<()> {
    use std::io::Write as _;

    let written =
        fs::File::options().write(true).open(file).and_then(|mut open| open.write_all(text.as_bytes()));
    written.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: u32 = 42;

    /// A folder that plays the machine's control groups, with a group at `path` that holds `processes`.
    fn groups(path: &str, processes: &str) -> tempfile::TempDir {
        let groups = tempfile::tempdir().unwrap();
        fs::write(groups.path().join("cgroup.controllers"), "cpu memory").unwrap();
        add(&groups, path, processes);
        groups
    }

    fn add(groups: &tempfile::TempDir, path: &str, processes: &str) {
        let folder = groups.path().join(path);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("cgroup.controllers"), "cpuset cpu io memory pids\n").unwrap();
        fs::write(folder.join("cgroup.procs"), processes).unwrap();
        fs::write(folder.join("cgroup.subtree_control"), "").unwrap();
    }

    fn find(groups: &tempfile::TempDir, own: &str) -> Result<Delegated, NotDelegated> {
        Delegated::find(groups.path(), &format!("0::{own}\n"), ME)
    }

    #[test]
    fn a_group_of_its_own_is_divided_and_left() {
        let groups = groups("user.slice/run-1.scope", "42\n");
        // The kernel makes these with the folder.
        add(&groups, "user.slice/run-1.scope/batchyard", "");
        let found = find(&groups, "/user.slice/run-1.scope").unwrap();
        assert_eq!(found.group, Path::new("/user.slice/run-1.scope"));
        assert_eq!(found.controllers, ["cpu", "cpuset", "memory", "pids"]);
        assert!(found.limits("memory") && !found.limits("io"));
        let settled = found.settle(groups.path(), ME).unwrap();
        let read =
            |path: &str| fs::read_to_string(groups.path().join("user.slice/run-1.scope").join(path)).unwrap();
        assert_eq!(read("batchyard/cgroup.procs"), "42");
        assert_eq!(read("cgroup.subtree_control"), "+cpu +cpuset +memory +pids");
        assert!(!settled.limits_swap(groups.path()));
        fs::write(groups.path().join("user.slice/run-1.scope/batchyard/memory.swap.max"), "max").unwrap();
        assert!(settled.limits_swap(groups.path()));
    }

    #[test]
    fn who_has_moved_before_finds_the_group_again() {
        let groups = groups("run-1.scope", "");
        add(&groups, "run-1.scope/batchyard", "42\n77\n");
        let found = find(&groups, "/run-1.scope/batchyard").unwrap();
        assert_eq!(found.group, Path::new("/run-1.scope"));
        let settled = found.clone().settle(groups.path(), ME).unwrap();
        assert_eq!(settled, found, "there is nothing to leave");
    }

    #[test]
    fn a_group_with_others_or_of_others_is_left_alone_with_what_to_try() {
        let groups = groups("session-3.scope", "42\n7\n");
        let error = find(&groups, "/session-3.scope").unwrap_err();
        assert!(error.contains("holds other processes") && error.contains("systemd-run --user"), "{error}");
        let error = find(&groups, "/init.scope").unwrap_err();
        assert!(error.contains("/init.scope was not delegated") && error.contains("Delegate=yes"), "{error}");
        assert!(!groups.path().join("session-3.scope/batchyard").exists());
    }

    #[test]
    fn version_1_has_none_for_ordinary_users() {
        let groups = tempfile::tempdir().unwrap();
        assert!(find(&groups, "/").unwrap_err().contains("version 1"));
    }
}
