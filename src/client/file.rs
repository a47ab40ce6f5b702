//! Files of tasks and nodes.

use std::ops::Range;

use azure_core::http::headers::HeaderName;
use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt as _, TryStreamExt as _};

use super::client::BatchClient;
use super::error::{ClientError, TransportError};
use super::http::Outgoing;
use crate::batch::operation::Nothing;
use crate::batch::{DateTime, Operation};

const IS_DIRECTORY: HeaderName = HeaderName::from_static("ocp-batch-file-isdirectory");

/// A file on its way.
pub struct FileContent {
    /// How many bytes follow, if the service says so.
    pub length: Option<u64>,
    /// When the file last changed.
    pub last_modified: Option<DateTime>,
    /// The bytes, as they arrive. A stream that breaks off ends with an error.
    pub bytes: BoxStream<'static, Result<Bytes, ClientError>>,
}

impl std::fmt::Debug for FileContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileContent").field("length", &self.length).finish_non_exhaustive()
    }
}

/// Size and time of a file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileInfo {
    /// Its length in bytes; 0 for folders.
    pub length: u64,
    /// When it last changed.
    pub last_modified: Option<DateTime>,
    /// Whether it is a folder.
    pub is_directory: bool,
}

impl BatchClient {
    /// Reads a file: with [`GetTaskFile`](crate::batch::operations::GetTaskFile) or
    /// [`GetNodeFile`](crate::batch::operations::GetNodeFile).
    ///
    /// # Errors
    /// When the service refuses it, or no answer can be had.
    pub async fn read_file<Op>(&self, file: &Op) -> Result<FileContent, ClientError>
    where
        Op: Operation<Output = Nothing>,
    {
        self.stream_file(self.http.request(file)?).await
    }

    /// Reads a part of a file. A range that starts at or behind the end of the file is refused with `InvalidRange`.
    ///
    /// # Errors
    /// When the service refuses it, or no answer can be had.
    pub async fn read_file_range<Op>(&self, file: &Op, range: Range<u64>) -> Result<FileContent, ClientError>
    where
        Op: Operation<Output = Nothing>,
    {
        let mut outgoing = self.http.request(file)?;
        // The header names the last byte, and it can't say "none".
        let last = range.end.max(range.start.saturating_add(1)) - 1;
        outgoing.set_header("ocp-range", format!("bytes={}-{last}", range.start));
        self.stream_file(outgoing).await
    }

    /// Reads size and time of a file: with
    /// [`GetTaskFileProperties`](crate::batch::operations::GetTaskFileProperties) or
    /// [`GetNodeFileProperties`](crate::batch::operations::GetNodeFileProperties).
    ///
    /// # Errors
    /// When the service refuses it, or no answer can be had.
    pub async fn file_info<Op>(&self, file: &Op) -> Result<FileInfo, ClientError>
    where
        Op: Operation<Output = Nothing>,
    {
        let answer = self.http.fetch(self.http.request(file)?).await?;
        Ok(FileInfo {
            length: answer.content_length().unwrap_or_default(),
            last_modified: answer.last_modified(),
            is_directory: answer
                .header(&IS_DIRECTORY)
                .is_some_and(|value| value.eq_ignore_ascii_case("true")),
        })
    }

    async fn stream_file(&self, mut outgoing: Outgoing) -> Result<FileContent, ClientError> {
        outgoing.set_header("accept", "application/octet-stream".to_owned());
        let answer = self.http.stream(outgoing).await?;
        let (length, last_modified) = (answer.content_length(), answer.last_modified());
        let call = answer.call;
        let bytes = answer.body.map_err(move |error| ClientError::Transport {
            call: call.clone(),
            tries: 1,
            source: TransportError::from_azure(&error),
        });
        Ok(FileContent { length, last_modified, bytes: bytes.boxed() })
    }
}
