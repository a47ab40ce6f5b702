//! The container that the record is kept in.

use std::sync::Arc;

use futures::TryStreamExt as _;

use super::error::RecordError;
use crate::clock::Clock;
use crate::resource::RecipeName;
use crate::secret::Secret;
use crate::storage::{Connections, SharedBlob, SharedContainer, StorageError};

/// The record of an account.
#[derive(Debug, Clone)]
pub struct Record {
    pub(super) container: SharedContainer,
    pub(super) connections: Connections,
    /// The folder of the account in the container.
    account: String,
    pub(super) clock: Arc<dyn Clock>,
}

impl Record {
    /// The record of an account, in the container of this URL. Its signature has to allow to read, add, create, write and list.
    /// `account` tells the account from others whose record is in the same container, as its host does.
    ///
    /// # Errors
    /// When no container can have this URL, or its signature would travel in the clear.
    pub fn new(container: &Secret, account: &str, clock: Arc<dyn Clock>) -> Result<Self, RecordError> {
        let container = SharedContainer::parse(container.expose())?;
        if container.is_in_the_clear() {
            return Err(RecordError::InTheClear { url: container.to_string() });
        }
        Ok(Self { container, connections: Connections::default(), account: account.to_owned(), clock })
    }

    pub(super) fn folder(&self, recipe: &RecipeName) -> String {
        format!("{}/{recipe}", self.account)
    }

    pub(super) fn blob(&self, recipe: &RecipeName, name: &str) -> SharedBlob {
        self.container.blob(&format!("{}/{name}", self.folder(recipe)))
    }
}

/// The last so many bytes of a blob.
pub(super) async fn end_of(
    blob: &SharedBlob,
    most: usize,
    connections: &Connections,
) -> Result<Vec<u8>, StorageError> {
    let mut parts = blob.read(connections).await?;
    let mut content = Vec::new();
    while let Some(part) = parts.try_next().await? {
        content.extend_from_slice(&part);
        content.drain(..content.len().saturating_sub(most));
    }
    Ok(content)
}
