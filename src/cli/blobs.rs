//! Listing the blobs that a recipe asks for, with what the environment says about Azure Storage.

use std::error::Error;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::block_in_place;

use crate::clock::SystemClock;
use crate::env_vars;
use crate::recipe::listing::{Blob, BlobLister, BlobQuery, Unlisted};
use crate::secret::Secret;
use crate::settings::Variables;
use crate::storage::{BlobEntry, ContainerUrl, CredentialOptions, Credentials, Storage, StorageError};

/// A lister for this user.
pub(super) fn lister(variables: &Variables) -> BlobLister {
    let options = options(variables);
    BlobLister::new(move |query| {
        // Recipes are loaded without any waiting of their own, on threads of the runtime.
        let listing = list(options.clone(), query);
        let entries = block_in_place(|| Handle::current().block_on(listing)).map_err(unlisted)?;
        Ok(entries.into_iter().map(|BlobEntry { name, size }| Blob { name, size }).collect())
    })
}

fn options(variables: &Variables) -> CredentialOptions {
    let text = |name| variables.get(name).map(str::to_owned);
    let secret = |name| variables.get(name).map(Secret::new);
    CredentialOptions {
        account: text(env_vars::AZURE_STORAGE_ACCOUNT),
        key: secret(env_vars::AZURE_STORAGE_KEY),
        sas_token: secret(env_vars::AZURE_STORAGE_SAS_TOKEN),
        connection_string: secret(env_vars::AZURE_STORAGE_CONNECTION_STRING),
        endpoint: text(env_vars::AZURE_STORAGE_SERVICE_ENDPOINT),
    }
}

async fn list(options: CredentialOptions, query: &BlobQuery) -> Result<Vec<BlobEntry>, StorageError> {
    let container = ContainerUrl::parse(&query.container)?;
    let storage = Storage::new(Credentials::new(options)?, Arc::new(SystemClock));
    storage.list(&container, query.prefix.as_deref(), query.most).await
}

fn unlisted(error: StorageError) -> Unlisted {
    let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    Unlisted { reason: format!("{error}{source}"), help: error.hint() }
}
