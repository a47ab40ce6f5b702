//! The only module that reads environment variables and the user's folders, so that every value knows its origin.

mod account;
mod secrets;
mod variables;

pub use account::{AccountName, AccountSettings, SettingsError};
pub use secrets::secret_source;
pub use variables::Variables;
