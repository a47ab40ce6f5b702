//! The shape of a recipe: plain types that serve three ends at once. The JSON Schemas are generated from them, the
//! expanded tree is decoded into them, and their documentation is what editors show beside a key.

mod duration;
mod entries;
mod environment;
mod field;
mod for_each;
mod image;
mod job;
mod parameter;
mod pool;
mod recipe;
mod registry;
mod scalar;
mod task;

pub use duration::DurationText;
pub use entries::{Entries, NamedEntry, entries};
pub use environment::{Environment, EnvironmentValue};
pub use field::{FIELD, Field, optional};
pub use for_each::{
    Beta, BlobSelection, Combinations, Exponential, Factory, FilePatterns, FileSelection, ForEach, Gamma,
    Gauss, Lognormal, Matrix, Pareto, Patterns, Permutations, RandomValues, Triangular, Uniform, Values,
    WORDS, Weibull,
};
pub use image::{ImageAlias, ImageChoice, ImageReference};
pub use job::{Job, OnComplete, PoolChoice};
pub use parameter::{Parameter, ParameterType};
pub use pool::{ContainerKind, Elevation, NodeCounts, OnChange, Pool, PoolContainer, StartTask};
pub use recipe::{LanguageVersion, Recipe};
pub use registry::{Registry, SecretReference};
pub use scalar::{Any, TEXT, Text};
pub use task::{Command, Mount, MountSource, Task, TaskContainer, WorkingDirectory};
