//! What this machine can do.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use super::delegation::GROUPS;
use super::rootless::Means;

/// The oldest kernel with all that mounting needs (`mount_setattr`).
const OLDEST_KERNEL: (u32, u32) = (5, 12);

/// The bit of CAP_SYS_ADMIN.
const SYS_ADMIN: u64 = 1 << 21;

const OVERLAY_MAGIC: u64 = 0x794c_7630;

/// What containers need to know of this machine.
#[derive(Debug, Clone, Default)]
pub(super) struct Host {
    /// Whether a container can have a view of control groups of its own.
    pub(super) cgroup_namespaces: bool,
    /// Whether control groups are those of version 1, which have a hierarchy for devices.
    pub(super) has_device_hierarchy: bool,
    /// Whether control groups can limit the number of processes.
    pub(super) limits_pids: bool,
    /// Whether they can limit swap.
    pub(super) limits_swap: bool,
    /// The names of version 1's hierarchies below `/sys/fs/cgroup`.
    pub(super) cgroup_hierarchies: Vec<String>,
    /// How many processors this process may use; none that nobody knows.
    pub(super) processors: u32,
    /// Which of them there are, as `0-3,7`; empty if nobody knows.
    pub(super) cpuset: String,
    /// The most files that any process may have open (`fs.nr_open`).
    pub(super) most_files: Option<u64>,
    /// The capabilities that this process has and so can give, a bit each.
    pub(super) capabilities: u64,
    /// What an ordinary user can give containers; `None` for root.
    pub(super) means: Option<Means>,
    /// `/etc/hosts`.
    pub(super) hosts: String,
    /// `/etc/resolv.conf`.
    pub(super) resolver: String,
}

impl Host {
    /// Looks at the machine, as an ordinary user with `means` or as root.
    pub(super) fn look(means: Option<&Means>) -> Self {
        let mut host = Self::of_root();
        let Some(means) = means else { return host };
        let groups = means.groups.as_ref().ok();
        host.limits_pids = groups.is_some_and(|groups| groups.limits("pids"));
        host.limits_swap = groups.is_some_and(|groups| groups.limits_swap(Path::new(GROUPS)));
        // Root of a user namespace has all that there are, and they are worth something in there only.
        host.capabilities = all_capabilities();
        host.means = Some(means.clone());
        host
    }

    fn of_root() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            means: None,
            cgroup_namespaces: Path::new("/proc/self/ns/cgroup").exists(),
            has_device_hierarchy: Path::new("/sys/fs/cgroup/devices").is_dir(),
            limits_pids: Path::new("/sys/fs/cgroup/pids").is_dir()
                || read("/sys/fs/cgroup/cgroup.controllers").split_whitespace().any(|name| name == "pids"),
            limits_swap: limits_swap(Path::new(GROUPS)),
            cgroup_hierarchies: cgroup_hierarchies(&read("/proc/self/mountinfo")),
            processors: rustix::thread::sched_getaffinity(None).map_or(0, |processors| processors.count()),
            cpuset: cpuset(Path::new(GROUPS)),
            most_files: read("/proc/sys/fs/nr_open").trim().parse().ok(),
            capabilities: capability_set("CapPrm") & capability_set("CapBnd"),
            hosts: read("/etc/hosts"),
            resolver: read("/etc/resolv.conf"),
        }
    }
}

/// Says why containers can't run here, and what to try; `Ok` if nothing speaks against it. Whether an ordinary user has a user
/// namespace only shows when one is made.
pub(super) fn check(store: &Path) -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Err("containers without an engine need Linux; start a Docker engine and use that".to_owned());
    }
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned();
    if kernel_version(&release).is_some_and(|version| version < OLDEST_KERNEL) {
        let (major, minor) = OLDEST_KERNEL;
        return Err(format!(
            "the kernel {release} is too old, {major}.{minor} is needed; use a Docker engine"
        ));
    }
    if is_root() { check_root(store) } else { Ok(()) }
}

/// Whether this process is root, and so needs no user namespace to be so.
pub(super) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn check_root(store: &Path) -> Result<(), String> {
    if capability_set("CapEff") & SYS_ADMIN == 0 {
        return Err(
            "this root may not mount (it lacks CAP_SYS_ADMIN, as in an unprivileged container); run on the machine itself or \
             in a privileged container, or use a Docker engine"
                .to_owned(),
        );
    }
    let cgroups = Path::new(GROUPS);
    let probe = if cgroups.join("memory").is_dir() { cgroups.join("memory") } else { cgroups.to_owned() };
    if rustix::fs::access(&probe, Access::WRITE_OK).is_err() {
        return Err(format!(
            "control groups can't be made in {}, which is missing or read-only; run on the machine itself, or start a Docker \
             engine and use that",
            probe.display()
        ));
    }
    let file_system = rustix::fs::statfs(store).map_err(|error| format!("`{}`: {error}", store.display()))?;
    if u64::try_from(file_system.f_type).is_ok_and(|magic| magic == OVERLAY_MAGIC) {
        return Err(format!(
            "`{}` lies on an overlay file system, which can't carry another; put the data folder on a disk or volume",
            store.display()
        ));
    }
    Ok(())
}

/// Whether control groups can limit swap. In version 2 every group has the file for it but the one that all others are in.
fn limits_swap(groups: &Path) -> bool {
    let memory = groups.join("memory");
    if memory.join("memory.limit_in_bytes").exists() {
        return memory.join("memory.memsw.limit_in_bytes").exists();
    }
    let entries = fs::read_dir(groups).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|group| group.join("memory.swap.max").exists())
}

/// The processors that control groups can give, in version 1 and in version 2.
fn cpuset(groups: &Path) -> String {
    let files = ["cpuset/cpuset.cpus", "cpuset.cpus.effective"].map(|file| groups.join(file));
    let online = PathBuf::from("/sys/devices/system/cpu/online");
    let read = files.into_iter().chain([online]).find_map(|file| fs::read_to_string(file).ok());
    read.unwrap_or_default().trim().to_owned()
}

/// The names of version 1's hierarchies, from the list of mounts: the fifth field is where, the one after ` - ` what.
fn cgroup_hierarchies(mounts: &str) -> Vec<String> {
    let hierarchy = |line: &str| {
        let (place, what) = line.split_once(" - ")?;
        let path = place.split_whitespace().nth(4)?;
        let is_version_1 = what.split_whitespace().next() == Some("cgroup");
        path.strip_prefix("/sys/fs/cgroup/").filter(|_| is_version_1).map(str::to_owned)
    };
    mounts.lines().filter_map(hierarchy).collect()
}

/// One of this process's capability sets; none that can't be read.
fn capability_set(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mut sets = status.lines().filter_map(|line| line.split_once(':'));
    let set = sets.find(|(found, _)| *found == name).map(|(_, bits)| bits.trim());
    set.and_then(|bits| u64::from_str_radix(bits, 16).ok()).unwrap_or(0)
}

/// All capabilities that the kernel knows, a bit each.
fn all_capabilities() -> u64 {
    let last = fs::read_to_string("/proc/sys/kernel/cap_last_cap").unwrap_or_default();
    let count = last.trim().parse::<u32>().map_or(0, |last| last.saturating_add(1));
    1_u64.checked_shl(count).map_or(u64::MAX, |next| next - 1)
}

/// Major and minor of a release such as `6.1.0-18-amd64`.
fn kernel_version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hierarchies_of_version_1_are_found_among_the_mounts() {
        let mounts = "\
            30 24 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
            31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n\
            32 30 0:28 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd\n\
            33 30 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n\
            34 24 0:30 / /elsewhere rw,relatime - cgroup cgroup rw,memory\n";
        assert_eq!(cgroup_hierarchies(mounts), ["cpu,cpuacct", "systemd"]);
        assert_eq!(
            cgroup_hierarchies("30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn swap_is_limited_where_a_group_has_the_file_for_it() {
        let groups = tempfile::tempdir().unwrap();
        let file = |path: &str| {
            let path = groups.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "max").unwrap();
        };
        file("init.scope/memory.max");
        assert!(!limits_swap(groups.path()));
        file("init.scope/memory.swap.max");
        assert!(limits_swap(groups.path()));
        file("memory/memory.limit_in_bytes");
        assert!(!limits_swap(groups.path()), "version 1 has it elsewhere");
        file("memory/memory.memsw.limit_in_bytes");
        assert!(limits_swap(groups.path()));
    }

    #[test]
    fn kernel_versions_compare() {
        assert_eq!(kernel_version("6.1.0-18-amd64"), Some((6, 1)));
        assert!(kernel_version("5.4.0").unwrap() < OLDEST_KERNEL);
        assert!(kernel_version("5.15.0").unwrap() > OLDEST_KERNEL);
        assert_eq!(kernel_version("odd"), None);
    }
}
