//! Fetching the resource files of a run.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};

use super::failure::FetchError;
use super::place::TaskFolder;
use super::source::{Item, Source, Unlisted, items};
use crate::batch::model::{BatchTaskFailureInfo, ResourceFile};
use crate::node::account::Account;
use crate::node::context::NodeContext;
use crate::node::failure;
use crate::node::run::{Run, Watch};
use crate::node::transfers::{AT_A_TIME, Transfers};

/// How often a file is fetched that breaks off, or whose server has trouble.
const TRIES: u32 = 4;
/// The pause before the second try; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(if cfg!(test) { 10 } else { 500 });
/// How long one try may take: servers may send a byte now and then for ever.
const FILE_TIMEOUT: Duration = Duration::from_secs(4 * 60 * 60);

/// Fetches the resource files of a run into its working directory, and before them those that all instances of its task have into
/// the directory that those share. What an earlier attempt left of them is replaced.
pub(in crate::node) async fn fetch(
    node: &NodeContext,
    run: &Run<'_>,
    account: Account,
    watch: &Watch<'_>,
) -> Result<(), BatchTaskFailureInfo> {
    let owner = (node.account.is_root() && !account.is_root()).then_some(account);
    if let Some(part) = run.part {
        let path = node.layout.task(part.job, part.task).path().to_owned();
        let shared = TaskFolder { path, owner, is_shared: true };
        fetch_into(node, &shared, part.common_files, watch).await?;
    }
    let working = TaskFolder { path: run.directory.working(), owner, is_shared: false };
    fetch_into(node, &working, run.resource_files, watch).await
}

async fn fetch_into(
    node: &NodeContext,
    folder: &TaskFolder,
    files: &[ResourceFile],
    watch: &Watch<'_>,
) -> Result<(), BatchTaskFailureInfo> {
    if files.is_empty() {
        return Ok(());
    }
    let fetch = futures::stream::iter(files)
        .flat_map(|file| items(file).boxed())
        .map_err(|unlisted: Unlisted| unlisted.error.into_failure(&unlisted.source, &unlisted.path))
        .try_for_each_concurrent(AT_A_TIME, |item| async move {
            let fetched = fetch_item(&node.transfers, folder, &item).await;
            fetched.map_err(|error| error.into_failure(&item.source.to_string(), &item.path))
        });
    tokio::select! {
        fetched = fetch => fetched,
        why = watch.interrupted() => Err(failure::ended(why)),
    }
}

/// Fetches a file, again and again as long as what hinders it may pass.
async fn fetch_item(transfers: &Transfers, folder: &TaskFolder, item: &Item) -> Result<(), FetchError> {
    let _place = transfers.place().await;
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        match in_time(transfers, folder, item).await {
            Err(error) if error.may_pass() => {
                tracing::info!(source = %item.source, %error, "a resource file could not be fetched; trying again");
            }
            done => return done,
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
    in_time(transfers, folder, item).await
}

async fn in_time(transfers: &Transfers, folder: &TaskFolder, item: &Item) -> Result<(), FetchError> {
    let late = |_| FetchError::Late { url: item.source.to_string(), limit: FILE_TIMEOUT };
    tokio::time::timeout(FILE_TIMEOUT, once(transfers, folder, item))
        .await
        .unwrap_or_else(|error| Err(late(error)))
}

async fn once(transfers: &Transfers, folder: &TaskFolder, item: &Item) -> Result<(), FetchError> {
    let mut content = Source::read(&item.source, transfers).await?;
    let mut file = folder.begin(&item.path, content.length).await?;
    loop {
        let written = match content.pieces.try_next().await {
            Ok(Some(piece)) => file.write(&piece).await,
            Ok(None) => return folder.finish(file, item.mode).await,
            Err(error) => Err(error),
        };
        if let Err(error) = written {
            file.discard().await;
            return Err(error);
        }
    }
}
