//! The runtime over an engine's API.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bollard::Docker;
use bollard::auth::DockerCredentials;
use bollard::errors::Error;
use bollard::models::{ContainerInspectResponse, ContainerStateStatusEnum, ImageInspect};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, CreateImageOptionsBuilder, ImportImageOptionsBuilder,
    InspectContainerOptions, ListContainersOptionsBuilder, RemoveContainerOptionsBuilder,
    StartContainerOptions, StopContainerOptionsBuilder, TagImageOptionsBuilder, WaitContainerOptionsBuilder,
};
use futures::{StreamExt, TryStreamExt};
use tokio_util::task::AbortOnDropHandle;

use super::connect::Engine;
use super::create::{self, OWNER, OutputStart};
use super::output::{self, OutputFiles};
use super::{engine_error, network};
use crate::batch::image_reference::{DOCKER_HUB, ImageReference};
use crate::node::plain_path;
use crate::node::runtime::{
    ContainerId, ContainerRuntime, ContainerSpec, ContainerState, ExitStatus, Image, OwnProgram,
    RegistryCredential, RuntimeError, RuntimeKind, Subnet,
};

/// How long an answer may take that comes when something happens: never too long.
const ENDLESS: Duration = Duration::from_secs(10 * 365 * 86_400);
/// How long an engine may be away, being restarted, while a container is waited for.
const ENGINE_AWAY: u32 = 120;
/// The exit code of what the kernel killed.
const KILLED: i32 = 137;
/// How often the engine is asked why it killed a container, and how long it is left alone in between.
const REASON_LOOKS: u32 = 10;
const REASON_PAUSE: Duration = Duration::from_millis(100);
/// How often, and how long apart, a container is looked at that is being removed at somebody else's request.
const REMOVAL_LOOKS: u32 = 150;
const REMOVAL_PAUSE: Duration = Duration::from_millis(200);

/// A Docker-compatible engine.
#[derive(Debug)]
pub struct DockerRuntime {
    engine: Docker,
    /// The same engine, for requests that are answered when something happens.
    patient: Docker,
    description: String,
    keeps_whole_log: bool,
    followers: Mutex<HashMap<ContainerId, AbortOnDropHandle<()>>>,
    /// Held while a network is looked for and made.
    networks: tokio::sync::Mutex<()>,
}

impl DockerRuntime {
    /// Connects to the engine at `host`, a `unix://` URL as `DOCKER_HOST` has it; without one, to the first engine of Docker
    /// or Podman that listens where they usually do.
    ///
    /// # Errors
    /// [`RuntimeError::Unavailable`] says where an engine was looked for, and what to try.
    pub async fn connect(host: Option<&str>) -> Result<Self, RuntimeError> {
        let Engine { api, description, is_podman } = Engine::find(host).await?;
        Ok(Self {
            patient: api.clone().with_timeout(ENDLESS),
            engine: api,
            description,
            keeps_whole_log: !is_podman,
            followers: Mutex::default(),
            networks: tokio::sync::Mutex::default(),
        })
    }

    async fn inspect(&self, container: &ContainerId) -> Result<Option<ContainerInspectResponse>, Error> {
        match self.engine.inspect_container(&container.0, None::<InspectContainerOptions>).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if engine_error::is_not_found(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where the output of a container goes; `None` for a container that this program did not make.
    async fn output_files(&self, container: &ContainerId) -> Result<Option<OutputFiles>, RuntimeError> {
        let found = self
            .inspect(container)
            .await
            .map_err(|error| engine_error::failed("inspect container", &error))?
            .ok_or_else(|| no_such(container))?;
        Ok(found.config.and_then(|config| config.labels).and_then(|labels| OutputFiles::from_labels(&labels)))
    }

    /// Has the output written as it comes, unless somebody does already.
    fn follow(&self, container: &ContainerId, files: OutputFiles) {
        let mut followers = self.followers.lock().unwrap_or_else(PoisonError::into_inner);
        followers.entry(container.clone()).or_insert_with(|| {
            let (engine, id) = (self.patient.clone(), container.0.clone());
            AbortOnDropHandle::new(tokio::spawn(async move {
                if let Err(error) = output::follow(&engine, &id, &files).await {
                    // The whole output is written once the container has ended, whatever this was.
                    tracing::debug!(container = id, %error, "the output of a container can't be followed");
                }
            }))
        });
    }

    fn is_followed(&self, container: &ContainerId) -> bool {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner).contains_key(container)
    }

    /// Ends following, and returns once nothing is written any more.
    async fn unfollow(&self, container: &ContainerId) {
        let follower = self.followers.lock().unwrap_or_else(PoisonError::into_inner).remove(container);
        if let Some(follower) = follower {
            follower.abort();
            // An error says only that it was aborted.
            let _ = follower.await;
        }
    }

    /// Returns once the engine says that the container does not run. An engine that goes away in between may come back.
    async fn until_ended(&self, container: &ContainerId) -> Result<ExitStatus, RuntimeError> {
        let mut absences = 0;
        loop {
            let options = WaitContainerOptionsBuilder::new().condition("not-running").build();
            let mut answers = std::pin::pin!(self.patient.wait_container(&container.0, Some(options)));
            // A non-zero exit is an error to bollard; what the container's end was is asked for below.
            let answer = answers.next().await;
            match self.inspect(container).await {
                Ok(None) => return Err(no_such(container)),
                Ok(Some(found)) => match state_of(&found) {
                    ContainerState::Exited(status) => return Ok(status),
                    ContainerState::Created => {
                        return Err(engine_error::failed_state(container, "it was never started"));
                    }
                    ContainerState::Running => absences = 0,
                },
                Err(error)
                    if absences < ENGINE_AWAY
                        && (engine_error::is_connection_problem(&error)
                            || engine_error::may_pass(&error)) => {}
                Err(error) => return Err(engine_error::failed("wait for container", &error)),
            }
            absences += 1;
            tracing::debug!(%container, ?answer, "the engine did not say how a container ended; asking again");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Returns once a container is gone that the engine says is being removed.
    async fn until_gone(&self, container: &ContainerId, said: &Error) -> Result<(), RuntimeError> {
        for _ in 0..REMOVAL_LOOKS {
            if self.state(container).await?.is_none() {
                return Ok(());
            }
            tokio::time::sleep(REMOVAL_PAUSE).await;
        }
        Err(engine_error::failed("remove container", said))
    }

    async fn find(&self, name: &str) -> Result<Option<Image>, Error> {
        match self.engine.inspect_image(name).await {
            Ok(found) => Ok(Some(image_of(found))),
            Err(error) if engine_error::is_not_found(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The image after it was fetched.
    async fn fetched(&self, reference: &ImageReference) -> Result<Image, RuntimeError> {
        let found = self.find(&reference.to_string()).await;
        found.map_err(|error| engine_error::failed("inspect image", &error))?.ok_or_else(|| {
            RuntimeError::InvalidImage {
                image: reference.to_string(),
                reason: "the engine fetched it and does not have it".to_owned(),
            }
        })
    }
}

#[async_trait]
impl ContainerRuntime for DockerRuntime {
    fn kind(&self) -> RuntimeKind {
        RuntimeKind::Docker
    }

    async fn describe(&self) -> Result<String, RuntimeError> {
        self.engine.ping().await.map_err(|error| engine_error::unavailable(engine_error::message(&error)))?;
        Ok(self.description.clone())
    }

    async fn find_image(&self, reference: &str) -> Result<Option<Image>, RuntimeError> {
        let name = parse(reference)?.to_string();
        self.find(&name).await.map_err(|error| engine_error::failed("inspect image", &error))
    }

    async fn pull(
        &self,
        reference: &str,
        credential: Option<&RegistryCredential>,
    ) -> Result<Image, RuntimeError> {
        let reference = parse(reference)?;
        let version = reference.digest().or(reference.tag()).unwrap_or_default();
        let options = CreateImageOptionsBuilder::new().from_image(&reference.name()).tag(version).build();
        let progress = self.patient.create_image(Some(options), None, credential.map(login));
        progress
            .try_for_each(async |_| Ok(()))
            .await
            .map_err(|error| engine_error::of_pull(&reference, &error))?;
        self.fetched(&reference).await
    }

    async fn load(&self, reference: &str, archive: &Path) -> Result<Image, RuntimeError> {
        let reference = parse(reference)?;
        let invalid = |reason: String| RuntimeError::InvalidImage { image: reference.to_string(), reason };
        let file = tokio::fs::File::open(archive)
            .await
            .map_err(|error| invalid(format!("{}: {error}", archive.display())))?;
        let content = tokio_util::io::ReaderStream::new(file);
        let options = ImportImageOptionsBuilder::new().quiet(true).build();
        let answers = self.patient.import_image_stream(options, content, None);
        let lines: Vec<_> =
            answers.try_collect().await.map_err(|error| invalid(engine_error::message(&error)))?;
        let text: String = lines.into_iter().filter_map(|line| line.stream).collect();
        let loaded = loaded_image(&text)
            .ok_or_else(|| invalid(format!("the engine did not say what it loaded: {}", text.trim())))?;
        let options = TagImageOptionsBuilder::new()
            .repo(&reference.name())
            .tag(reference.tag().unwrap_or("latest"))
            .build();
        self.engine
            .tag_image(loaded, Some(options))
            .await
            .map_err(|error| invalid(engine_error::message(&error)))?;
        self.fetched(&reference).await
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
        let length = plain_path::length;
        let start = OutputStart { stdout: length(&spec.stdout), stderr: length(&spec.stderr) };
        let options = CreateContainerOptionsBuilder::new().name(&spec.name).build();
        let body = create::body(spec, start, self.keeps_whole_log);
        let made = self.engine.create_container(Some(options), body).await;
        let made = made.map_err(|error| engine_error::of_create(&spec.name, &spec.image, &error))?;
        for warning in made.warnings {
            tracing::warn!(container = spec.name, warning, "the engine made a container with a warning");
        }
        Ok(ContainerId(made.id))
    }

    async fn start(&self, container: &ContainerId) -> Result<(), RuntimeError> {
        let files = self.output_files(container).await?;
        match self.engine.start_container(&container.0, None::<StartContainerOptions>).await {
            Err(error) if engine_error::is_not_found(&error) && engine_error::is_about_container(&error) => {
                return Err(no_such(container));
            }
            Err(error) => return Err(engine_error::of_start(&error)),
            Ok(()) => {}
        }
        if let Some(files) = files {
            self.follow(container, files);
        }
        Ok(())
    }

    async fn wait(&self, container: &ContainerId) -> Result<ExitStatus, RuntimeError> {
        let files = self.output_files(container).await?;
        if let Some(files) = &files
            && !self.is_followed(container)
        {
            self.follow(container, files.clone());
        }
        let status = self.until_ended(container).await?;
        self.unfollow(container).await;
        if let Some(files) = &files {
            output::complete(&self.patient, &container.0, files).await?;
        }
        Ok(status)
    }

    /// The engine hears from the kernel that the memory limit was why on another way than of the end itself, so later, and not at
    /// all if the control group was gone first.
    async fn reason_of_kill(
        &self,
        container: &ContainerId,
        mut status: ExitStatus,
    ) -> Result<ExitStatus, RuntimeError> {
        if status.code != KILLED || status.out_of_memory == Some(true) {
            return Ok(status);
        }
        for look in 0..=REASON_LOOKS {
            let found = self.inspect(container).await;
            let found = found.map_err(|error| engine_error::failed("inspect container", &error))?;
            let Some(found) = found else { break };
            let limit = found.host_config.as_ref().and_then(|host| host.memory);
            if limit.is_none_or(|limit| limit <= 0) {
                return Ok(status);
            }
            if let ContainerState::Exited(later) = state_of(&found)
                && later.out_of_memory == Some(true)
            {
                return Ok(later);
            }
            if look < REASON_LOOKS {
                tokio::time::sleep(REASON_PAUSE).await;
            }
        }
        status.out_of_memory = None;
        Ok(status)
    }

    async fn stop(&self, container: &ContainerId, grace: Duration) -> Result<(), RuntimeError> {
        let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::new().t(seconds).build();
        match self.patient.stop_container(&container.0, Some(options)).await {
            // 304: it did not run.
            Err(error) if !matches!(engine_error::status(&error), Some(304 | 404)) => {
                Err(engine_error::failed("stop container", &error))
            }
            _ => Ok(()),
        }
    }

    async fn remove(&self, container: &ContainerId) -> Result<(), RuntimeError> {
        self.unfollow(container).await;
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        match self.engine.remove_container(&container.0, Some(options)).await {
            Ok(()) => Ok(()),
            Err(error) if engine_error::is_not_found(&error) => Ok(()),
            // It is being removed, and as long as it is, its name is taken.
            Err(error) if engine_error::status(&error) == Some(409) => {
                self.until_gone(container, &error).await
            }
            Err(error) => Err(engine_error::failed("remove container", &error)),
        }
    }

    async fn state(&self, container: &ContainerId) -> Result<Option<ContainerState>, RuntimeError> {
        let found = self.inspect(container).await;
        let found = found.map_err(|error| engine_error::failed("inspect container", &error))?;
        Ok(found.as_ref().map(state_of))
    }

    async fn catch_up(&self, container: &ContainerId) -> Result<(), RuntimeError> {
        match self.output_files(container).await? {
            Some(files) if !self.is_followed(container) => {
                output::catch_up(&self.patient, &container.0, &files).await
            }
            _ => Ok(()),
        }
    }

    async fn list(&self, owner: &str) -> Result<Vec<(ContainerId, ContainerState)>, RuntimeError> {
        let filters = HashMap::from([("label".to_owned(), vec![format!("{OWNER}={owner}")])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let found = self.engine.list_containers(Some(options)).await;
        let found = found.map_err(|error| engine_error::failed("list containers", &error))?;
        let mut containers = Vec::with_capacity(found.len());
        for id in found.into_iter().filter_map(|container| container.id).map(ContainerId) {
            if let Some(state) = self.state(&id).await? {
                containers.push((id, state));
            }
        }
        Ok(containers)
    }

    async fn ensure_network(&self, network: &str, wanted: Option<Subnet>) -> Result<Subnet, RuntimeError> {
        let _alone = self.networks.lock().await;
        network::ensure(&self.engine, network, wanted).await
    }

    async fn remove_network(&self, network: &str) -> Result<(), RuntimeError> {
        network::remove(&self.engine, network).await
    }

    async fn own_program(&self) -> Result<OwnProgram, RuntimeError> {
        Err(OwnProgram::missing())
    }
}

fn login(credential: &RegistryCredential) -> DockerCredentials {
    let server = match credential.server.as_str() {
        DOCKER_HUB => "https://index.docker.io/v1/",
        server => server,
    };
    DockerCredentials {
        username: Some(credential.username.clone()),
        password: Some(credential.password.expose().to_owned()),
        serveraddress: Some(server.to_owned()),
        ..DockerCredentials::default()
    }
}

fn parse(reference: &str) -> Result<ImageReference, RuntimeError> {
    reference.parse().map_err(|error: crate::batch::image_reference::InvalidImageReference| {
        RuntimeError::InvalidImage { image: reference.to_owned(), reason: error.to_string() }
    })
}

/// The image that `docker load` names in its answer: `Loaded image: app:1` or `Loaded image ID: sha256:…`.
fn loaded_image(answer: &str) -> Option<&str> {
    answer.lines().find_map(|line| {
        let rest = line.trim().strip_prefix("Loaded image")?;
        rest.strip_prefix(" ID").unwrap_or(rest).strip_prefix(':').map(str::trim)
    })
}

fn no_such(container: &ContainerId) -> RuntimeError {
    RuntimeError::NoSuchContainer { container: container.to_string() }
}

fn state_of(found: &ContainerInspectResponse) -> ContainerState {
    let Some(state) = &found.state else { return ContainerState::Created };
    match state.status {
        Some(
            ContainerStateStatusEnum::EXITED
            | ContainerStateStatusEnum::DEAD
            | ContainerStateStatusEnum::REMOVING,
        ) => ContainerState::Exited(ExitStatus {
            code: state.exit_code.and_then(|code| i32::try_from(code).ok()).unwrap_or(-1),
            out_of_memory: Some(state.oom_killed.unwrap_or(false)),
            error: state.error.clone().filter(|error| !error.is_empty()),
        }),
        Some(
            ContainerStateStatusEnum::RUNNING
            | ContainerStateStatusEnum::PAUSED
            | ContainerStateStatusEnum::RESTARTING,
        ) => ContainerState::Running,
        _ => ContainerState::Created,
    }
}

fn image_of(found: ImageInspect) -> Image {
    let config = found.config.unwrap_or_default();
    Image {
        id: found.id.unwrap_or_default(),
        entrypoint: config.entrypoint.unwrap_or_default(),
        command: config.cmd.unwrap_or_default(),
        working_directory: config.working_dir.unwrap_or_default(),
        user: config.user.unwrap_or_default(),
        environment: config.env.unwrap_or_default(),
    }
}
