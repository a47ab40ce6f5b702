//! Tasks.

use super::inputs::{Inputs, Storage, outputs};
use super::part::{part, parts, user};
use super::registry::Registries;
use crate::batch::TaskId;
use crate::batch::model::{ContainerHostBatchBindMountEntry, ContainerHostDataPath};
use crate::recipe::document::{
    Command, Environment, Field, Mount, MountSource, Task, TaskContainer, TextOrSecret, WorkingDirectory,
    optional,
};
use crate::resource::{EnvironmentSpec, EnvironmentValue, TaskContainerSpec, TaskSpec, normal_list};

/// The tasks that a task waits for.
pub(super) struct DependsOn<'a> {
    pub(super) ids: Vec<String>,
    pub(super) ranges: &'a [(i32, i32)],
}

/// The files that a task gets, and the container for those that are kept of it.
pub(super) struct Files<'a> {
    pub(super) inputs: Inputs,
    pub(super) storage: Option<&'a Storage>,
}

/// The spec of a task. `None` if something in it could not be understood.
pub(super) fn task(
    name: &str,
    task: &Task,
    depends_on: DependsOn<'_>,
    registries: &Registries,
    files: Files<'_>,
) -> Option<TaskSpec> {
    let mut resource_files = parts(task.resource_files.as_ref())?;
    resource_files.extend(normal_list(Some(files.inputs.resource_files)));
    let mut output_files = parts(task.output_files.as_ref())?;
    output_files.extend(normal_list(Some(outputs(task.outputs.as_ref(), files.storage)?)));
    Some(TaskSpec {
        id: TaskId::new(task.id.as_ref()?.get()?.as_str()).ok()?,
        name: name.to_owned(),
        title: optional(task.display_name.as_ref())?,
        command_line: command_line(task.command.as_ref())?,
        container: container(task.container.as_ref(), registries)?,
        environment: environment(task.environment.as_ref())?,
        depends_on: depends_on.ids,
        depends_on_ranges: depends_on.ranges.to_vec(),
        inputs: None,
        retries: optional(task.retries.as_ref())?,
        max_wall_time: optional(task.max_wall_time.as_ref())?.map(|limit| limit.0),
        retention: optional(task.retention.as_ref())?.map(|limit| limit.0),
        slots: optional(task.slots.as_ref())?.unwrap_or(1),
        resource_files,
        uploads: files.inputs.uploads,
        output_files,
        application_packages: parts(task.application_packages.as_ref())?,
        exit_conditions: part(task.exit_conditions.as_ref())?,
        multi_instance: part(task.multi_instance.as_ref())?,
        affinity: part(task.affinity.as_ref())?,
        user: user(task.user.as_ref(), task.user_scope.as_ref(), task.elevation.as_ref())?,
    })
}

pub(super) fn command_line(command: Option<&Field<Command>>) -> Option<String> {
    match command {
        Some(command) => command.get()?.line(),
        None => Some(String::new()),
    }
}

pub(super) fn container(
    container: Option<&Field<TaskContainer>>,
    registries: &Registries,
) -> Option<Option<TaskContainerSpec>> {
    let Some(container) = container else { return Some(None) };
    let container = container.get()?;
    let mounts = match &container.mounts {
        Some(mounts) => {
            let mounts = mounts.get()?.iter().map(|mount| self::mount(mount.get()?));
            Some(mounts.collect::<Option<Vec<_>>>()?)
        }
        None => None,
    };
    let registry = match &container.registry {
        Some(key) => Some(registries.get(key.get()?)?.clone()),
        None => None,
    };
    Some(Some(TaskContainerSpec {
        image: container.image.get()?.clone(),
        run_options: optional(container.run_options.as_ref())?.unwrap_or_default(),
        start_in_image_workdir: optional(container.working_directory.as_ref())?
            == Some(WorkingDirectory::Image),
        mounts,
        registry,
    }))
}

fn mount(mount: &Mount) -> Option<ContainerHostBatchBindMountEntry> {
    let source = match mount.source.get()? {
        MountSource::Task => ContainerHostDataPath::Task,
        MountSource::Shared => ContainerHostDataPath::Shared,
        MountSource::Startup => ContainerHostDataPath::Startup,
        MountSource::VfsMounts => ContainerHostDataPath::VfsMounts,
        MountSource::JobPrep => ContainerHostDataPath::JobPrep,
        MountSource::Applications => ContainerHostDataPath::Applications,
    };
    let is_read_only = optional(mount.read_only.as_ref())?.filter(|read_only| *read_only);
    Some(ContainerHostBatchBindMountEntry { source: Some(source), is_read_only })
}

pub(super) fn environment(environment: Option<&Field<Environment>>) -> Option<EnvironmentSpec> {
    let Some(environment) = environment else { return Some(EnvironmentSpec::new()) };
    let variables = environment.get()?.iter().map(|entry| {
        let value = match entry.value.get()? {
            TextOrSecret::Plain(text) => EnvironmentValue::Plain(text.clone()),
            TextOrSecret::Secret(secret) => EnvironmentValue::Secret(secret.reference()?),
        };
        Some((entry.name.clone(), value))
    });
    variables.collect()
}
