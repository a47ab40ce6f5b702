//! Tasks.

use super::account::{Account, environment};
use super::command::Command;
use super::data;
use super::factory::{Factory, Fields, Tasks, factory};
use super::image::{self, Image};
use super::machine::Machine;
use super::mpi::multi_instance;
use super::pool::Nodes;
use super::run_options::{Surroundings, run_options};
use super::section::Section;
use super::template::convert;
use super::volumes::Volumes;
use crate::import::expressions::inert;
use crate::import::yaml::{Map, Yaml};

/// What tasks depend on beside their own sections.
#[derive(Clone, Copy)]
pub(super) struct Context<'p, 'a> {
    /// The credentials.
    pub(super) account: &'p Account<'a>,
    /// The volumes.
    pub(super) volumes: &'p Volumes<'a>,
    /// The machines.
    pub(super) machine: &'p Machine,
    /// The numbers of nodes.
    pub(super) nodes: Nodes,
    /// Whether nodes talk to each other.
    pub(super) inter_node: bool,
    /// What the recipe calls an image.
    pub(super) reference: &'p dyn Fn(&Image) -> String,
}

/// A task, or the tasks of a factory, before its properties are read.
pub(super) struct Planned<'a> {
    /// Its section.
    pub(super) section: Section<'a>,
    /// The section of its job.
    pub(super) job: Section<'a>,
    /// Its name in the recipe.
    pub(super) name: String,
    /// The expression of its ids, if it has a factory.
    pub(super) id: Option<String>,
    /// What its factory makes.
    pub(super) tasks: Option<Box<Tasks>>,
}

/// What the factory of a task makes. A task that can't be is noted as dropped.
pub(super) fn factory_of(section: &Section<'_>, account: &Account<'_>) -> Option<Option<Box<Tasks>>> {
    if !section.is_map() {
        section.dropped("not understood: a task is a map");
        return None;
    }
    if image::named(section).is_none() {
        refuse(section, "it names no image");
        return None;
    }
    match factory(&section.get("task_factory"), account) {
        Factory::Absent => Some(None),
        Factory::Tasks(tasks) => Some(Some(tasks)),
        Factory::Refused(why) => {
            refuse(section, &why);
            None
        }
    }
}

fn refuse(section: &Section<'_>, why: &str) {
    section.dropped(format!("the task is not in the recipe: {why}"));
    section.log().to_do(format!("`{}` is not in the recipe: {why}", section.path()));
}

/// The properties of a task.
pub(super) fn task(planned: &Planned<'_>, context: Context<'_, '_>, depends_on: Vec<String>) -> Map {
    let section = &planned.section;
    let mut task = Map::default();
    let fields = planned.tasks.as_ref().map(|tasks| tasks.fields.clone());
    if let Some(tasks) = &planned.tasks {
        task.put("for_each", tasks.for_each.clone());
    }
    task.put_some("id", planned.id.clone().map(Yaml::text));
    task.put_some("display_name", section.get("name").word().map(|name| Yaml::text(inert(&name))));
    if !depends_on.is_empty() {
        task.put("depends_on", Yaml::texts(depends_on));
    }
    container(planned, context, &mut task);

    let mut variables = environment(&section.get("environment_variables"), context.account, section.log());
    let mut command = command(planned, context, fields.as_ref(), &mut variables);
    let incoming = data::incoming(&section.get("input_data"), context.account, "$AZ_BATCH_TASK_WORKING_DIR");
    let multi_instance = multi_instance(section, context.nodes, context.account, &mut command);
    if let Some(own) = command.take() {
        command = Some(incoming.commands.iter().rev().fold(own, |command, first| command.after(first)));
    }
    task.put_some("multi_instance", multi_instance.map(Map::long));
    task.put_some("command", command.map(|command| command.yaml()));
    if !variables.is_empty() {
        task.put("environment", variables.long());
    }
    let mut files = data::resource_files(&section.get("resource_files"), context.account);
    files.extend(incoming.files);
    files.extend(planned.tasks.as_ref().and_then(|tasks| tasks.resource_file.clone()));
    if !files.is_empty() {
        task.put("resource_files", Yaml::List(files));
    }
    let outputs = data::outputs(&section.get("output_data"), context.account);
    if !outputs.is_empty() {
        task.put("outputs", Yaml::List(outputs));
    }
    task.put_some("exit_conditions", exit_conditions(section));
    task.put_some("retries", section.get("max_task_retries").integer().map(Yaml::plain));
    task.put_some("max_wall_time", section.get("max_wall_time").duration().map(Yaml::text));
    task.put_some("retention", section.get("retention_time").duration().map(Yaml::text));
    task
}

/// `container` of a task.
fn container(planned: &Planned<'_>, context: Context<'_, '_>, task: &mut Map) {
    let (section, job) = (&planned.section, &planned.job);
    let mut container = Map::default();
    if let Some(image) = image::named(section) {
        container.put("image", Yaml::text((context.reference)(&image)));
    }
    let around =
        Surroundings { machine: context.machine, volumes: context.volumes, inter_node: context.inter_node };
    let options = run_options(section, job, around);
    let is_plain = options.is_empty();
    if !is_plain {
        container.put("run_options", Yaml::text(inert(&options)));
    }
    let own = section.get("default_working_dir");
    let folder = if own.is_present() { own } else { job.get("default_working_dir") };
    if folder.one_of(&["batch", "container"]) == Some("container") {
        container.put("working_directory", Yaml::text("image"));
    }
    if job.get("restrict_default_bind_mounts").is_on() {
        container.put("mounts", Yaml::texts(["task"]));
    }
    let is_short = is_plain || options.len() <= 20;
    task.put("container", if is_short { container.in_short() } else { container.long() });
}

/// The command of a task, with the fields of its factory as expressions.
fn command(
    planned: &Planned<'_>,
    context: Context<'_, '_>,
    fields: Option<&Fields>,
    variables: &mut Map,
) -> Option<Command> {
    let section = planned.section.get("command");
    let line = section.word()?;
    let mut command = Command::read(&line);
    let mut changes = Vec::new();
    if !context.machine.is_windows && command.with_shell_if_needed() {
        changes.push("a shell reads it, as on Batch Shipyard's own nodes".to_owned());
    }
    if command.without_secrets(context.account, section.path(), variables, section.log()) {
        changes.push("a secret in it is a variable now, and not copied".to_owned());
    }
    let mut literal = Vec::new();
    command.map(|text| match fields {
        None | Some(Fields::None) => inert(text),
        Some(fields) => {
            let converted = convert(text, &|name| fields.expression(name));
            literal = converted.literal;
            converted.text
        }
    });
    if fields.is_some_and(|fields| *fields != Fields::None) {
        changes.push("fields of the factory are expressions".to_owned());
    }
    if !literal.is_empty() {
        let parts = literal.iter().map(|part| format!("`{part}`")).collect::<Vec<_>>().join(", ");
        changes.push(format!(
            "{parts} is no field of the factory and stays as it is, where Batch Shipyard failed"
        ));
    }
    if planned.section.at("multi_instance.mpi").is_present() {
        changes.push("with its launcher".to_owned());
    }
    if !changes.is_empty() {
        section.changed(format!("`command`: {}", changes.join("; ")));
    }
    Some(command)
}

/// `exit_conditions` of a task or of all tasks of a job.
pub(super) fn exit_conditions(section: &Section<'_>) -> Option<Yaml> {
    let options = section.at("exit_conditions.default.exit_options");
    let mut default = Map::default();
    default.put_some("job_action", job_action(section).map(Yaml::text));
    let dependency = options.get("dependency_action").one_of(&["block", "satisfy"]);
    default.put_some("dependency_action", dependency.map(Yaml::text));
    if default.is_empty() {
        return None;
    }
    Some(Yaml::short([("default", default.in_short())]))
}

/// What becomes of the job of a task that fails.
pub(super) fn job_action(section: &Section<'_>) -> Option<&'static str> {
    section.at("exit_conditions.default.exit_options.job_action").one_of(&["none", "disable", "terminate"])
}
