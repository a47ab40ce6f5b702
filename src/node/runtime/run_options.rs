//! What run options make of a container.

use super::ContainerSpec;
use crate::batch::run_options::RunOptions;

/// The label that keeps the name given with `--name`.
const NAME_LABEL: &str = "batchyard.name";

impl ContainerSpec {
    /// Applies run options; where both say something, the options win.
    pub fn apply(&mut self, options: &RunOptions) {
        let RunOptions {
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
        } = options;
        replace(&mut self.working_directory, working_directory);
        replace(&mut self.user, user);
        replace(&mut self.hostname, hostname);
        replace(&mut self.entrypoint, entrypoint);
        replace(&mut self.ipc, ipc);
        replace(&mut self.pid, pid);
        replace(&mut self.stop_signal, stop_signal);
        for (name, value) in environment {
            self.environment.retain(|(present, _)| present != name);
            self.environment.push((name.clone(), value.clone()));
        }
        self.labels.extend(labels.clone());
        self.labels.extend(name.iter().map(|name| (NAME_LABEL.to_owned(), name.clone())));
        self.mounts.extend(mounts.iter().cloned());
        self.limits = limits.clone();
        if let Some(network) = network {
            self.network = network.clone();
        }
        self.extra_hosts.extend(extra_hosts.iter().cloned());
        self.init |= init;
        self.privileged |= privileged;
        self.read_only_root |= read_only_root;
        self.cap_add.extend(cap_add.iter().cloned());
        self.cap_drop.extend(cap_drop.iter().cloned());
        self.security_opt.extend(security_opt.iter().cloned());
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
    use crate::batch::run_options::NetworkMode;

    fn spec_with(options: &str) -> ContainerSpec {
        let mut spec = ContainerSpec {
            working_directory: Some("/task/wd".to_owned()),
            user: Some("59999:59999".to_owned()),
            environment: vec![("A".to_owned(), "task".to_owned()), ("B".to_owned(), "task".to_owned())],
            ..ContainerSpec::default()
        };
        spec.apply(&RunOptions::parse(options).unwrap());
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
