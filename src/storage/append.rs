//! A blob that only grows.

use std::time::Duration;

use azure_core::http::RequestContent;
use azure_storage_blob::models::AppendBlobClientCreateOptions;

use super::blob::Connections;
use super::error::StorageError;
use super::shared::SharedBlob;

/// How long a request may take, with its repetitions.
const TIMEOUT: Duration = Duration::from_secs(30);

impl SharedBlob {
    /// Adds to the end of the blob, which is made if it is not there. If an answer was lost, the addition may be there twice.
    ///
    /// # Errors
    /// When it is not added.
    pub async fn append(&self, content: Vec<u8>, connections: &Connections) -> Result<(), StorageError> {
        match self.append_to_what_is_there(content.clone(), connections).await {
            Err(StorageError::Refused { code, .. }) if code == "BlobNotFound" => {
                self.make_growing(connections).await?;
                self.append_to_what_is_there(content, connections).await
            }
            answer => answer,
        }
    }

    async fn append_to_what_is_there(
        &self,
        content: Vec<u8>,
        connections: &Connections,
    ) -> Result<(), StorageError> {
        let client = self.client(connections)?.append_blob_client();
        let length = content.len() as u64;
        let append = client.append_block(RequestContent::from(content), length, None);
        self.within(TIMEOUT, append).await.map(drop)
    }

    async fn make_growing(&self, connections: &Connections) -> Result<(), StorageError> {
        let client = self.client(connections)?.append_blob_client();
        let options = AppendBlobClientCreateOptions {
            blob_content_type: Some("application/jsonl".to_owned()),
            ..AppendBlobClientCreateOptions::default()
        };
        match self.within(TIMEOUT, client.create(Some(options.if_not_exists()))).await {
            Err(StorageError::Refused { code, .. })
                if ["BlobAlreadyExists", "ConditionNotMet"].contains(&code.as_str()) =>
            {
                Ok(())
            }
            made => made.map(drop),
        }
    }
}
