//! A blob that one process at a time may write, because it holds a lease on it. A lease runs out by itself, so nobody who died holds
//! one for long. Source: REST reference, "Lease Blob".

use std::time::Duration;

use azure_core::http::RequestContent;
use azure_storage_blob::models::{BlobClientAcquireLeaseOptions, BlockBlobClientUploadOptions};
use uuid::Uuid;

use super::blob::Connections;
use super::error::StorageError;
use super::shared::SharedBlob;

/// For how long a lease is given, and each time that it is renewed: the longest that ends by itself.
pub const LEASE: Duration = Duration::from_secs(LEASE_SECONDS as u64);
const LEASE_SECONDS: i32 = 60;

/// How long a request may take, with its repetitions, so that a lease can be renewed several times before it has run out.
const TIMEOUT: Duration = Duration::from_secs(15);

/// What the service says of a lease that is somebody else's by now, or nobody's.
const LOST: [&str; 6] = [
    "LeaseIdMismatchWithLeaseOperation",
    "LeaseNotPresentWithLeaseOperation",
    "LeaseIsBrokenAndCannotBeRenewed",
    "LeaseLost",
    "BlobNotFound",
    "ContainerNotFound",
];

impl SharedBlob {
    /// Takes the lease on the blob, which is made if it is not there. Whether it was given: nobody gets it while somebody else has
    /// it. The same id gets it again.
    ///
    /// # Errors
    /// When the blob can be neither leased nor made.
    pub async fn take_lease(&self, id: Uuid, connections: &Connections) -> Result<bool, StorageError> {
        match self.ask_for_lease(id, connections).await {
            Err(StorageError::Refused { code, .. }) if code == "BlobNotFound" => {
                self.make(connections).await?;
                self.ask_for_lease(id, connections).await
            }
            answer => answer,
        }
    }

    async fn ask_for_lease(&self, id: Uuid, connections: &Connections) -> Result<bool, StorageError> {
        let client = self.client(connections)?;
        let options = BlobClientAcquireLeaseOptions {
            proposed_lease_id: Some(id.to_string()),
            ..BlobClientAcquireLeaseOptions::default()
        };
        let answer = self.within(TIMEOUT, client.acquire_lease(LEASE_SECONDS, Some(options))).await;
        unless(answer.map(drop), &["LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired"])
    }

    /// Makes the blob, empty, unless it is there.
    async fn make(&self, connections: &Connections) -> Result<(), StorageError> {
        let client = self.client(connections)?.block_blob_client();
        let options = BlockBlobClientUploadOptions::default().if_not_exists();
        let made = self.within(TIMEOUT, client.upload(RequestContent::from(Vec::new()), Some(options))).await;
        unless(made.map(drop), &["BlobAlreadyExists", "ConditionNotMet", "LeaseIdMissing"]).map(drop)
    }

    /// Has the lease run anew. Whether it does: somebody may have ended it, or have it by now.
    ///
    /// # Errors
    /// When nobody knows.
    pub async fn renew_lease(&self, id: Uuid, connections: &Connections) -> Result<bool, StorageError> {
        let client = self.client(connections)?;
        let answer = self.within(TIMEOUT, client.renew_lease(id.to_string(), None)).await;
        unless(answer.map(drop), &LOST)
    }

    /// Gives the lease back. Whether it was this one: it may have run out, and somebody else have taken it.
    ///
    /// # Errors
    /// When it is not given back; it runs out then.
    pub async fn end_lease(&self, id: Uuid, connections: &Connections) -> Result<bool, StorageError> {
        let client = self.client(connections)?;
        let answer = self.within(TIMEOUT, client.release_lease(id.to_string(), None)).await;
        unless(answer.map(drop), &LOST)
    }

    /// Replaces what is in the blob, on which this lease is held. It is meant for little.
    ///
    /// # Errors
    /// When it cannot be written, for instance because the lease is not held.
    pub async fn write_leased(
        &self,
        id: Uuid,
        content: Vec<u8>,
        connections: &Connections,
    ) -> Result<(), StorageError> {
        let client = self.client(connections)?.block_blob_client();
        let options = BlockBlobClientUploadOptions {
            lease_id: Some(id.to_string()),
            blob_content_type: Some("application/json".to_owned()),
            ..BlockBlobClientUploadOptions::default()
        };
        self.within(TIMEOUT, client.upload(RequestContent::from(content), Some(options))).await.map(drop)
    }
}

/// Whether it went well; it did not if the service says one of these.
fn unless(answer: Result<(), StorageError>, codes: &[&str]) -> Result<bool, StorageError> {
    match answer {
        Ok(()) => Ok(true),
        Err(StorageError::Refused { code, .. }) if codes.contains(&code.as_str()) => Ok(false),
        Err(error) => Err(error),
    }
}
