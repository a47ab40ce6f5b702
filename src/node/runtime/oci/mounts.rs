//! What a container sees in its file system besides its image.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::container_folder::ContainerFolder;
use super::delegation::GROUPS as CGROUPS;
use super::host::Host;
use super::targets::Targets;
use crate::node::plain_path;
use crate::node::runtime::{ContainerSpec, Mount, MountSource, NetworkMode};

/// What `/dev/shm` holds when nothing else is said, as Docker has it.
const DEFAULT_SHM: u64 = 64 << 20;

/// What of `/proc` and `/sys` no container has business with.
pub(super) const MASKED: &[&str] = &[
    "/proc/asound",
    "/proc/acpi",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
];

/// What of `/proc` may only be read.
const READ_ONLY: &[&str] = &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// The group that terminals belong to.
const TTY_GROUP: u32 = 5;

/// What a container may only read: parts of `/proc`, and control groups. Those of version 1 are many mounts, which the library
/// leaves writable whatever the mount's options say; one of them may show the host's own root.
pub(super) fn read_only(host: &Host) -> Vec<String> {
    // An ordinary user's containers never see them.
    let hierarchies = host
        .cgroup_hierarchies
        .iter()
        .filter(|_| host.means.is_none())
        .map(|name| format!("{CGROUPS}/{name}"));
    READ_ONLY.iter().map(|path| (*path).to_owned()).chain([CGROUPS.to_owned()]).chain(hierarchies).collect()
}

/// One mount, as the OCI runtime specification writes it.
#[derive(Debug)]
struct Planned {
    target: String,
    mount: Value,
}

/// All mounts of a container, parents before children: those of `spec`, whose targets are settled, the image's volumes, and what every
/// container has.
pub(super) fn plan(
    spec: &ContainerSpec,
    volumes: &[String],
    targets: &Targets,
    folder: &Path,
    host: &Host,
) -> Result<Vec<Value>, String> {
    let mut planned = Vec::new();
    let mut binds = 0;
    for mount in &spec.mounts {
        let is_bind = matches!(mount.source, MountSource::Bind(_));
        planned.push(plan_mount(mount, &ContainerFolder::bind(folder, binds), spec.privileged));
        binds += usize::from(is_bind);
    }
    // Volumes follow the binds.
    planned.extend((binds..).zip(volumes).map(|(number, target)| {
        let source = ContainerFolder::bind(folder, number);
        let mount =
            json!({ "destination": target, "type": "bind", "source": source, "options": ["rbind", "rw"] });
        Planned { target: target.clone(), mount }
    }));
    for default in defaults(spec, targets, folder, host)? {
        if !planned.iter().any(|mount| same_path(&mount.target, &default.target)) {
            planned.push(default);
        }
    }
    // Stable: of two mounts on one path the later covers the earlier, as everywhere.
    planned.sort_by_key(|mount| Path::new(&mount.target).components().count());
    Ok(planned.into_iter().map(|planned| planned.mount).collect())
}

/// The bind sources of a container, as they really are; their order is that of the mounts that they are for.
pub(super) fn binds(spec: &ContainerSpec) -> Result<Vec<PathBuf>, String> {
    let sources = spec.mounts.iter().filter_map(|mount| match &mount.source {
        MountSource::Bind(source) => Some(source),
        MountSource::Tmpfs(_) => None,
    });
    sources
        .map(|source| {
            if !source.is_absolute() {
                return Err(format!("the bind source `{}` is not an absolute path", source.display()));
            }
            // Links were followed when the container was planned; one that is there now was put there since.
            plain_path::find(source)
                .map(|_| source.clone())
                .map_err(|error| format!("the bind source `{}`: {error}", source.display()))
        })
        .collect()
}

/// Plans a mount. What of the machine it shows is at `bind` by then.
fn plan_mount(mount: &Mount, bind: &Path, privileged: bool) -> Planned {
    let target = &mount.target;
    let planned = match &mount.source {
        MountSource::Bind(_) => {
            let mut options = vec!["rbind", if mount.read_only { "rro" } else { "rw" }];
            // What others have put there gives nobody privileges, and opens no devices: neither there nor in what is mounted below.
            options.extend(if privileged { [].as_slice() } else { &["rnosuid", "rnodev"] });
            json!({ "destination": target, "type": "bind", "source": bind, "options": options })
        }
        MountSource::Tmpfs(size) => {
            let mut options = vec!["nosuid".to_owned(), "nodev".into(), "noexec".into(), "mode=1777".into()];
            options.extend(size.map(|size| format!("size={size}")));
            options.extend(mount.read_only.then(|| "ro".to_owned()));
            json!({ "destination": target, "type": "tmpfs", "source": "tmpfs", "options": options })
        }
    };
    Planned { target: target.clone(), mount: planned }
}

fn same_path(one: &str, other: &str) -> bool {
    Path::new(one).components().eq(Path::new(other).components())
}

/// What every container has unless something else is mounted there.
fn defaults(
    spec: &ContainerSpec,
    targets: &Targets,
    folder: &Path,
    host: &Host,
) -> Result<Vec<Planned>, String> {
    let system = |target: &str, kind: &str, options: &[&str]| Planned {
        target: target.to_owned(),
        mount: json!({ "destination": target, "type": kind, "source": kind, "options": options }),
    };
    let file = |path: &str, name: &str| {
        let target = targets.of_file(path)?;
        let mount = json!({
            "destination": target, "type": "bind", "source": folder.join(name), "options": ["rbind", "rw"]
        });
        Ok::<_, String>(Planned { target, mount })
    };
    let read_write = if spec.privileged { "rw" } else { "ro" };
    let shm = if spec.ipc.as_deref() == Some("host") {
        json!({ "destination": "/dev/shm", "type": "bind", "source": "/dev/shm", "options": ["rbind", "rw"] })
    } else {
        let size = format!("size={}", spec.limits.shm_size.unwrap_or(DEFAULT_SHM));
        let options = ["nosuid", "noexec", "nodev", "mode=1777", size.as_str()];
        json!({ "destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": options })
    };
    // Terminals belong to a group that an ordinary user's containers need not have.
    let has_tty_group = host.means.as_ref().is_none_or(|means| means.ids.groups.contains(TTY_GROUP));
    let mut pts = vec!["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"];
    pts.extend(has_tty_group.then_some("gid=5"));
    let has_own_network = spec.place.is_some() || spec.network == NetworkMode::None;
    let sys = if host.means.is_some() && !has_own_network {
        // It shows the network that it is in, and the machine's is not an ordinary user's to show.
        let options = ["rbind", "rro", "rnosuid", "rnoexec", "rnodev"];
        Planned {
            target: "/sys".to_owned(),
            mount: json!({ "destination": "/sys", "type": "bind", "source": "/sys", "options": options }),
        }
    } else {
        system("/sys", "sysfs", &["nosuid", "noexec", "nodev", read_write])
    };
    Ok(vec![
        system("/proc", "proc", &["nosuid", "noexec", "nodev"]),
        system("/dev", "tmpfs", &["nosuid", "strictatime", "mode=755", "size=65536k"]),
        system("/dev/pts", "devpts", &pts),
        system("/dev/mqueue", "mqueue", &["nosuid", "noexec", "nodev"]),
        sys,
        system(CGROUPS, "cgroup", &["nosuid", "noexec", "nodev", "relatime", read_write]),
        Planned { target: "/dev/shm".to_owned(), mount: shm },
        file("/etc/hosts", "hosts")?,
        file("/etc/hostname", "hostname")?,
        file("/etc/resolv.conf", "resolv.conf")?,
    ])
}

/// Where the working directory must be made if it is missing: the folder that plays the root, and the path in it. That is the
/// bind mount that it lies in, or else the container's own root file system.
pub(super) fn home_of(
    working_directory: &str,
    spec: &ContainerSpec,
    folder: &Path,
) -> Option<(PathBuf, PathBuf)> {
    let path = Path::new(working_directory);
    let is_bind = |mount: &Mount| matches!(mount.source, MountSource::Bind(_));
    let mut binds = 0;
    let mut covering: Option<(&Mount, usize)> = None;
    for mount in &spec.mounts {
        let depth = |mount: &Mount| Path::new(&mount.target).components().count();
        if path.starts_with(&mount.target) && covering.is_none_or(|(other, _)| depth(other) <= depth(mount)) {
            covering = Some((mount, binds));
        }
        binds += usize::from(is_bind(mount));
    }
    match covering {
        None => Some((folder.join("rootfs"), path.strip_prefix("/").unwrap_or(path).to_owned())),
        Some((mount, number)) if is_bind(mount) => Some((
            ContainerFolder::bind(folder, number),
            path.strip_prefix(&mount.target).unwrap_or(Path::new("")).to_owned(),
        )),
        // Memory is empty at the start: only its own top can be there.
        Some(_) => None,
    }
}

/// `/etc/hosts` of a container: the host's own if it shares the host's network, and what was asked for.
pub(super) fn hosts_file(host: &str, spec: &ContainerSpec, hostname: &str) -> Result<String, String> {
    let own = spec.place.as_ref().map(|place| place.address);
    let mut text = if own.is_some() { String::new() } else { host.trim_end().to_owned() };
    if text.is_empty() {
        text.push_str("127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback");
    }
    text.push_str(&format!("\n{}\t{hostname}\n", own.unwrap_or(Ipv4Addr::LOCALHOST)));
    for entry in &spec.extra_hosts {
        let (name, address) = entry
            .split_once(':')
            .or_else(|| entry.split_once('='))
            .ok_or_else(|| format!("the host `{entry}` is not written as `name:address`"))?;
        // The container shares the host's network, so its gateway to the host is loopback.
        let address = if address == "host-gateway" && own.is_none() { "127.0.0.1" } else { address };
        let bare = address.trim_start_matches('[').trim_end_matches(']');
        if bare.parse::<std::net::IpAddr>().is_err() || name.is_empty() || name.contains(char::is_whitespace)
        {
            return Err(format!("the host `{entry}` is not written as `name:address`"));
        }
        text.push_str(&format!("{bare}\t{name}\n"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::runtime::oci::store::StoredImage;
    use crate::node::runtime::{Image, NetworkPlace};

    fn bind(source: &str, target: &str, read_only: bool) -> Mount {
        Mount { source: MountSource::Bind(source.into()), target: target.into(), read_only }
    }

    fn spec(mounts: Vec<Mount>) -> ContainerSpec {
        ContainerSpec { mounts, ..ContainerSpec::default() }
    }

    /// Plans the mounts of a container whose image is empty but for its volumes.
    fn planned(mounts: Vec<Mount>, volumes: &[&str]) -> Vec<Value> {
        let root = tempfile::tempdir().unwrap();
        let image = StoredImage {
            image: Image::default(),
            stop_signal: None,
            volumes: volumes.iter().map(|volume| (*volume).to_owned()).collect(),
            root: root.path().to_owned(),
        };
        let mut targets = Targets::of(&image).unwrap();
        let spec = spec(targets.settle(&mounts).unwrap());
        let volumes = targets.volumes(&image, &spec.mounts).unwrap();
        plan(&spec, &volumes, &targets, Path::new("/c"), &Host::default()).unwrap()
    }

    fn destinations(mounts: &[Value]) -> Vec<&str> {
        mounts.iter().map(|mount| mount["destination"].as_str().unwrap()).collect()
    }

    #[test]
    fn parents_come_before_children_and_own_mounts_replace_defaults() {
        let mounts =
            vec![bind("/tmp", "/a/b/c", true), bind("/tmp", "/a", false), bind("/tmp", "/dev/shm/", false)];
        let planned = planned(mounts, &["/a/v"]);
        let order = destinations(&planned);
        let place = |target: &str| order.iter().position(|found| *found == target).unwrap();
        assert!(place("/a") < place("/a/b/c"));
        assert!(place("/a") < place("/a/v") && place("/a/v") < place("/a/b/c"));
        assert!(place("/dev") < place("/dev/shm"));
        assert_eq!(planned[place("/dev/shm")]["source"], "/c/binds/2");
        assert_eq!(planned[place("/a/v")]["source"], "/c/binds/3", "volumes follow the binds");
        assert_eq!(planned[place("/a/b/c")]["options"], json!(["rbind", "rro", "rnosuid", "rnodev"]));
    }

    #[test]
    fn impossible_mounts_are_refused_with_the_reason() {
        for (mount, reason) in [
            (bind("/no/such/folder", "/a", false), "/no/such/folder"),
            (bind("tmp", "/a", false), "not an absolute path"),
        ] {
            let error = binds(&spec(vec![mount])).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn the_working_directory_is_made_where_it_will_be_seen() {
        let tmpfs = Mount { source: MountSource::Tmpfs(None), target: "/scratch".into(), read_only: false };
        let spec = spec(vec![
            bind("/host/node", "/mnt/batch", false),
            bind("/host/wd", "/mnt/batch/wd", false),
            tmpfs,
        ]);
        let home = |path: &str| home_of(path, &spec, Path::new("/c"));
        assert_eq!(home("/srv/app"), Some(("/c/rootfs".into(), "srv/app".into())));
        assert_eq!(home("/mnt/batch/tasks/1"), Some(("/c/binds/0".into(), "tasks/1".into())));
        assert_eq!(home("/mnt/batch/wd/x"), Some(("/c/binds/1".into(), "x".into())));
        assert_eq!(home("/mnt/batchelor"), Some(("/c/rootfs".into(), "mnt/batchelor".into())));
        assert_eq!(home("/scratch/x"), None);
    }

    #[test]
    fn hosts_are_added_to_the_machines_own() {
        let with = |extra: &[&str]| ContainerSpec {
            extra_hosts: extra.iter().map(|entry| (*entry).to_owned()).collect(),
            ..ContainerSpec::default()
        };
        let text = hosts_file("10.0.0.1\tgateway\n", &with(&["db:10.1.2.3", "six:::1"]), "me").unwrap();
        assert_eq!(text, "10.0.0.1\tgateway\n127.0.0.1\tme\n10.1.2.3\tdb\n::1\tsix\n");
        assert!(hosts_file("", &with(&[]), "me").unwrap().starts_with("127.0.0.1\tlocalhost"));
        for bad in ["db", "db:", ":1.2.3.4", "a b:1.2.3.4", "db:not-an-address"] {
            assert!(hosts_file("", &with(&[bad]), "me").is_err(), "{bad}");
        }
    }

    #[test]
    fn in_a_private_network_a_name_has_an_address_and_the_machine_has_none() {
        let place = NetworkPlace { network: "n".to_owned(), address: Ipv4Addr::new(10, 0, 0, 4) };
        let mut spec = ContainerSpec { place: Some(place), ..ContainerSpec::default() };
        spec.extra_hosts.push("other:10.0.0.5".to_owned());
        let text = hosts_file("192.0.2.1\tmachine\n", &spec, "me").unwrap();
        assert!(text.starts_with("127.0.0.1\tlocalhost"), "{text}");
        assert!(text.ends_with("\n10.0.0.4\tme\n10.0.0.5\tother\n"), "{text}");
        spec.extra_hosts.push("machine:host-gateway".to_owned());
        assert!(hosts_file("", &spec, "me").is_err());
    }
}
