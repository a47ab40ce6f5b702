//! Reaching the account that a command works on.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::args::{RuntimeChoice, TimingChoice};
use super::context::Context;
use super::error::CommandError;
use crate::batch::auth::{DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY, SharedKey};
use crate::client::{BatchClient, ClientOptions, Credential, HttpTransport};
use crate::clock::SystemClock;
use crate::emulator::{Emulator, EmulatorConfig, OpenError, Timing};
use crate::env_vars;
use crate::exit_code::ExitCode;
use crate::node::runtime::{RuntimeSelection, select_runtime};
use crate::secret::Secret;
use crate::settings::AccountSettings;

/// How often the embedded account is looked at while something is waited for.
const LOCAL_POLL: Duration = Duration::from_millis(250);
/// How often an account elsewhere is.
const REMOTE_POLL: Duration = Duration::from_secs(5);

/// An account that can be worked on.
pub(super) struct Account {
    client: BatchClient,
    name: String,
    is_local: bool,
    /// The embedded account, where this process is the one that serves it.
    embedded: Option<Emulator>,
}

impl Account {
    /// Reaches the account that the user named: over the network; or, for the local account, at the emulator that serves it; or,
    /// if none does, inside this very process.
    pub(super) async fn open(context: &Context) -> Result<Self, CommandError> {
        let global = &context.global;
        let settings =
            AccountSettings::resolve(global.account.as_deref(), global.data.clone(), &context.variables)?;
        match settings {
            AccountSettings::Remote { endpoint, account, key } => {
                let name = format!("the account {account} at {endpoint}");
                let client = client(endpoint, &account, &key, None)?;
                Ok(Self { client, name, is_local: false, embedded: None })
            }
            AccountSettings::Local { data } => {
                let config = emulator_config(context, data, DEVELOPMENT_ACCOUNT, Secret::new(DEVELOPMENT_KEY)).await;
                Self::open_local(config).await
            }
        }
    }

    async fn open_local(config: EmulatorConfig) -> Result<Self, CommandError> {
        let shown = config.data.display().to_string();
        let (account, key) = (config.account.clone(), config.key.clone());
        let name = format!("the local account ({shown})");
        match Emulator::open(config).await {
            Ok(emulator) => {
                let transport = HttpTransport::in_process(emulator.router());
                let endpoint = Url::parse("http://127.0.0.1").map_err(CommandError::from_error)?;
                let client = client(endpoint, &account, &key, Some(transport))?;
                Ok(Self { client, name, is_local: true, embedded: Some(emulator) })
            }
            Err(OpenError::Locked { served: Some(served), .. }) => {
                let client = client(served.endpoint, &served.account, &served.key, None)?;
                Ok(Self { client, name, is_local: true, embedded: None })
            }
            Err(error) => Err(open_error(error)),
        }
    }

    pub(super) fn client(&self) -> &BatchClient {
        &self.client
    }

    /// What a person calls the account.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the account is on this machine and costs nothing.
    pub(super) fn is_local(&self) -> bool {
        self.is_local
    }

    pub(super) fn poll_interval(&self) -> Duration {
        if self.is_local { LOCAL_POLL } else { REMOTE_POLL }
    }

    /// Lets the account go: an embedded one is stopped in order.
    pub(super) async fn close(self) {
        if let Some(emulator) = self.embedded {
            emulator.shut_down().await;
        }
    }
}

fn client(
    endpoint: Url,
    account: &str,
    key: &Secret,
    transport: Option<HttpTransport>,
) -> Result<BatchClient, CommandError> {
    let key = SharedKey::new(account, key).map_err(|error| {
        CommandError::from_error(error)
            .code(ExitCode::Usage)
            .hint(Some(format!("look at {}", env_vars::AZURE_BATCH_ACCESS_KEY)))
    })?;
    let options = ClientOptions { transport, ..ClientOptions::default() };
    BatchClient::new(endpoint, Credential::SharedKey(key), options).map_err(CommandError::from_error)
}

/// How to serve the embedded account.
pub(super) async fn emulator_config(
    context: &Context,
    data: std::path::PathBuf,
    account: &str,
    key: Secret,
) -> EmulatorConfig {
    let selection = match context.global.runtime {
        RuntimeChoice::Auto => RuntimeSelection::Auto,
        RuntimeChoice::Docker => RuntimeSelection::Docker,
        RuntimeChoice::Oci => RuntimeSelection::Oci,
        RuntimeChoice::Simulated => RuntimeSelection::Simulated,
    };
    let clock = Arc::new(SystemClock);
    let docker_host = context.variables.get(env_vars::DOCKER_HOST);
    let runtime = select_runtime(selection, docker_host, &data, clock.clone()).await;
    let timing = match context.global.timing {
        TimingChoice::Instant => Timing::Instant,
        TimingChoice::Realistic => Timing::Realistic,
    };
    EmulatorConfig { data, account: account.to_owned(), key, runtime, timing, clock }
}

pub(super) fn open_error(error: OpenError) -> CommandError {
    let hint = match &error {
        OpenError::Locked { .. } => Some("wait for it to end, or use another folder with --data".to_owned()),
        _ => None,
    };
    CommandError::from_error(error).hint(hint)
}
