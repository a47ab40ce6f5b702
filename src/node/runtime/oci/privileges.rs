//! What a container's root may do: capabilities, as Docker gives them by default, and limits.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::host::Host;
use crate::node::runtime::{ContainerSpec, DEFAULT_PIDS, ResourceLimits};

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

/// The length of the scheduler's period that processor quotas refer to, in microseconds.
const CPU_PERIOD: u64 = 100_000;

/// With less, as Docker has it too, containers fail to start in odd ways.
const LEAST_MEMORY: u64 = 6 << 20;

/// Limits, as the OCI runtime specification writes resources.
pub(super) fn resources(limits: &ResourceLimits, privileged: bool, host: &Host) -> Result<Value, String> {
    let mut resources = serde_json::Map::new();
    resources.insert("devices".into(), json!([{ "allow": privileged, "access": "rwm" }]));
    if let Some(memory) = limits.memory {
        if memory < LEAST_MEMORY {
            return Err(format!(
                "a memory limit of {memory} bytes is too low; a container needs 6 MiB to start"
            ));
        }
        let limit = signed(memory, "memory")?;
        // As Docker: swap is counted with memory, as much of it as of memory unless it is said, and not at all where the kernel
        // doesn't.
        let swap = limits.memory_swap.unwrap_or(limit.saturating_mul(2));
        let with_swap = json!({ "limit": limit, "swap": swap });
        let memory = if host.limits_swap { with_swap } else { json!({ "limit": limit }) };
        resources.insert("memory".into(), memory);
    }
    let mut cpu = serde_json::Map::new();
    if let Some(cpus) = limits.cpus {
        if !(0.01..=1_000_000.0).contains(&cpus) {
            return Err(format!("{cpus} processors are not possible"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "the range was checked above")]
        let quota = (cpus * 100_000.0).round() as i64;
        cpu.insert("quota".into(), json!(quota));
        cpu.insert("period".into(), json!(CPU_PERIOD));
    }
    if let Some(shares) = limits.cpu_shares.filter(|shares| *shares != 0) {
        cpu.insert("shares".into(), json!(shares.clamp(2, 262_144)));
    }
    if let Some(cpuset) = &limits.cpuset {
        let fine = |c: char| c.is_ascii_digit() || c == ',' || c == '-';
        if cpuset.is_empty() || !cpuset.chars().all(fine) {
            return Err(format!("`{cpuset}` is no list of processors such as `0-3,7`"));
        }
        cpu.insert("cpus".into(), json!(cpuset));
    }
    if !cpu.is_empty() {
        resources.insert("cpu".into(), Value::Object(cpu));
    }
    let pids = limits.pids.or_else(|| host.limits_pids.then_some(DEFAULT_PIDS));
    if let Some(pids) = pids.filter(|pids| *pids > 0) {
        resources.insert("pids".into(), json!({ "limit": pids }));
    }
    Ok(Value::Object(resources))
}

fn signed(value: u64, what: &str) -> Result<i64, String> {
    i64::try_from(value).map_err(|_| format!("a {what} limit of {value} bytes is not possible"))
}

/// Limits of every process, as the OCI runtime specification writes rlimits.
pub(super) fn rlimits(limits: &ResourceLimits) -> Result<Value, String> {
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
        rlimits.push(json!({ "type": format!("RLIMIT_{known}"), "soft": soft, "hard": hard }));
    }
    Ok(Value::Array(rlimits))
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
    fn limits_become_resources() {
        let limits = ResourceLimits {
            memory: Some(64 << 20),
            cpus: Some(1.5),
            cpuset: Some("0-1".into()),
            cpu_shares: Some(512),
            pids: Some(10),
            ..ResourceLimits::default()
        };
        let resources = resources(&limits, false, &host(0)).unwrap();
        assert_eq!(resources["memory"]["limit"], 64 << 20);
        assert_eq!(resources["memory"].get("swap"), None, "this kernel doesn't limit it");
        assert_eq!(resources["cpu"]["quota"], 150_000);
        assert_eq!(resources["cpu"]["period"], 100_000);
        assert_eq!(resources["pids"]["limit"], 10);
        assert_eq!(resources["devices"][0]["allow"], false);
        let bad = [
            ResourceLimits { cpus: Some(f64::NAN), ..ResourceLimits::default() },
            ResourceLimits { cpuset: Some("a".into()), ..ResourceLimits::default() },
            ResourceLimits { memory: Some(u64::MAX), ..ResourceLimits::default() },
            ResourceLimits { memory: Some(1 << 20), ..ResourceLimits::default() },
        ];
        for limits in bad {
            assert!(super::resources(&limits, false, &host(0)).is_err());
        }
    }

    #[test]
    fn swap_is_limited_as_docker_does() {
        let host = Host { limits_swap: true, ..host(0) };
        let swap = |memory_swap| {
            let limits = ResourceLimits { memory: Some(64 << 20), memory_swap, ..ResourceLimits::default() };
            resources(&limits, false, &host).unwrap()["memory"]["swap"].clone()
        };
        assert_eq!(swap(None), 128 << 20);
        assert_eq!(swap(Some(64 << 20)), 64 << 20);
        assert_eq!(swap(Some(-1)), -1);
    }

    #[test]
    fn ulimits_are_checked() {
        let with = |name: &str, soft, hard| ResourceLimits {
            ulimits: vec![(name.into(), soft, hard)],
            ..ResourceLimits::default()
        };
        assert_eq!(rlimits(&with("nofile", 1, 2)).unwrap()[0]["type"], "RLIMIT_NOFILE");
        assert!(rlimits(&with("nofile", 3, 2)).is_err());
        assert!(rlimits(&with("files", 1, 2)).is_err());
    }
}
