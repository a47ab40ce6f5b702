//! Reaching the account that a command works on.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::args::{RuntimeChoice, TimingChoice};
use super::context::Context;
use super::error::CommandError;
use crate::batch::auth::{DEVELOPMENT_ACCOUNT, SharedKey};
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

/// How often, and how long apart, a data folder is looked at whose holder has not said yet where it serves.
const STARTING_UP_LOOKS: u32 = 50;
const STARTING_UP_PAUSE: Duration = Duration::from_millis(100);

/// An account that can be worked on.
pub(super) struct Account {
    client: BatchClient,
    name: String,
    is_local: bool,
    /// The embedded account, where this process is the one that serves it.
    served: Option<Served>,
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
                let client = client(endpoint.as_str(), &account, &key, None)?;
                Ok(Self { client, name, is_local: false, served: None })
            }
            AccountSettings::Local { data } => {
                let config =
                    emulator_config(context, data, DEVELOPMENT_ACCOUNT, key_of_this_process()?).await;
                Self::open_local(config).await
            }
        }
    }

    async fn open_local(config: EmulatorConfig) -> Result<Self, CommandError> {
        let name = format!("the local account ({})", config.data.display());
        let (account, key) = (config.account.clone(), config.key.clone());
        match open_or_find(config).await {
            Ok(emulator) => {
                let transport = HttpTransport::in_process(emulator.router());
                let served = Served::start(emulator).await?;
                let client = client(&served.endpoint, &account, &key, Some(transport))?;
                Ok(Self { client, name, is_local: true, served: Some(served) })
            }
            Err(OpenError::Locked { endpoint: Some(at), folder }) => {
                refuse_unless_loopback(&at.endpoint, &folder)?;
                let client = client(&at.endpoint, &at.account, &at.key, None)?;
                Ok(Self { client, name, is_local: true, served: None })
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

    /// Whether the account lives only as long as this command.
    pub(super) fn serves_itself(&self) -> bool {
        self.served.is_some()
    }

    pub(super) fn poll_interval(&self) -> Duration {
        if self.is_local { LOCAL_POLL } else { REMOTE_POLL }
    }

    /// Lets the account go: an embedded one is stopped in order.
    pub(super) async fn close(self) {
        if let Some(served) = self.served {
            served.stop().await;
        }
    }
}

/// An account that this process serves, to itself and to commands that are run beside it.
struct Served {
    emulator: Emulator,
    endpoint: String,
    stop: CancellationToken,
    server: JoinHandle<std::io::Result<()>>,
}

impl Served {
    async fn start(emulator: Emulator) -> Result<Self, CommandError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let stop = CancellationToken::new();
        let server = tokio::spawn({
            let (emulator, stop) = (emulator.clone(), stop.clone());
            async move { emulator.serve(listener, stop).await }
        });
        Ok(Self { emulator, endpoint, stop, server })
    }

    async fn stop(self) {
        self.stop.cancel();
        // What the server could still say concerns requests that nobody waits for any more.
        let _ = self.server.await;
        self.emulator.shut_down().await;
    }
}

fn client(
    endpoint: &str,
    account: &str,
    key: &Secret,
    transport: Option<HttpTransport>,
) -> Result<BatchClient, CommandError> {
    let key = SharedKey::new(account, key).map_err(|error| {
        CommandError::from_error(error)
            .code(ExitCode::Usage)
            .hint(Some(format!("look at {}", env_vars::AZURE_BATCH_ACCESS_KEY)))
    })?;
    let endpoint = Url::parse(endpoint).map_err(CommandError::from_error)?;
    let options = ClientOptions { transport, ..ClientOptions::default() };
    BatchClient::new(endpoint, Credential::SharedKey(key), options).map_err(CommandError::from_error)
}

/// Opens the embedded account; or finds where it is served, giving a command that has just begun a moment to say so.
async fn open_or_find(config: EmulatorConfig) -> Result<Emulator, OpenError> {
    for _ in 0..STARTING_UP_LOOKS {
        match Emulator::open(config.clone()).await {
            Err(OpenError::Locked { endpoint: None, .. }) => tokio::time::sleep(STARTING_UP_PAUSE).await,
            result => return result,
        }
    }
    Emulator::open(config).await
}

/// A key that only this process and those who may read its data folder know: tasks share this machine's network, and must not be
/// able to command the account that runs them.
fn key_of_this_process() -> Result<Secret, CommandError> {
    let mut bytes = [0; 32];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| CommandError::new(ExitCode::Error, "this machine gives no random numbers"))?;
    Ok(Secret::new(STANDARD.encode(bytes)))
}

/// Requests carry the passwords of registries: what a data folder names as its server must be on this machine.
fn refuse_unless_loopback(endpoint: &str, folder: &Path) -> Result<(), CommandError> {
    let host = Url::parse(endpoint).ok().and_then(|url| url.host().map(|host| host.to_owned()));
    let is_loopback = match host {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(_)) | None => false,
    };
    if is_loopback {
        return Ok(());
    }
    let message =
        format!("{} says that it is served at {endpoint}, which is not on this machine", folder.display());
    Err(CommandError::new(ExitCode::Error, message).hint(Some("use another folder with --data".to_owned())))
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
