//! Virtual machine images.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{
    BatchContainerConfiguration, BatchNodePlacementConfiguration, BatchOsDisk, DataDisk,
    DiskEncryptionConfiguration, SecurityProfile, ServiceArtifactReference, VMExtension,
    WindowsConfiguration,
};
use crate::batch::DateTime;
use crate::batch::wire_enum::wire_enum;

wire_enum!(
    /// The operating system of an image.
    OSType {
        /// Linux.
        Linux = "linux",
        /// Windows.
        Windows = "windows",
    }
);

wire_enum!(
    /// Whether the service has verified an image with its node agent.
    ImageVerificationType {
        /// It has.
        Verified = "verified",
        /// It has not.
        Unverified = "unverified",
    }
);

/// A virtual machine image: from the Marketplace, or one of your own by id.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchVmImageReference {
    /// The publisher of a Marketplace image.
    pub publisher: Option<String>,
    /// The offer of a Marketplace image.
    pub offer: Option<String>,
    /// The SKU of a Marketplace image.
    pub sku: Option<String>,
    /// The version of a Marketplace image; default `latest`.
    pub version: Option<String>,
    /// The ARM id of an image of your own; excludes all others.
    pub virtual_machine_image_id: Option<String>,
    /// The id of an image that somebody shares in a gallery; excludes all others.
    pub shared_gallery_image_id: Option<String>,
    /// The id of an image of a community gallery; excludes all others.
    pub community_gallery_image_id: Option<String>,
}

/// What the virtual machines of a pool are made from.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualMachineConfiguration {
    /// The image.
    pub image_reference: BatchVmImageReference,
    /// The node agent that fits the image, for example `batch.node.ubuntu 22.04`.
    #[serde(rename = "nodeAgentSKUId")]
    pub node_agent_sku_id: String,
    /// What the nodes prepare for containers; absent on pools without container tasks.
    pub container_configuration: Option<BatchContainerConfiguration>,
    /// Settings of Windows.
    pub windows_configuration: Option<WindowsConfiguration>,
    /// Empty disks that every node gets.
    pub data_disks: Option<Vec<DataDisk>>,
    /// The licence that the user holds for Windows.
    pub license_type: Option<String>,
    /// Which disks are encrypted.
    pub disk_encryption_configuration: Option<DiskEncryptionConfiguration>,
    /// Where the nodes are placed.
    pub node_placement_configuration: Option<BatchNodePlacementConfiguration>,
    /// Extensions that every node installs.
    pub extensions: Option<Vec<VMExtension>>,
    /// The disk of the operating system.
    pub os_disk: Option<BatchOsDisk>,
    /// How the nodes are protected.
    pub security_profile: Option<SecurityProfile>,
    /// Which version of the image `latest` stands for.
    pub service_artifact_reference: Option<ServiceArtifactReference>,
    /// Properties without a field of their own.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

/// An image that the service supports, with its node agent.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchSupportedImage {
    /// The node agent.
    #[serde(rename = "nodeAgentSKUId")]
    pub node_agent_sku_id: String,
    /// The image.
    pub image_reference: BatchVmImageReference,
    /// Its operating system.
    pub os_type: OSType,
    /// What the image can do, for example `DockerCompatible`.
    pub capabilities: Option<Vec<String>>,
    /// When the service stops supporting it.
    pub batch_support_end_of_life: Option<DateTime>,
    /// Whether the service has verified it.
    pub verification_type: ImageVerificationType,
}

/// A node agent with the images that it was verified with, as versions until 2018-12-01.8.0 list them.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeAgentSku {
    /// The node agent's name.
    pub id: String,
    /// The images.
    pub verified_image_references: Option<Vec<BatchVmImageReference>>,
    /// Their operating system.
    pub os_type: Option<OSType>,
}
