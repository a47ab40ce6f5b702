//! The account that handlers and driver share.

use std::path::PathBuf;
use std::sync::Arc;

use super::service::Service;
use super::store::NodeAddress;
use crate::batch::auth::SharedKey;
use crate::clock::Clock;

/// What it takes to answer requests.
#[derive(Debug)]
pub(crate) struct Account {
    /// The account's name and key.
    pub(crate) key: SharedKey,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) service: Service,
    /// The folder that the nodes' root directories are in.
    pub(crate) nodes: PathBuf,
}

impl Account {
    /// The root directory of a node.
    pub(crate) fn node_root(&self, node: &NodeAddress) -> PathBuf {
        self.nodes.join(node.pool_id.as_str()).join(node.node_id.as_str())
    }
}
