//! Checks across objects, one rule per file, its documentation inside.
//!
//! A rule looks at values only, never at text; what could not be understood is absent, and a rule passes it over.

mod command;
mod container_required;
mod container_unsupported;
mod dependencies;
mod image_not_prefetched;
mod mounts_without_task;
mod pool_image;
mod registry_login;
mod rule;
mod slots;
mod table;
mod unique_ids;
mod unknown_pool;
mod unknown_registry;

pub use rule::{JobScope, Rule};
pub use table::{ALL, check, check_task};
