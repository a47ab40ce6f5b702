//! What a container may take: limits by control groups.

use serde_json::{Value, json};

use super::delegation::{Delegated, NotDelegated};
use super::host::Host;
use crate::node::runtime::{DEFAULT_PIDS, ResourceLimits};

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
        // A machine that doesn't say how many it has gives no more than the library can count.
        let most = if host.processors == 0 { 1_000_000 } else { host.processors };
        if !(0.01..=f64::from(most)).contains(&cpus) {
            return Err(format!(
                "{cpus} processors are not possible: this machine has 0.01 to {most} to give"
            ));
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
        if !host.cpuset.is_empty() && !is_part(cpuset, &host.cpuset) {
            return Err(format!(
                "the processors `{cpuset}` are not all there: this machine has {}",
                host.cpuset
            ));
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

/// Whether all processors of one list, as `0-3,7`, are in another.
fn is_part(part: &str, whole: &str) -> bool {
    let whole = ranges(whole);
    ranges(part).into_iter().all(|(mut first, last)| {
        // From one range to the next, however many processors somebody names.
        while first <= last {
            match whole.iter().find(|(start, end)| (start..=end).contains(&&first)) {
                Some((_, end)) => first = end.saturating_add(1),
                None => return false,
            }
        }
        true
    })
}

/// The ranges of a list of processors; what is no number is a range that nobody has.
fn ranges(list: &str) -> Vec<(u64, u64)> {
    let number = |text: &str| text.trim().parse::<u32>().map_or(u64::MAX - 1, u64::from);
    let range = |item: &str| match item.split_once('-') {
        Some((first, last)) => (number(first), number(last)),
        None => (number(item), number(item)),
    };
    list.split(',').map(range).collect()
}

fn signed(value: u64, what: &str) -> Result<i64, String> {
    i64::try_from(value).map_err(|_| format!("a {what} limit of {value} bytes is not possible"))
}

/// The same for an ordinary user: what was asked for and can't be is refused, what is only usual is left out.
pub(super) fn resources_without_root(
    limits: &ResourceLimits,
    groups: &Result<Delegated, NotDelegated>,
    host: &Host,
) -> Result<Value, String> {
    let asked = [
        ("memory", "--memory", limits.memory.is_some()),
        ("cpu", "--cpus", limits.cpus.is_some()),
        ("cpu", "--cpu-shares", limits.cpu_shares.is_some_and(|shares| shares != 0)),
        ("cpuset", "--cpuset-cpus", limits.cpuset.is_some()),
        ("pids", "--pids-limit", limits.pids.is_some_and(|pids| pids > 0)),
    ];
    for (controller, option, is_asked) in asked {
        let reason = match groups {
            _ if !is_asked => continue,
            Ok(groups) if groups.limits(controller) => continue,
            Ok(groups) => format!(
                "the control group {} was delegated without the controller {controller}",
                groups.group.display()
            ),
            Err(reason) => reason.clone(),
        };
        return Err(format!(
            "the limit `{option}` can't be kept without root: {reason}; or run batchyard as root, or leave the limit out"
        ));
    }
    let mut resources = resources(limits, false, host)?;
    // Which devices there are follows from what is mounted, and there is no right to make others.
    if let Some(resources) = resources.as_object_mut() {
        resources.remove("devices");
    }
    Ok(resources)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host() -> Host {
        Host::default()
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
        let resources = resources(&limits, false, &host()).unwrap();
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
            assert!(super::resources(&limits, false, &host()).is_err());
        }
    }

    #[test]
    fn no_more_processors_are_given_than_there_are() {
        let host = Host { processors: 2, cpuset: "0-1,4,5-7".to_owned(), ..host() };
        let of = |cpus: Option<f64>, cpuset: Option<&str>| {
            let limits =
                ResourceLimits { cpus, cpuset: cpuset.map(str::to_owned), ..ResourceLimits::default() };
            resources(&limits, false, &host)
        };
        assert!(of(Some(2.0), None).is_ok());
        assert!(of(Some(2.1), None).unwrap_err().contains("0.01 to 2"));
        for there in ["0", "0-1", "1,4-6", "4-7"] {
            assert!(of(None, Some(there)).is_ok(), "{there}");
        }
        for missing in ["99", "0-2", "1-4", "0-4294967295", "0,99999999999999999999", "0,", "3"] {
            assert!(of(None, Some(missing)).unwrap_err().contains("0-1,4,5-7"), "{missing}");
        }
    }

    #[test]
    fn swap_is_limited_as_docker_does() {
        let host = Host { limits_swap: true, ..host() };
        let swap = |memory_swap| {
            let limits = ResourceLimits { memory: Some(64 << 20), memory_swap, ..ResourceLimits::default() };
            resources(&limits, false, &host).unwrap()["memory"]["swap"].clone()
        };
        assert_eq!(swap(None), 128 << 20);
        assert_eq!(swap(Some(64 << 20)), 64 << 20);
        assert_eq!(swap(Some(-1)), -1);
    }

    const NONE: ResourceLimits = ResourceLimits {
        memory: None,
        memory_swap: None,
        cpus: None,
        cpuset: None,
        cpu_shares: None,
        pids: None,
        shm_size: None,
        ulimits: Vec::new(),
    };

    #[test]
    fn without_root_a_limit_is_kept_or_refused_and_never_lost() {
        let host = Host { limits_pids: true, ..host() };
        let groups = delegated(&["memory", "pids"]);
        let kept = ResourceLimits { memory: Some(64 << 20), ..NONE };
        let resources = resources_without_root(&kept, &groups, &host).unwrap();
        assert_eq!(resources["memory"]["limit"], 64 << 20);
        assert_eq!(resources["pids"]["limit"], DEFAULT_PIDS);
        assert_eq!(resources.get("devices"), None);
        for (limits, option, controller) in [
            (ResourceLimits { cpus: Some(1.0), ..NONE }, "--cpus", "cpu"),
            (ResourceLimits { cpu_shares: Some(5), ..NONE }, "--cpu-shares", "cpu"),
            (ResourceLimits { cpuset: Some("0".into()), ..NONE }, "--cpuset-cpus", "cpuset"),
        ] {
            let error = resources_without_root(&limits, &groups, &host).unwrap_err();
            assert!(error.contains(option) && error.contains(&format!("controller {controller}")), "{error}");
        }
    }

    #[test]
    fn without_control_groups_what_asks_for_no_limit_runs() {
        let groups = Err("control groups are those of version 1".to_owned());
        let refused = [
            ResourceLimits { memory: Some(64 << 20), ..NONE },
            ResourceLimits { cpus: Some(1.0), ..NONE },
            ResourceLimits { pids: Some(10), ..NONE },
        ];
        for limits in refused {
            let error = resources_without_root(&limits, &groups, &host()).unwrap_err();
            assert!(error.contains("version 1") && error.contains("as root"), "{error}");
        }
        let unlimited = ResourceLimits { pids: Some(0), cpu_shares: Some(0), ..NONE };
        for limits in [NONE, unlimited] {
            assert_eq!(resources_without_root(&limits, &groups, &host()).unwrap(), json!({}));
        }
    }

    fn delegated(controllers: &[&str]) -> Result<Delegated, NotDelegated> {
        Ok(Delegated::with("/user.slice", controllers))
    }
}
