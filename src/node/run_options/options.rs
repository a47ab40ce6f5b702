//! The options as values, and how they change a container.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::node::runtime::{ContainerSpec, Mount, NetworkMode, ResourceLimits};

/// The label that keeps the name given with `--name`.
const NAME_LABEL: &str = "batchyard.name";

/// Something about an option that its author should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The option as it was written.
    pub option: String,
    /// What to know.
    pub text: &'static str,
}

/// Additional options of `docker create`, parsed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunOptions {
    /// `--workdir`: where the process starts.
    pub working_directory: Option<String>,
    /// `--rm`: the container goes as soon as its result is recorded.
    pub remove: bool,
    /// `--env NAME=value`.
    pub environment: Vec<(String, String)>,
    /// `--label`.
    pub labels: BTreeMap<String, String>,
    /// `--volume`, `--mount`, `--tmpfs`.
    pub mounts: Vec<Mount>,
    /// Folders of the host that `--volume` makes if they are missing; `--mount` demands that they are there.
    pub host_folders: Vec<PathBuf>,
    /// `--memory`, `--cpus`, `--cpuset-cpus`, `--cpu-shares`, `--pids-limit`, `--shm-size`, `--ulimit`.
    pub limits: ResourceLimits,
    /// `--user`.
    pub user: Option<String>,
    /// `--hostname`.
    pub hostname: Option<String>,
    /// `--name`; kept as a label, as the containers of all nodes share one engine.
    pub name: Option<String>,
    /// `--network`.
    pub network: Option<NetworkMode>,
    /// `--add-host`, as `name:address`.
    pub extra_hosts: Vec<String>,
    /// `--entrypoint`; empty drops the image's.
    pub entrypoint: Option<Vec<String>>,
    /// `--init`.
    pub init: bool,
    /// `--privileged`.
    pub privileged: bool,
    /// `--cap-add`.
    pub cap_add: Vec<String>,
    /// `--cap-drop`.
    pub cap_drop: Vec<String>,
    /// `--security-opt`.
    pub security_opt: Vec<String>,
    /// `--ipc`.
    pub ipc: Option<String>,
    /// `--pid`.
    pub pid: Option<String>,
    /// `--read-only`.
    pub read_only_root: bool,
    /// `--stop-signal`.
    pub stop_signal: Option<String>,
    /// `--stop-timeout`: how long the container may take to end after the stop signal.
    pub stop_timeout: Option<Duration>,
    /// Options that were accepted and do nothing here, or not quite what they say.
    pub notes: Vec<Note>,
}

impl RunOptions {
    /// Applies the options to a container; where both say something, the options win.
    pub fn apply(&self, spec: &mut ContainerSpec) {
        let Self {
            working_directory,
            remove: _,
            environment,
            labels,
            mounts,
            host_folders: _,
            limits,
            user,
            hostname,
            name,
            network,
            extra_hosts,
            entrypoint,
            init,
            privileged,
            cap_add,
            cap_drop,
            security_opt,
            ipc,
            pid,
            read_only_root,
            stop_signal,
            stop_timeout: _,
            notes: _,
        } = self;
        replace(&mut spec.working_directory, working_directory);
        replace(&mut spec.user, user);
        replace(&mut spec.hostname, hostname);
        replace(&mut spec.entrypoint, entrypoint);
        replace(&mut spec.ipc, ipc);
        replace(&mut spec.pid, pid);
        replace(&mut spec.stop_signal, stop_signal);
        for (name, value) in environment {
            spec.environment.retain(|(present, _)| present != name);
            spec.environment.push((name.clone(), value.clone()));
        }
        spec.labels.extend(labels.clone());
        spec.labels.extend(name.iter().map(|name| (NAME_LABEL.to_owned(), name.clone())));
        spec.mounts.extend(mounts.iter().cloned());
        spec.limits = limits.clone();
        if let Some(network) = network {
            spec.network = network.clone();
        }
        spec.extra_hosts.extend(extra_hosts.iter().cloned());
        spec.init |= init;
        spec.privileged |= privileged;
        spec.read_only_root |= read_only_root;
        spec.cap_add.extend(cap_add.iter().cloned());
        spec.cap_drop.extend(cap_drop.iter().cloned());
        spec.security_opt.extend(security_opt.iter().cloned());
    }
}

fn replace<T: Clone>(target: &mut Option<T>, value: &Option<T>) {
    if value.is_some() {
        target.clone_from(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec_with(options: &str) -> ContainerSpec {
        let mut spec = ContainerSpec {
            working_directory: Some("/task/wd".to_owned()),
            user: Some("59999:59999".to_owned()),
            environment: vec![("A".to_owned(), "task".to_owned()), ("B".to_owned(), "task".to_owned())],
            ..ContainerSpec::default()
        };
        RunOptions::parse(options).unwrap().apply(&mut spec);
        spec
    }

    #[test]
    fn options_win_over_what_the_task_says() {
        let spec = spec_with("--workdir / --user root -e A=option --entrypoint /bin/sh --name my-app");
        assert_eq!(spec.working_directory.as_deref(), Some("/"));
        assert_eq!(spec.user.as_deref(), Some("root"));
        assert_eq!(spec.entrypoint, Some(vec!["/bin/sh".to_owned()]));
        assert_eq!(
            spec.environment,
            [("B".to_owned(), "task".to_owned()), ("A".to_owned(), "option".to_owned())]
        );
        assert_eq!(spec.labels.get("batchyard.name").map(String::as_str), Some("my-app"));
    }

    #[test]
    fn what_no_option_mentions_stays() {
        let spec = spec_with("--rm");
        assert_eq!(spec.working_directory.as_deref(), Some("/task/wd"));
        assert_eq!(spec.user.as_deref(), Some("59999:59999"));
        assert_eq!(spec.environment.len(), 2);
        assert_eq!(spec.network, NetworkMode::Default);
    }
}
