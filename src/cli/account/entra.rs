//! Who asks Microsoft Entra for tokens, as the environment says.

use crate::client::{EntraKind, EntraOptions, ExtraRoots};
use crate::env_vars;
use crate::secret::Secret;
use crate::settings::{EntraChoice, Variables};

/// What the client is told. `roots` are those of the environment: a project file has no say in where tokens come from.
pub(super) fn options(choice: EntraChoice, variables: &Variables, roots: ExtraRoots) -> EntraOptions {
    let text = |name| variables.get(name).map(str::to_owned);
    EntraOptions {
        kinds: kinds(choice),
        tenant_id: text(env_vars::AZURE_TENANT_ID),
        client_id: text(env_vars::AZURE_CLIENT_ID),
        client_secret: variables.get(env_vars::AZURE_CLIENT_SECRET).map(Secret::new),
        client_certificate: variables.path(env_vars::AZURE_CLIENT_CERTIFICATE_PATH),
        federated_token_file: variables.path(env_vars::AZURE_FEDERATED_TOKEN_FILE),
        authority_host: text(env_vars::AZURE_AUTHORITY_HOST),
        roots,
        has_identity_endpoint: variables.get(env_vars::IDENTITY_ENDPOINT).is_some(),
    }
}

fn kinds(choice: EntraChoice) -> Vec<EntraKind> {
    use EntraKind::{AzureCli, Environment, ManagedIdentity, WorkloadIdentity};
    match choice {
        EntraChoice::Any => EntraKind::ALL.to_vec(),
        EntraChoice::Production => vec![Environment, WorkloadIdentity, ManagedIdentity],
        EntraChoice::Developer | EntraChoice::AzureCli => vec![AzureCli],
        EntraChoice::Environment => vec![Environment],
        EntraChoice::WorkloadIdentity => vec![WorkloadIdentity],
        EntraChoice::ManagedIdentity => vec![ManagedIdentity],
    }
}
