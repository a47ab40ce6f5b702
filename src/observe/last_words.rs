//! What start tasks wrote last that failed.

use futures::TryStreamExt as _;

use super::node_trouble::NodeTrouble;
use crate::batch::operations::{GetNodeFile, GetNodeFileProperties};
use crate::client::BatchClient;

/// How much of the end of a start task's output is read, in bytes, and of how many nodes of a pool.
const READ: u64 = 1024;
const READ_OF: usize = 3;

/// Reads the last line that the start tasks wrote which failed on nodes in trouble, of the first of them.
pub async fn hear(client: &BatchClient, troubles: &mut [NodeTrouble]) {
    for trouble in troubles.iter_mut().filter(|trouble| trouble.state == "starttaskfailed").take(READ_OF) {
        for file in ["startup/stderr.txt", "startup/stdout.txt"] {
            trouble.last_words = last_line(client, trouble, file).await;
            if trouble.last_words.is_some() {
                break;
            }
        }
    }
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
