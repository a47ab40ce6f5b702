//! Reading and writing one blob.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use azure_core::http::{ClientOptions, RequestContent};
use azure_storage_blob::models::{
    BlobClientDownloadOptions, BlobClientGetPropertiesResultHeaders as _,
    BlockBlobClientCommitBlockListOptions, BlockBlobClientUploadOptions, BlockLookupList,
};
use azure_storage_blob::{BlobClient, BlobClientOptions, BlockBlobClient};
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};

use super::blob_headers::BlobHeaders;
use super::error::StorageError;
use super::shared::SharedBlob;
use super::transport::{BoundedClient, VERSION, client_options, network};
use crate::clock::SystemClock;

/// How much of a blob travels in one request, in bytes.
const PART: usize = 4 * 1024 * 1024;
/// How many requests about one blob are under way at a time.
const PARTS_AT_A_TIME: usize = 2;
/// The most parts that a blob has. Source: REST reference, "Put Block List".
const MOST_PARTS: u64 = 50_000;
/// How long a part may take, with its repetitions.
const PART_TIMEOUT: Duration = Duration::from_secs(300);

/// Connections to this machine's storage and to others', made when they are first needed. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Connections(Arc<[OnceLock<reqwest::Client>; 2]>);

impl Connections {
    fn to(&self, local: bool) -> Result<reqwest::Client, StorageError> {
        let [far, near] = &*self.0;
        let place = if local { near } else { far };
        match place.get() {
            Some(client) => Ok(client.clone()),
            None => {
                let client = network(local)?;
                Ok(place.get_or_init(|| client).clone())
            }
        }
    }
}

impl SharedBlob {
    /// Begins to read the blob; what comes is in its order.
    ///
    /// # Errors
    /// When it cannot be read. What goes wrong later is in the stream, which ends with it.
    pub async fn read(
        &self,
        connections: &Connections,
    ) -> Result<BoxStream<'static, Result<Bytes, StorageError>>, StorageError> {
        let target = self.0.clone();
        let options = BlobClientDownloadOptions {
            parallel: PARTS_AT_A_TIME.try_into().ok(),
            partition_size: PART.try_into().ok(),
            ..BlobClientDownloadOptions::default()
        };
        let client = self.client(connections)?;
        let answer = tokio::time::timeout(PART_TIMEOUT, client.download(Some(options))).await;
        let answer =
            answer.map_err(|_| target.late(PART_TIMEOUT))?.map_err(|error| target.failure(&error))?;
        Ok(answer.body.map_err(move |error| target.broken_off(&error)).boxed())
    }

    /// The blob's length in bytes; `None` if there is no such blob.
    ///
    /// # Errors
    /// When it cannot be asked for.
    pub async fn length(&self, connections: &Connections) -> Result<Option<u64>, StorageError> {
        let client = self.client(connections)?;
        match self.in_time(client.get_properties(None)).await {
            Ok(properties) => {
                let length = properties.content_length().map_err(|error| self.0.failure(&error))?;
                Ok(Some(length.unwrap_or_default()))
            }
            Err(StorageError::Refused { status: 404, code, .. }) if code != "ContainerNotFound" => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the blob, or replaces it, with the first `length` bytes of a file.
    ///
    /// # Errors
    /// When it cannot be written, or the file has become shorter. A blob that was there is then as it was.
    pub async fn write(
        &self,
        file: Arc<File>,
        length: u64,
        headers: &BlobHeaders,
        connections: &Connections,
    ) -> Result<(), WriteError> {
        let client = self.client(connections)?.block_blob_client();
        if length <= PART as u64 {
            let content = part(file, 0, length).await?;
            let options = BlockBlobClientUploadOptions {
                blob_content_type: headers.content_type.clone(),
                blob_content_encoding: headers.content_encoding.clone(),
                blob_content_language: headers.content_language.clone(),
                blob_content_disposition: headers.content_disposition.clone(),
                blob_cache_control: headers.cache_control.clone(),
                blob_tags_string: headers.tags.clone(),
                metadata: headers.metadata(),
                tier: headers.tier(),
                ..BlockBlobClientUploadOptions::default()
            };
            let upload = client.upload(RequestContent::from(content.to_vec()), Some(options));
            return self.in_time(upload).await.map(drop).map_err(WriteError::Storage);
        }
        let size = (PART as u64).max(length.div_ceil(MOST_PARTS));
        let parts = (0..length).step_by(usize::try_from(size).unwrap_or(usize::MAX));
        let sent = futures::stream::iter(parts)
            .map(|start| self.stage(&client, Arc::clone(&file), start, size.min(length - start)))
            .buffered(PARTS_AT_A_TIME);
        let ids: Vec<Vec<u8>> = sent.try_collect().await?;
        let list = BlockLookupList { latest: Some(ids), ..BlockLookupList::default() };
        let options = BlockBlobClientCommitBlockListOptions {
            blob_content_type: headers.content_type.clone(),
            blob_content_encoding: headers.content_encoding.clone(),
            blob_content_language: headers.content_language.clone(),
            blob_content_disposition: headers.content_disposition.clone(),
            blob_cache_control: headers.cache_control.clone(),
            blob_tags_string: headers.tags.clone(),
            metadata: headers.metadata(),
            tier: headers.tier(),
            ..BlockBlobClientCommitBlockListOptions::default()
        };
        let list = list.try_into().map_err(|error| self.0.failure(&error))?;
        self.in_time(client.commit_block_list(list, Some(options)))
            .await
            .map(drop)
            .map_err(WriteError::Storage)
    }

    /// Sends a part of a blob; gives the name that it has until the blob is made of its parts.
    async fn stage(
        &self,
        client: &BlockBlobClient,
        file: Arc<File>,
        start: u64,
        length: u64,
    ) -> Result<Vec<u8>, WriteError> {
        // Of one length for all parts, as the service wants it; made anew by each upload, in case two go on at once.
        let id = uuid::Uuid::new_v4().as_bytes().to_vec();
        let content = part(file, start, length).await?;
        let send = client.stage_block(&id, length, RequestContent::from(content.to_vec()), None);
        self.in_time(send).await?;
        Ok(id)
    }

    async fn in_time<T>(
        &self,
        request: impl Future<Output = azure_core::Result<T>>,
    ) -> Result<T, StorageError> {
        self.within(PART_TIMEOUT, request).await
    }

    /// What a request comes to that may take so long.
    pub(super) async fn within<T>(
        &self,
        limit: Duration,
        request: impl Future<Output = azure_core::Result<T>>,
    ) -> Result<T, StorageError> {
        let answer = tokio::time::timeout(limit, request).await;
        answer.map_err(|_| self.0.late(limit))?.map_err(|error| self.0.failure(&error))
    }

    pub(super) fn client(&self, connections: &Connections) -> Result<BlobClient, StorageError> {
        let transport = connections.to(self.0.is_local())?;
        let client_options: ClientOptions =
            client_options(&self.0, Arc::new(BoundedClient::of_blobs(transport)), Arc::new(SystemClock));
        let options = BlobClientOptions { client_options, version: VERSION.to_owned() };
        BlobClient::new(self.0.url.clone(), None, Some(options)).map_err(|error| self.0.failure(&error))
    }
}

/// Why a file did not become a blob.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The storage did not take it.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The file can't be read.
    #[error("the file cannot be read: {0}")]
    File(std::io::Error),
}

/// Reads a part of a file, where that holds up nobody.
async fn part(file: Arc<File>, start: u64, length: u64) -> Result<Bytes, WriteError> {
    let read = move || {
        let mut content = vec![0; usize::try_from(length).map_err(std::io::Error::other)?];
        file.read_exact_at(&mut content, start)?;
        Ok(Bytes::from(content))
    };
    let read = tokio::task::spawn_blocking(read).await;
    read.unwrap_or_else(|error| Err(std::io::Error::other(error))).map_err(WriteError::File)
}
