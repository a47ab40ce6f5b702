//! The values of options, read as `docker create` reads them. What it takes and the embedded nodes do not is told apart from what
//! nobody takes: a recipe that is meant for nodes in Azure may have it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::RunOptions;
use super::settings::{Mount, MountSource, NetworkMode};

/// Why a value can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ValueError {
    /// `docker create` doesn't take it either.
    Invalid(String),
    /// It makes no sense for a task; Azure Batch has another way.
    Refused(&'static str),
    /// The nodes of the embedded Azure Batch can't do this. Nodes in Azure may.
    NotEmulated(String),
}

fn invalid<T>(reason: String) -> Result<T, ValueError> {
    Err(ValueError::Invalid(reason))
}

fn not_emulated<T>(reason: impl Into<String>) -> Result<T, ValueError> {
    Err(ValueError::NotEmulated(reason.into()))
}

const NO_NAMED_VOLUMES: &str = "named volumes are not supported: give an absolute path of the node, such as \
                                $AZ_BATCH_NODE_SHARED_DIR/data";

/// Puts a value in its place, if it is valid.
pub(super) fn put<T>(target: &mut Option<T>, value: Result<T, ValueError>) -> Result<(), ValueError> {
    *target = Some(value?);
    Ok(())
}

/// The words for yes and no that Go's flag packages know.
pub(super) fn boolean(word: &str) -> Option<bool> {
    match word {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// An absolute path, or one that starts with a variable which is only known on the node.
fn is_path(text: &str) -> bool {
    text.starts_with(['/', '$'])
}

/// `c:\\app`; what splits the options at blanks has taken the backslashes away.
fn is_windows_path(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|drive| drive.is_ascii_alphabetic()) && characters.next() == Some(':')
}

pub(super) fn inside_path(text: &str) -> Result<String, ValueError> {
    match text {
        _ if is_path(text) => Ok(text.to_owned()),
        _ if is_windows_path(text) => not_emulated(format!("`{text}` is a path of Windows")),
        _ => invalid(format!("`{text}` is not an absolute path inside the container")),
    }
}

/// `NAME=value`. A name alone stands for the variable of that name in the environment of whoever makes the container;
/// that is the task's, and the container has all of it anyway.
pub(super) fn environment(text: &str) -> Result<Option<(String, String)>, ValueError> {
    match text.split_once('=') {
        None if !text.is_empty() => Ok(None),
        Some((name, value)) if !name.is_empty() => Ok(Some((name.to_owned(), value.to_owned()))),
        _ => invalid("it must be `NAME=value`".to_owned()),
    }
}

pub(super) fn label(text: &str) -> Result<(String, String), ValueError> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    if name.is_empty() {
        return invalid("it must be `name=value`".to_owned());
    }
    if name.starts_with("batchyard.") {
        return not_emulated(format!(
            "labels that start with `batchyard.` are the node's own; `{name}` does"
        ));
    }
    Ok((name.to_owned(), value.to_owned()))
}

pub(super) fn user(text: &str) -> Result<String, ValueError> {
    let mut parts = text.split(':');
    let valid = parts.next().is_some_and(|user| !user.is_empty())
        && parts.next().is_none_or(|group| !group.is_empty())
        && parts.next().is_none();
    if valid { Ok(text.to_owned()) } else { invalid(format!("`{text}` is not `user`, `uid` or `uid:gid`")) }
}

pub(super) fn entrypoint(text: &str) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }
}

pub(super) fn signal(text: &str) -> Result<String, ValueError> {
    const NAMES: &[&str] = &[
        "ABRT", "ALRM", "CHLD", "CONT", "HUP", "INT", "KILL", "PIPE", "QUIT", "STOP", "TERM", "TSTP", "USR1",
        "USR2", "WINCH",
    ];
    const OTHERS: &[&str] = &[
        "BUS", "CLD", "FPE", "ILL", "IO", "IOT", "POLL", "PROF", "PWR", "SEGV", "STKFLT", "SYS", "TRAP",
        "TTIN", "TTOU", "URG", "VTALRM", "XCPU", "XFSZ",
    ];
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    match upper.parse::<u8>() {
        Ok(1..=64) => Ok(upper),
        _ if NAMES.contains(&name) => Ok(format!("SIG{name}")),
        _ if OTHERS.contains(&name) || name.starts_with("RTM") => {
            not_emulated(format!("`{text}` is not among {}", NAMES.join(", ")))
        }
        _ => invalid(format!("`{text}` is not a signal")),
    }
}

pub(super) fn seconds(text: &str) -> Result<Duration, ValueError> {
    match integer(text)? {
        -1 => not_emulated("a container can't take for ever to end"),
        seconds => u64::try_from(seconds)
            .map(Duration::from_secs)
            .or_else(|_| invalid(format!("`{text}` is not a number of seconds"))),
    }
}

pub(super) fn integer<T: FromStr>(text: &str) -> Result<T, ValueError> {
    text.parse().or_else(|_| invalid(format!("`{text}` is not a number that fits")))
}

pub(super) fn container_name(text: &str) -> Result<String, ValueError> {
    let valid = text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if valid { Ok(text.to_owned()) } else { invalid(format!("`{text}` is not a container name")) }
}

pub(super) fn hostname(text: &str) -> Result<String, ValueError> {
    let valid = !text.is_empty()
        && text.len() <= 63
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
        && !text.starts_with('-');
    if valid { Ok(text.to_owned()) } else { not_emulated(format!("`{text}` is not a host name")) }
}

pub(super) fn restart(text: &str) -> Result<(), ValueError> {
    match text {
        "no" => Ok(()),
        _ => Err(ValueError::Refused(
            "Batch runs failed tasks again by itself: use the task's maximum retry count",
        )),
    }
}

pub(super) fn pull(text: &str) -> Result<(), ValueError> {
    match text {
        "missing" => Ok(()),
        "always" | "never" => {
            not_emulated("the node fetches an image when it is missing, and at no other time")
        }
        _ => invalid(format!("`{text}` is not always, missing or never")),
    }
}

/// A capability by its name in any case, with or without `CAP_`, as `SYS_PTRACE`; or `ALL`.
pub(super) fn capability(text: &str) -> Result<String, ValueError> {
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("CAP_").unwrap_or(&upper);
    let valid = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if valid { Ok(name.to_owned()) } else { invalid(format!("`{text}` is not a capability")) }
}

pub(super) fn security(text: &str) -> Result<String, ValueError> {
    // docker also takes `name:value`, its first spelling.
    let (name, value) = text.split_once(['=', ':']).unwrap_or((text, ""));
    match (name, value) {
        ("no-new-privileges", "") => Ok(name.to_owned()),
        ("no-new-privileges", value) => match boolean(value) {
            Some(denied) => Ok(format!("{name}={denied}")),
            None => invalid(format!("`{value}` is neither true nor false")),
        },
        ("seccomp", "unconfined" | "builtin") => Ok(format!("{name}={value}")),
        ("seccomp", _) => not_emulated(
            "a profile would be read where the options are parsed; only `seccomp=unconfined` works",
        ),
        ("apparmor" | "label", value) if !value.is_empty() => Ok(format!("{name}={value}")),
        _ => not_emulated(format!("`{text}` is not a security option that nodes know")),
    }
}

/// A number of bytes with a unit of 1024, as `512m`, `1.5g` or `64KiB`.
pub(super) fn size(text: &str) -> Result<u64, ValueError> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(lower.len());
    let (number, unit) = lower.split_at_checked(digits).unwrap_or((&lower, ""));
    let power = match unit.trim_start() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        "t" | "tb" | "tib" => 4,
        "p" | "pb" | "pib" => 5,
        _ => return invalid(format!("`{text}` is not a size such as `512m` or `1g`")),
    };
    let unit = 1024_f64.powi(power);
    match number.parse::<f64>() {
        Ok(number) if number > 0.0 && number * unit < 9.0e18 => Ok(whole(number * unit)),
        Ok(0.0) => not_emulated("nothing is not a size"),
        _ => invalid(format!("`{text}` is not a size such as `512m` or `1g`")),
    }
}

/// Memory and swap together; -1 for as much swap as there is, and 0 says nothing.
pub(super) fn swap(text: &str) -> Result<Option<i64>, ValueError> {
    match text.trim() {
        "-1" => Ok(Some(-1)),
        "0" => Ok(None),
        // Sizes stay below that.
        text => size(text).map(|bytes| i64::try_from(bytes).ok()),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the callers checked the range")]
fn whole(number: f64) -> u64 {
    number as u64
}

pub(super) fn processors(text: &str) -> Result<f64, ValueError> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number.is_finite() => Ok(number),
        Ok(0.0) => not_emulated("no processor is not a number of processors"),
        _ => invalid(format!("`{text}` is not a number of processors such as `1.5`")),
    }
}

/// `0-2,4`.
pub(super) fn processor_list(text: &str) -> Result<String, ValueError> {
    let is_range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        matches!((first.parse::<u16>(), last.parse::<u16>()), (Ok(first), Ok(last)) if first <= last)
    };
    match text.split(',').all(is_range) {
        true => Ok(text.to_owned()),
        false => invalid(format!("`{text}` is not a list of processors such as `0-2,4`")),
    }
}

/// `name=soft[:hard]`; -1 is no limit.
pub(super) fn ulimit(text: &str) -> Result<(String, u64, u64), ValueError> {
    const NAMES: &[&str] = &[
        "core",
        "cpu",
        "data",
        "fsize",
        "locks",
        "memlock",
        "msgqueue",
        "nice",
        "nofile",
        "nproc",
        "rss",
        "rtprio",
        "rttime",
        "sigpending",
        "stack",
    ];
    let wrong = || ValueError::Invalid(format!("`{text}` is not a limit such as `nofile=1024:4096`"));
    let (name, limits) = text.split_once('=').ok_or_else(wrong)?;
    if !NAMES.contains(&name) {
        return invalid(format!("`{name}` is not a resource with a limit; there are {}", NAMES.join(", ")));
    }
    let limit = |text: &str| match text.parse::<i64>() {
        Ok(-1) => Ok(u64::MAX),
        Ok(number) => u64::try_from(number).map_err(|_| wrong()),
        Err(_) => Err(wrong()),
    };
    let (soft, hard) = limits.split_once(':').unwrap_or((limits, limits));
    let (soft, hard) = (limit(soft)?, limit(hard)?);
    if soft > hard {
        return invalid(format!("the soft limit of `{name}` is above the hard one"));
    }
    Ok((name.to_owned(), soft, hard))
}

pub(super) fn network(text: &str) -> Result<NetworkMode, ValueError> {
    match text {
        "default" => Ok(NetworkMode::Default),
        "host" => Ok(NetworkMode::Host),
        "none" => Ok(NetworkMode::None),
        "" => invalid("it must be the name of a network".to_owned()),
        _ if text.starts_with("container:") => {
            not_emulated("a task can't share the network of another container")
        }
        _ if text.contains(['=', ',']) => not_emulated("only the plain name of a network is supported"),
        name => Ok(NetworkMode::Named(name.to_owned())),
    }
}

/// `name:address` or `name=address`; the address may be in brackets.
pub(super) fn extra_host(text: &str) -> Result<String, ValueError> {
    let wrong = || ValueError::Invalid(format!("`{text}` is not `name:address`"));
    let (name, address) = text.split_once(['=', ':']).ok_or_else(wrong)?;
    let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']')).unwrap_or(address);
    if name.is_empty() || (bare != "host-gateway" && bare.parse::<IpAddr>().is_err()) {
        return Err(wrong());
    }
    Ok(format!("{name}:{bare}"))
}

pub(super) fn ipc(text: &str) -> Result<String, ValueError> {
    match text {
        "none" | "private" | "shareable" | "host" => Ok(text.to_owned()),
        _ if text.starts_with("container:") => {
            not_emulated(format!("`{text}` is not supported; there are none, private, shareable, host"))
        }
        _ => invalid(format!("`{text}` is not supported; there are none, private, shareable, host")),
    }
}

pub(super) fn pid(text: &str) -> Result<String, ValueError> {
    match text {
        "host" => Ok(text.to_owned()),
        _ if text.starts_with("container:") => {
            not_emulated(format!("`{text}` is not supported; there is host"))
        }
        _ => invalid(format!("`{text}` is not supported; there is host")),
    }
}

/// `/on/the/node:/in/the/container[:options]`.
pub(super) fn volume(options: &mut RunOptions, text: &str) -> Result<(), ValueError> {
    if is_windows_path(text) {
        return not_emulated(format!("`{text}` is a path of Windows"));
    }
    let mut parts = text.split(':');
    let (source, target) = match (parts.next(), parts.next()) {
        (Some(source), Some(target)) => (source, target),
        _ => {
            return not_emulated(
                "volumes without a path of the node are not supported; `--tmpfs` makes an empty folder",
            );
        }
    };
    let mut read_only = false;
    for option in parts.next().unwrap_or("rw").split(',') {
        match option {
            "ro" => read_only = true,
            "rw" | "rprivate" => {}
            other => {
                return not_emulated(format!(
                    "the mount option `{other}` is not supported; there are ro, rw"
                ));
            }
        }
    }
    if parts.next().is_some() {
        return invalid(format!("`{text}` has too many parts"));
    }
    let mount = bind(source, target, read_only)?;
    options.host_folders.push(PathBuf::from(source));
    options.mounts.push(mount);
    Ok(())
}

fn bind(source: &str, target: &str, read_only: bool) -> Result<Mount, ValueError> {
    if source.starts_with('.') {
        return not_emulated(format!("`{source}` is not an absolute path of the node"));
    }
    if !is_path(source) {
        return not_emulated(NO_NAMED_VOLUMES);
    }
    Ok(Mount {
        source: MountSource::Bind(Path::new(source).to_owned()),
        target: mount_target(target)?,
        read_only,
    })
}

fn mount_target(text: &str) -> Result<String, ValueError> {
    match text.trim_end_matches('/') {
        "" => invalid("nothing can be mounted over the root of the container".to_owned()),
        _ => inside_path(text),
    }
}

/// What `docker create` also takes in a mount.
const MOUNT_KEYS: &[&str] = &[
    "bind-nonrecursive",
    "bind-propagation",
    "bind-recursive",
    "consistency",
    "image-subpath",
    "tmpfs-mode",
    "volume-driver",
    "volume-label",
    "volume-nocopy",
    "volume-opt",
    "volume-subpath",
];

/// `type=bind,source=…,target=…[,readonly]` or `type=tmpfs,target=…[,tmpfs-size=…]`.
pub(super) fn mount(text: &str) -> Result<Mount, ValueError> {
    let (mut kind, mut source, mut target, mut size_limit, mut read_only) =
        ("volume", None, None, None, false);
    for field in text.split(',') {
        let (key, value) = field.split_once('=').unwrap_or((field, ""));
        match (key.to_ascii_lowercase().as_str(), value) {
            ("type", value) => kind = value,
            ("source" | "src", value) => source = Some(value),
            ("target" | "destination" | "dst", value) => target = Some(value),
            ("readonly" | "ro", "") => read_only = true,
            ("readonly" | "ro", value) => {
                let wrong = || ValueError::Invalid(format!("`{value}` is neither true nor false"));
                read_only = boolean(value).ok_or_else(wrong)?;
            }
            ("bind-propagation", "rprivate") => {}
            ("tmpfs-size", value) => size_limit = Some(size(value)?),
            (key, _) if MOUNT_KEYS.contains(&key) => {
                return not_emulated(format!("`{field}` is not supported in a mount"));
            }
            _ => return invalid(format!("`{field}` is not part of a mount")),
        }
    }
    let target = target.ok_or_else(|| ValueError::Invalid("it needs a target".to_owned()))?;
    match (kind, source, size_limit) {
        ("bind", Some(source), None) => bind(source, target, read_only),
        ("bind", None, _) => invalid("a bind mount needs a source".to_owned()),
        ("bind", Some(_), Some(_)) => invalid("a bind mount has no tmpfs-size".to_owned()),
        ("tmpfs", None, limit) => {
            Ok(Mount { source: MountSource::Tmpfs(limit), target: mount_target(target)?, read_only })
        }
        ("tmpfs", Some(_), _) => invalid("a tmpfs mount has no source".to_owned()),
        ("volume", ..) => not_emulated(NO_NAMED_VOLUMES),
        (other @ ("npipe" | "cluster" | "image"), ..) => {
            not_emulated(format!("mounts of type `{other}` are not supported; there are bind, tmpfs"))
        }
        (other, ..) => invalid(format!("there are no mounts of type `{other}`; there are bind, tmpfs")),
    }
}

/// `/in/the/container[:size=…,ro]`.
pub(super) fn tmpfs(text: &str) -> Result<Mount, ValueError> {
    let (target, settings) = text.split_once(':').unwrap_or((text, ""));
    let (mut limit, mut read_only) = (None, false);
    for setting in settings.split(',').filter(|setting| !setting.is_empty()) {
        match setting.split_once('=').unwrap_or((setting, "")) {
            ("size", value) => limit = Some(size(value)?),
            ("ro", "") => read_only = true,
            // How docker mounts memory file systems anyway.
            ("rw" | "noexec" | "nosuid" | "nodev", "") => {}
            _ => return not_emulated(format!("`{setting}` is not supported; there are size=…, ro, rw")),
        }
    }
    Ok(Mount { source: MountSource::Tmpfs(limit), target: mount_target(target)?, read_only })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::run_options::InvalidRunOptions;

    fn parse(text: &str) -> RunOptions {
        RunOptions::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn refusal(text: &str) -> String {
        match RunOptions::parse(text) {
            Err(
                InvalidRunOptions::InvalidValue { reason, .. }
                | InvalidRunOptions::NotEmulated { reason: Some(reason), .. },
            ) => reason,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn sizes_count_in_1024() {
        assert_eq!(size("512"), Ok(512));
        assert_eq!(size("512b"), Ok(512));
        assert_eq!(size("2k"), Ok(2048));
        assert_eq!(size("1.5g"), Ok(3 << 29));
        assert_eq!(size("64 MiB"), Ok(64 << 20));
        assert_eq!(size("1GB"), Ok(1 << 30));
        for text in ["", "g", "-1g", "0", "1x", "1.2.3m", "99999999p", "1e3"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn limits_are_read() {
        let limits = parse(
            "-m 64m --cpus 1.5 --cpuset-cpus 0-1,3 -c 512 --pids-limit -1 --shm-size=1g \
             --ulimit nofile=1024:4096 --ulimit memlock=-1",
        )
        .limits;
        assert_eq!(limits.memory, Some(64 << 20));
        assert_eq!(limits.cpus, Some(1.5));
        assert_eq!(limits.cpuset.as_deref(), Some("0-1,3"));
        assert_eq!(limits.cpu_shares, Some(512));
        assert_eq!(limits.pids, Some(-1));
        assert_eq!(limits.shm_size, Some(1 << 30));
        let memlock = ("memlock".to_owned(), u64::MAX, u64::MAX);
        assert_eq!(limits.ulimits, [("nofile".to_owned(), 1024, 4096), memlock]);
    }

    #[test]
    fn senseless_limits_are_refused() {
        assert!(refusal("--cpus 0").contains("number of processors"));
        assert!(refusal("--cpuset-cpus 3-1").contains("list of processors"));
        assert!(refusal("--ulimit files=1").contains("nofile"));
        assert!(refusal("--ulimit nofile=2:1").contains("soft limit"));
        assert!(refusal("--pids-limit many").contains("number"));
    }

    #[test]
    fn volumes_bind_folders_of_the_node() {
        let options = parse("-v /data:/in:ro -v $AZ_BATCH_NODE_SHARED_DIR/x:/x");
        assert_eq!(
            options.mounts,
            [
                Mount {
                    source: MountSource::Bind("/data".into()),
                    target: "/in".to_owned(),
                    read_only: true
                },
                Mount {
                    source: MountSource::Bind("$AZ_BATCH_NODE_SHARED_DIR/x".into()),
                    target: "/x".to_owned(),
                    read_only: false
                },
            ]
        );
        assert_eq!(
            options.host_folders,
            [PathBuf::from("/data"), PathBuf::from("$AZ_BATCH_NODE_SHARED_DIR/x")]
        );
        assert!(refusal("-v data:/in").contains("named volumes"));
        assert!(refusal("-v /in").contains("--tmpfs"));
        assert!(refusal("-v ./data:/in").contains("absolute"));
        assert!(refusal("-v /data:/in:z").contains("`z`"));
        assert!(refusal("-v /data:/").contains("root of the container"));
        assert!(refusal("-v /data:in").contains("absolute path inside"));
    }

    #[test]
    fn mounts_are_read() {
        let options =
            parse("--mount type=bind,src=/data,dst=/in,readonly --mount type=tmpfs,target=/t,tmpfs-size=1m");
        assert!(options.host_folders.is_empty());
        let shown: Vec<_> =
            options.mounts.iter().map(|m| (&m.source, m.target.as_str(), m.read_only)).collect();
        assert_eq!(
            shown,
            [
                (&MountSource::Bind("/data".into()), "/in", true),
                (&MountSource::Tmpfs(Some(1 << 20)), "/t", false)
            ]
        );
        assert!(refusal("--mount src=data,dst=/in").contains("named volumes"));
        assert!(refusal("--mount type=bind,dst=/in").contains("needs a source"));
        assert!(refusal("--mount type=bind,src=/data").contains("needs a target"));
        assert!(refusal("--mount type=npipe,src=/data,dst=/in").contains("`npipe`"));
        assert!(
            refusal("--mount type=bind,src=/data,dst=/in,bind-propagation=shared").contains("propagation")
        );
    }

    #[test]
    fn memory_file_systems_are_read() {
        let mounts = parse("--tmpfs /run:rw,noexec,size=64k --tmpfs=/t").mounts;
        assert_eq!(mounts[0].source, MountSource::Tmpfs(Some(64 << 10)));
        assert_eq!(mounts[1].source, MountSource::Tmpfs(None));
        assert!(refusal("--tmpfs /run:mode=700").contains("mode=700"));
    }

    #[test]
    fn networks_and_hosts_are_read() {
        assert_eq!(parse("--net host").network, Some(NetworkMode::Host));
        assert_eq!(parse("--network=none").network, Some(NetworkMode::None));
        assert_eq!(parse("--network mine").network, Some(NetworkMode::Named("mine".to_owned())));
        assert!(refusal("--network container:x").contains("another container"));
        let options = parse("--add-host db:10.0.0.4 --add-host six=[::1] -h worker-1");
        assert_eq!(options.extra_hosts, ["db:10.0.0.4", "six:::1"]);
        assert_eq!(options.hostname.as_deref(), Some("worker-1"));
        assert!(refusal("--add-host db").contains("name:address"));
        assert!(refusal("--add-host db:nowhere").contains("name:address"));
    }

    #[test]
    fn security_options_are_normal_forms() {
        let options = parse(
            "--cap-add sys_ptrace --cap-drop=CAP_NET_RAW --cap-add ALL --security-opt no-new-privileges \
             --security-opt seccomp:unconfined --ipc=host --pid host",
        );
        assert_eq!(options.cap_add, ["SYS_PTRACE", "ALL"]);
        assert_eq!(options.cap_drop, ["NET_RAW"]);
        assert_eq!(options.security_opt, ["no-new-privileges", "seccomp=unconfined"]);
        assert_eq!((options.ipc.as_deref(), options.pid.as_deref()), (Some("host"), Some("host")));
        assert!(refusal("--security-opt seccomp=profile.json").contains("profile"));
        assert!(refusal("--pid container:x").contains("host"));
    }

    #[test]
    fn signals_users_and_names_are_checked() {
        assert_eq!(parse("--stop-signal int").stop_signal.as_deref(), Some("SIGINT"));
        assert_eq!(parse("--stop-signal 2").stop_signal.as_deref(), Some("2"));
        assert_eq!(parse("--stop-timeout 3").stop_timeout, Some(Duration::from_secs(3)));
        assert!(refusal("--stop-signal SIGFOO").contains("not a signal"));
        assert_eq!(parse("-u 1000:1000").user.as_deref(), Some("1000:1000"));
        assert!(refusal("-u 1:2:3").contains("uid:gid"));
        assert!(refusal("--user=").contains("uid:gid"));
        assert!(refusal("--name a/b").contains("container name"));
        assert!(refusal("--workdir app").contains("absolute"));
        assert!(refusal("--label batchyard.owner=me").contains("node's own"));
    }

    #[test]
    fn an_empty_entrypoint_drops_the_image_s() {
        assert_eq!(parse("--entrypoint ''").entrypoint, Some(Vec::new()));
        assert_eq!(parse("--entrypoint=/bin/sh").entrypoint, Some(vec!["/bin/sh".to_owned()]));
    }

    #[test]
    fn a_name_without_value_is_in_the_container_anyway() {
        assert_eq!(
            parse("-e NAME -e EMPTY= -e A=b=c").environment,
            [("EMPTY".to_owned(), String::new()), ("A".to_owned(), "b=c".to_owned())]
        );
        assert!(refusal("-e =x").contains("NAME=value"));
    }
}
