//! The Azure Batch data-plane contract, pure: no sockets, no clock, no policy.
//!
//! [`model`] holds the wire types under the names of the REST reference; [`operations`] holds one plain struct per REST
//! operation and the one table of routes, [`operations::FAMILIES`]; [`auth`] signs **and** verifies; [`odata`] renders **and**
//! parses. The client and the embedded service meet here and nowhere else.

pub mod api_version;
pub mod auth;
pub mod autoscale;
pub mod command_line;
pub mod conditions;
pub mod datetime;
pub mod duration;
pub mod error;
pub mod exit_consequences;
pub mod file_pattern;
pub mod ids;
pub mod image_reference;
pub mod model;
pub mod odata;
pub mod operation;
pub mod operations;
pub mod page;
pub mod run_options;
pub mod thumbprint;
pub mod wire_enum;

pub use api_version::ApiVersion;
pub use conditions::{Conditions, ETag};
pub use datetime::DateTime;
pub use duration::WireDuration;
pub use error::{BatchError, ErrorCode};
pub use exit_consequences::ExitConsequences;
pub use file_pattern::{FilePattern, FilePatternError};
pub use ids::{InvalidId, JobId, JobScheduleId, MAX_ID_LENGTH, NodeId, PoolId, TaskId};
pub use image_reference::ImageReference;
pub use operation::{Operation, OperationSpec};
pub use thumbprint::{InvalidThumbprint, THUMBPRINT_ALGORITHM, Thumbprint};
