//! Containers of an ordinary user: what they are made with, and what a machine lacks for them.

use std::fs;
use std::path::Path;

use super::delegation::{Delegated, GROUPS, NotDelegated};
use super::ids::Ids;
use super::user_namespace::UserNamespace;

/// What an ordinary user can give containers.
#[derive(Debug, Clone)]
pub(super) struct Means {
    /// Who there can be in them.
    pub(super) ids: Ids,
    /// Why that is only root.
    pub(super) alone: Option<String>,
    /// Where their control groups are, or why they have none.
    pub(super) groups: Result<Delegated, NotDelegated>,
}

/// How an ordinary user's containers are made: in a user namespace, in which that user is root.
#[derive(Debug, Clone)]
pub(super) struct Rootless {
    pub(super) namespace: UserNamespace,
    pub(super) means: Means,
}

impl Rootless {
    /// Has all of it there for processes of `program`. Says what the machine lacks where it can't be.
    pub(super) fn begin(program: &Path) -> Result<Self, String> {
        // First, while this process has no other in its group.
        let groups = delegated().and_then(|delegated| {
            let settled = delegated.settle(Path::new(GROUPS), std::process::id());
            settled.map_err(|error| format!("its control group can't be divided: {error}"))
        });
        Self::with(program, groups)
    }

    /// Whether all of it can be there. Leaves nothing, and changes nothing.
    pub(super) fn look(program: &Path) -> Result<Means, String> {
        Self::with(program, delegated()).map(|rootless| rootless.means)
    }

    fn with(program: &Path, groups: Result<Delegated, NotDelegated>) -> Result<Self, String> {
        let user = rustix::process::geteuid().as_raw();
        let namespace =
            UserNamespace::make(program).map_err(|error| advice(Path::new("/"), user, &error.to_string()))?;
        let means = Means { ids: namespace.ids.clone(), alone: namespace.alone.clone(), groups };
        Ok(Self { namespace, means })
    }
}

fn delegated() -> Result<Delegated, NotDelegated> {
    let told =
        fs::read_to_string("/proc/self/cgroup").map_err(|error| format!("/proc/self/cgroup: {error}"))?;
    Delegated::find(Path::new(GROUPS), &told, std::process::id())
}

impl Means {
    /// What a person would want to know of them.
    pub(super) fn description(&self) -> String {
        let users = match &self.alone {
            None => format!("{} users in a container", self.ids.users.count()),
            Some(reason) => format!("no user but root in a container ({reason})"),
        };
        let limits = match &self.groups {
            Ok(groups) => format!("limits by {}", groups.controllers.join(", ")),
            Err(reason) => format!("no limits on memory, processors and processes ({reason})"),
        };
        format!("as an ordinary user; {users}; {limits}")
    }
}

/// Why user `user` has no containers on the machine whose files are below `machine`, and what to do about it.
fn advice(machine: &Path, user: u32, reason: &str) -> String {
    let socket = format!("unix:///run/user/{user}/podman/podman.sock");
    let mut text = format!("without root, containers need a user namespace, and there is none ({reason})");
    for lack in lacks(machine) {
        text.push_str("; ");
        text.push_str(&lack);
    }
    text.push_str(&format!(
        "; run as root, or let an engine make them, such as Podman (`systemctl --user start podman.socket`, then \
         DOCKER_HOST={socket})"
    ));
    text
}

/// What the machine forbids, each with what to do about it.
fn lacks(machine: &Path) -> Vec<String> {
    let is =
        |path: &str, value: &str| fs::read_to_string(machine.join(path)).unwrap_or_default().trim() == value;
    let mut lacks = Vec::new();
    if !machine.join("proc/self/ns/user").exists() {
        lacks.push("the kernel has no user namespaces".to_owned());
    }
    for (path, forbids, allow) in [
        ("proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
        ("proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        (
            "proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            "1",
            "kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ] {
        if is(path, forbids) {
            lacks.push(format!("users must be let make user namespaces (`sysctl {allow}`, as root)"));
        }
    }
    lacks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::runtime::oci::ids::IdMap;

    fn machine(files: &[(&str, &str)]) -> tempfile::TempDir {
        let machine = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = machine.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        machine
    }

    #[test]
    fn a_machine_that_lets_users_forbids_nothing() {
        let files = [
            ("proc/self/ns/user", ""),
            ("proc/sys/user/max_user_namespaces", "96365\n"),
            ("proc/sys/kernel/unprivileged_userns_clone", "1\n"),
        ];
        let machine = machine(&files);
        assert_eq!(lacks(machine.path()), Vec::<String>::new());
        let text = advice(machine.path(), 1000, "out of luck");
        assert!(text.contains("out of luck") && text.contains("/run/user/1000/podman"), "{text}");
    }

    #[test]
    fn what_is_forbidden_is_named_with_what_to_do() {
        let files = [
            ("proc/self/ns/user", ""),
            ("proc/sys/user/max_user_namespaces", "0\n"),
            ("proc/sys/kernel/unprivileged_userns_clone", "0\n"),
            ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n"),
        ];
        let lacks = lacks(machine(&files).path()).join("\n");
        for part in [
            "user.max_user_namespaces=15000",
            "kernel.unprivileged_userns_clone=1",
            "apparmor_restrict_unprivileged_userns=0",
        ] {
            assert!(lacks.contains(part), "{lacks}");
        }
        assert!(super::lacks(machine(&[]).path())[0].contains("no user namespaces"));
    }

    #[test]
    fn what_is_missing_is_part_of_the_description() {
        let ids = Ids { users: IdMap::alone(7), groups: IdMap::alone(8) };
        let means = Means { ids, alone: Some("nobody lends".into()), groups: Err("version 1".into()) };
        assert_eq!(
            means.description(),
            "as an ordinary user; no user but root in a container (nobody lends); no limits on memory, processors and \
             processes (version 1)"
        );
    }
}
