//! Reaching the account that a command works on.
//!
//! An account elsewhere is reached over the network. The local one is files in a folder, and one process at a time runs it: the
//! command itself, or another one that it then talks to. When that ends, whoever still works with the account takes it over.

mod entra;
mod local;
mod open;
mod pinned;
mod request;
mod served;
mod settings;

pub(super) use open::Account;
pub(super) use settings::{LocalSettings, image_budget, open_error, open_or_wait};
