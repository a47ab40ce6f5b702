//! Applications: packages of files that nodes fetch.

use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

/// An application of the account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchApplication {
    /// Its id.
    pub id: String,
    /// A name for people.
    pub display_name: String,
    /// Its versions that can be used.
    pub versions: Vec<String>,
}

/// An application package that nodes fetch.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchApplicationPackageReference {
    /// The application's id.
    pub application_id: String,
    /// Its version; absent means the default one.
    pub version: Option<String>,
}

impl BatchApplicationPackageReference {
    /// The application's id in its account: of a resource id of Azure the last part.
    pub fn application(&self) -> &str {
        self.application_id.rsplit('/').next().unwrap_or_default()
    }
}
