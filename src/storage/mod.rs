//! Azure Blob Storage: what containers hold.
//!
//! [`Storage`] lists the blobs of a [`ContainerUrl`] with whichever of the user's [`Credentials`] belongs to its account. It is
//! Microsoft's own client with a signature of ours, because that client signs for Entra ID only. [`SharedContainer`] and
//! [`SharedBlob`] are what somebody shares by a URL, which carries all that they allow; they are read and written, too,
//! and a lease on a blob is a lock.

mod append;
mod blob;
mod blob_headers;
mod container_url;
mod credentials;
mod error;
mod lease;
mod list;
mod shared;
mod shared_key;
mod target;
mod transport;

pub use blob::{Connections, WriteError};
pub use blob_headers::{BlobHeaderError, BlobHeaders};
pub use container_url::ContainerUrl;
pub use credentials::{CredentialOptions, Credentials};
pub use error::{Asked, StorageError};
pub use lease::LEASE;
pub use list::{BlobEntry, Storage};
pub use shared::{SharedBlob, SharedContainer};
