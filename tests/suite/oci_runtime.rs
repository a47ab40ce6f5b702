//! The daemon-less runtime, with real containers and registries. Needs Linux, a static busybox and docker-registry; a
//! test says on stderr what it misses, and passes.

mod containers;
mod hostile_registry;
mod images;
mod init;
mod killed;
mod limits;
mod malicious;
mod mounts;
mod registry;
mod room;
mod yard;
