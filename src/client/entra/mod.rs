//! Microsoft Entra: tokens in place of the account's key.
//!
//! `azure_identity` has a type for each kind of credential; what it leaves to its users is here: the chain that tries one after
//! another, the service principal of the environment, the cache, and errors that say what was tried.

mod answer;
mod certificate;
mod chain;
mod cloud;
mod error;
mod options;
mod policy;
mod secrets;
mod shell;
mod token;

pub(super) use error::EntraError;
pub use options::{EntraKind, EntraOptions};
pub(super) use policy::BearerPolicy;
