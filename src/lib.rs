//! Batchyard: declarative recipes for container workloads on Azure Batch.
//!
//! The modules, from the leaves up; a module may only use those above it in this list that its own documentation names
//! (`docs/contributing/architecture.md` draws the picture, `tests/suite/architecture.rs` enforces it).

pub mod batch;
pub mod clock;
pub mod diagnostic;
pub mod env_vars;
pub mod exit_code;
pub mod node;
pub mod recipe;
pub mod resource;
pub mod secret;
pub mod view;
