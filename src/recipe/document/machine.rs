//! What a pool's nodes are like beside their image and disks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{Any, Field, ProtectedSettings, Word};
use crate::batch::model::{BatchNodePlacementPolicyType, HostEndpointSettingsModeTypes, SecurityTypes};

/// Settings of Windows.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["WindowsConfiguration"]))]
pub struct Windows {
    /// Whether Windows updates itself.
    #[schemars(extend("default" = true))]
    pub enable_automatic_updates: Option<Field<bool>>,
}

/// Where the nodes are placed.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["BatchNodePlacementConfiguration"]))]
pub struct NodePlacement {
    /// Over which part of a region the nodes spread.
    #[schemars(extend("default" = "regional"))]
    pub policy: Option<Field<Word<BatchNodePlacementPolicyType>>>,
}

/// An extension that is installed on every node.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["VMExtension"]))]
pub struct Extension {
    /// Who publishes it.
    #[schemars(length(min = 1), example = &"Microsoft.Azure.KeyVault")]
    pub publisher: Field<String>,
    /// What it is.
    #[serde(rename = "type")]
    #[schemars(length(min = 1), example = &"KeyVaultForLinux")]
    pub kind: Field<String>,
    /// Its version.
    #[schemars(example = &"3.0")]
    pub type_handler_version: Option<Field<String>>,
    /// Whether the newest minor version is taken when a node is made.
    pub auto_upgrade_minor_version: Option<Field<bool>>,
    /// Whether newer versions are taken later, too.
    pub enable_automatic_upgrade: Option<Field<bool>>,
    /// Settings, as the extension wants them.
    #[schemars(extend("type" = ["object", "null"], "x-free-keys" = true))]
    pub settings: Option<Field<Any>>,
    /// Settings that nobody may read, as the extension wants them.
    pub protected_settings: Option<Field<ProtectedSettings>>,
    /// Names of the extensions that are installed before it.
    pub provision_after_extensions: Option<Field<Vec<Field<String>>>>,
}

/// How the nodes are protected.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["SecurityProfile"]))]
pub struct SecurityProfile {
    /// Whether the host encrypts all disks, also temporary ones and caches.
    pub encryption_at_host: Option<Field<bool>>,
    /// Who on a node may ask the host for what.
    #[serde(rename(serialize = "proxyAgentSettings"))]
    pub proxy_agent: Option<Field<ProxyAgent>>,
    /// The kind of protection.
    pub security_type: Option<Field<Word<SecurityTypes>>>,
    /// Settings of the firmware.
    #[serde(rename(serialize = "uefiSettings"))]
    pub uefi: Option<Field<Uefi>>,
}

/// The agent between a node and its host.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["ProxyAgentSettings"]))]
pub struct ProxyAgent {
    /// Whether it is there.
    pub enabled: Option<Field<bool>>,
    /// Rules for the instance metadata service.
    pub imds: Option<Field<HostEndpoint>>,
    /// Rules for the wire server.
    pub wire_server: Option<Field<HostEndpoint>>,
}

/// Rules for a service of the host.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["HostEndpointSettings"]))]
pub struct HostEndpoint {
    /// ARM id of the version of an access control profile in a compute gallery.
    #[serde(rename(serialize = "inVMAccessControlProfileReferenceId"))]
    pub in_vm_access_control_profile_reference_id: Option<Field<String>>,
    /// What happens to requests that the rules don't allow.
    pub mode: Option<Field<Word<HostEndpointSettingsModeTypes>>>,
}

/// Settings of the firmware.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["BatchUefiSettings"]))]
pub struct Uefi {
    /// Whether only signed software is started.
    pub secure_boot_enabled: Option<Field<bool>>,
    /// Whether there is a virtual trusted platform module.
    pub v_tpm_enabled: Option<Field<bool>>,
}

/// A service artifact: which version of the image `latest` stands for, the same on all nodes.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["ServiceArtifactReference"]))]
pub struct ServiceArtifact {
    /// ARM id of the artifact in a compute gallery.
    #[schemars(length(min = 1))]
    pub id: Field<String>,
}
