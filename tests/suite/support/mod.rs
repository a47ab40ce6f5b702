//! The words that tests are written in: a sandbox to work in, commands to run, an emulator to talk to.
//!
//! ```ignore
//! let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
//! sandbox.run(["plan", "recipe.yaml"]).success().stdout_contains("1 to create");
//! ```

mod azurite;
mod capture;
mod chance;
mod command;
mod emulator;
mod fate;
mod issuer;
mod local;
mod output;
mod redaction;
mod running;
mod sandbox;
mod service;
mod team;

pub use azurite::{BlobContainer, secret_of, signature};
pub use chance::{Cases, Chance, Seed};
pub use command::Command;
pub use emulator::{Emulator, Runtime};
pub use fate::Fate;
pub use issuer::{Issuer, now};
pub use local::Local;
pub use output::Output;
pub use redaction::Redactions;
pub use running::Running;
pub use sandbox::Sandbox;
pub use service::{PrivateRegistry, Service, skip};
pub use team::Team;
