//! The only module that reads environment variables and the user's folders, so that every value knows its origin.

mod account;
mod credential;
mod error;
mod origin;
mod secrets;
mod trust;
mod variables;

pub use account::{AccountChoice, AccountName, AccountSettings, Identity, NamedAccount};
pub use credential::{CredentialChoice, EntraChoice};
pub use error::{Proof, SettingsError};
pub use origin::{Origin, Sourced};
pub use secrets::{read_secret_file, secret_source};
pub use variables::Variables;
