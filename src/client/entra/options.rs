//! What a user says about who they are.

use std::fmt;
use std::path::PathBuf;

use crate::client::roots::ExtraRoots;
use crate::secret::Secret;

/// A kind of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntraKind {
    /// A service principal, by the variables of the environment.
    Environment,
    /// A workload identity, as Kubernetes gives it to pods.
    WorkloadIdentity,
    /// The identity of the machine that this runs on.
    ManagedIdentity,
    /// Whoever is signed in to the Azure CLI.
    AzureCli,
}

impl EntraKind {
    /// All, in the order in which `DefaultAzureCredential` of the Azure SDKs tries them.
    pub const ALL: [Self; 4] =
        [Self::Environment, Self::WorkloadIdentity, Self::ManagedIdentity, Self::AzureCli];

    /// Whether it is set up on purpose for what runs here: then its failure is the user's to see, and nobody else's identity is
    /// tried in its place.
    pub(super) fn is_deliberate(self) -> bool {
        matches!(self, Self::Environment | Self::WorkloadIdentity)
    }
}

impl fmt::Display for EntraKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "environment",
            Self::WorkloadIdentity => "workload identity",
            Self::ManagedIdentity => "managed identity",
            Self::AzureCli => "Azure CLI",
        })
    }
}

/// Who asks for tokens, and where. The variables are those of the Azure SDKs.
#[derive(Debug, Clone, Default)]
pub struct EntraOptions {
    /// The kinds of credentials to try, in this order.
    pub kinds: Vec<EntraKind>,
    /// The tenant: `AZURE_TENANT_ID`.
    pub tenant_id: Option<String>,
    /// The application, or the user-assigned identity: `AZURE_CLIENT_ID`.
    pub client_id: Option<String>,
    /// The application's secret: `AZURE_CLIENT_SECRET`.
    pub client_secret: Option<Secret>,
    /// The application's certificate with its key, in PEM: `AZURE_CLIENT_CERTIFICATE_PATH`.
    pub client_certificate: Option<PathBuf>,
    /// The file with the pod's own token: `AZURE_FEDERATED_TOKEN_FILE`.
    pub federated_token_file: Option<PathBuf>,
    /// Where tokens are asked for: `AZURE_AUTHORITY_HOST`; that of the account's cloud when absent.
    pub authority_host: Option<String>,
    /// Which certificates are trusted, beside those that the machine trusts, where tokens are asked for.
    pub roots: ExtraRoots,
    /// Whether the machine says where its identity is to be had: `IDENTITY_ENDPOINT`. Else it is asked for at the address that
    /// virtual machines of Azure have for that.
    pub has_identity_endpoint: bool,
}
