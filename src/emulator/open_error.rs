//! Why an account can't be opened.

use std::io;
use std::path::{Path, PathBuf};

use super::data_folder::{DataFolder, Endpoint, NotOurs};
use crate::batch::auth::InvalidKey;

/// Why an account can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the data folder.
    #[error("{} is in use by another process{}", folder.display(), served_at(endpoint.as_deref()))]
    Locked {
        /// The folder.
        folder: PathBuf,
        /// Where that process serves it, if it does.
        endpoint: Option<Box<Endpoint>>,
    },
    /// The data folder can't be made or locked.
    #[error("can't use {} as data folder", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The key is not a key.
    #[error("the key of the account `{account}` can't be used")]
    Key {
        /// The account.
        account: String,
        /// Why.
        #[source]
        source: InvalidKey,
    },
    /// The store can't be opened.
    #[error("can't open the data in {}", folder.display())]
    Store {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn served_at(endpoint: Option<&Endpoint>) -> String {
    endpoint
        .map_or_else(String::new, |at| format!(", which serves it at {} (process {})", at.endpoint, at.pid))
}

impl OpenError {
    /// The store in `data` could not be opened, or what is in it not be read.
    pub(crate) fn store(data: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Store { folder: data.to_owned(), source: source.into() }
    }
}

/// Takes hold of a data folder.
pub(crate) fn take_folder(data: &Path) -> Result<DataFolder, OpenError> {
    DataFolder::take(data).map_err(|error| match error {
        NotOurs::Locked => {
            OpenError::Locked { endpoint: Endpoint::read(data).map(Box::new), folder: data.to_owned() }
        }
        NotOurs::Io(source) => OpenError::Folder { folder: data.to_owned(), source },
    })
}
