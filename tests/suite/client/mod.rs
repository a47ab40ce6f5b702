//! The client against small servers that misbehave in exactly one way each.

mod bulk;
mod exchange;
mod file;
mod list;
pub mod server;
