//! What an ordinary user can do: this runtime needs root, but rootless engines don't, where the machine lets them.

use std::fs;
use std::path::Path;

/// Where programs are that a rootless engine needs.
const PROGRAMS: &[&str] = &["usr/bin", "bin", "usr/local/bin", "usr/sbin", "sbin"];

/// What user `user` can do on the machine whose files are below `machine`, and what that machine lacks for it.
pub(super) fn advice(machine: &Path, user: u32) -> String {
    let socket = format!("unix:///run/user/{user}/podman/podman.sock");
    let mut text = format!(
        "making containers without an engine needs root; run as root, or let a rootless engine make them, such as Podman \
         (`systemctl --user start podman.socket`, then DOCKER_HOST={socket})"
    );
    for lack in lacks(machine, user) {
        text.push_str("; for that, ");
        text.push_str(&lack);
    }
    text
}

/// What the machine lacks, each with what to do about it.
fn lacks(machine: &Path, user: u32) -> Vec<String> {
    let read = |path: &str| fs::read_to_string(machine.join(path)).unwrap_or_default();
    let is = |path: &str, value: &str| read(path).trim() == value;
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
    if !PROGRAMS.iter().any(|folder| machine.join(folder).join("newuidmap").exists()) {
        lacks.push("`newuidmap` is missing (the package uidmap or shadow-utils)".to_owned());
    }
    let passwd = read("etc/passwd");
    let name = name_of(&passwd, user);
    let is_theirs = |line: &str| {
        let owner = line.split(':').next().unwrap_or_default();
        Some(owner) == name || owner == user.to_string()
    };
    if !read("etc/subuid").lines().any(is_theirs) {
        let shown = name.map_or_else(|| user.to_string(), str::to_owned);
        lacks.push(format!(
            "/etc/subuid has no range for {shown} (`usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {shown}`, \
             as root)"
        ));
    }
    if !machine.join("sys/fs/cgroup/cgroup.controllers").exists() {
        lacks.push(
            "control groups are those of version 1, which users get none of: limits on memory and processors do nothing"
                .to_owned(),
        );
    }
    lacks
}

/// The name of a user, from the lines of `/etc/passwd`.
fn name_of(passwd: &str, user: u32) -> Option<&str> {
    let fields = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let mut users = fields.filter(|fields| fields.get(2) == Some(&user.to_string().as_str()));
    users.next()?.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_machine_that_has_it_all_lacks_nothing() {
        let files = [
            ("proc/self/ns/user", ""),
            ("proc/sys/user/max_user_namespaces", "96365\n"),
            ("proc/sys/kernel/unprivileged_userns_clone", "1\n"),
            ("usr/bin/newuidmap", ""),
            ("etc/passwd", "root:x:0:0::/:\nada:x:1000:1000::/:\n"),
            ("etc/subuid", "ada:100000:65536\n"),
            ("sys/fs/cgroup/cgroup.controllers", "memory"),
        ];
        let machine = machine(&files);
        assert_eq!(lacks(machine.path(), 1000), Vec::<String>::new());
        let text = advice(machine.path(), 1000);
        assert!(text.contains("needs root") && text.contains("/run/user/1000/podman"), "{text}");
        let other = lacks(machine.path(), 1001);
        assert!(matches!(&other[..], [lack] if lack.contains("no range for 1001")), "{other:?}");
    }

    #[test]
    fn what_is_missing_is_named_with_what_to_do() {
        let files = [
            ("proc/self/ns/user", ""),
            ("proc/sys/user/max_user_namespaces", "0\n"),
            ("proc/sys/kernel/unprivileged_userns_clone", "0\n"),
            ("proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1\n"),
            ("etc/passwd", "ada:x:1000:1000::/:\n"),
        ];
        let lacks = lacks(machine(&files).path(), 1000).join("\n");
        for part in [
            "user.max_user_namespaces=15000",
            "kernel.unprivileged_userns_clone=1",
            "apparmor_restrict_unprivileged_userns=0",
            "`newuidmap` is missing",
            "no range for ada",
            "version 1",
        ] {
            assert!(lacks.contains(part), "{lacks}");
        }
        assert!(super::lacks(machine(&[]).path(), 1000)[0].contains("no user namespaces"));
    }
}
