//! Certificates of an account, as versions until 2024-07-01.20.0 have them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use serde_with::skip_serializing_none;

use super::{Confidential, NameValuePair};
use crate::batch::DateTime;
use crate::batch::wire_enum::wire_enum;

wire_enum!(
    /// What the data of a certificate is.
    BatchCertificateFormat {
        /// PKCS #12: a certificate or a chain, with its key. The default.
        Pfx = "pfx",
        /// An X.509 certificate.
        Cer = "cer",
    }
);

wire_enum!(
    /// The state of a certificate.
    BatchCertificateState {
        /// Pools can use it.
        Active = "active",
        /// It is being deleted; no pool can use it any more.
        Deleting = "deleting",
        /// It could not be deleted, as pools or nodes have it.
        DeleteFailed = "deletefailed",
    }
);

wire_enum!(
    /// Who finds a certificate on a node.
    BatchCertificateVisibility {
        /// The start task.
        StartTask = "starttask",
        /// The tasks of jobs.
        Task = "task",
        /// Users who log in.
        RemoteUser = "remoteuser",
    }
);

/// The body of `POST /certificates`.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchCertificateCreateOptions {
    /// The thumbprint: 40 hexadecimal digits; spaces between them don't count.
    pub thumbprint: String,
    /// What the thumbprint is made with: `sha1`.
    pub thumbprint_algorithm: String,
    /// The certificate in base64, with its key if it has one. Never returned.
    pub data: Confidential,
    /// What the data is.
    pub certificate_format: Option<BatchCertificateFormat>,
    /// What opens a PFX. Never returned.
    pub password: Option<Confidential>,
}

/// A certificate, as the service returns it.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchCertificate {
    /// The thumbprint.
    pub thumbprint: Option<String>,
    /// What the thumbprint is made with.
    pub thumbprint_algorithm: Option<String>,
    /// Its URL.
    pub url: Option<String>,
    /// Its state.
    pub state: Option<BatchCertificateState>,
    /// When it came into that state.
    pub state_transition_time: Option<DateTime>,
    /// The state before that.
    pub previous_state: Option<BatchCertificateState>,
    /// When it came into the state before.
    pub previous_state_transition_time: Option<DateTime>,
    /// The certificate without its key, in base64.
    pub public_data: Option<String>,
    /// Why it could not be deleted.
    pub delete_certificate_error: Option<DeleteBatchCertificateError>,
}

/// Why a certificate could not be deleted.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeleteBatchCertificateError {
    /// A code, for example `PoolsReferencingCertificate`.
    pub code: Option<String>,
    /// A message for people.
    pub message: Option<String>,
    /// Details.
    pub values: Option<Vec<NameValuePair>>,
}

/// A certificate that the nodes of a pool have.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchCertificateReference {
    /// The thumbprint.
    pub thumbprint: String,
    /// What the thumbprint is made with: `sha1`.
    pub thumbprint_algorithm: String,
    /// Where Windows nodes keep it; it means nothing on Linux.
    pub store_location: Option<String>,
    /// The store of Windows nodes that keeps it; it means nothing on Linux.
    pub store_name: Option<String>,
    /// Who finds it on a node; absent means everybody.
    pub visibility: Option<Vec<BatchCertificateVisibility>>,
}

/// The property of pools and nodes that says which certificates they have.
pub const CERTIFICATE_REFERENCES: &str = "certificateReferences";

impl BatchCertificateReference {
    /// The certificates that a pool or node refers to; `properties` are those that the present version has no field for.
    ///
    /// # Errors
    /// When that is no list of references.
    pub fn listed(properties: &Map<String, Value>) -> Result<Vec<Self>, serde_json::Error> {
        match properties.get(CERTIFICATE_REFERENCES) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(references) => Vec::deserialize(references),
        }
    }
}
