//! The typed HTTP client of the Batch data plane, on [`crate::batch`] and azure_core's pipeline.
//!
//! [`BatchClient`] sends any [`batch::Operation`](crate::batch::Operation): it renders the request, has it signed anew for
//! every try ([`Credential`]), tries again what may pass ([`RetryOptions`]) within a budget for each family of operations, follows lists page by page, streams files, and
//! adds tasks by the million ([`BatchClient::add_tasks`]). Whether the bytes travel over a socket or stay in the process
//! is the choice of the [`HttpTransport`]; everything above it is the same.
//!
//! The client holds no policy: it neither knows why a request is sent nor what a failure means for a plan.

mod body;
mod budget;
mod bulk;
#[expect(clippy::module_inception, reason = "the module's centre is the client itself")]
mod client;
mod credential;
mod entra;
mod error;
mod file;
mod http;
mod in_process;
mod pager;
mod policy;
mod request_id;
mod retry;
mod roots;
mod setup_error;
mod transport;

pub use bulk::{AddTasksOptions, AddTasksSummary, TaskAddition, TaskOutcome};
pub use client::{BatchClient, ClientOptions, Response};
pub use credential::Credential;
pub use entra::{EntraKind, EntraOptions};
pub use error::{Call, ClientError, TransportError, TransportErrorKind};
pub use file::{FileContent, FileInfo};
pub use retry::RetryOptions;
pub use roots::{ExtraRoots, RootsError};
pub use setup_error::SetupError;
pub use transport::HttpTransport;
