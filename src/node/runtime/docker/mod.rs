//! Containers in a Docker-compatible engine, over its Unix socket.
//!
//! Credentials go with each pull and nowhere else: no `docker login`, no file of the docker command is read or written.
//! The engine's own log of a container is the truth about its output; files are written from it, so that they are complete
//! also after a restart of this program.

mod connect;
mod create;
mod engine;
mod engine_error;
mod network;
mod output;
#[cfg(test)]
mod tests;

pub use engine::DockerRuntime;
