//! The whole recipe.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Entries, Field, Job, Parameter, Pool, Registry, Schedule, Storage, TaskDefaults};

/// A Batchyard recipe: container workloads on Azure Batch, described once and applied as often as you like.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The version of the recipe language.
    pub api_version: Field<LanguageVersion>,
    /// The recipe's name, unique in the Batch account: what it creates is recognised by it.
    #[schemars(
        regex(pattern = r"^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$"),
        extend("patternErrorMessage" = "a recipe's name has 1 to 64 lower-case letters, digits and hyphens")
    )]
    pub name: Field<String>,
    /// What the recipe is for.
    pub description: Option<Field<String>>,
    /// Values that may differ from run to run.
    #[schemars(extend(
        "x-authoring-only" = true,
        "propertyNames" = {
            "pattern": "^[a-z][a-z0-9_]*$",
            "patternErrorMessage": "a parameter's name has lower-case letters, digits and underscores, and begins with a letter",
        },
    ))]
    pub parameters: Option<Field<Entries<Parameter>>>,
    /// A recipe to begin with: a file or folder by its path from this file, or `library:NAME`, of which `library:NAME@1` is
    /// a version. What this recipe says is put over it: maps are merged by their keys, `null` takes away, and everything else
    /// replaces what was there.
    #[schemars(length(min = 1), extend("x-authoring-only" = true, "examples" = ["../base", "library:hello"]))]
    pub extends: Option<Field<String>>,
    /// Properties that all tasks of the recipe have unless their job or they themselves say otherwise.
    #[schemars(extend("x-authoring-only" = true))]
    pub defaults: Option<Field<TaskDefaults>>,
    /// The container that local files of tasks' `inputs` are uploaded to, and that their `outputs` go to.
    pub storage: Option<Field<Storage>>,
    /// Container registries, by a name that pools and tasks use.
    pub registries: Option<Field<Entries<Registry>>>,
    /// Pools, by name. A pool's name is also its id unless it has one.
    #[schemars(extend("propertyNames" = {
        "pattern": "^[A-Za-z0-9_-]{1,64}$",
        "patternErrorMessage": "a pool's name has 1 to 64 letters, digits, hyphens and underscores",
    }))]
    pub pools: Option<Field<Entries<Pool>>>,
    /// Jobs, by name. A job's name is also its id unless it has one.
    #[schemars(extend("propertyNames" = {
        "pattern": "^[A-Za-z0-9_-]{1,64}$",
        "patternErrorMessage": "a job's name has 1 to 64 letters, digits, hyphens and underscores",
    }))]
    pub jobs: Option<Field<Entries<Job>>>,
    /// Job schedules, by name. A schedule's name is also its id unless it has one.
    #[schemars(extend("propertyNames" = {
        "pattern": "^[A-Za-z0-9_-]{1,64}$",
        "patternErrorMessage": "a schedule's name has 1 to 64 letters, digits, hyphens and underscores",
    }))]
    pub schedules: Option<Field<Entries<Schedule>>>,
}

/// A version of the recipe language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum LanguageVersion {
    /// The first one.
    #[serde(rename = "batchyard/v1")]
    V1,
}
