//! Checks across objects, one rule per file, its documentation inside.
//!
//! A file is named after its rule's code. A rule looks at values only, never at text; what could not be understood is
//! absent, and a rule passes it over. Its severity follows from what Azure Batch would do: an **error** is refused by the
//! service, or leaves something that can never run; a **warning** works, though probably not as hoped; a **note** is worth
//! knowing. A rule that might be wrong about a valid recipe warns, or is left out.
//!
//! Every rule carries examples. One test (`recipe::tests::examples`) loads each of them and demands exactly the rule's
//! finding at exactly the marked place, and nothing at all for the correction.

mod container_required;
mod container_unsupported;
mod dependency_cycle;
mod duplicate_id;
mod image_not_prefetched;
mod image_without_containers;
mod missing_command;
mod missing_node_agent;
mod mounts_without_task;
mod registry_login;
mod rule;
mod scope;
mod table;
mod too_many_slots;
mod unbalanced_quotes;
mod unknown_pool;
mod unknown_registry;
mod unknown_task;

pub use duplicate_id::RULE as DUPLICATE_ID;
pub use rule::{Check, Rule};
pub use scope::{AnyTask, JobScope, PoolScope, TaskKind};
pub use table::{ALL, check, check_task, check_written};
