//! Extensions of virtual machines, as they are on a node.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::VMExtension;
use crate::batch::DateTime;

/// An extension on a node.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchNodeVMExtension {
    /// How far its installation is.
    pub provisioning_state: Option<String>,
    /// The extension.
    pub vm_extension: Option<VMExtension>,
    /// What is known of it on the node.
    pub instance_view: Option<VMExtensionInstanceView>,
}

/// What is known of an extension on a node.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VMExtensionInstanceView {
    /// Its name.
    pub name: Option<String>,
    /// How it is.
    pub statuses: Option<Vec<InstanceViewStatus>>,
    /// How its parts are.
    pub sub_statuses: Option<Vec<InstanceViewStatus>>,
}

/// How an extension, or a part of one, is.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceViewStatus {
    /// A code.
    pub code: Option<String>,
    /// The same for people.
    pub display_status: Option<String>,
    /// `Error`, `Info` or `Warning`.
    pub level: Option<String>,
    /// A message for people.
    pub message: Option<String>,
    /// Since when.
    pub time: Option<DateTime>,
}
