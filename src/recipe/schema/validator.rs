//! The compiled schemas.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use super::generate::strict;
use super::places::Places;
use crate::recipe::document::{Project, Recipe, Task};

/// A part of a recipe that can be validated by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The whole recipe.
    Recipe,
    /// One task.
    Task,
    /// A project file.
    Project,
}

/// A schema and what was compiled from it.
pub(super) struct Compiled {
    /// The schema, to look up what an error refers to.
    pub(super) schema: Value,
    /// The validator.
    pub(super) validator: Validator,
    /// The places that it describes.
    pub(super) places: Places,
}

static RECIPE: LazyLock<Compiled> = LazyLock::new(|| compile(strict::<Recipe>()));
static TASK: LazyLock<Compiled> = LazyLock::new(|| compile(strict::<Task>()));
static PROJECT: LazyLock<Compiled> = LazyLock::new(|| compile(strict::<Project>()));

impl Shape {
    pub(super) fn compiled(self) -> &'static Compiled {
        match self {
            Self::Recipe => &RECIPE,
            Self::Task => &TASK,
            Self::Project => &PROJECT,
        }
    }
}

#[expect(
    clippy::expect_used,
    reason = "the schema depends on this program's types only, and a test compiles it"
)]
fn compile(schema: Value) -> Compiled {
    let validator = jsonschema::validator_for(&schema).expect("the generated schema is valid");
    Compiled { places: Places::of(&schema), schema, validator }
}
