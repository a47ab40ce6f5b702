//! Where a resource file comes from.

use std::path::PathBuf;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _, TryStreamExt as _};
use url::Url;

use super::check::{permissions, stays_below};
use super::failure::FetchError;
use crate::batch::model::{Confidential, ResourceFile};
use crate::node::transfers::Transfers;
use crate::node::web_client;
use crate::storage::{SharedBlob, SharedContainer};

/// One file that is to come.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) source: Source,
    /// Where it goes, relative to the working directory.
    pub(super) path: PathBuf,
    /// Its permissions.
    pub(super) mode: u32,
}

/// Where one file comes from.
#[derive(Debug)]
pub(super) enum Source {
    Web(Url),
    Blob(Box<SharedBlob>),
}

/// What comes of a file, and how much it says that it is.
pub(super) struct Content {
    pub(super) length: Option<u64>,
    pub(super) pieces: BoxStream<'static, Result<Bytes, FetchError>>,
}

impl Source {
    /// Begins to read it.
    pub(super) async fn read(&self, transfers: &Transfers) -> Result<Content, FetchError> {
        match self {
            Self::Web(url) => {
                let answer = transfers.web.get(url).await.map_err(FetchError::Web)?;
                Ok(Content { length: answer.length, pieces: answer.content.map_err(FetchError::Web).boxed() })
            }
            Self::Blob(blob) => {
                let pieces = blob.read(&transfers.storage).await.map_err(FetchError::Blob)?;
                Ok(Content { length: None, pieces: pieces.map_err(FetchError::Blob).boxed() })
            }
        }
    }
}

impl std::fmt::Display for Source {
    /// Without what may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Web(url) => f.write_str(&web_client::shown(url)),
            Self::Blob(blob) => blob.fmt(f),
        }
    }
}

/// A problem with all that a resource file stands for, and where that comes from and goes.
pub(super) struct Unlisted {
    pub(super) error: FetchError,
    pub(super) source: String,
    pub(super) path: PathBuf,
}

/// The files that a resource file stands for: itself, or the blobs of its container.
pub(super) fn items(file: &ResourceFile) -> impl Stream<Item = Result<Item, Unlisted>> + Send + use<'_> {
    async_stream::try_stream! {
        let path = PathBuf::from(file.file_path.as_deref().unwrap_or_default());
        let undefined = |error: String, path: &PathBuf| {
            Unlisted { error: FetchError::Definition(error), source: String::new(), path: path.clone() }
        };
        let mode = permissions(file).ok_or_else(|| undefined("the file's mode is not octal".to_owned(), &path))?;
        if let Some(url) = file.http_url.as_ref().and_then(Confidential::expose) {
            let url = Url::parse(url).map_err(|error| undefined(error.to_string(), &path))?;
            let source = SharedBlob::parse(&url).map_or(Source::Web(url), |blob| Source::Blob(Box::new(blob)));
            yield Item { source, path, mode };
            return;
        }
        let url = file.storage_container_url.as_ref().and_then(Confidential::expose).unwrap_or_default();
        let container = SharedContainer::parse(url).map_err(|error| undefined(error.to_string(), &path))?;
        let unlisted = |error| Unlisted { error, source: container.to_string(), path: path.clone() };
        let mut pages = std::pin::pin!(container.list(file.blob_prefix.as_deref()));
        while let Some(page) = pages.try_next().await.map_err(|error| unlisted(FetchError::Container(error)))? {
            for blob in page {
                // What marks a folder: the files in it make it.
                if blob.name.ends_with('/') {
                    continue;
                }
                let below = blob.name.trim_start_matches('/');
                if !stays_below(below) || below.contains('\0') {
                    Err(unlisted(FetchError::Path { name: blob.name.clone() }))?;
                }
                yield Item { source: Source::Blob(Box::new(container.blob(&blob.name))), path: path.join(below), mode };
            }
        }
    }
}
