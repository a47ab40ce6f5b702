//! Listing the blobs of a container.

use std::sync::Arc;
use std::time::Duration;

use azure_core::error::ErrorKind;
use azure_core::http::{
    ClientOptions, ExponentialRetryOptions, RawResponse, RetryOptions, Transport, headers::Headers,
};
use azure_storage_blob::models::{
    BlobContainerClientListBlobsOptions, BlobItem, ListBlobsIncludeItem, ListBlobsResponse,
};
use azure_storage_blob::{BlobContainerClient, BlobContainerClientOptions};
use futures::TryStreamExt as _;

use super::container_url::ContainerUrl;
use super::credentials::{Access, Credentials};
use super::error::StorageError;
use super::transport::{Authorize, BoundedClient};
use crate::clock::Clock;

/// What listing needs has been the same since this version, and every Azurite in use knows it: one refuses versions that are
/// newer than itself.
const VERSION: &str = "2021-12-02";
/// The most bytes of a page: 5,000 blobs with the longest names and all the metadata that there may be.
const PAGE_BYTES: usize = 96 * 1024 * 1024;
/// How long a page may take, with its repetitions.
const PAGE_TIMEOUT: Duration = Duration::from_secs(180);
/// The most pages that are asked for; a server may answer without end, and pages may be empty.
const MOST_PAGES: usize = 50_000;
/// How often a request is repeated that met an obstacle that may pass.
const RETRIES: u32 = 3;
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
        let access = self.credentials.access(container);
        let client = self.client(container, &access)?;
        let fail = |error| failure(container, &access, &error);
        let options = BlobContainerClientListBlobsOptions {
            prefix: prefix.filter(|prefix| !prefix.is_empty()).map(str::to_owned),
            include: Some(vec![ListBlobsIncludeItem::Metadata]),
            ..BlobContainerClientListBlobsOptions::default()
        };
        let mut pages = client.list_blobs(Some(options)).map_err(fail)?.into_pages();
        let mut found = Vec::new();
        for _ in 0..MOST_PAGES {
            let page = tokio::time::timeout(PAGE_TIMEOUT, pages.try_next()).await.map_err(|_| {
                StorageError::Timeout { container: container.to_string(), limit: PAGE_TIMEOUT }
            })?;
            let Some(page) = page.map_err(fail)? else { return Ok(found) };
            read_page(page.into_model().map_err(fail)?, container, &mut found)?;
            if found.len() > most {
                return Ok(found);
            }
        }
        Err(odd(container, format!("its list goes on after {MOST_PAGES} pages")))
    }

    fn client(&self, container: &ContainerUrl, access: &Access) -> Result<BlobContainerClient, StorageError> {
        let transport = BoundedClient::new(container, PAGE_BYTES)?;
        let authorize =
            Authorize { access: access.clone(), container: container.clone(), clock: self.clock.clone() };
        // On this machine, nobody who is not there comes back by waiting.
        let max_retries = if container.is_local() { 1 } else { RETRIES };
        let retry = ExponentialRetryOptions { max_retries, ..ExponentialRetryOptions::default() };
        let options = BlobContainerClientOptions {
            client_options: ClientOptions {
                transport: Some(Transport::new(Arc::new(transport))),
                per_try_policies: vec![Arc::new(authorize)],
                retry: RetryOptions::exponential(retry),
                ..ClientOptions::default()
            },
            version: VERSION.to_owned(),
        };
        BlobContainerClient::new(container.url().clone(), None, Some(options))
            .map_err(|error| failure(container, access, &error))
    }
}

/// Takes the blobs of a page.
fn read_page(
    page: ListBlobsResponse,
    container: &ContainerUrl,
    found: &mut Vec<BlobEntry>,
) -> Result<(), StorageError> {
    // The reader takes any root for the list's; its attributes tell it from the page of a proxy.
    if page.service_endpoint.is_none() && page.container_name.is_none() {
        return Err(odd(container, "its answer is not a list of blobs".to_owned()));
    }
    if page.next_marker.as_deref().is_some_and(|next| !next.is_empty()) && page.next_marker == page.marker {
        return Err(odd(container, "its list goes on where it was".to_owned()));
    }
    for blob in page.blob_items {
        if is_folder(&blob) {
            continue;
        }
        let size = blob.properties.and_then(|properties| properties.content_length).unwrap_or_default();
        let name = blob.name.filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| odd(container, "it lists a blob without a name".to_owned()))?;
        found.push(BlobEntry { name, size });
    }
    Ok(())
}

fn is_folder(blob: &BlobItem) -> bool {
    let values = blob.metadata.as_ref().and_then(|metadata| metadata.values.as_ref());
    values.into_iter().flatten().any(|(name, value)| {
        name.eq_ignore_ascii_case(FOLDER_MARK) && value.trim().eq_ignore_ascii_case("true")
    })
}

fn odd(container: &ContainerUrl, reason: String) -> StorageError {
    StorageError::NotStorage { container: container.to_string(), reason }
}

/// What went wrong, without the request, which may carry a signature, and without the answer, which may be long.
fn failure(container: &ContainerUrl, access: &Access, error: &azure_core::Error) -> StorageError {
    match error.kind() {
        ErrorKind::HttpResponse { status, raw_response, .. } => {
            let status = u16::from(*status);
            refusal(raw_response.as_deref()).map_or_else(
                || odd(container, format!("it says HTTP {status} without a reason")),
                |(code, message)| StorageError::Refused {
                    container: container.to_string(),
                    asked: Box::new(access.asked.clone()),
                    status,
                    code,
                    message,
                },
            )
        }
        ErrorKind::Connection | ErrorKind::Io => StorageError::Unreachable {
            container: container.to_string(),
            local: container.is_local(),
            reason: innermost(error),
        },
        _ => odd(container, innermost(error)),
    }
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ErrorBody {
    code: String,
    #[serde(default)]
    message: String,
}

/// The code and the message of the service, if it is one of Azure Storage.
fn refusal(response: Option<&RawResponse>) -> Option<(String, String)> {
    let response = response?;
    let body: Option<ErrorBody> = azure_core::xml::from_xml(response.body()).ok();
    let code = body.as_ref().map(|body| body.code.clone()).or_else(|| code_in(response.headers()))?;
    // Behind the first line come the request's id and the time.
    let message = body.as_ref().and_then(|body| body.message.lines().next()).unwrap_or_default();
    Some((printable(&code), printable(message)))
}

fn code_in(headers: &Headers) -> Option<String> {
    headers.get_optional_string(&"x-ms-error-code".into())
}

/// At most a line of somebody else's text.
fn printable(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(300).collect()
}

/// The innermost cause: the layers around it show the request's URL, or the answer.
fn innermost(error: &azure_core::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    printable(&cause.to_string())
}

#[cfg(test)]
mod tests;
