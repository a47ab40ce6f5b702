//! What can be done with a pool besides changing and resizing it.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{
    BatchApplicationPackageReference, BatchMetadataItem, BatchNodeDeallocationOption, BatchStartTask,
};
use crate::batch::{NodeId, WireDuration};

/// The body of `POST /pools/{poolId}/updateproperties`: what is absent is removed.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPoolReplaceOptions {
    /// A task that runs on every node as it joins; nodes keep the old one until they reboot.
    pub start_task: Option<BatchStartTask>,
    /// The application packages of its nodes.
    pub application_package_references: Vec<BatchApplicationPackageReference>,
    /// Names and values of the user.
    pub metadata: Vec<BatchMetadataItem>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// The body of `POST /pools/{poolId}/removenodes`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeRemoveOptions {
    /// The nodes, up to 100.
    pub node_list: Vec<NodeId>,
    /// How long it may take; at least 5 minutes, default 15.
    pub resize_timeout: Option<WireDuration>,
    /// What happens to their tasks; default `requeue`.
    pub node_deallocation_option: Option<BatchNodeDeallocationOption>,
}
