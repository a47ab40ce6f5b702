//! The account that handlers and driver share.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::door;
use super::faults::Faults;
use super::service::Service;
use super::store::NodeAddress;
use super::test_issuer::TestIssuer;
use super::throttle::Throttle;
use crate::batch::auth::SharedKey;
use crate::clock::Clock;
use crate::node::runtime::ContainerRuntime;
use crate::node::{Applications, Node, NodeIdentity};

/// What it takes to answer requests.
#[derive(Debug)]
pub(crate) struct Account {
    /// The account's name and key.
    pub(crate) key: SharedKey,
    /// Whose bearer tokens are taken, if anybody's are.
    pub(crate) issuer: Option<TestIssuer>,
    pub(crate) clock: Arc<dyn Clock>,
    /// When this process opened the account.
    pub(crate) opened: Timestamp,
    pub(crate) service: Service,
    /// The folder that the nodes' root directories are in.
    pub(crate) nodes: PathBuf,
    /// Its application packages.
    pub(crate) applications: Applications,
    /// The folder of the way in for containers that have a token.
    pub(crate) door: PathBuf,
    /// What keeps requests to a rate, if anything does.
    pub(crate) throttle: Option<Throttle>,
    /// What goes wrong on demand.
    pub(crate) faults: Faults,
    /// Whether nobody runs the account: then it is only read.
    pub(crate) is_at_rest: bool,
}

impl Account {
    /// The root directory of a node.
    pub(crate) fn node_root(&self, node: &NodeAddress) -> PathBuf {
        self.nodes.join(node.pool_id.as_str()).join(node.node_id.as_str())
    }

    /// The machine of a node, whose tasks are told that the account is at `account_url`.
    pub(crate) fn machine(
        &self,
        node: &NodeAddress,
        runtime: &Arc<dyn ContainerRuntime>,
        account_url: &str,
    ) -> Node {
        let identity = NodeIdentity {
            account_name: self.key.account().to_owned(),
            account_url: account_url.to_owned(),
            pool_id: node.pool_id.clone(),
            node_id: node.node_id.clone(),
            is_dedicated: node.is_dedicated,
            account_door: door::open_part(&self.door),
        };
        let (runtime, clock) = (Arc::clone(runtime), Arc::clone(&self.clock));
        Node::new(identity, self.node_root(node), runtime, clock, self.applications.clone())
    }
}
