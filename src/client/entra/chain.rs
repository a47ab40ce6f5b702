//! One kind of credential after another, until one gives a token.

use std::ffi::OsStr;
use std::io;
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, Secret as AzureSecret, TokenCredential};
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport, Url};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions, Executor,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use jiff::Timestamp;
use tokio::net::TcpStream;

use super::certificate::CertificateAssertion;
use super::cloud::Cloud;
use super::error::{Attempt, EntraError, layers};
use super::options::{EntraKind, EntraOptions};
use super::token::Token;
use crate::client::setup_error::SetupError;
use crate::client::transport::HttpTransport;
use crate::secret::Secret;

/// How long one kind of credential may take. The Azure CLI is slow to start.
const LIMIT: Duration = Duration::from_secs(40);

/// Where virtual machines of Azure ask for their identity, and how long it is looked whether anybody is there.
const METADATA_SERVICE: (&str, u16) = ("169.254.169.254", 80);
const METADATA_PROBE: Duration = Duration::from_secs(1);

type Credential = Arc<dyn TokenCredential>;

/// The kinds of credentials of a user.
#[derive(Debug)]
pub(super) struct Chain {
    options: EntraOptions,
    scope: String,
    authority: String,
    network: HttpTransport,
    /// Past any proxy: the machine's own identity is to be had on the machine.
    direct: HttpTransport,
}

impl Chain {
    pub(super) fn new(options: EntraOptions, endpoint: &Url) -> Result<Self, SetupError> {
        let cloud = Cloud::of_endpoint(endpoint);
        let authority = options.authority_host.clone().unwrap_or_else(|| cloud.authority.to_owned());
        Ok(Self {
            scope: cloud.scope(),
            network: HttpTransport::outward(&options.roots)?,
            direct: HttpTransport::direct(&options.roots)?,
            authority: authority.trim_end_matches('/').to_owned(),
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
            Ok(Err(error)) => Err(Attempt::failed(kind, &self.without_secrets(&layers(&error)))),
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
        if !self.options.has_identity_endpoint && !is_metadata_service_there().await {
            return Err(Attempt::missing(
                kind,
                "IDENTITY_ENDPOINT is not set, and this machine has no metadata service of Azure at 169.254.169.254",
            ));
        }
        let options = ManagedIdentityCredentialOptions {
            user_assigned_id: self.options.client_id.clone().map(UserAssignedId::ClientId),
            client_options: ClientOptions {
                transport: Some(Transport::new(self.direct.clone().into_client())),
                ..self.client_options()
            },
        };
        Ok(ManagedIdentityCredential::new(Some(options))
            .map_err(|error| Attempt::failed(kind, &layers(&error)))?)
    }

    fn client_options(&self) -> ClientOptions {
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host.clone_from(&self.authority);
        ClientOptions {
            transport: Some(Transport::new(self.network.clone().into_client())),
            retry: RetryOptions::exponential(ExponentialRetryOptions {
                max_retries: 3,
                ..ExponentialRetryOptions::default()
            }),
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            ..ClientOptions::default()
        }
    }

    /// Whatever somebody puts into an error, the secret is not part of what is shown.
    fn without_secrets(&self, text: &str) -> String {
        match &self.options.client_secret {
            Some(secret) => text.replace(secret.expose(), "[redacted]"),
            None => text.to_owned(),
        }
    }
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

async fn is_metadata_service_there() -> bool {
    let connected = tokio::time::timeout(METADATA_PROBE, TcpStream::connect(METADATA_SERVICE)).await;
    matches!(connected, Ok(Ok(_)))
}

fn taken(token: AccessToken) -> Option<Token> {
    let expires = Timestamp::from_second(token.expires_on.unix_timestamp()).ok()?;
    Some(Token { value: Secret::new(token.token.secret()), expires })
}

/// Runs programs, and ends those that nobody waits for any more.
#[derive(Debug)]
struct Shell;

#[async_trait]
impl Executor for Shell {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        tokio::process::Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
    }
}
