//! Containers without any daemon: images from an OCI registry client, containers from an OCI runtime library.
//!
//! * [`OciRuntime`] is the runtime.
//! * [`look`] says what a registry knows of an image, without fetching it.
//! * [`supervisor`] is what makes a process of this program a container's supervisor; `main` must ask it first.
//!
//! Images are kept unpacked in a store of the caller's; a container is an overlay of its own changes over one. The library,
//! `libcontainer`, does what is dangerous to get wrong: namespaces, mounts, control groups, capabilities.

mod archive;
mod bounded_writer;
mod bundle;
mod chores;
mod container_folder;
mod containers;
mod copied_root;
mod delegation;
mod devices;
mod executor;
mod holdings;
mod host;
mod ids;
mod image_config;
mod init;
mod layer;
mod links;
mod look;
mod mounts;
mod network;
mod new_namespace;
mod privileges;
mod pull;
mod reference;
mod registry;
mod reservations;
mod resources;
mod room;
mod root_mount;
mod rootless;
mod runtime;
mod sealed_program;
mod store;
mod streams;
pub mod supervisor;
mod targets;
mod unpack;
mod unpack_image;
mod user;
mod user_namespace;

pub use look::look;
pub use runtime::OciRuntime;
