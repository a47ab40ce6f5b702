//! Jobs.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::{DurationText, Entries, Environment, Field, Task};

/// A job: tasks that run on one pool.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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
    /// The pool to run on: the key of a pool of this recipe, or the id of one that exists.
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
    /// Environment variables of all tasks of the job.
    #[schemars(extend("propertyNames" = super::environment::names()))]
    pub environment: Option<Field<Environment>>,
    /// The tasks, by name.
    #[schemars(extend("propertyNames" = {
        "pattern": "^[A-Za-z0-9_-]{1,64}$",
        "patternErrorMessage": "a task's name has 1 to 64 letters, digits, hyphens and underscores",
    }))]
    pub tasks: Field<Entries<Task>>,
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
}

#[derive(Deserialize)]
struct ExistingPool {
    id: Field<String>,
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
        f.write_str("the key of a pool, or a map with an id")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<PoolChoice, E> {
        Ok(PoolChoice::Key(key.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PoolChoice, A::Error> {
        ExistingPool::deserialize(MapAccessDeserializer::new(map)).map(|pool| PoolChoice::Existing(pool.id))
    }
}

impl JsonSchema for PoolChoice {
    fn schema_name() -> Cow<'static, str> {
        "PoolChoice".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The key of a pool of this recipe, or the id of a pool that exists.",
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
            ],
        })
    }
}
