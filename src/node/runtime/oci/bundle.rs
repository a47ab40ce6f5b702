//! From a container's specification to what the OCI runtime library runs: everything is understood here or refused, so that
//! nothing that was asked for is silently missing later.

use std::path::Path;

use serde_json::{Value, json};

use super::container_folder::Record;
use super::devices::host_devices;
use super::host::Host;
use super::mounts::{MASKED, binds, home_of, hosts_file, plan, read_only};
use super::network::Place;
use super::privileges::{capabilities, highest_limit, no_new_privileges, rlimits};
use super::resources::{resources, resources_without_root};
use super::rootless::Means;
use super::store::StoredImage;
use super::targets::Targets;
use super::user::{self, User};
use crate::node::runtime::{ContainerSpec, NetworkMode};

const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What the name of a container's control group begins with. They have no parent of ours: an empty one would stay behind.
const CGROUP: &str = "batchyard-";

/// Everything that goes into a container's folder.
#[derive(Debug)]
pub(super) struct Bundle {
    /// For the supervisor.
    pub(super) record: Record,
    /// For the OCI runtime library.
    pub(super) config: Value,
    /// `/etc/hosts`.
    pub(super) hosts: String,
    /// `/etc/hostname`.
    pub(super) hostname: String,
}

/// Turns a specification into a bundle for the folder `folder`, or says what of it can't be done. Private networks have their
/// folders in `networks`.
pub(super) fn prepare(
    spec: &ContainerSpec,
    image: &StoredImage,
    folder: &Path,
    networks: &Path,
    host: &Host,
) -> Result<Bundle, String> {
    refuse_unsupported(spec)?;
    if host.means.is_some() {
        refuse_what_needs_root(spec)?;
    }
    // Unique on this machine, whatever other stores hold a container of the same name.
    let id: String = blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex().chars().take(32).collect();
    let hostname = spec.hostname.clone().unwrap_or_else(|| id.chars().take(12).collect());
    if hostname.is_empty() || hostname.len() > 64 {
        return Err(format!("the host name `{hostname}` must have 1 to 64 characters"));
    }
    let mut user = user::find(&image.root, spec.user.as_deref().unwrap_or(&image.image.user))?;
    if let Some(means) = &host.means {
        settle_for(&mut user, means)?;
    }
    let mut targets = Targets::of(image)?;
    let spec = &ContainerSpec { mounts: targets.settle(&spec.mounts)?, ..spec.clone() };
    let volumes = targets.volumes(image, &spec.mounts)?;
    let working_directory = working_directory(spec, image)?;
    let home = targets.of_working_directory(&working_directory)?;
    let record = Record {
        owner: spec.owner.clone(),
        labels: spec.labels.clone(),
        image: spec.image.clone(),
        image_root: image.root.clone(),
        stop_signal: stop_signal(spec.stop_signal.as_deref().or(image.stop_signal.as_deref()))?,
        stdout: spec.stdout.clone(),
        stderr: spec.stderr.clone(),
        owner_of_streams: (user.uid, user.gid),
        working_directory: home_of(&home, spec, folder),
        binds: binds(spec)?,
        volumes: volumes.clone(),
        isolated_network: spec.network == NetworkMode::None && spec.place.is_none(),
        place: spec
            .place
            .as_ref()
            .map(|place| Place { folder: networks.join(&place.network), address: place.address }),
        init: spec.init,
        devices_in_root: spec.privileged,
        rootless: host.means.is_some(),
        has_group: host.means.as_ref().is_none_or(|means| means.groups.is_ok()),
        id,
    };
    let hosts = hosts_file(&host.hosts, spec, &hostname)?;
    let config = json!({
        "ociVersion": "1.0.2",
        "hostname": hostname,
        "root": { "path": "rootfs", "readonly": spec.read_only_root },
        "process": process(spec, image, &user, &hostname, &working_directory, host)?,
        "mounts": plan(spec, &volumes, &targets, folder, host)?,
        "linux": linux(spec, &record.id, host)?,
    });
    Ok(Bundle { record, config, hosts, hostname: format!("{hostname}\n") })
}

/// What a Docker engine can do and this runtime can't.
fn refuse_unsupported(spec: &ContainerSpec) -> Result<(), String> {
    if let (NetworkMode::Named(name), None) = (&spec.network, &spec.place) {
        return Err(format!(
            "the network `{name}` needs a Docker engine; the oci runtime has the host's network and `none`"
        ));
    }
    match spec.ipc.as_deref() {
        None | Some("" | "private" | "shareable" | "host") => {}
        Some(mode) => {
            return Err(format!("the ipc mode `{mode}` needs a Docker engine; try `private` or `host`"));
        }
    }
    match spec.pid.as_deref() {
        None | Some("" | "private" | "host") => Ok(()),
        Some(mode) => {
            Err(format!("the pid mode `{mode}` needs a Docker engine; try `host`, or leave it out"))
        }
    }
}

/// What root's containers have and an ordinary user's can't.
fn refuse_what_needs_root(spec: &ContainerSpec) -> Result<(), String> {
    let refuse = |what: &str, instead: &str| {
        Err(format!("{what} needs root: run batchyard as root, use a Docker engine, or {instead}"))
    };
    match () {
        () if spec.pid.as_deref() == Some("host") => {
            refuse("the machine's processes (`--pid host`)", "leave it out")
        }
        () if spec.ipc.as_deref() == Some("host") => {
            refuse("the machine's ipc (`--ipc host`)", "leave it out")
        }
        () => Ok(()),
    }
}

/// Whether there is such a user in the containers of an ordinary user. Of their further groups they get those that there are.
fn settle_for(user: &mut User, means: &Means) -> Result<(), String> {
    let has_user = means.ids.users.contains(user.uid) && means.ids.groups.contains(user.gid);
    if !has_user {
        let who = format!("the container is to run as user {}:{}", user.uid, user.gid);
        return Err(match &means.alone {
            Some(reason) => {
                format!("{who}, and without root it has no user but root, which is you ({reason})")
            }
            None => format!(
                "{who}, and without root it has users 0 to {} only; give yourself more in /etc/subuid and /etc/subgid",
                means.ids.users.count().min(means.ids.groups.count()).saturating_sub(1)
            ),
        });
    }
    // Where there is nobody but root nobody may change their groups.
    user.other_groups.retain(|group| means.alone.is_none() && means.ids.groups.contains(*group));
    Ok(())
}

fn working_directory(spec: &ContainerSpec, image: &StoredImage) -> Result<String, String> {
    let path = match spec.working_directory.as_deref() {
        Some(path) if !path.is_empty() => path,
        _ if image.image.working_directory.is_empty() => "/",
        _ => &image.image.working_directory,
    };
    if !path.starts_with('/') {
        return Err(format!("the working directory `{path}` is not an absolute path"));
    }
    crate::node::root_folder::names(Path::new(path))
        .map_err(|error| format!("the working directory {error}"))?;
    Ok(path.to_owned())
}

fn stop_signal(name: Option<&str>) -> Result<i32, String> {
    use rustix::process::Signal;

    let Some(name) = name else { return Ok(Signal::TERM.as_raw()) };
    let signal = match name.strip_prefix("SIG").unwrap_or(name) {
        "TERM" => Signal::TERM,
        "INT" => Signal::INT,
        "QUIT" => Signal::QUIT,
        "HUP" => Signal::HUP,
        "KILL" => Signal::KILL,
        "USR1" => Signal::USR1,
        "USR2" => Signal::USR2,
        "WINCH" => Signal::WINCH,
        "ABRT" => Signal::ABORT,
        "ALRM" => Signal::ALARM,
        "CHLD" => Signal::CHILD,
        "CONT" => Signal::CONT,
        "PIPE" => Signal::PIPE,
        "STOP" => Signal::STOP,
        "TSTP" => Signal::TSTP,
        number => number
            .parse()
            .ok()
            .and_then(Signal::from_named_raw)
            .ok_or_else(|| format!("the stop signal `{name}` is not known; try SIGTERM or SIGINT"))?,
    };
    Ok(signal.as_raw())
}

fn process(
    spec: &ContainerSpec,
    image: &StoredImage,
    user: &User,
    hostname: &str,
    working_directory: &str,
    host: &Host,
) -> Result<Value, String> {
    let arguments = arguments(spec, image)?;
    let capabilities = capabilities(spec, host)?;
    // As Docker: root has them, others' programs can only come by them through files that carry them.
    let effective = if user.uid == 0 { capabilities.clone() } else { Vec::new() };
    Ok(json!({
        "user": { "uid": user.uid, "gid": user.gid, "additionalGids": user.other_groups },
        "args": arguments,
        "env": environment(spec, image, user, hostname)?,
        "cwd": working_directory,
        "capabilities": {
            "bounding": capabilities,
            "effective": effective,
            "permitted": effective,
            "inheritable": [],
            "ambient": [],
        },
        "rlimits": rlimits(&spec.limits, |name| highest_limit(name, host))?,
        "noNewPrivileges": no_new_privileges(spec)?,
    }))
}

/// What runs.
fn arguments(spec: &ContainerSpec, image: &StoredImage) -> Result<Vec<String>, String> {
    let arguments = image.image.arguments(spec)?;
    match arguments.iter().find(|argument| argument.contains('\0')) {
        Some(argument) => Err(format!("the argument {argument:?} holds a NUL character")),
        None => Ok(arguments),
    }
}

/// The environment: the runtime's own, over it the image's, over it the specification's.
fn environment(
    spec: &ContainerSpec,
    image: &StoredImage,
    user: &User,
    hostname: &str,
) -> Result<Vec<String>, String> {
    let mut variables: Vec<(String, String)> = vec![
        ("PATH".to_owned(), DEFAULT_PATH.to_owned()),
        ("HOSTNAME".to_owned(), hostname.to_owned()),
        ("HOME".to_owned(), user.home.clone()),
    ];
    let image_variables = image.image.environment.iter().map(|variable| {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        (name.to_owned(), value.to_owned())
    });
    for (name, value) in image_variables.chain(spec.environment.iter().cloned()) {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(format!("`{}` can't be the name of an environment variable", name.escape_default()));
        }
        match variables.iter_mut().find(|(known, _)| *known == name) {
            Some(variable) => variable.1 = value,
            None => variables.push((name, value)),
        }
    }
    Ok(variables.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
}

/// The path of a container's control group. Where an ordinary user can make none, nor does the library, which goes on without.
fn cgroup(id: &str, host: &Host) -> String {
    let delegated = host.means.as_ref().and_then(|means| means.groups.as_ref().ok());
    let parent = delegated.map_or(Path::new("/"), |delegated| delegated.group.as_path());
    parent.join(format!("{CGROUP}{id}")).to_string_lossy().into_owned()
}

fn linux(spec: &ContainerSpec, id: &str, host: &Host) -> Result<Value, String> {
    let mut namespaces = vec!["mount", "uts"];
    if spec.pid.as_deref() != Some("host") {
        namespaces.push("pid");
    }
    if spec.ipc.as_deref() != Some("host") {
        namespaces.push("ipc");
    }
    if host.cgroup_namespaces {
        namespaces.push("cgroup");
    }
    let namespaces: Vec<Value> = namespaces.iter().map(|kind| json!({ "type": kind })).collect();
    let (masked, read_only, devices) = if spec.privileged {
        (&[][..], Vec::new(), host_devices(Path::new("/dev")))
    } else {
        (MASKED, read_only(host), Vec::new())
    };
    let resources = match &host.means {
        None => resources(&spec.limits, spec.privileged, host)?,
        Some(means) => resources_without_root(&spec.limits, &means.groups, host)?,
    };
    Ok(json!({
        "cgroupsPath": cgroup(id, host),
        "namespaces": namespaces,
        "resources": resources,
        "devices": devices,
        "maskedPaths": masked,
        "readonlyPaths": read_only,
    }))
}

#[cfg(test)]
#[path = "bundle_tests.rs"]
mod tests;
