//! How this process would run the local account.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::batch::auth::DEVELOPMENT_ACCOUNT;
use crate::cli::args::{RuntimeChoice, TimingChoice};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::clock::SystemClock;
use crate::emulator::{Emulator, EmulatorConfig, FaultRules, OpenError, Timing};
use crate::env_vars;
use crate::exit_code::ExitCode;
use crate::node::runtime::{ContainerRuntime, ImageBudget, RuntimeKind, RuntimeSelection, select_runtime};
use crate::secret::Secret;

/// How long, and how often meanwhile, a data folder is waited for that another process holds only for a moment: it is about to
/// serve it, or has a look at it.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);

/// How this process would run the local account.
#[derive(Debug, Clone)]
pub(in crate::cli) struct LocalSettings {
    pub(super) data: PathBuf,
    pub(super) account: String,
    pub(super) key: Secret,
    runtime: RuntimeChoice,
    timing: Timing,
    docker_host: Option<String>,
    /// How much of the disk images may take.
    pub(in crate::cli) images: ImageBudget,
    applications: Option<PathBuf>,
}

impl LocalSettings {
    /// As the user says, with an account and a key that only this process and those who may read the data folder know.
    pub(super) fn new(context: &Context, data: PathBuf) -> Result<Self, CommandError> {
        Self::with_key(context, data, DEVELOPMENT_ACCOUNT, new_key()?)
    }

    /// As the user says, with that account and key.
    pub(in crate::cli) fn with_key(
        context: &Context,
        data: PathBuf,
        account: &str,
        key: Secret,
    ) -> Result<Self, CommandError> {
        Ok(Self {
            data,
            account: account.to_owned(),
            key,
            runtime: context.global.runtime,
            timing: match context.global.timing {
                TimingChoice::Instant => Timing::Instant,
                TimingChoice::Realistic => Timing::Realistic,
            },
            docker_host: context.variables.get(env_vars::DOCKER_HOST).map(str::to_owned),
            images: image_budget(context)?,
            applications: context.variables.path(env_vars::BATCHYARD_APPLICATIONS),
        })
    }

    /// What the emulator is made from, if it is this process that runs the account.
    pub(in crate::cli) async fn emulator(&self, starts_tasks: bool) -> EmulatorConfig {
        let selection = match self.runtime {
            RuntimeChoice::Auto => RuntimeSelection::Auto,
            RuntimeChoice::Docker => RuntimeSelection::Docker,
            RuntimeChoice::Oci => RuntimeSelection::Oci,
            RuntimeChoice::Simulated => RuntimeSelection::Simulated,
        };
        EmulatorConfig {
            data: self.data.clone(),
            account: self.account.clone(),
            key: self.key.clone(),
            runtime: self.select(selection).await,
            timing: self.timing,
            clock: Arc::new(SystemClock),
            requests_per_second: None,
            faults: FaultRules::default(),
            issuer: None,
            stand_ins: None,
            applications: self.applications.clone(),
            starts_tasks,
        }
    }

    /// The runtime that containers were started with, whatever this process would start them with.
    pub(super) async fn runtime_of(&self, kind: RuntimeKind) -> Result<Arc<dyn ContainerRuntime>, String> {
        self.select(match kind {
            RuntimeKind::Docker => RuntimeSelection::Docker,
            RuntimeKind::Oci => RuntimeSelection::Oci,
            RuntimeKind::Simulated => RuntimeSelection::Simulated,
        })
        .await
    }

    async fn select(&self, selection: RuntimeSelection) -> Result<Arc<dyn ContainerRuntime>, String> {
        let docker_host = self.docker_host.as_deref();
        select_runtime(selection, docker_host, &self.data, self.images, Arc::new(SystemClock)).await
    }
}

/// How much of the disk images may take, as the environment says.
pub(in crate::cli) fn image_budget(context: &Context) -> Result<ImageBudget, CommandError> {
    let Some(text) = context.variables.get(env_vars::BATCHYARD_IMAGE_DISK) else {
        return Ok(ImageBudget::default());
    };
    text.parse().map_err(|error| {
        CommandError::new(
            ExitCode::Usage,
            format!("the variable {}: {error}", env_vars::BATCHYARD_IMAGE_DISK),
        )
    })
}

/// A key that can't be guessed: tasks share this machine's network, and must not be able to command the account that runs them.
fn new_key() -> Result<Secret, CommandError> {
    let mut bytes = [0; 32];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| CommandError::new(ExitCode::Error, "this machine gives no random numbers"))?;
    Ok(Secret::new(STANDARD.encode(bytes)))
}

/// Opens the account to run it, waiting for those who hold its folder only for a moment.
pub(in crate::cli) async fn open_or_wait(config: EmulatorConfig) -> Result<Emulator, OpenError> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        match Emulator::open(config.clone()).await {
            Err(OpenError::Locked { endpoint: None, .. }) if tokio::time::Instant::now() < deadline => {
                tokio::time::sleep(PAUSE).await;
            }
            result => return result,
        }
    }
}

pub(in crate::cli) fn open_error(error: OpenError) -> CommandError {
    let hint = match &error {
        OpenError::Locked { .. } => Some("wait for it to end, or use another folder with --data".to_owned()),
        OpenError::Folder { .. } => Some(
            "the local account needs a folder that you can write to; --data or BATCHYARD_DATA names another one".to_owned(),
        ),
        _ => None,
    };
    CommandError::from_error(error).hint(hint)
}
