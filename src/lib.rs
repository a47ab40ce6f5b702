//! Batchyard: declarative recipes for container workloads on Azure Batch.
//!
//! The modules from the leaves up; `docs/contributing/architecture.md` draws the picture, and `tests/suite/architecture.rs` fails
//! when a module uses one that it may not.
//!
//! * [`diagnostic`], [`secret`], [`clock`], [`env_vars`], [`exit_code`], [`loopback`], [`bounded_file`], [`process_group`], [`error_chain`]: leaves that use nothing of ours.
//! * [`batch`]: the Azure Batch data plane as data: wire types, operations, SharedKey, OData.
//! * [`settings`]: what the environment says about accounts, folders and secrets.
//! * [`resource`]: pools, jobs and tasks in one normal form, wanted and live.
//! * [`recipe`]: YAML text made into what is wanted, or into everything that is wrong with it.
//! * [`plan`]: what is wanted and what is there, made into changes and steps. Pure.
//! * [`client`]: typed requests to an account, with retries, paging and bulk adding.
//! * [`storage`]: what containers of Azure Storage hold.
//! * [`observe`]: an account, read as live state.
//! * [`apply`]: a plan carried out, step by step.
//! * [`node`]: what a compute node does: directories, environment, images, containers.
//! * [`emulator`]: an Azure Batch account in this process, whose tasks run on nodes.
//! * [`doctor`]: what ails a machine or an image, looked at and explained.
//! * [`pipeline`]: observe, plan, check, strung together once.
//! * [`view`]: diagnostics, plans, events and status as text and JSON.
//! * [`cli`]: the command line.

pub mod apply;
pub mod batch;
pub mod bounded_file;
pub mod cli;
pub mod client;
pub mod clock;
pub mod diagnostic;
pub mod doctor;
pub mod emulator;
pub mod env_vars;
pub mod error_chain;
pub mod exit_code;
pub mod import;
pub mod loopback;
pub mod node;
pub mod observe;
pub mod pipeline;
pub mod plan;
pub mod process_group;
pub mod recipe;
pub mod record;
pub mod resource;
pub mod secret;
pub mod settings;
pub mod storage;
pub mod view;
pub mod watch;
