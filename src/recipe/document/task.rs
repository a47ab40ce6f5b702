//! Tasks.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::{
    Affinity, ApplicationPackage, Command, DurationText, Environment, ExitConditions, Field, ForEach, Input,
    MultiInstance, Output, OutputFile, ResourceFile, Word,
};
use crate::batch::model::{AutoUserScope, ElevationLevel};

/// A task, or, with `for_each`, many tasks of one kind.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-rest" = [
    "BatchTaskCreateOptions", "BatchTaskConstraints", "BatchTaskDependencies", "UserIdentity", "AutoUserSpecification",
]))]
pub struct Task {
    /// Makes one task for every value of a list, of a factory, or for every combination of several: expressions know them as
    /// `item`.
    #[schemars(extend("x-authoring-only" = true))]
    pub for_each: Option<Field<ForEach>>,
    /// Id of the task in its job. If absent: the task's name, followed by the values of `for_each` where these are text or
    /// numbers, else by a number of five digits.
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"),
        extend("patternErrorMessage" = "an id has 1 to 64 letters, digits, hyphens and underscores")
    )]
    pub id: Option<Field<String>>,
    /// A name for people; the task's name in the recipe if absent. Batchyard adds a short digest to it.
    #[schemars(length(max = 1000))]
    pub display_name: Option<Field<String>>,
    /// The container to run in; required on pools with a `container` section.
    pub container: Option<Field<TaskContainer>>,
    /// The command, as a list of arguments or as one line that is split at blanks; no shell reads it. Absent or empty:
    /// the image's own entry point.
    pub command: Option<Field<Command>>,
    /// Environment variables.
    #[schemars(extend("propertyNames" = super::environment::names()))]
    pub environment: Option<Field<Environment>>,
    /// Names of the tasks of this job that must succeed first. A name stands for every task that it expands to; `name.each`
    /// for the one that has the same position.
    #[schemars(inner(length(min = 1)))]
    pub depends_on: Option<Field<Vec<Field<String>>>>,
    /// How often the task is run again after a failure; -1 means without limit. The job's `retries` if absent.
    #[schemars(range(min = -1))]
    pub retries: Option<Field<i32>>,
    /// How long each run of the task may take before it is ended.
    pub max_wall_time: Option<Field<DurationText>>,
    /// How long the task's folder is kept on its node after the task has ended; 7 days if absent.
    pub retention: Option<Field<DurationText>>,
    /// How many of a node's slots the task takes.
    #[schemars(range(min = 1, max = 256), extend("default" = 1))]
    pub slots: Option<Field<i32>>,
    /// Local files and folders, and files of the web, that the task finds in its working directory.
    pub inputs: Option<Field<Vec<Field<Input>>>>,
    /// Files that are kept of the task in Azure Blob Storage.
    pub outputs: Option<Field<Vec<Field<Output>>>>,
    /// Files to download before the command is run.
    pub resource_files: Option<Field<Vec<Field<ResourceFile>>>>,
    /// Files to upload to Azure Blob Storage afterwards.
    pub output_files: Option<Field<Vec<Field<OutputFile>>>>,
    /// Application packages to install before.
    pub application_packages: Option<Field<Vec<Field<ApplicationPackage>>>>,
    /// What follows from how the task ends.
    pub exit_conditions: Option<Field<ExitConditions>>,
    /// Makes the task run on several nodes at once.
    pub multi_instance: Option<Field<MultiInstance>>,
    /// A wish where to run.
    pub affinity: Option<Field<Affinity>>,
    /// The user account of the pool that the task runs as; a user that Batch makes if absent.
    #[schemars(length(min = 1))]
    pub user: Option<Field<String>>,
    /// Whether the user that Batch makes is the task's own or shared by the tasks of a node. Not with `user`.
    pub user_scope: Option<Field<Word<AutoUserScope>>>,
    /// What the user that Batch makes may do. Not with `user`.
    #[schemars(extend("default" = "non_admin"))]
    pub elevation: Option<Field<Word<ElevationLevel>>>,
}

/// The container that a task runs in.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-rest" = ["BatchTaskContainerSettings"]))]
pub struct TaskContainer {
    /// The image, as for `docker pull`.
    #[schemars(length(min = 1), example = &"tensorflow/tensorflow:2.16.1-gpu")]
    pub image: Field<String>,
    /// Further options of `docker create`.
    #[schemars(example = &"--shm-size=1g --rm")]
    pub run_options: Option<Field<String>>,
    /// Where the command starts.
    #[schemars(extend("default" = "task"))]
    pub working_directory: Option<Field<WorkingDirectory>>,
    /// Parts of the node's Batch folder that the container sees, at the same paths. Absent: all of it.
    pub mounts: Option<Field<Vec<Field<Mount>>>>,
    /// The registry of the image, by its key under `registries`; not needed for registries that the pool names.
    pub registry: Option<Field<String>>,
}

/// Where a container's command starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WorkingDirectory {
    /// In the task's own folder on the node (AZ_BATCH_TASK_WORKING_DIR).
    Task,
    /// In the WORKDIR of the image.
    Image,
}

/// A part of the node's Batch folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MountSource {
    /// AZ_BATCH_TASK_DIR.
    Task,
    /// AZ_BATCH_NODE_SHARED_DIR.
    Shared,
    /// AZ_BATCH_NODE_STARTUP_DIR.
    Startup,
    /// AZ_BATCH_NODE_MOUNTS_DIR.
    VfsMounts,
    /// AZ_BATCH_JOB_PREP_DIR.
    JobPrep,
    /// The folder of the application packages.
    Applications,
}

/// A part of the node's Batch folder that a container sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Mount {
    /// Which part.
    pub source: Field<MountSource>,
    /// Whether the container may only read it.
    pub read_only: Option<Field<bool>>,
}

/// A mount with its options spelled out.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-rest" = ["ContainerHostBatchBindMountEntry"]))]
struct MountOptions {
    /// Which part.
    source: Field<MountSource>,
    /// Whether the container may only read it.
    #[schemars(extend("default" = false))]
    read_only: Option<Field<bool>>,
}

impl<'de> Deserialize<'de> for Mount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MountVisitor)
    }
}

struct MountVisitor;

impl<'de> Visitor<'de> for MountVisitor {
    type Value = Mount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of the node's folder, or a map")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Mount, E> {
        let source = MountSource::deserialize(serde::de::value::StrDeserializer::<E>::new(name))?;
        // The place of a mount written as one word is that of the list's item.
        Ok(Mount { source: Field::new(crate::diagnostic::Span::default(), source), read_only: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Mount, A::Error> {
        let MountOptions { source, read_only } = MountOptions::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Mount { source, read_only })
    }
}

impl JsonSchema for Mount {
    fn schema_name() -> Cow<'static, str> {
        "Mount".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A part of the node's Batch folder, by name or with options.",
            "anyOf": [generator.subschema_for::<MountSource>(), generator.subschema_for::<MountOptions>()],
        })
    }
}
