//! Tasks.

use std::time::Duration;

use serde::Serialize;

use crate::batch::command_line;
use crate::batch::model::{
    BatchAffinityInfo, BatchApplicationPackageReference, BatchTask, BatchTaskConstraints,
    BatchTaskContainerSettings, BatchTaskCreateOptions, BatchTaskDependencies, BatchTaskIdRange,
    ContainerHostBatchBindMountEntry, ContainerWorkingDirectory, ExitConditions, MultiInstanceSettings,
    OutputFile, ResourceFile, UserIdentity,
};
use crate::batch::{TaskId, WireDuration};
use crate::secret::SecretRef;

use super::environment::{self, EnvironmentSpec};
use super::secret_values::references;
use super::{
    Digest, InputFile, RegistrySpec, SecretValues, TaskDigest, UnresolvedSecret, normal, normal_list,
    some_unless_empty,
};

/// How long the service keeps a task's directory unless told otherwise (REST reference, `BatchTaskConstraints`).
pub const DEFAULT_RETENTION: Duration = Duration::from_secs(7 * 24 * 3_600);

/// A task as a recipe wants it. Its serialised form is the normal form that the digest covers: what is at its default is
/// left out, maps are sorted, secrets are references.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskSpec {
    /// The task's id.
    #[serde(serialize_with = "as_written")]
    pub id: TaskId,
    /// The task's name in the recipe, by which its places are found. It is no part of the normal form: the tasks of a `for_each`
    /// and the same tasks written out one by one are the same tasks.
    #[serde(skip)]
    pub name: String,
    /// What is shown to people instead of the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The command line; empty means the image's ENTRYPOINT.
    pub command_line: String,
    /// The container it runs in; `None` means on the node itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<TaskContainerSpec>,
    /// Environment variables.
    #[serde(skip_serializing_if = "EnvironmentSpec::is_empty")]
    pub environment: EnvironmentSpec,
    /// Ids of the tasks that must succeed first. Their order means nothing, and the normal form sorts them.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "sorted")]
    pub depends_on: Vec<String>,
    /// Ranges of integer ids of tasks that must succeed first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub depends_on_ranges: Vec<(i32, i32)>,
    /// What the tasks are that must succeed first: the digest of their ids and digests. No part of what the task says itself; see
    /// [`TaskDigest`].
    #[serde(skip)]
    pub inputs: Option<Digest>,
    /// How often it may be run again; `None` means what its job says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<i32>,
    /// How long each run may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_wall_time: Option<Duration>,
    /// How long its directory is kept; `None` means 7 days.
    #[serde(skip_serializing_if = "is_default_retention")]
    pub retention: Option<Duration>,
    /// How many slots of its node it takes.
    pub slots: i32,
    /// Files to download before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_files: Vec<ResourceFile>,
    /// Local files that have to be in a container before, where `resource_files` has them from. Their content is told by the names
    /// of their blobs, so this is no part of the normal form.
    #[serde(skip)]
    pub uploads: Vec<InputFile>,
    /// Files to upload afterwards.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub output_files: Vec<OutputFile>,
    /// Application packages to install before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub application_packages: Vec<BatchApplicationPackageReference>,
    /// What follows from how it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_conditions: Option<ExitConditions>,
    /// How it runs on several nodes at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub multi_instance: Option<MultiInstanceSettings>,
    /// A wish where to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub affinity: Option<BatchAffinityInfo>,
    /// Who it runs as; `None` means an ordinary user that the service makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserIdentity>,
}

fn is_default_retention(retention: &Option<Duration>) -> bool {
    retention.is_none_or(|kept| kept == DEFAULT_RETENTION)
}

fn as_written<S: serde::Serializer>(id: &TaskId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(id.as_str())
}

fn sorted<S: serde::Serializer>(ids: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    let mut ids: Vec<&String> = ids.iter().collect();
    ids.sort_unstable();
    serializer.collect_seq(ids)
}

/// The container of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskContainerSpec {
    /// The image, as for `docker pull`.
    pub image: String,
    /// Additional options of `docker create`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub run_options: String,
    /// Whether it starts in the image's WORKDIR instead of in the task's directory.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub start_in_image_workdir: bool,
    /// The parts of the node's root directory to mount; `None` means all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mounts: Option<Vec<ContainerHostBatchBindMountEntry>>,
    /// The image's registry, where the pool doesn't name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<RegistrySpec>,
}

impl TaskContainerSpec {
    /// The wire form; the password of the registry is still a reference.
    pub fn to_wire(&self) -> BatchTaskContainerSettings {
        BatchTaskContainerSettings {
            container_run_options: (!self.run_options.is_empty()).then(|| self.run_options.clone()),
            image_name: self.image.clone(),
            registry: self.registry.as_ref().map(RegistrySpec::to_wire),
            working_directory: self
                .start_in_image_workdir
                .then_some(ContainerWorkingDirectory::ContainerImageDefault),
            container_host_batch_bind_mounts: self.mounts.clone(),
        }
    }

    /// The container of a wire object.
    pub fn from_wire(settings: &BatchTaskContainerSettings) -> Self {
        Self {
            image: settings.image_name.clone(),
            run_options: settings.container_run_options.clone().unwrap_or_default(),
            start_in_image_workdir: settings.working_directory
                == Some(ContainerWorkingDirectory::ContainerImageDefault),
            mounts: settings.container_host_batch_bind_mounts.clone(),
            registry: settings.registry.as_ref().map(RegistrySpec::from_wire),
        }
    }
}

impl TaskSpec {
    /// A task of that id, name and command, with nothing else set.
    pub fn new(id: TaskId, name: String, command_line: String) -> Self {
        Self {
            id,
            name,
            title: None,
            command_line,
            container: None,
            environment: EnvironmentSpec::new(),
            depends_on: Vec::new(),
            depends_on_ranges: Vec::new(),
            inputs: None,
            retries: None,
            max_wall_time: None,
            retention: None,
            slots: 1,
            resource_files: Vec::new(),
            uploads: Vec::new(),
            output_files: Vec::new(),
            application_packages: Vec::new(),
            exit_conditions: None,
            multi_instance: None,
            affinity: None,
            user: None,
        }
    }

    /// The digest of the task's normal form, and of the tasks that it waits for.
    pub fn digest(&self) -> TaskDigest {
        TaskDigest { own: Digest::of(self), inputs: self.inputs }
    }

    /// The name that is shown, with the digest by which the task is known again: `epoch-1 #abcdefghijklm`, and
    /// `merge #abcdefghijklm.nopqrstuvwxyz` for one that waits for others.
    pub fn display_name(&self) -> String {
        format!("{} #{}", self.title.as_deref().unwrap_or(self.id.as_str()), self.digest())
    }

    /// The digest inside a task's display name; `None` means that no recipe made the task.
    pub fn digest_in(display_name: &str) -> Option<TaskDigest> {
        display_name.rsplit_once(" #").and_then(|(_, digest)| TaskDigest::parse(digest))
    }

    /// The request that adds the task.
    ///
    /// # Errors
    /// When the value of a secret is not known.
    pub fn to_create(&self, secrets: &SecretValues) -> Result<BatchTaskCreateOptions, UnresolvedSecret> {
        let constrained = self.retries.is_some() || self.max_wall_time.is_some() || self.retention.is_some();
        let dependent = !self.depends_on.is_empty() || !self.depends_on_ranges.is_empty();
        let request = BatchTaskCreateOptions {
            id: self.id.clone(),
            display_name: Some(self.display_name()),
            command_line: self.command_line.clone(),
            container_settings: self.container.as_ref().map(TaskContainerSpec::to_wire),
            environment_settings: environment::to_wire(&self.environment),
            constraints: constrained.then(|| BatchTaskConstraints {
                max_wall_clock_time: self.max_wall_time.map(Into::into),
                retention_time: self.retention.map(Into::into),
                max_task_retry_count: self.retries,
            }),
            required_slots: (self.slots != 1).then_some(self.slots),
            user_identity: self.user.clone(),
            depends_on: dependent.then(|| self.dependencies()),
            resource_files: some_unless_empty(&self.resource_files),
            output_files: some_unless_empty(&self.output_files),
            application_package_references: some_unless_empty(&self.application_packages),
            exit_conditions: self.exit_conditions.clone(),
            multi_instance_settings: self.multi_instance.clone(),
            affinity_info: self.affinity.clone(),
            other: serde_json::Map::new(),
        };
        // Of a million tasks most refer to nothing.
        if self.secrets().is_empty() { Ok(request) } else { secrets.fill(request) }
    }

    /// The spec of a task that was read, with its id as its name, and with what the service fills in taken out again: what its job says about retries, seven
    /// days of retention. Values of variables come as they are: the service doesn't know which of them are secrets.
    pub fn from_wire(task: &BatchTask, retries_of_job: i32) -> Self {
        let constraints = task.constraints.clone().unwrap_or_default();
        let depends_on = task.depends_on.clone().unwrap_or_default();
        let display_name = task.display_name.as_deref().unwrap_or_default();
        let shown = display_name.rsplit_once(" #").map_or(display_name, |(name, _)| name);
        let recorded = Self::digest_in(display_name);
        let limited = |duration: Option<WireDuration>| duration.and_then(WireDuration::limit);
        Self {
            id: task.id.clone(),
            name: task.id.to_string(),
            title: (shown != task.id.as_str()).then(|| shown.to_owned()),
            command_line: task.command_line.clone().unwrap_or_default(),
            container: task.container_settings.as_ref().map(TaskContainerSpec::from_wire),
            environment: environment::from_wire(task.environment_settings.as_ref()),
            depends_on: depends_on.task_ids.into_iter().flatten().map(String::from).collect(),
            depends_on_ranges: depends_on
                .task_id_ranges
                .into_iter()
                .flatten()
                .map(|range| (range.start, range.end))
                .collect(),
            inputs: recorded.and_then(|digest| digest.inputs),
            retries: constraints.max_task_retry_count.filter(|retries| *retries != retries_of_job),
            max_wall_time: limited(constraints.max_wall_clock_time),
            retention: limited(constraints.retention_time).filter(|kept| *kept != DEFAULT_RETENTION),
            slots: task.required_slots.unwrap_or(1),
            resource_files: normal_list(task.resource_files.clone()),
            uploads: Vec::new(),
            output_files: normal_list(task.output_files.clone()),
            application_packages: normal_list(task.application_package_references.clone()),
            exit_conditions: normal(task.exit_conditions.clone()),
            multi_instance: normal(task.multi_instance_settings.clone()),
            affinity: normal(task.affinity_info.clone()),
            user: normal(task.user_identity.clone()),
        }
    }

    fn dependencies(&self) -> BatchTaskDependencies {
        let ids: Vec<TaskId> =
            self.depends_on.iter().filter_map(|id| TaskId::new(id.as_str()).ok()).collect();
        let ranges: Vec<_> =
            self.depends_on_ranges.iter().map(|&(start, end)| BatchTaskIdRange { start, end }).collect();
        BatchTaskDependencies {
            task_ids: (!ids.is_empty()).then_some(ids),
            task_id_ranges: (!ranges.is_empty()).then_some(ranges),
        }
    }

    /// Every secret that the task refers to.
    pub fn secrets(&self) -> Vec<SecretRef> {
        let registry = self.container.iter().filter_map(|container| container.registry.as_ref());
        let passwords = registry.filter_map(|registry| registry.password.as_ref());
        let own = environment::secrets(&self.environment).chain(passwords).cloned();
        let has_files =
            !self.resource_files.is_empty() || !self.output_files.is_empty() || self.multi_instance.is_some();
        let files = (&self.resource_files, &self.output_files, &self.multi_instance);
        own.chain(has_files.then(|| references(&files)).into_iter().flatten()).collect()
    }

    /// The arguments of the command line, for people.
    pub fn arguments(&self) -> Vec<String> {
        command_line::split(&self.command_line).unwrap_or_else(|_| vec![self.command_line.clone()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task() -> TaskSpec {
        TaskSpec {
            container: Some(TaskContainerSpec {
                image: "python".into(),
                run_options: String::new(),
                start_in_image_workdir: false,
                mounts: None,
                registry: None,
            }),
            ..TaskSpec::new(TaskId::new("epoch-1").unwrap(), "epoch".into(), "python train.py".into())
        }
    }

    #[test]
    fn the_digest_travels_in_the_display_name() {
        let task = task();
        let created = task.to_create(&SecretValues::default()).unwrap();
        assert_eq!(TaskSpec::digest_in(created.display_name.as_deref().unwrap()), Some(task.digest()));
        assert_eq!(TaskSpec::digest_in("made by hand"), None);
        assert_eq!(TaskSpec::digest_in("issue #7"), None);
    }

    #[test]
    fn the_digest_knows_neither_the_name_of_a_factory_nor_the_order_of_dependencies() {
        let one = TaskSpec { depends_on: vec!["a".into(), "b".into()], ..task() };
        let other = TaskSpec { depends_on: vec!["b".into(), "a".into()], name: "epoch-1".into(), ..task() };
        assert_eq!(one.digest(), other.digest());
    }

    #[test]
    fn the_digest_changes_with_the_task() {
        let mut other = task();
        other.command_line.push('!');
        assert_ne!(task().digest(), other.digest());
    }

    #[test]
    fn a_task_that_waits_for_others_carries_what_they_are() {
        let merge = TaskSpec { inputs: Some(Digest::of(&"estimates")), ..task() };
        assert_eq!(merge.digest().own, task().digest().own, "its own part says nothing of them");
        let name = merge.to_create(&SecretValues::default()).unwrap().display_name.unwrap();
        assert_eq!(TaskSpec::digest_in(&name), Some(merge.digest()));
        assert_ne!(merge.digest(), task().digest());
    }
}
