//! From a container's specification to the body of the engine's create request.

use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, EndpointIpamConfig, EndpointSettings, HostConfig, HostConfigLogConfig,
    Mount as EngineMount, MountTmpfsOptions, MountType, NetworkingConfig, ResourcesUlimits,
};

use crate::node::runtime::{
    ContainerSpec, DEFAULT_PIDS, Mount, MountSource, NetworkMode, NetworkPlace, ResourceLimits,
};

/// The label that says whose container it is.
pub(super) const OWNER: &str = "batchyard.owner";
/// The labels that say where a container's output goes, and where in the files it begins.
pub(super) const STDOUT: &str = "batchyard.stdout";
pub(super) const STDOUT_START: &str = "batchyard.stdout-start";
pub(super) const STDERR: &str = "batchyard.stderr";
pub(super) const STDERR_START: &str = "batchyard.stderr-start";

/// Where the output of a container begins in its files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct OutputStart {
    pub(super) stdout: u64,
    pub(super) stderr: u64,
}

/// The body of the create request. `keeps_whole_log` asks for a log that keeps every byte and never forgets one: Docker's
/// default one turns what is no UTF-8 into question marks, and may be set up to throw old lines away. Podman has no such log.
pub(super) fn body(spec: &ContainerSpec, start: OutputStart, keeps_whole_log: bool) -> ContainerCreateBody {
    ContainerCreateBody {
        image: Some(spec.image.clone()),
        // An empty entrypoint is written as one empty word: that is what drops the image's.
        entrypoint: spec
            .entrypoint
            .as_ref()
            .map(|words| if words.is_empty() { vec![String::new()] } else { words.clone() }),
        cmd: some(spec.command.clone()),
        env: some(spec.environment.iter().map(|(name, value)| format!("{name}={value}")).collect()),
        working_dir: spec.working_directory.clone(),
        user: spec.user.clone(),
        hostname: spec.hostname.clone(),
        labels: Some(labels(spec, start)),
        stop_signal: spec.stop_signal.clone(),
        attach_stdout: Some(false),
        attach_stderr: Some(false),
        host_config: Some(host_config(spec, keeps_whole_log)),
        networking_config: spec.place.as_ref().map(endpoint),
        ..ContainerCreateBody::default()
    }
}

fn labels(spec: &ContainerSpec, start: OutputStart) -> HashMap<String, String> {
    let mut labels: HashMap<_, _> = spec.labels.clone().into_iter().collect();
    let own = [
        (OWNER, spec.owner.clone()),
        (STDOUT, spec.stdout.to_string_lossy().into_owned()),
        (STDOUT_START, start.stdout.to_string()),
        (STDERR, spec.stderr.to_string_lossy().into_owned()),
        (STDERR_START, start.stderr.to_string()),
    ];
    labels.extend(own.map(|(name, value)| (name.to_owned(), value)));
    labels
}

fn host_config(spec: &ContainerSpec, keeps_whole_log: bool) -> HostConfig {
    let ResourceLimits { memory, memory_swap, cpus, cpuset, cpu_shares, pids, shm_size, ulimits } =
        &spec.limits;
    HostConfig {
        memory: memory.map(signed),
        memory_swap: *memory_swap,
        nano_cpus: cpus.map(nano),
        cpuset_cpus: cpuset.clone(),
        cpu_shares: cpu_shares.map(signed),
        pids_limit: Some(pids.unwrap_or(DEFAULT_PIDS)),
        shm_size: shm_size.map(signed),
        ulimits: some(ulimits.iter().map(ulimit).collect()),
        mounts: some(spec.mounts.iter().map(mount).collect()),
        extra_hosts: some(spec.extra_hosts.clone()),
        network_mode: match (&spec.place, &spec.network) {
            (Some(place), _) => Some(place.network.clone()),
            (None, NetworkMode::Default) => None,
            (None, NetworkMode::Host) => Some("host".to_owned()),
            (None, NetworkMode::None) => Some("none".to_owned()),
            (None, NetworkMode::Named(name)) => Some(name.clone()),
        },
        readonly_rootfs: on(spec.read_only_root),
        init: on(spec.init),
        privileged: on(spec.privileged),
        cap_add: some(spec.cap_add.clone()),
        cap_drop: some(spec.cap_drop.clone()),
        security_opt: some(spec.security_opt.clone()),
        ipc_mode: spec.ipc.clone(),
        pid_mode: spec.pid.clone(),
        log_config: keeps_whole_log.then(whole_log),
        ..HostConfig::default()
    }
}

/// The place that a container has in a private network.
fn endpoint(place: &NetworkPlace) -> NetworkingConfig {
    let address =
        EndpointIpamConfig { ipv4_address: Some(place.address.to_string()), ..EndpointIpamConfig::default() };
    let settings = EndpointSettings { ipam_config: Some(address), ..EndpointSettings::default() };
    NetworkingConfig { endpoints_config: Some(HashMap::from([(place.network.clone(), settings)])) }
}

fn whole_log() -> HostConfigLogConfig {
    let options = [("max-size", "1024g"), ("max-file", "1"), ("compress", "false")];
    HostConfigLogConfig {
        typ: Some("local".to_owned()),
        config: Some(options.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
    }
}

fn mount(mount: &Mount) -> EngineMount {
    let common = EngineMount {
        target: Some(mount.target.clone()),
        read_only: Some(mount.read_only),
        ..EngineMount::default()
    };
    match &mount.source {
        MountSource::Bind(path) => EngineMount {
            typ: Some(MountType::BIND),
            source: Some(path.to_string_lossy().into_owned()),
            ..common
        },
        MountSource::Tmpfs(size) => EngineMount {
            typ: Some(MountType::TMPFS),
            tmpfs_options: size.map(|size| MountTmpfsOptions {
                size_bytes: Some(signed(size)),
                ..MountTmpfsOptions::default()
            }),
            ..common
        },
    }
}

fn ulimit((name, soft, hard): &(String, u64, u64)) -> ResourcesUlimits {
    // The engine's word for no limit is -1.
    let limit = |value: u64| i64::try_from(value).unwrap_or(-1);
    ResourcesUlimits { name: Some(name.clone()), soft: Some(limit(*soft)), hard: Some(limit(*hard)) }
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "a float turns into the nearest integer that there is")]
fn nano(cpus: f64) -> i64 {
    (cpus * 1e9).round() as i64
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn on(switch: bool) -> Option<bool> {
    switch.then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::run_options::RunOptions;

    fn body_of(options: &str) -> ContainerCreateBody {
        let mut spec =
            ContainerSpec { image: "app".to_owned(), owner: "me".to_owned(), ..ContainerSpec::default() };
        spec.apply(&RunOptions::parse(options).unwrap());
        body(&spec, OutputStart { stdout: 7, stderr: 0 }, true)
    }

    #[test]
    fn run_options_arrive_in_the_request() {
        let body = body_of(
            "-w /app -e A=1 --memory 64m --memory-swap 96m --cpus 1.5 --pids-limit 9 --shm-size 1m --ulimit nofile=1:2 --ulimit core=-1 \
             -v /data:/in:ro --tmpfs /t:size=1k --net none --cap-add SYS_PTRACE --read-only --init --add-host db:10.0.0.1",
        );
        let host = body.host_config.unwrap();
        assert_eq!(body.working_dir.as_deref(), Some("/app"));
        assert_eq!(body.env, Some(vec!["A=1".to_owned()]));
        assert_eq!(
            (host.memory, host.memory_swap, host.nano_cpus, host.pids_limit),
            (Some(64 << 20), Some(96 << 20), Some(1_500_000_000), Some(9))
        );
        let pids = |options| body_of(options).host_config.unwrap().pids_limit;
        assert_eq!((pids(""), pids("--pids-limit -1")), (Some(DEFAULT_PIDS), Some(-1)));
        assert_eq!(host.shm_size, Some(1 << 20));
        let limits: Vec<_> = host.ulimits.unwrap().into_iter().map(|u| (u.soft, u.hard)).collect();
        assert_eq!(limits, [(Some(1), Some(2)), (Some(-1), Some(-1))]);
        let mounts = host.mounts.unwrap();
        assert_eq!(
            (mounts[0].typ, mounts[0].source.as_deref(), mounts[0].read_only),
            (Some(MountType::BIND), Some("/data"), Some(true))
        );
        assert_eq!(mounts[1].tmpfs_options.as_ref().unwrap().size_bytes, Some(1024));
        assert_eq!(host.network_mode.as_deref(), Some("none"));
        assert_eq!((host.init, host.readonly_rootfs, host.privileged), (Some(true), Some(true), None));
        assert_eq!(host.extra_hosts, Some(vec!["db:10.0.0.1".to_owned()]));
    }

    #[test]
    fn entrypoint_and_command_are_left_to_the_image_unless_said() {
        let plain = body_of("");
        assert_eq!((plain.entrypoint, plain.cmd), (None, None));
        assert_eq!(body_of("--entrypoint ''").entrypoint, Some(vec![String::new()]));
        assert_eq!(body_of("--entrypoint /x").entrypoint, Some(vec!["/x".to_owned()]));
    }

    #[test]
    fn labels_tell_owner_and_output() {
        let labels = body_of("--label a=b").labels.unwrap();
        assert_eq!(labels.get(OWNER).map(String::as_str), Some("me"));
        assert_eq!(labels.get(STDOUT_START).map(String::as_str), Some("7"));
        assert_eq!(labels.get("a").map(String::as_str), Some("b"));
    }
}
