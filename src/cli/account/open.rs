//! The account that a command works on.

use std::path::Path;
use std::time::Duration;

use url::Url;

use super::entra;
use super::local::{LocalAccount, Wanted};
use super::settings::LocalSettings;
use crate::batch::ApiVersion;
use crate::batch::auth::SharedKey;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::project::account_choice;
use crate::client::{BatchClient, ClientOptions, Credential, ExtraRoots, HttpTransport};
use crate::env_vars;
use crate::exit_code::ExitCode;
use crate::settings::{AccountSettings, Identity, Variables};

/// How often the local account is looked at while something is waited for.
const LOCAL_POLL: Duration = Duration::from_millis(250);
/// How often an account elsewhere is.
const REMOTE_POLL: Duration = Duration::from_secs(5);

/// What the local account is called in URLs, wherever it is at the moment.
const LOCAL_URL: &str = "https://localhost";

/// An account that can be worked on.
pub(in crate::cli) struct Account {
    client: BatchClient,
    name: String,
    local: Option<LocalAccount>,
}

impl Account {
    /// Reaches the account that the user named. Nothing of a local account that nobody runs goes on because of that: it can be read
    /// at rest, and takes changes once [`Account::run`] or [`Account::wind_down`] was called.
    pub(in crate::cli) async fn open(context: &Context) -> Result<Self, CommandError> {
        let api_version = api_version(context)?;
        match AccountSettings::resolve(&account_choice(context)?, &context.variables)? {
            AccountSettings::Remote { endpoint, identity, ca_file } => {
                let name = match &identity {
                    Identity::SharedKey { account, .. } => format!("the account {account} at {endpoint}"),
                    Identity::Entra(_) => format!("the account at {endpoint}"),
                };
                let credential = credential(&identity, &context.variables)?;
                let roots = roots(ca_file.as_deref())?;
                let options = ClientOptions { roots, api_version, ..ClientOptions::default() };
                let client = BatchClient::new(endpoint, credential, options);
                Ok(Self { client: client.map_err(CommandError::from_error)?, name, local: None })
            }
            AccountSettings::Local { data } => {
                let name = format!("the local account ({})", data.display());
                let local = LocalAccount::open(LocalSettings::new(context, data)?, &context.printer).await?;
                let transport = HttpTransport::in_process(local.clone());
                let transport = Some(transport);
                let options = ClientOptions { transport, api_version, ..ClientOptions::default() };
                let url = Url::parse(LOCAL_URL).map_err(CommandError::from_error)?;
                let client = BatchClient::new(url, Credential::OfTransport, options);
                Ok(Self { client: client.map_err(CommandError::from_error)?, name, local: Some(local) })
            }
        }
    }

    /// Has the account take changes and run its tasks: a local one that is at rest is run by this process from now on.
    pub(in crate::cli) async fn run(&self) -> Result<(), CommandError> {
        self.want(Wanted::Running).await
    }

    /// Has the account take changes and end what it runs, but start no task that waits.
    pub(in crate::cli) async fn wind_down(&self) -> Result<(), CommandError> {
        self.want(Wanted::WindingDown).await
    }

    async fn want(&self, wanted: Wanted) -> Result<(), CommandError> {
        match &self.local {
            Some(local) => Ok(local.want(wanted).await?),
            None => Ok(()),
        }
    }

    pub(in crate::cli) fn client(&self) -> &BatchClient {
        &self.client
    }

    /// What a person calls the account.
    pub(in crate::cli) fn name(&self) -> &str {
        &self.name
    }

    /// What tells an account elsewhere from every other: its host, and its port if that is not the usual one.
    pub(in crate::cli) fn host(&self) -> Option<String> {
        let endpoint = self.client.endpoint();
        let host = endpoint.host_str().filter(|_| !self.is_local())?;
        Some(endpoint.port().map_or_else(|| host.to_owned(), |port| format!("{host}_{port}")))
    }

    /// Whether the account is on this machine and costs nothing.
    pub(in crate::cli) fn is_local(&self) -> bool {
        self.local.is_some()
    }

    /// Whether the account lives only as long as this command.
    pub(in crate::cli) fn serves_itself(&self) -> bool {
        self.local.as_ref().is_some_and(LocalAccount::serves_itself)
    }

    /// If the account is at rest: why running tasks could not be looked for, as far as they could not.
    pub(in crate::cli) fn at_rest(&self) -> Option<Vec<String>> {
        self.local.as_ref()?.at_rest()
    }

    pub(in crate::cli) fn poll_interval(&self) -> Duration {
        if self.is_local() { LOCAL_POLL } else { REMOTE_POLL }
    }

    /// Lets the account go: if this process runs it, it is stopped in order.
    pub(in crate::cli) async fn close(self) {
        if let Some(local) = self.local {
            local.close().await;
        }
    }
}

/// The version of the REST API to speak.
fn api_version(context: &Context) -> Result<ApiVersion, CommandError> {
    if let Some(version) = context.global.api_version {
        return Ok(version);
    }
    let Some(word) = context.variables.get(env_vars::BATCHYARD_API_VERSION) else {
        return Ok(ApiVersion::CURRENT);
    };
    ApiVersion::spoken(word).ok_or_else(|| {
        let known: Vec<_> = ApiVersion::SPOKEN.iter().map(|version| version.as_str()).collect();
        let name = env_vars::BATCHYARD_API_VERSION;
        CommandError::new(ExitCode::Usage, format!("`{word}` in {name} is no version that can be spoken"))
            .hint(Some(format!("those are {}", known.join(", "))))
    })
}

fn credential(identity: &Identity, variables: &Variables) -> Result<Credential, CommandError> {
    match identity {
        Identity::SharedKey { account, key } => {
            let key = SharedKey::new(account, key).map_err(|error| {
                CommandError::from_error(error)
                    .code(ExitCode::Usage)
                    .hint(Some(format!("look at {}", env_vars::AZURE_BATCH_ACCESS_KEY)))
            })?;
            Ok(Credential::SharedKey(key))
        }
        Identity::Entra(choice) => {
            let roots = roots(variables.path(env_vars::BATCHYARD_CA_FILE).as_deref())?;
            Ok(Credential::Entra(entra::options(*choice, variables, roots)))
        }
    }
}

fn roots(file: Option<&Path>) -> Result<ExtraRoots, CommandError> {
    let Some(file) = file else { return Ok(ExtraRoots::default()) };
    ExtraRoots::read(file).map_err(|error| {
        let hint = format!(
            "{} or `ca_file` of the account names it; an emulator prints the path of its own",
            env_vars::BATCHYARD_CA_FILE
        );
        CommandError::from_error(error).code(ExitCode::Usage).hint(Some(hint))
    })
}
