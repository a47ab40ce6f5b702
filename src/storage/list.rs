//! Listing the blobs of a container.

use std::sync::Arc;
use std::time::Duration;

use azure_storage_blob::models::{
    BlobContainerClientListBlobsOptions, BlobItem, ListBlobsIncludeItem, ListBlobsResponse,
};
use azure_storage_blob::{BlobContainerClient, BlobContainerClientOptions};
use futures::{Stream, TryStreamExt as _};

use super::container_url::ContainerUrl;
use super::credentials::Credentials;
use super::error::StorageError;
use super::target::Target;
use super::transport::{BoundedClient, VERSION, client_options};
use crate::clock::Clock;

/// The most bytes of a page: 5,000 blobs with the longest names and all the metadata that there may be.
const PAGE_BYTES: usize = 96 * 1024 * 1024;
/// How long a page may take, with its repetitions.
const PAGE_TIMEOUT: Duration = Duration::from_secs(180);
/// The most pages that are asked for; a server may answer without end, and pages may be empty.
const MOST_PAGES: usize = 50_000;
/// The metadata that marks a blob as a folder of an account with a hierarchical namespace.
const FOLDER_MARK: &str = "hdi_isfolder";

/// A blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobEntry {
    /// Its name in the container.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
}

/// Azure Blob Storage, as this user may see it.
#[derive(Debug, Clone)]
pub struct Storage {
    credentials: Credentials,
    clock: Arc<dyn Clock>,
}

impl Storage {
    /// Storage for a user with these credentials.
    pub fn new(credentials: Credentials, clock: Arc<dyn Clock>) -> Self {
        Self { credentials, clock }
    }

    /// The blobs of a container whose names begin with `prefix`, in the service's order; folders are left out. Stops behind
    /// `most` of them, so that a longer list shows.
    ///
    /// # Errors
    /// When the container cannot be reached, or does not show its blobs to this user.
    pub async fn list(
        &self,
        container: &ContainerUrl,
        prefix: Option<&str>,
        most: usize,
    ) -> Result<Vec<BlobEntry>, StorageError> {
        let target = Target { url: container.url().clone(), access: self.credentials.access(container) };
        let mut pages = std::pin::pin!(pages(&target, Arc::clone(&self.clock), prefix));
        let mut found = Vec::new();
        while let Some(page) = pages.try_next().await? {
            found.extend(page);
            if found.len() > most {
                break;
            }
        }
        Ok(found)
    }
}

/// The blobs of a container whose names begin with `prefix`, page by page; folders are left out.
pub(super) fn pages<'a>(
    target: &'a Target,
    clock: Arc<dyn Clock>,
    prefix: Option<&'a str>,
) -> impl Stream<Item = Result<Vec<BlobEntry>, StorageError>> + Send + use<'a> {
    async_stream::try_stream! {
        let fail = |error| target.failure(&error);
        let options = BlobContainerClientListBlobsOptions {
            prefix: prefix.filter(|prefix| !prefix.is_empty()).map(str::to_owned),
            include: Some(vec![ListBlobsIncludeItem::Metadata]),
            ..BlobContainerClientListBlobsOptions::default()
        };
        let mut pages = client(target, clock)?.list_blobs(Some(options)).map_err(fail)?.into_pages();
        for _ in 0..MOST_PAGES {
            let page = tokio::time::timeout(PAGE_TIMEOUT, pages.try_next()).await;
            let page = page.map_err(|_| target.late(PAGE_TIMEOUT))?.map_err(fail)?;
            let Some(page) = page else { return };
            yield read_page(page.into_model().map_err(fail)?, target)?;
        }
        Err(target.odd(format!("its list goes on after {MOST_PAGES} pages")))?;
    }
}

fn client(target: &Target, clock: Arc<dyn Clock>) -> Result<BlobContainerClient, StorageError> {
    let transport = BoundedClient::new(target, PAGE_BYTES)?;
    let options = BlobContainerClientOptions {
        client_options: client_options(target, Arc::new(transport), clock),
        version: VERSION.to_owned(),
    };
    BlobContainerClient::new(target.url.clone(), None, Some(options)).map_err(|error| target.failure(&error))
}

/// Takes the blobs of a page.
fn read_page(page: ListBlobsResponse, target: &Target) -> Result<Vec<BlobEntry>, StorageError> {
    // The reader takes any root for the list's; its attributes tell it from the page of a proxy.
    if page.service_endpoint.is_none() && page.container_name.is_none() {
        return Err(target.odd("its answer is not a list of blobs".to_owned()));
    }
    if page.next_marker.as_deref().is_some_and(|next| !next.is_empty()) && page.next_marker == page.marker {
        return Err(target.odd("its list goes on where it was".to_owned()));
    }
    let mut found = Vec::with_capacity(page.blob_items.len());
    for blob in page.blob_items {
        if is_folder(&blob) {
            continue;
        }
        let size = blob.properties.and_then(|properties| properties.content_length).unwrap_or_default();
        let name = blob.name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| target.odd("it lists a blob without a name".to_owned()))?;
        found.push(BlobEntry { name, size });
    }
    Ok(found)
}

fn is_folder(blob: &BlobItem) -> bool {
    let values = blob.metadata.as_ref().and_then(|metadata| metadata.values.as_ref());
    values.into_iter().flatten().any(|(name, value)| {
        name.eq_ignore_ascii_case(FOLDER_MARK) && value.trim().eq_ignore_ascii_case("true")
    })
}

#[cfg(test)]
mod tests;
