//! The domain: what a recipe wants and what an account has, in one normal form.
//!
//! Specs are built from recipes and from wire objects, compared field by field, and turned into requests. Values that the
//! service fills in are known here, so that an object made from a recipe never differs from it by itself.

mod address;
mod desired;
mod digest;
mod environment;
mod job;
mod live;
mod mutability;
mod ownership;
mod pool;
mod registry;
mod task;

pub use address::{Address, InvalidRecipeName, RecipeName, ResourceKind};
pub use desired::{
    DesiredJob, DesiredPool, DesiredState, FieldSources, OnChange, SourceLocation, TaskStream,
    TaskStreamError,
};
pub use digest::{Digest, TaskTally};
pub use environment::{EnvironmentSpec, EnvironmentValue, NOT_SHOWN, SecretValues, UnresolvedSecret};
pub use job::{JobSpec, OnComplete};
pub use live::{ForeignTasks, JobContents, LiveJob, LivePool, LiveState, LiveTask, Neighbour, Observed};
pub use mutability::{ChangeClass, Mutability, job_mutability, pool_mutability};
pub use ownership::Ownership;
pub use pool::{ContainerConfigurationSpec, PoolSpec, StartTaskSpec};
pub use registry::RegistrySpec;
pub use task::{DEFAULT_RETENTION, TaskContainerSpec, TaskSpec};
