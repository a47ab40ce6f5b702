//! One kind of credential after another, until one gives a token.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, Secret as AzureSecret, TokenCredential};
use azure_core::http::{
    ClientOptions, ExponentialRetryOptions, HttpClient, Method, Request, RetryOptions, StatusCode, Transport,
    Url,
};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use jiff::Timestamp;

use super::answer::TokenClient;
use super::certificate::CertificateAssertion;
use super::cloud::Cloud;
use super::error::{Attempt, EntraError, layers};
use super::options::{EntraKind, EntraOptions};
use super::secrets::Secrets;
use super::shell::Shell;
use super::token::Token;
use crate::client::setup_error::SetupError;
use crate::client::transport::HttpTransport;
use crate::secret::Secret;

/// How long one kind of credential may take. The Azure CLI is slow to start. Two kinds and the probe fit into one try of a request, so
/// that each of them says why it gave no token before the try ends.
const LIMIT: Duration = Duration::from_secs(25);

/// Where virtual machines of Azure ask for their identity, and how long it is looked whether anybody is there.
const METADATA_SERVICE: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
const METADATA_PROBE: Duration = Duration::from_secs(1);

/// The largest file that is taken for a token, in bytes.
const MAX_TOKEN_FILE: u64 = 1024 * 1024;

type Credential = Arc<dyn TokenCredential>;

/// The kinds of credentials of a user.
#[derive(Debug)]
pub(super) struct Chain {
    options: EntraOptions,
    scope: String,
    authority: String,
    network: Arc<dyn HttpClient>,
    /// Past any proxy: the machine's own identity is to be had on the machine.
    direct: Arc<dyn HttpClient>,
    secrets: Arc<Secrets>,
}

impl Chain {
    pub(super) fn new(options: EntraOptions, endpoint: &Url) -> Result<Self, SetupError> {
        let cloud = Cloud::of_endpoint(endpoint);
        let authority = match &options.authority_host {
            Some(host) => authority(host)?,
            None => cloud.authority.to_owned(),
        };
        let secrets = Arc::<Secrets>::default();
        options.client_secret.iter().for_each(|secret| secrets.add(secret.expose()));
        let client = |transport: HttpTransport| -> Arc<dyn HttpClient> {
            Arc::new(TokenClient { network: transport.into_client(), secrets: secrets.clone() })
        };
        Ok(Self {
            scope: cloud.scope(),
            network: client(HttpTransport::outward(&options.roots)?),
            direct: client(HttpTransport::direct(&options.roots)?),
            authority: authority.trim_end_matches('/').to_owned(),
            secrets: secrets.clone(),
            options,
        })
    }

    /// A token from the first kind that gives one. A kind that is set up on purpose and fails ends the search: nobody else's
    /// identity is used in its place.
    pub(super) async fn issue(&self) -> Result<Token, EntraError> {
        let mut attempts = Vec::new();
        for kind in self.options.kinds.iter().copied() {
            match self.attempt(kind).await {
                Ok(token) => {
                    tracing::debug!(%kind, "a token of Microsoft Entra");
                    return Ok(token);
                }
                Err(attempt) => {
                    let is_last = attempt.is_refusal && kind.is_deliberate();
                    attempts.push(attempt);
                    if is_last {
                        break;
                    }
                }
            }
        }
        Err(EntraError(attempts))
    }

    async fn attempt(&self, kind: EntraKind) -> Result<Token, Attempt> {
        let credential = match kind {
            EntraKind::Environment => self.environment()?,
            EntraKind::WorkloadIdentity => self.workload_identity()?,
            EntraKind::ManagedIdentity => self.managed_identity().await?,
            EntraKind::AzureCli => azure_cli()?,
        };
        let scopes = [self.scope.as_str()];
        match tokio::time::timeout(LIMIT, credential.get_token(&scopes, None)).await {
            Ok(Ok(token)) => taken(token).ok_or_else(|| Attempt::failed(kind, "its token never ends")),
            Ok(Err(error)) => Err(Attempt::failed(kind, &self.secrets.redact(&layers(&error)))),
            Err(_) => Err(Attempt::failed(kind, &format!("no answer within {LIMIT:?}"))),
        }
    }

    fn environment(&self) -> Result<Credential, Attempt> {
        let kind = EntraKind::Environment;
        let EntraOptions { tenant_id, client_id, client_secret, client_certificate, .. } = &self.options;
        let is_proof_missing = client_secret.is_none() && client_certificate.is_none();
        require(
            kind,
            &[
                ("AZURE_TENANT_ID", tenant_id.is_none()),
                ("AZURE_CLIENT_ID", client_id.is_none()),
                ("AZURE_CLIENT_SECRET", is_proof_missing),
            ],
        )?;
        let tenant = tenant_id.clone().unwrap_or_default();
        let client = client_id.clone().unwrap_or_default();
        let failed = |error: azure_core::Error| Attempt::failed(kind, &layers(&error));
        if let Some(secret) = client_secret {
            let options = ClientSecretCredentialOptions { client_options: self.client_options() };
            let secret = AzureSecret::new(secret.expose().to_owned());
            return Ok(ClientSecretCredential::new(&tenant, client, secret, Some(options)).map_err(failed)?);
        }
        let path = client_certificate.clone().unwrap_or_default();
        let audience = format!("{}/{tenant}/oauth2/v2.0/token", self.authority);
        let assertion = CertificateAssertion::read(&path, &client, audience)
            .map_err(|reason| Attempt::failed(kind, &reason))?;
        let options = ClientAssertionCredentialOptions { client_options: self.client_options() };
        Ok(ClientAssertionCredential::new(tenant, client, assertion, Some(options)).map_err(failed)?)
    }

    fn workload_identity(&self) -> Result<Credential, Attempt> {
        let kind = EntraKind::WorkloadIdentity;
        let EntraOptions { tenant_id, client_id, federated_token_file, .. } = &self.options;
        require(
            kind,
            &[
                ("AZURE_FEDERATED_TOKEN_FILE", federated_token_file.is_none()),
                ("AZURE_TENANT_ID", tenant_id.is_none()),
                ("AZURE_CLIENT_ID", client_id.is_none()),
            ],
        )?;
        if let Some(file) = federated_token_file {
            check_token_file(file).map_err(|reason| Attempt::failed(kind, &reason))?;
        }
        let options = WorkloadIdentityCredentialOptions {
            credential_options: ClientAssertionCredentialOptions { client_options: self.client_options() },
            client_id: client_id.clone(),
            tenant_id: tenant_id.clone(),
            token_file_path: federated_token_file.clone(),
        };
        Ok(WorkloadIdentityCredential::new(Some(options))
            .map_err(|error| Attempt::failed(kind, &layers(&error)))?)
    }

    async fn managed_identity(&self) -> Result<Credential, Attempt> {
        let kind = EntraKind::ManagedIdentity;
        if !self.options.has_identity_endpoint && !self.is_metadata_service_there().await {
            return Err(Attempt::missing(
                kind,
                "IDENTITY_ENDPOINT is not set, and this machine has no metadata service of Azure at 169.254.169.254",
            ));
        }
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: self.options.client_id.clone().map(UserAssignedId::ClientId),
            client_options: ClientOptions {
                transport: Some(Transport::new(self.direct.clone())),
                ..self.client_options()
            },
        };
        Ok(ManagedIdentityCredential::new(Some(options))
            .map_err(|error| Attempt::failed(kind, &layers(&error)))?)
    }

    /// Other clouds have services at the same address, which would be asked for over a minute. Azure's refuses what comes without the
    /// header `Metadata` with 400, and is known by that.
    async fn is_metadata_service_there(&self) -> bool {
        let Ok(url) = Url::parse(METADATA_SERVICE) else { return false };
        let request = Request::new(url, Method::Get);
        let asked = tokio::time::timeout(METADATA_PROBE, self.direct.execute_request(&request)).await;
        matches!(asked, Ok(Ok(answer)) if answer.status() == StatusCode::BadRequest)
    }

    fn client_options(&self) -> ClientOptions {
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host.clone_from(&self.authority);
        ClientOptions {
            transport: Some(Transport::new(self.network.clone())),
            retry: RetryOptions::exponential(ExponentialRetryOptions {
                max_retries: 3,
                ..ExponentialRetryOptions::default()
            }),
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            ..ClientOptions::default()
        }
    }
}

/// Where tokens are asked for, as a URL; a bare host is one of https, as for the Azure SDKs.
fn authority(host: &str) -> Result<String, SetupError> {
    let refuse = |reason| Err(SetupError::Authority { reason });
    let text = if host.contains("://") { host.to_owned() } else { format!("https://{host}") };
    match Url::parse(&text) {
        Ok(url) if url.scheme() != "https" => refuse("secrets are sent there"),
        Ok(url) if !url.username().is_empty() || url.password().is_some() => refuse("it carries a user name"),
        Ok(url) if url.host_str().is_some() => Ok(text),
        _ => refuse("it names no host"),
    }
}

/// A pipe without a writer would be waited for, and a device may never end.
fn check_token_file(file: &Path) -> Result<(), String> {
    let shown = format!("{} (AZURE_FEDERATED_TOKEN_FILE)", file.display());
    let metadata = std::fs::metadata(file).map_err(|error| format!("{shown}: {error}"))?;
    if !metadata.is_file() {
        return Err(format!("{shown} is not a regular file"));
    }
    if metadata.len() > MAX_TOKEN_FILE {
        return Err(format!("{shown} is larger than {MAX_TOKEN_FILE} bytes, which no token is"));
    }
    Ok(())
}

/// Says which variables are missing, if any are.
fn require(kind: EntraKind, variables: &[(&str, bool)]) -> Result<(), Attempt> {
    let missing: Vec<&str> =
        variables.iter().filter(|(_, is_missing)| *is_missing).map(|(name, _)| *name).collect();
    match missing.split_last() {
        None => Ok(()),
        Some((one, [])) => Err(Attempt::missing(kind, format!("{one} is not set"))),
        Some((last, others)) => {
            Err(Attempt::missing(kind, format!("{} and {last} are not set", others.join(", "))))
        }
    }
}

fn azure_cli() -> Result<Credential, Attempt> {
    let options =
        AzureCliCredentialOptions { executor: Some(Arc::new(Shell)), ..AzureCliCredentialOptions::default() };
    Ok(AzureCliCredential::new(Some(options))
        .map_err(|error| Attempt::failed(EntraKind::AzureCli, &layers(&error)))?)
}

fn taken(token: AccessToken) -> Option<Token> {
    let expires = Timestamp::from_second(token.expires_on.unix_timestamp()).ok()?;
    Some(Token { value: Secret::new(token.token.secret()), expires })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_asked_for_over_https_whether_that_is_written_or_not() {
        assert_eq!(authority("login.microsoftonline.us").unwrap(), "https://login.microsoftonline.us");
        assert_eq!(authority("https://127.0.0.1:1/").unwrap(), "https://127.0.0.1:1/");
        for wrong in ["http://login.example", "https://", "https://ada:hunter2@login.example"] {
            let error = authority(wrong).unwrap_err().to_string();
            assert!(error.starts_with("AZURE_AUTHORITY_HOST is no https URL"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_token_is_read_from_a_small_regular_file_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "token-of-the-pod").unwrap();
        assert_eq!(check_token_file(&file), Ok(()));
        for device in [Path::new("/dev/zero"), folder.path()] {
            assert!(check_token_file(device).unwrap_err().ends_with("is not a regular file"));
        }
        std::fs::File::create(&file).unwrap().set_len(MAX_TOKEN_FILE + 1).unwrap();
        assert!(check_token_file(&file).unwrap_err().contains("larger"));
    }
}
