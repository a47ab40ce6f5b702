//! Containers: what a pool prepares, what a task runs in, what happened to it.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::Confidential;
use crate::batch::wire_enum::wire_enum;

wire_enum!(
    /// The container technology of a pool's nodes.
    ContainerType {
        /// A Docker-compatible engine.
        DockerCompatible = "dockerCompatible",
        /// A CRI runtime.
        CriCompatible = "criCompatible",
    }
);

wire_enum!(
    /// Where a container task starts.
    ContainerWorkingDirectory {
        /// The task's own working directory on the node. The default.
        TaskWorkingDirectory = "taskWorkingDirectory",
        /// The WORKDIR of the image.
        ContainerImageDefault = "containerImageDefault",
    }
);

wire_enum!(
    /// A part of the node's root directory that a container can be given.
    ContainerHostDataPath {
        /// AZ_BATCH_NODE_SHARED_DIR.
        Shared = "Shared",
        /// AZ_BATCH_NODE_STARTUP_DIR.
        Startup = "Startup",
        /// AZ_BATCH_NODE_MOUNTS_DIR.
        VfsMounts = "VfsMounts",
        /// AZ_BATCH_TASK_DIR.
        Task = "Task",
        /// AZ_BATCH_JOB_PREP_DIR.
        JobPrep = "JobPrep",
        /// The directory of the application packages.
        Applications = "Applications",
    }
);

/// What the nodes of a pool prepare so that tasks can run in containers.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchContainerConfiguration {
    /// The container technology.
    pub r#type: Option<ContainerType>,
    /// Images fetched to every node before it takes tasks.
    pub container_image_names: Option<Vec<String>>,
    /// Registries that images may come from, with what it takes to log in.
    pub container_registries: Option<Vec<ContainerRegistryReference>>,
}

/// A registry and what it takes to log in to it. The service never returns the password.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerRegistryReference {
    /// The user name.
    pub username: Option<String>,
    /// The password; write-only.
    pub password: Option<Confidential>,
    /// The registry's host and port; default `docker.io`.
    pub registry_server: Option<String>,
    /// A managed identity to log in with, instead of user and password.
    pub identity_reference: Option<BatchNodeIdentityReference>,
}

/// A user-assigned managed identity of the pool.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeIdentityReference {
    /// The ARM id of the identity.
    pub resource_id: Option<String>,
}

/// A user-assigned managed identity of the pool, as disks refer to it.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchPoolIdentityReference {
    /// The ARM id of the identity.
    pub resource_id: Option<String>,
}

/// The container that a task runs in.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchTaskContainerSettings {
    /// Additional options of `docker create`.
    pub container_run_options: Option<String>,
    /// The image, as for `docker pull`.
    pub image_name: String,
    /// The image's registry; may be absent where the pool names it.
    pub registry: Option<ContainerRegistryReference>,
    /// Where the task starts.
    pub working_directory: Option<ContainerWorkingDirectory>,
    /// The parts of the node's root directory to mount; absent means all of it.
    pub container_host_batch_bind_mounts: Option<Vec<ContainerHostBatchBindMountEntry>>,
}

/// A part of the node's root directory, mounted into a container at the same path.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerHostBatchBindMountEntry {
    /// Which part.
    pub source: Option<ContainerHostDataPath>,
    /// Whether the container may only read it.
    pub is_read_only: Option<bool>,
}

/// What became of a task's container.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchTaskContainerExecutionInfo {
    /// The container's id in its engine.
    pub container_id: Option<String>,
    /// The engine's word for its state, for example `exited`.
    pub state: Option<String>,
    /// What the engine said went wrong.
    pub error: Option<String>,
}
