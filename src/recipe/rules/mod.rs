//! Checks across objects, one rule per file, its documentation inside.
//!
//! A file is named after its rule's code. A rule looks at values only, never at text; what could not be understood is
//! absent, and a rule passes it over. Its severity follows from what Azure Batch would do: an **error** is refused by the
//! service, or leaves something that can never run; a **warning** works, though probably not as hoped; a **note** is worth
//! knowing. A rule that might be wrong about a valid recipe warns, or is left out.
//!
//! Every rule carries examples. One test (`recipe::tests::examples`) loads each of them and demands exactly the rule's
//! finding at exactly the marked place, and nothing at all for the correction.

mod any_task;
mod auto_pool_lifetime;
mod autoscale_formula;
mod autoscale_interval;
mod autoscale_with_counts;
mod communication_on_spot;
mod container_name;
mod container_required;
mod container_unsupported;
mod dependencies_disabled;
mod dependency_cycle;
mod docker_hub_alias;
mod drain_with_spot;
mod duplicate_id;
mod duplicate_lun;
mod duplicate_mount;
mod duplicate_package;
mod endless_retries;
mod exit_action_ignored;
mod exit_code_overlap;
mod exit_code_range;
mod file_system_access;
mod file_system_platform;
mod formula_without_target;
mod gpu_image_without_gpu;
mod gpu_option;
mod host_volume;
mod idle_image;
mod image_not_prefetched;
mod image_without_containers;
mod image_without_login;
mod invalid_image_name;
mod job_network;
mod kept_auto_pool;
mod large_metadata;
mod long_retention;
mod many_tasks;
mod missing_command;
mod missing_node_agent;
mod mounts_without_task;
mod multi_instance_communication;
mod multi_instance_slots;
mod named_network;
mod nat_overlap;
mod nat_ports;
mod needs_admin;
mod node_agent_mismatch;
mod option_without_effect;
mod output_without_access;
mod outputs_elsewhere;
mod platform;
mod pool_without_nodes;
mod privileged_container;
mod program;
mod rdma_on_windows;
mod rdma_without_communication;
mod registry_login;
mod registry_mismatch;
mod registry_server;
mod release_wall_time;
mod release_without_preparation;
mod reserved_task_id;
mod reserved_variable;
mod resize_timeout;
mod resource_file_path;
mod resource_file_source;
mod retired_image;
mod retired_variable;
mod retired_vm_size;
mod rule;
mod run_options;
mod schedule_interval;
mod schedule_never_runs;
mod schedule_window;
mod schedule_without_work;
mod scope;
mod secret_in_command;
mod secret_in_environment;
mod secret_in_text;
mod secret_words;
mod security_rule_priority;
mod shell_syntax;
mod slots_over_cores;
mod start_task_not_awaited;
mod table;
mod terminate_empty_job;
mod too_many_instances;
mod too_many_slots;
mod uid_without_gid;
mod unbalanced_quotes;
mod unexpanded_variable;
mod unknown_pool;
mod unknown_registry;
mod unknown_task;
mod unknown_user;
mod unpinned_image;
mod unsuitable_run_option;
mod user_and_elevation;
mod user_platform;
mod wall_time_over_job;
mod windows_settings;
mod workdir_twice;
mod wrong_platform;

pub use any_task::{AnyTask, TaskKind};
pub use duplicate_id::RULE as DUPLICATE_ID;
pub use rule::{Check, Rule};
pub use scope::{JobScope, PoolScope};
pub use table::{ALL, check, check_task, check_written};
