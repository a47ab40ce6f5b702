//! The only module that reads environment variables and the user's folders, so that every value knows its origin.

mod account;
mod credential;
mod origin;
mod secrets;
mod variables;

pub use account::{AccountChoice, AccountName, AccountSettings, Identity, NamedAccount, SettingsError};
pub use credential::{CredentialChoice, EntraChoice};
pub use origin::{Origin, Sourced};
pub use secrets::{read_secret_file, secret_source};
pub use variables::Variables;
