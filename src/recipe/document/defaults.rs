//! What tasks have in common.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::{Any, Task};

/// Properties that tasks have unless they say otherwise. They are merged into the tasks before anything else is done with
/// these, so here they are only a shape: everything that a task has, of which nothing is required.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct TaskDefaults(pub Any);

impl TaskDefaults {
    /// What makes a task one of several, and can have no default.
    pub const WITHOUT: [&str; 3] = ["for_each", "id", "depends_on"];
}

impl JsonSchema for TaskDefaults {
    fn schema_name() -> Cow<'static, str> {
        "TaskDefaults".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        // Makes sure that there is a definition to make this one of.
        generator.subschema_for::<Task>();
        json_schema!({
            "description": "Properties that tasks have unless they say otherwise; maps such as `environment` are merged by \
                            their keys, and `null` in a task takes a property away.",
            "x-part-of": "Task",
            "x-without": Self::WITHOUT,
            "examples": [{ "container": { "image": "python:3.13-slim" }, "retries": 2 }],
        })
    }
}
