//! Jobs.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::{
    AutoPool, DurationText, Entries, Environment, Field, JobNetwork, JobProperty, ManagerTask,
    PreparationTask, ReleaseTask, Task, TaskDefaults, Text, Word,
};
use crate::batch::model::BatchTaskFailureMode;

/// A job: tasks that run on one pool.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-rest" = ["BatchJobCreateOptions", "BatchJobSpecification", "BatchJobConstraints", "BatchPoolInfo"]))]
pub struct Job {
    /// Id of the job in the Batch account; the job's key in the recipe if absent.
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_-]{1,64}$"),
        extend("patternErrorMessage" = "an id has 1 to 64 letters, digits, hyphens and underscores")
    )]
    pub id: Option<Field<String>>,
    /// A name for people.
    #[schemars(length(max = 1024))]
    pub display_name: Option<Field<String>>,
    /// The pool to run on: the key of a pool of this recipe, the id of one that exists, or one that lives as long as the job.
    pub pool: Field<PoolChoice>,
    /// Priority among the jobs of a pool, from -1000 (lowest) to 1000.
    #[schemars(range(min = -1000, max = 1000), extend("default" = 0))]
    pub priority: Option<Field<i32>>,
    /// How often each task is run again after a failure; -1 means without limit.
    #[schemars(range(min = -1), extend("default" = 0))]
    pub retries: Option<Field<i32>>,
    /// How long the job may run before it is ended.
    pub max_wall_time: Option<Field<DurationText>>,
    /// What happens to the job once all of its tasks have completed.
    #[schemars(extend("default" = "keep"))]
    pub on_complete: Option<Field<OnComplete>>,
    /// What happens to the job when one of its tasks fails.
    #[schemars(extend("default" = "no_action"))]
    pub on_task_failure: Option<Field<Word<BatchTaskFailureMode>>>,
    /// How many tasks run at once at the most; -1 means without limit.
    #[schemars(range(min = -1), extend("default" = -1, "not" = { "const": 0 }))]
    pub max_parallel_tasks: Option<Field<i32>>,
    /// Whether jobs of higher priority may put running tasks of this one back in the queue.
    #[schemars(extend("default" = false))]
    pub allow_task_preemption: Option<Field<bool>>,
    /// Whether tasks may depend on each other; by itself true if a task has `depends_on`. Needed for tasks that others add.
    pub uses_task_dependencies: Option<Field<bool>>,
    /// The network that nodes join while they run tasks of the job.
    pub network: Option<Field<JobNetwork>>,
    /// The task that the job starts with; it may add further tasks.
    pub manager_task: Option<Field<ManagerTask>>,
    /// The task that every node runs before its first task of the job.
    pub preparation_task: Option<Field<PreparationTask>>,
    /// The task that every node that ran the preparation task runs once the job has ended.
    pub release_task: Option<Field<ReleaseTask>>,
    /// What others may change: once the job is there, a plan does not compare these properties.
    pub ignore_changes: Option<Field<Vec<Field<JobProperty>>>>,
    /// Names and values that Batch keeps and does not look into.
    #[schemars(extend("propertyNames" = metadata_names()))]
    pub metadata: Option<Field<Entries<Text>>>,
    /// Environment variables of all tasks of the job.
    #[schemars(extend("propertyNames" = super::environment::names()))]
    pub environment: Option<Field<Environment>>,
    /// Properties that all tasks of the job have unless they say otherwise; they win over those of the recipe.
    #[schemars(extend("x-authoring-only" = true))]
    pub defaults: Option<Field<TaskDefaults>>,
    /// The tasks, by name.
    #[schemars(extend("propertyNames" = {
        "pattern": "^[A-Za-z0-9_-]{1,64}$",
        "patternErrorMessage": "a task's name has 1 to 64 letters, digits, hyphens and underscores",
    }))]
    pub tasks: Option<Field<Entries<Task>>>,
}

/// What the names of metadata look like.
pub(super) fn metadata_names() -> serde_json::Value {
    serde_json::json!({
        "pattern": "^(?!batchyard[.]).+$",
        "patternErrorMessage": "names of metadata are not empty, and those that begin with `batchyard.` are kept for the marks of recipes",
    })
}

/// What happens to a job once all of its tasks have completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnComplete {
    /// It stays active and takes further tasks.
    Keep,
    /// It ends.
    Terminate,
}

/// The pool that a job runs on.
#[derive(Debug, Clone, PartialEq)]
pub enum PoolChoice {
    /// The key of a pool of this recipe.
    Key(String),
    /// The id of a pool that the recipe does not manage.
    Existing(Field<String>),
    /// A pool that lives as long as the job.
    Auto(Box<Field<AutoPool>>),
}

#[derive(Deserialize)]
struct PoolMap {
    id: Option<Field<String>>,
    auto: Option<Field<AutoPool>>,
}

impl<'de> Deserialize<'de> for PoolChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChoiceVisitor)
    }
}

struct ChoiceVisitor;

impl<'de> Visitor<'de> for ChoiceVisitor {
    type Value = PoolChoice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key of a pool, or a map with `id` or `auto`")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<PoolChoice, E> {
        Ok(PoolChoice::Key(key.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PoolChoice, A::Error> {
        match PoolMap::deserialize(MapAccessDeserializer::new(map))? {
            PoolMap { id: Some(id), auto: None } => Ok(PoolChoice::Existing(id)),
            PoolMap { id: None, auto: Some(auto) } => Ok(PoolChoice::Auto(Box::new(auto))),
            _ => Err(A::Error::custom("a pool has either `id` or `auto`")),
        }
    }
}

impl JsonSchema for PoolChoice {
    fn schema_name() -> Cow<'static, str> {
        "PoolChoice".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The key of a pool of this recipe, the id of a pool that exists, or a pool that lives as long as the job.",
            "anyOf": [
                { "type": "string", "description": "The key of a pool of this recipe." },
                {
                    "type": "object",
                    "description": "A pool that the recipe does not manage.",
                    "properties": {
                        "id": {
                            "type": "string",
                            "pattern": "^[A-Za-z0-9_-]{1,64}$",
                            "patternErrorMessage": "an id has 1 to 64 letters, digits, hyphens and underscores",
                            "description": "The pool's id.",
                        },
                    },
                    "required": ["id"],
                    "additionalProperties": false,
                },
                {
                    "type": "object",
                    "description": "A pool that Batch makes for the job.",
                    "properties": {
                        "auto": {
                            "description": "The pool, and how long it lives.",
                            "allOf": [generator.subschema_for::<AutoPool>()],
                        },
                    },
                    "required": ["auto"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}
