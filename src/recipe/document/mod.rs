//! The shape of a recipe: plain types that serve three ends at once. The JSON Schemas are generated from them, the
//! expanded tree is decoded into them, and their documentation is what editors show beside a key.

mod auto_pool;
mod command;
mod defaults;
mod disk;
mod duration;
mod entries;
mod environment;
mod exit_conditions;
mod field;
mod file_system;
mod for_each;
mod identity;
mod ignored;
mod image;
mod inputs;
mod job;
mod job_tasks;
mod machine;
mod multi_instance;
mod network;
mod parameter;
mod pool;
mod project;
mod recipe;
mod registry;
mod scalar;
mod schedule;
mod secret_text;
mod size;
mod task;
mod task_files;
mod upgrade;
mod user_account;
mod word;

pub use auto_pool::{AutoPool, PoolTemplate};
pub use command::Command;
pub use defaults::TaskDefaults;
pub use disk::{
    CustomerManagedKey, DataDisk, DiskEncryption, DiskEncryptionSet, DiskSecurityProfile, DiskSize,
    EphemeralOsDisk, ManagedDisk, OsDisk,
};
pub use duration::DurationText;
pub use entries::{Entries, NamedEntry, entries};
pub use environment::Environment;
pub use exit_conditions::{ExitCode, ExitCodeRange, ExitConditions, ExitOptions};
pub use field::{FIELD, Field, optional};
pub use file_system::{AzureBlob, AzureFileShare, Cifs, FileSystem, FileSystems, Nfs};
pub use for_each::{
    Beta, BlobSelection, Combinations, Exponential, Factory, FilePatterns, FileSelection, ForEach, Gamma,
    Gauss, Lognormal, Matrix, Pareto, Patterns, Permutations, RandomValues, Triangular, Uniform, Values,
    WORDS, Weibull,
};
pub use identity::Identity;
pub use ignored::{JobProperty, PoolProperty, ScheduleProperty};
pub use image::{ImageAlias, ImageChoice, ImageReference};
pub use inputs::{Input, Output, OutputWhen, Storage};
pub use job::{Job, OnComplete, PoolChoice};
pub use job_tasks::{ManagerTask, PreparationTask, ReleaseTask};
pub use machine::{
    Extension, HostEndpoint, NodePlacement, ProxyAgent, SecurityProfile, ServiceArtifact, Uefi, Windows,
};
pub use multi_instance::{Affinity, MultiInstance};
pub use network::{Endpoints, InboundNatPool, IpTag, JobNetwork, Network, PublicIpAddress, SecurityRule};
pub use parameter::{Bound, Parameter, ParameterType};
pub use pool::{
    Autoscale, ContainerKind, NodeCounts, OnChange, Pool, PoolContainer, SchedulingPolicy, StartTask,
};
pub use project::{CredentialKind, Project, ProjectAccount, ProjectRecord};
pub use recipe::{LanguageVersion, Recipe};
pub use registry::Registry;
pub use scalar::{Any, TEXT, Text};
pub use schedule::{Recurrence, Schedule, ScheduledJob, TimeText};
pub use secret_text::{ProtectedSettings, SecretReference, TextOrSecret, UrlOrSecret};
pub use size::SizeText;
pub use task::{Mount, MountSource, Task, TaskContainer, WorkingDirectory};
pub use task_files::{
    ApplicationPackage, OutputContainer, OutputDestination, OutputFile, ResourceFile, UploadOptions,
};
pub use upgrade::{AutomaticOsUpgrade, RollingUpgrade, Upgrade};
pub use user_account::{LinuxUser, UserAccount, WindowsUser};
pub use word::Word;
