//! Giving nodes what was prescribed.

use super::ladder::Remedy;
use crate::batch::Conditions;
use crate::batch::model::{BatchNodeRebootOptions, BatchNodeReimageOptions, BatchNodeRemoveOptions};
use crate::batch::operations::{RebootNode, ReimageNode, RemoveNodes};
use crate::client::{BatchClient, ClientError};
use crate::observe::NodeTrouble;

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
