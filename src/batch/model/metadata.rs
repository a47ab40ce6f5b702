//! Name and value pairs.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::Confidential;

/// A name and a value that the service stores and does not interpret.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchMetadataItem {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// A name and a value inside an error.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameValuePair {
    /// The name.
    pub name: Option<String>,
    /// The value.
    pub value: Option<String>,
}

impl NameValuePair {
    /// A pair of both.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: Some(name.to_owned()), value: Some(value.into()) }
    }
}

/// An environment variable of a task.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentSetting {
    /// The variable's name.
    pub name: String,
    /// Its value; absent means empty. The service returns it, and does not know whether it is a secret.
    pub value: Option<Confidential>,
}
