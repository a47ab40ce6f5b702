//! Options of a task's container.

use super::command::quoted;
use super::machine::Machine;
use super::section::Section;
use super::volumes::Volumes;
use crate::batch::run_options::{InvalidRunOptions, RunOptions};
use crate::recipe::{is_secret_name, known_secret};

/// What the options depend on beside the task and its job.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings<'p, 'a> {
    /// The machines.
    pub(super) machine: &'p Machine,
    /// The volumes.
    pub(super) volumes: &'p Volumes<'a>,
    /// Whether nodes talk to each other.
    pub(super) inter_node: bool,
}

/// The options of a task of a job.
pub(super) fn run_options(task: &Section<'_>, job: &Section<'_>, around: Surroundings<'_, '_>) -> String {
    let of_both = |key: &str| {
        let own = task.get(key);
        if own.is_present() { own } else { job.get(key) }
    };
    let mut options = Vec::new();
    if of_both("remove_container_after_exit").switch() != Some(false) {
        options.push("--rm".to_owned());
    }
    options.extend(
        task.get("entrypoint").word().map(|entrypoint| format!("--entrypoint {}", word(&entrypoint))),
    );
    options.extend(user(&job.at("user_identity.specific_user")));
    options.extend(of_both("shm_size").word().map(|size| format!("--shm-size={}", word(&size))));
    options.extend(gpus(&of_both("gpus"), around.machine));
    options.extend(network(task, &of_both("infiniband"), around));
    options.extend(around.volumes.run_options(&[job, task]));
    options.extend(task.get("ports").texts().iter().map(|port| format!("-p {}", word(port))));
    options.extend(task.get("labels").texts().iter().map(|label| format!("--label {}", word(label))));
    for option in additional(&task.get("additional_docker_run_options")) {
        if !options.contains(&option) {
            options.push(option);
        }
    }
    options.join(" ")
}

/// A value as one word.
fn word(text: &str) -> String {
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:=@,+$".contains(c));
    if is_plain { text.to_owned() } else { quoted(text) }
}

fn user(specific: &Section<'_>) -> Option<String> {
    let (uid, gid) = (specific.get("uid").integer(), specific.get("gid").integer());
    match (uid, gid) {
        (Some(uid), Some(gid)) => Some(format!("--user {uid}:{gid}")),
        (Some(uid), None) => Some(format!("--user {uid}")),
        _ => None,
    }
}

fn gpus(gpus: &Section<'_>, machine: &Machine) -> Option<String> {
    let value = gpus.word()?;
    match value.as_str() {
        "all" if machine.has_gpu() => None,
        "all" => {
            gpus.dropped("machines of this size have no GPU");
            None
        }
        "disable" | "false" => {
            gpus.dropped("Batch gives a container the GPUs of its node; a task that wants none sets NVIDIA_VISIBLE_DEVICES to `none`");
            None
        }
        _ => {
            gpus.kept("the run option `--gpus`");
            Some(format!("--gpus {}", word(&value)))
        }
    }
}

/// What tasks on several nodes, and those that use InfiniBand, have of their node's network.
fn network(task: &Section<'_>, infiniband: &Section<'_>, around: Surroundings<'_, '_>) -> Vec<String> {
    let has_rdma = around.machine.has_rdma() && around.inter_node;
    let wanted = infiniband.switch().unwrap_or(has_rdma);
    if wanted && !has_rdma {
        infiniband.dropped("machines of this size have no InfiniBand, or the nodes don't talk to each other");
    }
    let wanted = wanted && has_rdma;
    let mut options = Vec::new();
    if wanted || task.get("multi_instance").is_present() {
        options.push("--network=host".to_owned());
    }
    if wanted {
        options.push("--ulimit memlock=9223372036854775807".to_owned());
        options.push("--device=/dev/infiniband".to_owned());
    }
    options
}

/// Options as they are, without those that no node takes.
fn additional(section: &Section<'_>) -> Vec<String> {
    let options = without_secrets(section);
    if refusal(&options.join(" ")).is_none() {
        return options;
    }
    let mut kept = Vec::new();
    let mut reasons = Vec::new();
    for option in options {
        match refusal(&option) {
            None => kept.push(option),
            // What stands behind the sign may be a secret.
            Some(reason) => reasons.push(match option.split_once('=') {
                Some((_, value)) if !value.is_empty() => reason.replace(value, "…"),
                _ => reason,
            }),
        }
    }
    if reasons.is_empty() {
        section.dropped("not understood: these are no options of `docker create`");
        return Vec::new();
    }
    section.changed(format!("`container.run_options`, without some: {}", reasons.join("; ")));
    kept
}

/// The options without environment variables that hold secrets: options can't refer to anything.
fn without_secrets(section: &Section<'_>) -> Vec<String> {
    let options = section.texts();
    let words: Vec<&str> = options.iter().flat_map(|option| option.split_whitespace()).collect();
    let mut kept = Vec::new();
    let mut secret = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let is_flag = word == "-e" || word == "--env";
        let variable = if is_flag {
            words.peek().copied()
        } else {
            word.strip_prefix("--env=").or_else(|| word.strip_prefix("-e"))
        };
        let pair = variable.and_then(|variable| variable.split_once('='));
        match pair.filter(|(name, value)| is_secret_name(name) || known_secret(value).is_some()) {
            Some((name, _)) => {
                secret.push(format!("`{name}`"));
                if is_flag {
                    words.next();
                }
            }
            None => kept.push(word.to_owned()),
        }
    }
    if secret.is_empty() {
        return options;
    }
    let names = secret.join(", ");
    section.log().to_do(format!(
        "{}: {names} may be a secret and is left out; give it with `environment: {{ NAME: {{ env: NAME }} }}`",
        section.path()
    ));
    kept
}

/// Why no node takes an option, if none does. What only the emulator refuses may work in Azure.
fn refusal(options: &str) -> Option<String> {
    let (_, errors) = RunOptions::scan(options);
    let error = errors.into_iter().find(|error| !matches!(error, InvalidRunOptions::NotEmulated { .. }))?;
    Some(error.to_string())
}
