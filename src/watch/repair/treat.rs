//! Giving nodes what was prescribed, and reading what they said last.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;

use super::ladder::Remedy;
use crate::batch::model::{BatchNodeRebootOptions, BatchNodeReimageOptions, BatchNodeRemoveOptions};
use crate::batch::operations::{GetNodeFile, GetNodeFileProperties, RebootNode, ReimageNode, RemoveNodes};
use crate::batch::{Conditions, NodeId};
use crate::client::{BatchClient, ClientError};
use crate::observe::{NodeTrouble, Status};

/// How much of the end of a start task's output is read, in bytes, and of how many nodes.
const READ: u64 = 1024;
const READ_OF: usize = 3;

/// Gives a node a remedy; its tasks go back to the queue.
pub(in super::super) async fn treat(
    client: &BatchClient,
    trouble: &NodeTrouble,
    remedy: Remedy,
) -> Result<(), ClientError> {
    let (pool_id, node_id) = (trouble.pool.clone(), trouble.node.clone());
    match remedy {
        Remedy::Reboot => {
            let reboot = BatchNodeRebootOptions::default();
            client.send(&RebootNode { pool_id, node_id, reboot }).await.map(drop)
        }
        Remedy::Reimage => {
            let reimage = BatchNodeReimageOptions::default();
            client.send(&ReimageNode { pool_id, node_id, reimage }).await.map(drop)
        }
        Remedy::Remove => {
            let remove =
                BatchNodeRemoveOptions { node_list: vec![node_id], ..BatchNodeRemoveOptions::default() };
            client.send(&RemoveNodes { pool_id, remove, conditions: Conditions::default() }).await.map(drop)
        }
    }
}

/// The last line that the start tasks of nodes wrote which failed.
pub(in super::super) async fn last_words(client: &BatchClient, status: &Status) -> BTreeMap<NodeId, String> {
    let failed = status.pools.iter().flat_map(|pool| &pool.node_troubles);
    let mut words = BTreeMap::new();
    for trouble in failed.filter(|trouble| trouble.state == "starttaskfailed").take(READ_OF) {
        for file in ["startup/stderr.txt", "startup/stdout.txt"] {
            if let Some(line) = last_line(client, trouble, file).await {
                words.insert(trouble.node.clone(), line);
                break;
            }
        }
    }
    words
}

/// The last line of a file that is not empty. A file that can't be read is no reason to say nothing of the node.
async fn last_line(client: &BatchClient, trouble: &NodeTrouble, file: &str) -> Option<String> {
    let (pool_id, node_id, file_path) = (trouble.pool.clone(), trouble.node.clone(), file.to_owned());
    let (pool, node, path) = (pool_id.clone(), node_id.clone(), file_path.clone());
    let properties = GetNodeFileProperties { pool_id: pool, node_id: node, file_path: path };
    let length = client.file_info(&properties).await.ok().filter(|info| info.length > 0)?.length;
    let request = GetNodeFile { pool_id, node_id, file_path, range: None };
    let content = client.read_file_range(&request, length.saturating_sub(READ)..length).await.ok()?;
    let bytes: Vec<bytes::Bytes> = content.bytes.try_collect().await.ok()?;
    let text = String::from_utf8_lossy(&bytes.concat()).into_owned();
    text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}
