//! Every option of `docker create`, and what a task's node does about it.

use super::RunOptions;
use super::values::{self as value, ValueError};

/// What a node does about an option.
pub(super) enum Treatment {
    /// Honours its value; the error says what is wrong with it.
    Value(fn(&mut RunOptions, &str) -> Result<(), ValueError>),
    /// Honours it as a switch.
    Flag(fn(&mut RunOptions, bool)),
    /// Accepts it although it changes nothing, and says why.
    NoEffect(&'static str),
    /// Honours its value, but not quite as it says.
    Noted(fn(&mut RunOptions, &str) -> Result<(), ValueError>, &'static str),
    /// Refuses it: it makes no sense for a task.
    Refused(&'static str),
    /// Refuses it: it belongs to `docker run`.
    RunOnly,
    /// Refuses it: nodes of the embedded Azure Batch can't do this.
    NotEmulated,
}

/// An option of `docker create`.
pub(super) struct Known {
    /// Its name, without dashes.
    pub(super) long: &'static str,
    /// Its letter.
    short: Option<char>,
    /// Whether a value follows.
    takes_value: bool,
    /// What a node does about it.
    pub(super) treatment: Treatment,
}

impl Known {
    pub(super) fn takes_value(&self) -> bool {
        self.takes_value
    }

    /// Makes it a switch: no value follows.
    const fn switch(mut self) -> Self {
        self.takes_value = false;
        self
    }

    const fn short(mut self, letter: char) -> Self {
        self.short = Some(letter);
        self
    }
}

pub(super) fn by_long(name: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.long == name)
}

pub(super) fn by_short(letter: char) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.short == Some(letter))
}

const fn option(long: &'static str, set: fn(&mut RunOptions, &str) -> Result<(), ValueError>) -> Known {
    Known { long, short: None, takes_value: true, treatment: Treatment::Value(set) }
}

const fn switch(long: &'static str, set: fn(&mut RunOptions, bool)) -> Known {
    Known { long, short: None, takes_value: false, treatment: Treatment::Flag(set) }
}

const fn idle_switch(long: &'static str, note: &'static str) -> Known {
    Known { long, short: None, takes_value: false, treatment: Treatment::NoEffect(note) }
}

const fn refused(long: &'static str, reason: &'static str) -> Known {
    Known { long, short: None, takes_value: true, treatment: Treatment::Refused(reason) }
}

const fn run_only(long: &'static str) -> Known {
    Known { long, short: None, takes_value: true, treatment: Treatment::RunOnly }
}

const fn not_emulated(long: &'static str) -> Known {
    Known { long, short: None, takes_value: true, treatment: Treatment::NotEmulated }
}

const NO_TERMINAL: &str = "no terminal and no input are connected to a task";
const OUTPUT: &str = "the node takes the container's output for stdout.txt and stderr.txt";
const OWN_NAME: &str = "containers of all nodes share one engine here, so the container has a name of its own and keeps \
                        this one as the label batchyard.name";

/// Sorted by what the options are about. Those that `docker create` accepts and this table lacks would be unknown options.
pub(super) static KNOWN: &[Known] = &[
    // The process.
    option("workdir", |to, v| value::put(&mut to.working_directory, value::inside_path(v))).short('w'),
    option("env", |to, v| value::environment(v).map(|pair| to.environment.extend(pair))).short('e'),
    option("user", |to, v| value::put(&mut to.user, value::user(v))).short('u'),
    option("entrypoint", |to, v| value::put(&mut to.entrypoint, Ok(value::entrypoint(v)))),
    option("stop-signal", |to, v| value::put(&mut to.stop_signal, value::signal(v))),
    option("stop-timeout", |to, v| value::put(&mut to.stop_timeout, value::seconds(v))),
    switch("init", |to, on| to.init = on),
    idle_switch("interactive", NO_TERMINAL).short('i'),
    idle_switch("tty", NO_TERMINAL).short('t'),
    refused(
        "env-file",
        "the file would be read where the options are parsed; use the task's environment settings",
    ),
    refused("attach", OUTPUT).short('a'),
    not_emulated("group-add"),
    not_emulated("sysctl"),
    not_emulated("oom-score-adj"),
    not_emulated("oom-kill-disable").switch(),
    // The container.
    switch("rm", |to, on| to.remove = on),
    Known {
        long: "name",
        short: None,
        takes_value: true,
        treatment: Treatment::Noted(|to, v| value::put(&mut to.name, value::container_name(v)), OWN_NAME),
    },
    option("label", |to, v| value::label(v).map(|(name, text)| drop(to.labels.insert(name, text))))
        .short('l'),
    option("restart", |_, v| value::restart(v)),
    switch("read-only", |to, on| to.read_only_root = on),
    switch("privileged", |to, on| to.privileged = on),
    option("cap-add", |to, v| value::capability(v).map(|name| to.cap_add.push(name))),
    option("cap-drop", |to, v| value::capability(v).map(|name| to.cap_drop.push(name))),
    option("security-opt", |to, v| value::security(v).map(|option| to.security_opt.push(option))),
    option("pull", |_, v| value::pull(v)),
    idle_switch("quiet", "the node fetches images itself and prints no progress").short('q'),
    not_emulated("gpus"),
    not_emulated("runtime"),
    refused("label-file", "the file would be read where the options are parsed; use `--label`"),
    refused("cidfile", "the id is in the task's container info"),
    refused("log-driver", OUTPUT),
    refused("log-opt", OUTPUT),
    run_only("detach").short('d').switch(),
    run_only("detach-keys"),
    run_only("sig-proxy").switch(),
    run_only("help").switch(),
    not_emulated("annotation"),
    not_emulated("cgroup-parent"),
    not_emulated("cgroupns"),
    not_emulated("disable-content-trust").switch(),
    not_emulated("health-cmd"),
    not_emulated("health-interval"),
    not_emulated("health-retries"),
    not_emulated("health-start-interval"),
    not_emulated("health-start-period"),
    not_emulated("health-timeout"),
    not_emulated("no-healthcheck").switch(),
    not_emulated("isolation"),
    not_emulated("platform"),
    not_emulated("storage-opt"),
    not_emulated("use-api-socket").switch(),
    not_emulated("userns"),
    not_emulated("uts"),
    // Files.
    option("volume", value::volume).short('v'),
    option("mount", |to, v| value::mount(v).map(|mount| to.mounts.push(mount))),
    option("tmpfs", |to, v| value::tmpfs(v).map(|mount| to.mounts.push(mount))),
    not_emulated("device"),
    not_emulated("device-cgroup-rule"),
    not_emulated("volume-driver"),
    not_emulated("volumes-from"),
    // Limits.
    option("memory", |to, v| value::put(&mut to.limits.memory, value::size(v))).short('m'),
    option("memory-swap", |to, v| value::swap(v).map(|swap| to.limits.memory_swap = swap)),
    option("cpus", |to, v| value::put(&mut to.limits.cpus, value::processors(v))),
    option("cpuset-cpus", |to, v| value::put(&mut to.limits.cpuset, value::processor_list(v))),
    option("cpu-shares", |to, v| value::put(&mut to.limits.cpu_shares, value::integer(v))).short('c'),
    option("pids-limit", |to, v| value::put(&mut to.limits.pids, value::integer(v))),
    option("shm-size", |to, v| value::put(&mut to.limits.shm_size, value::size(v))),
    option("ulimit", |to, v| value::ulimit(v).map(|limit| to.limits.ulimits.push(limit))),
    not_emulated("blkio-weight"),
    not_emulated("blkio-weight-device"),
    not_emulated("cpu-count"),
    not_emulated("cpu-percent"),
    not_emulated("cpu-period"),
    not_emulated("cpu-quota"),
    not_emulated("cpu-rt-period"),
    not_emulated("cpu-rt-runtime"),
    not_emulated("cpuset-mems"),
    not_emulated("device-read-bps"),
    not_emulated("device-read-iops"),
    not_emulated("device-write-bps"),
    not_emulated("device-write-iops"),
    not_emulated("io-maxbandwidth"),
    not_emulated("io-maxiops"),
    not_emulated("kernel-memory"),
    not_emulated("memory-reservation"),
    not_emulated("memory-swappiness"),
    // The network, and what is shared with other processes.
    option("network", |to, v| value::put(&mut to.network, value::network(v))),
    option("net", |to, v| value::put(&mut to.network, value::network(v))),
    option("hostname", |to, v| value::put(&mut to.hostname, value::hostname(v))).short('h'),
    option("add-host", |to, v| value::extra_host(v).map(|host| to.extra_hosts.push(host))),
    option("ipc", |to, v| value::put(&mut to.ipc, value::ipc(v))),
    option("pid", |to, v| value::put(&mut to.pid, value::pid(v))),
    not_emulated("dns"),
    not_emulated("dns-opt"),
    not_emulated("dns-option"),
    not_emulated("dns-search"),
    not_emulated("domainname"),
    not_emulated("expose"),
    not_emulated("ip"),
    not_emulated("ip6"),
    not_emulated("link"),
    not_emulated("link-local-ip"),
    not_emulated("mac-address"),
    not_emulated("network-alias"),
    not_emulated("net-alias"),
    not_emulated("publish").short('p'),
    not_emulated("publish-all").short('P').switch(),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_option_is_listed_twice() {
        let names: BTreeSet<_> = KNOWN.iter().map(|known| known.long).collect();
        assert_eq!(names.len(), KNOWN.len());
        let letters: Vec<_> = KNOWN.iter().filter_map(|known| known.short).collect();
        assert_eq!(letters.iter().collect::<BTreeSet<_>>().len(), letters.len());
    }
}
