//! The domain: what a recipe wants and what an account has, in one normal form.
//!
//! Specs are built from recipes and from wire objects, compared field by field, and turned into requests. Values that the
//! service fills in are known here, so that an object made from a recipe never differs from it by itself.

mod address;
mod address_pattern;
mod containers;
mod desired;
mod digest;
mod environment;
mod generation;
mod input_file;
mod job;
mod job_schedule;
mod live;
mod mutability;
mod normal;
mod ownership;
mod pool;
mod registry;
mod secret_values;
mod start_task;
mod task;

pub use address::{Address, InvalidRecipeName, RecipeName, ResourceKind};
pub use address_pattern::{AddressPattern, InvalidAddress};
pub use containers::ContainerConfigurationSpec;
pub use desired::{
    DesiredJob, DesiredPool, DesiredSchedule, DesiredState, FieldSources, OnChange, SourceLocation,
    TaskStream, TaskStreamError, source_of,
};
pub use digest::{Digest, TaskDigest, TaskTally};
pub use environment::{EnvironmentSpec, EnvironmentValue, NOT_SHOWN};
pub use generation::{AllGenerations, DoneBefore, Generation, Generations, ObjectId};
pub use input_file::InputFile;
pub use job::{JobPool, JobSpec, OnComplete};
pub use job_schedule::JobScheduleSpec;
pub use live::{
    ForeignTasks, JobContents, LiveJob, LivePool, LiveSchedule, LiveState, LiveTask, Neighbour, Observed,
};
pub use mutability::{ChangeClass, Mutability, MutabilityTable};
pub use normal::{normal, normal_list, same, shown};
pub use ownership::{Applied, MetadataSpec, Ownership, Pending};
pub use pool::{
    AutoscaleSpec, DEFAULT_EVALUATION_INTERVAL, DEFAULT_RESIZE_TIMEOUT, PoolSpec, normal_scheduling_policy,
};
pub use registry::RegistrySpec;
pub use secret_values::{SecretValues, UnresolvedSecret};
pub use start_task::StartTaskSpec;

use normal::some_unless_empty;
pub use task::{DEFAULT_RETENTION, TaskContainerSpec, TaskSpec};
