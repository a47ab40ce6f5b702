//! What virtual machines are like beside their image and disks.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use crate::batch::wire_enum::wire_enum;

wire_enum!(
    /// Where the nodes of a pool are placed.
    BatchNodePlacementPolicyType {
        /// In one zone of the region, or wherever there is room.
        Regional = "regional",
        /// Spread over the zones of the region.
        Zonal = "zonal",
    }
);

wire_enum!(
    /// How a virtual machine is protected.
    SecurityTypes {
        /// Measured and verified while it starts.
        TrustedLaunch = "trustedLaunch",
        /// Encrypted in memory too.
        ConfidentialVm = "confidentialvm",
    }
);

wire_enum!(
    /// What the proxy agent does about requests that its rules don't allow.
    HostEndpointSettingsModeTypes {
        /// Notes them.
        Audit = "Audit",
        /// Refuses them.
        Enforce = "Enforce",
    }
);

/// Settings of Windows.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WindowsConfiguration {
    /// Whether Windows updates itself; default true.
    pub enable_automatic_updates: Option<bool>,
}

/// Where the nodes of a pool are placed.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchNodePlacementConfiguration {
    /// The policy; default `regional`.
    pub policy: Option<BatchNodePlacementPolicyType>,
}

/// An extension of the virtual machines.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VMExtension {
    /// Its name in the pool.
    pub name: String,
    /// Who publishes it.
    pub publisher: String,
    /// What it is.
    pub r#type: String,
    /// Its version.
    pub type_handler_version: Option<String>,
    /// Whether a newer minor version is taken when the machine is made.
    pub auto_upgrade_minor_version: Option<bool>,
    /// Whether newer versions are taken later, too.
    pub enable_automatic_upgrade: Option<bool>,
    /// Its settings, as it wants them: a map, or the text of one, as in the official example of an extension.
    pub settings: Option<Value>,
    /// Settings that nobody may read; write-only.
    pub protected_settings: Option<Map<String, Value>>,
    /// Names of the extensions that come before it.
    pub provision_after_extensions: Option<Vec<String>>,
}

/// How virtual machines are protected.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityProfile {
    /// Whether the host encrypts all disks.
    pub encryption_at_host: Option<bool>,
    /// Who may ask the host for what.
    pub proxy_agent_settings: Option<ProxyAgentSettings>,
    /// The kind of protection.
    pub security_type: Option<SecurityTypes>,
    /// Settings of the firmware.
    pub uefi_settings: Option<BatchUefiSettings>,
}

/// Settings of the agent between a machine and its host.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProxyAgentSettings {
    /// Whether it is there.
    pub enabled: Option<bool>,
    /// Rules for the instance metadata service.
    pub imds: Option<HostEndpointSettings>,
    /// Rules for the wire server.
    pub wire_server: Option<HostEndpointSettings>,
}

/// Rules for a service of the host.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostEndpointSettings {
    /// ARM id of the version of an access control profile in a compute gallery.
    #[serde(rename = "inVMAccessControlProfileReferenceId")]
    pub in_vm_access_control_profile_reference_id: Option<String>,
    /// What happens to what the rules don't allow.
    pub mode: Option<HostEndpointSettingsModeTypes>,
}

/// Settings of the firmware.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchUefiSettings {
    /// Whether only signed software is started.
    pub secure_boot_enabled: Option<bool>,
    /// Whether there is a virtual trusted platform module.
    pub v_tpm_enabled: Option<bool>,
}

/// A service artifact: which image `latest` stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceArtifactReference {
    /// Its ARM id.
    pub id: String,
}
