//! Azure Blob Storage: what containers hold.
//!
//! [`Storage`] lists the blobs of a [`ContainerUrl`] with whichever of the user's [`Credentials`] belongs to its account. It is
//! Microsoft's own client with a signature of ours, because that client signs for Entra ID only.

mod container_url;
mod credentials;
mod error;
mod list;
mod shared_key;
mod transport;

pub use container_url::ContainerUrl;
pub use credentials::{CredentialOptions, Credentials};
pub use error::{Asked, StorageError};
pub use list::{BlobEntry, Storage};
