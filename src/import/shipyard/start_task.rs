//! What happens on a node before it takes tasks.

use super::account::{Account, environment};
use super::data;
use super::machine::Machine;
use super::section::Section;
use super::volumes::Volumes;
use crate::import::yaml::{Map, Yaml};

/// `start_task` of a pool, if there is anything to do.
pub(super) fn start_task(
    pool: &Section<'_>,
    account: &Account<'_>,
    volumes: &Volumes<'_>,
    machine: &Machine,
) -> Option<Yaml> {
    let prep = pool.get("additional_node_prep");
    let user_commands = [prep.at("commands.pre"), prep.at("commands.post")];
    let [pre, post] = user_commands.clone().map(|commands| commands.texts());
    let incoming = data::incoming(&pool.get("input_data"), account, "$AZ_BATCH_TASK_WORKING_DIR");
    let mut files = data::resource_files(&pool.get("resource_files"), account);
    files.extend(incoming.files);

    if machine.was_centos && pre.iter().chain(&post).any(|command| is_for_centos(command)) {
        for commands in &user_commands {
            commands.changed("`start_task.command`: it was written for CentOS, and the nodes run Ubuntu now");
        }
        pool.log().to_do("the start task installs with yum, and the nodes run Ubuntu now: write it with apt-get, or put into the container image what the tasks need");
    }
    let mut commands = volumes.commands.clone();
    commands.extend(pre);
    commands.extend(incoming.commands);
    commands.extend(post);
    let mut variables = environment(&prep.get("environment_variables"), account, pool.log());
    if commands.is_empty() && files.is_empty() {
        return None;
    }
    let mut start = Map::default();
    start.put("elevation", Yaml::text("admin"));
    let nothing = commands.is_empty().then(|| "nothing to run: the files are what it brings".to_owned());
    let command = command(&commands, machine.is_windows, account, &mut variables, &prep);
    start.add("command", command, nothing);
    if !variables.is_empty() {
        start.put("environment", variables.long());
    }
    if !files.is_empty() {
        start.put("resource_files", Yaml::List(files));
    }
    Some(start.long())
}

fn is_for_centos(command: &str) -> bool {
    command.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| matches!(word, "yum" | "rpm" | "dnf"))
}

/// Commands as one that a shell reads, which ends with the first that fails.
fn command(
    commands: &[String],
    is_windows: bool,
    account: &Account<'_>,
    variables: &mut Map,
    prep: &Section<'_>,
) -> Yaml {
    if commands.is_empty() {
        return Yaml::text(if is_windows { "cmd /c ver" } else { "/bin/true" });
    }
    let mut lines = super::command::Command::script("/bin/bash", commands.join("\n"));
    if lines.without_secrets(account, &format!("{}.commands", prep.path()), variables, prep.log()) {
        prep.get("commands")
            .changed("`start_task.command`; a secret in it is a variable now, and not copied");
    }
    let text = crate::import::expressions::inert(lines.text());
    if is_windows {
        return Yaml::List(vec![Yaml::text("cmd"), Yaml::text("/c"), Yaml::text(text.replace('\n', " && "))]);
    }
    let script = if commands.len() > 1 { format!("set -e\n{text}\n") } else { text };
    let list = Yaml::List(vec![Yaml::text("/bin/bash"), Yaml::text("-c"), Yaml::text(script)]);
    if commands.len() > 1 { list } else { Yaml::Short(Box::new(list)) }
}
