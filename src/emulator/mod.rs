//! An Azure Batch account in a process: what Azurite is to Azure Storage.
//!
//! A request goes `router` → `authorize` → `routes` → `handlers` → `service`. The service owns the state: it carries out one change
//! at a time against the `store`, asks the pure machines in `lifecycle` and the `scheduler` what follows, and hands the `driver`
//! effects once the change is on disk. The driver works on [`crate::node`]s and comes back with events.
//!
//! Nothing is pretended: what is not done is refused by name (`admission`, `routes`), and no task succeeds without its process.

mod account;
mod admission;
mod answer;
mod at_rest;
mod authorize;
mod call;
mod conditions;
mod data_folder;
mod defaults;
mod door;
mod driver;
mod effect;
mod faults;
mod files;
mod formula;
mod handle;
mod handlers;
mod levers;
mod lifecycle;
mod open_error;
mod openness;
mod precedence;
mod query;
mod refusal;
mod router;
mod routes;
mod scheduler;
mod selection;
mod server;
mod service;
mod store;
#[cfg(test)]
mod support;
mod task_token;
mod test_issuer;
mod throttle;
mod timing;
mod tls;
mod versions;
mod wire;

pub use at_rest::AtRest;
pub use data_folder::{Endpoint, FolderState};
pub use faults::{FaultRules, FaultsError, InvalidFaults, read as read_faults};
pub use handle::{Emulator, EmulatorConfig, account_url};
pub use open_error::OpenError;
pub use openness::{NotOpen, may_be_open};
pub use test_issuer::{IssuerError, TestIssuer};
pub use timing::{Timing, UnknownTiming};
pub use tls::{SelfSigned, Tls, TlsError, certificate_names, is_certifiable};
