//! What can be done with a node.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::BatchNodeIdentityReference;
use crate::batch::DateTime;
use crate::batch::wire_enum::wire_enum;

wire_enum!(
    /// What happens to the tasks of a node that boots anew.
    BatchNodeRebootKind {
        /// Ended and put back in the queue.
        Requeue = "requeue",
        /// Ended for good.
        Terminate = "terminate",
        /// Waited for.
        TaskCompletion = "taskcompletion",
        /// Waited for until their retention time is over.
        RetainedData = "retaineddata",
    }
);

wire_enum!(
    /// What happens to the tasks of a node that is made anew.
    BatchNodeReimageOption {
        /// Ended and put back in the queue.
        Requeue = "requeue",
        /// Ended for good.
        Terminate = "terminate",
        /// Waited for.
        TaskCompletion = "taskcompletion",
        /// Waited for until their retention time is over.
        RetainedData = "retaineddata",
    }
);

wire_enum!(
    /// What happens to the tasks of a node that is given back.
    BatchNodeDeallocateOption {
        /// Ended and put back in the queue.
        Requeue = "requeue",
        /// Ended for good.
        Terminate = "terminate",
        /// Waited for.
        TaskCompletion = "taskcompletion",
        /// Waited for until their retention time is over.
        RetainedData = "retaineddata",
    }
);

wire_enum!(
    /// What happens to the tasks of a node that takes no more.
    BatchNodeDisableSchedulingOption {
        /// Ended and put back in the queue.
        Requeue = "requeue",
        /// Ended for good.
        Terminate = "terminate",
        /// Waited for.
        TaskCompletion = "taskcompletion",
    }
);

/// The body of `POST /pools/{poolId}/nodes/{nodeId}/reboot`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeRebootOptions {
    /// What happens to the node's tasks; default `requeue`.
    pub node_reboot_option: Option<BatchNodeRebootKind>,
}

/// The body of `POST /pools/{poolId}/nodes/{nodeId}/reimage`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeReimageOptions {
    /// What happens to the node's tasks; default `requeue`.
    pub node_reimage_option: Option<BatchNodeReimageOption>,
}

/// The body of `POST /pools/{poolId}/nodes/{nodeId}/deallocate`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeDeallocateOptions {
    /// What happens to the node's tasks; default `requeue`.
    pub node_deallocate_option: Option<BatchNodeDeallocateOption>,
}

/// The body of `POST /pools/{poolId}/nodes/{nodeId}/disablescheduling`.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeDisableSchedulingOptions {
    /// What happens to the node's tasks; default `requeue`.
    pub node_disable_scheduling_option: Option<BatchNodeDisableSchedulingOption>,
}

/// How to log in to a node.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchNodeRemoteLoginSettings {
    /// The node's public address.
    #[serde(rename = "remoteLoginIPAddress")]
    pub remote_login_ip_address: String,
    /// The port there.
    #[serde(rename = "remoteLoginPort")]
    pub remote_login_port: u16,
    /// The node's public IPv6 address, if it has one.
    #[serde(rename = "ipv6RemoteLoginIPAddress")]
    pub ipv6_remote_login_ip_address: Option<String>,
    /// The port there.
    #[serde(rename = "ipv6RemoteLoginPort")]
    pub ipv6_remote_login_port: Option<u16>,
}

/// The body of `POST /pools/{poolId}/nodes/{nodeId}/uploadbatchservicelogs`.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadBatchServiceLogsOptions {
    /// The URL of a container of Azure Storage, with a signature that allows writing unless an identity is named.
    pub container_url: String,
    /// Logs from this time on.
    pub start_time: DateTime,
    /// Logs up to this time; absent means up to now.
    pub end_time: Option<DateTime>,
    /// The managed identity to write with.
    pub identity_reference: Option<BatchNodeIdentityReference>,
}

/// What is being uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UploadBatchServiceLogsResult {
    /// The folder in the container.
    pub virtual_directory_name: String,
    /// How many files.
    pub number_of_files_uploaded: i32,
}
