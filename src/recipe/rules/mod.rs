//! Checks across objects, one rule per file, its documentation inside.
//!
//! A file is named after its rule's code. A rule looks at values only, never at text; what could not be understood is
//! absent, and a rule passes it over. Its severity follows from what Azure Batch would do: an **error** is refused by the
//! service, or leaves something that can never run; a **warning** works, though probably not as hoped; a **note** is worth
//! knowing. A rule that might be wrong about a valid recipe warns, or is left out.
//!
//! Every rule carries examples. One test (`recipe::tests::examples`) loads each of them and demands exactly the rule's
//! finding at exactly the marked place, and nothing at all for the correction.

mod container_name;
mod container_required;
mod container_unsupported;
mod dependency_cycle;
mod docker_hub_alias;
mod drain_with_spot;
mod duplicate_id;
mod duplicate_mount;
mod endless_retries;
mod gpu_image_without_gpu;
mod gpu_option;
mod host_volume;
mod idle_image;
mod image_not_prefetched;
mod image_without_containers;
mod image_without_login;
mod invalid_image_name;
mod long_retention;
mod many_tasks;
mod missing_command;
mod missing_node_agent;
mod mounts_without_task;
mod named_network;
mod needs_admin;
mod node_agent_mismatch;
mod option_without_effect;
mod platform;
mod pool_without_nodes;
mod privileged_container;
mod program;
mod registry_login;
mod registry_mismatch;
mod registry_server;
mod reserved_variable;
mod retired_image;
mod retired_vm_size;
mod rule;
mod run_options;
mod scope;
mod secret_in_command;
mod secret_in_environment;
mod secret_in_text;
mod secret_words;
mod shell_syntax;
mod slots_over_cores;
mod start_task_not_awaited;
mod table;
mod terminate_empty_job;
mod too_many_slots;
mod unbalanced_quotes;
mod unexpanded_variable;
mod unknown_pool;
mod unknown_registry;
mod unknown_task;
mod unpinned_image;
mod unsuitable_run_option;
mod wall_time_over_job;
mod workdir_twice;
mod wrong_platform;

pub use duplicate_id::RULE as DUPLICATE_ID;
pub use rule::{Check, Rule};
pub use scope::{AnyTask, JobScope, PoolScope, TaskKind};
pub use table::{ALL, check, check_task, check_written};
