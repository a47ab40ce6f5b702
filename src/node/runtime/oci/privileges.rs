//! What a container's root may do: capabilities, as Docker gives them by default, and what single processes may take.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::host::Host;
use crate::node::runtime::{ContainerSpec, ResourceLimits};

/// What Docker lets every container have.
const DEFAULT: &[&str] = &[
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// All that there are, in the kernel's order: the place is the number of the bit.
const ALL: &[&str] = &[
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// The bit of CAP_SYS_RESOURCE.
const SYS_RESOURCE: u64 = 1 << 24;

/// The capabilities of a container, as `CAP_CHOWN`.
///
/// Nobody can give what they don't have: of the default ones and of `ALL` those that this process lacks are left out, one that
/// was asked for by name is refused.
pub(super) fn capabilities(spec: &ContainerSpec, host: &Host) -> Result<Vec<String>, String> {
    let available: BTreeSet<&'static str> = ALL
        .iter()
        .enumerate()
        .filter_map(|(bit, name)| (host.capabilities >> bit & 1 == 1).then_some(*name))
        .collect();
    let base = if spec.privileged { ALL } else { DEFAULT };
    let mut have: BTreeSet<&str> = base.iter().copied().filter(|name| available.contains(name)).collect();
    // `ALL` is the base that single names are taken from or added to, whatever their order.
    if spec.cap_drop.iter().any(|name| is_all(name)) {
        have.clear();
    }
    for name in &spec.cap_add {
        if is_all(name) {
            have.extend(&available);
        } else {
            let capability = known(name)?;
            if !available.contains(capability) {
                return Err(format!("this machine has no capability {capability} to give"));
            }
            have.insert(capability);
        }
    }
    for name in spec.cap_drop.iter().filter(|name| !is_all(name)) {
        have.remove(known(name)?);
    }
    Ok(have.into_iter().map(|name| format!("CAP_{name}")).collect())
}

fn is_all(name: &str) -> bool {
    name.eq_ignore_ascii_case("ALL") || name.eq_ignore_ascii_case("CAP_ALL")
}

/// The capability that someone means by `sys_ptrace` or `CAP_SYS_PTRACE`.
fn known(name: &str) -> Result<&'static str, String> {
    let upper = name.to_ascii_uppercase();
    let bare = upper.strip_prefix("CAP_").unwrap_or(&upper);
    ALL.iter()
        .find(|capability| **capability == bare)
        .copied()
        .ok_or_else(|| format!("there is no capability `{name}`"))
}

/// Whether a container's programs may gain privileges by running others.
pub(super) fn no_new_privileges(spec: &ContainerSpec) -> Result<bool, String> {
    let mut denied = false;
    for option in &spec.security_opt {
        match option.as_str() {
            "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true" => denied = true,
            "no-new-privileges:false" | "no-new-privileges=false" => denied = false,
            // This runtime confines by namespaces, capabilities and cgroups only, so there is nothing to switch off.
            "seccomp=unconfined" | "apparmor=unconfined" | "label=disable" | "label:disable" => {}
            other => {
                return Err(format!(
                    "the security option `{other}` needs a Docker engine; the oci runtime knows no-new-privileges"
                ));
            }
        }
    }
    Ok(denied)
}

/// The highest limit that can be given, and why.
#[derive(Debug, Clone, Copy)]
pub(super) struct Highest {
    most: u64,
    why: &'static str,
}

/// Limits of every process, as the OCI runtime specification writes rlimits. None is higher than `highest` says of its name.
pub(super) fn rlimits(
    limits: &ResourceLimits,
    highest: impl Fn(&str) -> Option<Highest>,
) -> Result<Value, String> {
    let mut rlimits = Vec::new();
    for (name, soft, hard) in &limits.ulimits {
        let known = match name.as_str() {
            "as" | "core" | "cpu" | "data" | "fsize" | "locks" | "memlock" | "msgqueue" | "nice"
            | "nofile" | "nproc" | "rss" | "rtprio" | "rttime" | "sigpending" | "stack" => {
                name.to_ascii_uppercase()
            }
            _ => return Err(format!("there is no ulimit `{name}`")),
        };
        if soft > hard {
            return Err(format!("ulimit {name}: the soft limit {soft} is above the hard limit {hard}"));
        }
        if let Some(Highest { most, why }) = highest(name).filter(|highest| *hard > highest.most) {
            let hard = if *hard == u64::MAX { "no limit".to_owned() } else { hard.to_string() };
            return Err(format!("ulimit {name}: {hard} is above {most}, {why}; ask for less"));
        }
        rlimits.push(json!({ "type": format!("RLIMIT_{known}"), "soft": soft, "hard": hard }));
    }
    Ok(Value::Array(rlimits))
}

/// The highest limit of that name that a container can be given; `None` for no limit.
pub(super) fn highest_limit(name: &str, host: &Host) -> Option<Highest> {
    let may_raise = host.means.is_none() && host.capabilities & SYS_RESOURCE != 0;
    let why = match &host.means {
        Some(_) => "your own limit, which only root may raise",
        None => "the limit of this program, which it may not raise (CAP_SYS_RESOURCE)",
    };
    let own = own_limit(name).filter(|_| !may_raise).map(|most| Highest { most, why });
    let of_machine = host.most_files.filter(|_| name == "nofile");
    let of_machine =
        of_machine.map(|most| Highest { most, why: "the most that this machine allows (fs.nr_open)" });
    [own, of_machine].into_iter().flatten().min_by_key(|highest| highest.most)
}

/// The highest limit of that name that this process has; `None` for no limit.
fn own_limit(name: &str) -> Option<u64> {
    use rustix::process::Resource;

    let resource = match name {
        "as" => Resource::As,
        "core" => Resource::Core,
        "cpu" => Resource::Cpu,
        "data" => Resource::Data,
        "fsize" => Resource::Fsize,
        "locks" => Resource::Locks,
        "memlock" => Resource::Memlock,
        "msgqueue" => Resource::Msgqueue,
        "nice" => Resource::Nice,
        "nofile" => Resource::Nofile,
        "nproc" => Resource::Nproc,
        "rss" => Resource::Rss,
        "rtprio" => Resource::Rtprio,
        "rttime" => Resource::Rttime,
        "sigpending" => Resource::Sigpending,
        "stack" => Resource::Stack,
        _ => return None,
    };
    rustix::process::getrlimit(resource).maximum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(add: &[&str], drop: &[&str]) -> ContainerSpec {
        let strings = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        ContainerSpec { cap_add: strings(add), cap_drop: strings(drop), ..ContainerSpec::default() }
    }

    fn host(capabilities: u64) -> Host {
        Host { cgroup_namespaces: true, capabilities, ..Host::default() }
    }

    #[test]
    fn capabilities_start_from_dockers_and_follow_the_options() {
        let host = host(u64::MAX);
        let default = capabilities(&spec(&[], &[]), &host).unwrap();
        assert_eq!(default.len(), 14);
        assert!(!capabilities(&spec(&[], &["MKNOD"]), &host).unwrap().contains(&"CAP_MKNOD".to_owned()));
        assert_eq!(capabilities(&spec(&[], &["ALL"]), &host).unwrap(), Vec::<String>::new());
        assert_eq!(capabilities(&spec(&["sys_ptrace"], &["all"]), &host).unwrap(), ["CAP_SYS_PTRACE"]);
        let all_but = capabilities(&spec(&["ALL"], &["CAP_SYS_ADMIN"]), &host).unwrap();
        assert_eq!(all_but.len(), ALL.len() - 1);
        let privileged = ContainerSpec { privileged: true, ..ContainerSpec::default() };
        assert_eq!(capabilities(&privileged, &host).unwrap().len(), ALL.len());
        assert!(capabilities(&spec(&["FLY"], &[]), &host).unwrap_err().contains("`FLY`"));
        assert!(capabilities(&spec(&[], &["FLY"]), &host).unwrap_err().contains("`FLY`"));
    }

    #[test]
    fn nobody_gives_what_they_lack() {
        let only_chown = host(1);
        assert_eq!(capabilities(&spec(&[], &[]), &only_chown).unwrap(), ["CAP_CHOWN"]);
        assert_eq!(capabilities(&spec(&["ALL"], &[]), &only_chown).unwrap(), ["CAP_CHOWN"]);
        assert!(capabilities(&spec(&["SYS_ADMIN"], &[]), &only_chown).unwrap_err().contains("SYS_ADMIN"));
    }

    #[test]
    fn security_options_that_would_be_lost_are_refused() {
        let with = |option: &str| ContainerSpec {
            security_opt: vec![option.to_owned()],
            ..ContainerSpec::default()
        };
        assert!(no_new_privileges(&with("no-new-privileges")).unwrap());
        assert!(!no_new_privileges(&with("seccomp=unconfined")).unwrap());
        assert!(no_new_privileges(&with("seccomp=/my/profile.json")).is_err());
    }

    #[test]
    fn ulimits_are_checked() {
        let with = |name: &str, soft, hard| ResourceLimits {
            ulimits: vec![(name.into(), soft, hard)],
            ..ResourceLimits::default()
        };
        assert_eq!(rlimits(&with("nofile", 1, 2), |_| None).unwrap()[0]["type"], "RLIMIT_NOFILE");
        assert!(rlimits(&with("nofile", 3, 2), |_| None).is_err());
        assert!(rlimits(&with("files", 1, 2), |_| None).is_err());
        let own = |name: &str| (name == "nofile").then_some(Highest { most: 100, why: "your own limit" });
        assert!(rlimits(&with("nofile", 1, 100), own).is_ok());
        assert!(rlimits(&with("core", 1, 101), own).is_ok());
        let error = rlimits(&with("nofile", 1, 101), own).unwrap_err();
        assert!(error.contains("101 is above 100, your own limit"), "{error}");
        let error = rlimits(&with("nofile", 1, u64::MAX), own).unwrap_err();
        assert!(error.contains("no limit is above 100"), "{error}");
    }

    #[test]
    fn no_limit_is_higher_than_this_program_and_the_machine_let_it_be() {
        let root = Host { most_files: Some(1_000), ..host(SYS_RESOURCE) };
        assert_eq!(highest_limit("nofile", &root).unwrap().most, 1_000);
        assert!(highest_limit("memlock", &root).is_none(), "it may raise its own");
        let tied = Host { capabilities: 0, ..root };
        assert_eq!(highest_limit("memlock", &tied).map(|highest| highest.most), own_limit("memlock"));
        assert!(highest_limit("nofile", &tied).unwrap().most <= 1_000);
    }
}
