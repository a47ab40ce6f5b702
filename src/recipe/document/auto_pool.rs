//! Pools that live as long as their job.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::{Field, Pool, Word};
use crate::batch::model::BatchPoolLifetimeOption;

/// A pool that Batch makes when a job starts, and deletes afterwards.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-rest" = ["BatchAutoPoolSpecification"]))]
pub struct AutoPool {
    /// What the id that Batch gives the pool begins with.
    #[schemars(
        regex(pattern = r"^[A-Za-z0-9_-]{1,20}$"),
        extend("patternErrorMessage" = "a prefix has 1 to 20 letters, digits, hyphens and underscores")
    )]
    pub auto_pool_id_prefix: Option<Field<String>>,
    /// Whether each job has a pool of its own, or all jobs of a schedule share one.
    #[schemars(extend("default" = "job"))]
    pub pool_lifetime_option: Option<Field<Word<BatchPoolLifetimeOption>>>,
    /// Whether the pool stays when its time is over.
    #[schemars(extend("default" = false))]
    pub keep_alive: Option<Field<bool>>,
    /// The pool.
    pub pool: Field<PoolTemplate>,
}

/// A pool without what only a pool of the recipe's own has.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct PoolTemplate(pub Pool);

impl JsonSchema for PoolTemplate {
    fn schema_name() -> Cow<'static, str> {
        "PoolTemplate".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A pool without `id`, which Batch chooses, and without `on_change`: it is never changed.",
            "allOf": [
                generator.subschema_for::<Pool>(),
                { "propertyNames": {
                    "pattern": "^(?!(?:id|on_change|ignore_changes)$)",
                    "x-no-place": "Batch chooses the id of the pool, and never changes it",
                } },
            ],
        })
    }
}
