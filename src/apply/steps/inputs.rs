//! Uploading the local files that tasks get.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use super::super::context::StepContext;
use super::super::error::StepError;
use super::super::event::Outcome;
use crate::batch::model::Confidential;
use crate::resource::InputFile;
use crate::storage::{BlobHeaders, Connections, SharedContainer};

/// How many files are uploaded at once.
const AT_ONCE: usize = 4;

/// Uploads the files that their container lacks: a blob is named after its content, so one that is there is the file.
pub(super) async fn upload(context: &StepContext<'_>, files: &[InputFile]) -> Result<Outcome, StepError> {
    let connections = Connections::default();
    let (done, uploaded) = (Cell::new(0), Cell::new(0_u64));
    let total = files.len() as u64;
    let uploads = files.iter().map(|file| {
        let (connections, done, uploaded) = (&connections, &done, &uploaded);
        async move {
            if upload_one(context, file, connections).await? {
                uploaded.set(uploaded.get() + 1);
            }
            done.set(done.get() + 1);
            context.progress("uploading inputs", Some((done.get(), total)));
            Ok::<_, StepError>(())
        }
    });
    stream::iter(uploads).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    Ok(if uploaded.get() == 0 { Outcome::AlreadyDone } else { Outcome::Done })
}

/// Uploads a file unless it is there; says whether it did.
async fn upload_one(
    context: &StepContext<'_>,
    input: &InputFile,
    connections: &Connections,
) -> Result<bool, StepError> {
    let path = || input.path.display().to_string();
    let failed = |reason: String| StepError::Input { path: path(), reason };
    let url = match &input.container {
        Confidential::Value(url) => url.clone(),
        Confidential::Reference(reference) => context.options.secrets.value(reference)?,
    };
    let container = SharedContainer::parse(url.expose()).map_err(|error| failed(error.to_string()))?;
    let blob = container.blob(&input.blob);
    let there = blob.length(connections).await.map_err(|error| failed(error.to_string()))?;
    if there == Some(input.size) {
        return Ok(false);
    }
    let place = input.path.clone();
    let opened = tokio::task::spawn_blocking(move || open(&place)).await;
    let opened = opened.unwrap_or_else(|error| Err(io::Error::other(error)));
    let (file, sha256) = opened.map_err(|error| failed(error.to_string()))?;
    if *sha256 != *input.sha256 {
        return Err(StepError::InputChanged { path: path() });
    }
    blob.write(Arc::new(file), input.size, &BlobHeaders::default(), connections)
        .await
        .map_err(|error| failed(error.to_string()))?;
    Ok(true)
}

/// Opens a file, and says what is in it now.
fn open(path: &Path) -> io::Result<(File, String)> {
    let file = File::open(path)?;
    let (_, sha256) = InputFile::identify(&file)?;
    Ok((file, sha256))
}
