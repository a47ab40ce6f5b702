//! Containers that do not run: for plans of any scale and for tests of everything around containers.
//!
//! Every image is there, every container ends with exit code 0 at once, and its standard output says that it was simulated.
//! A task asks for more with the environment variable `BATCHYARD_SIMULATE`, a list of words:
//!
//! * `exit=3` ends it with exit code 3;
//! * `seconds=20` has it run for 20 seconds of the node's clock, which may be a virtual one;
//! * `coordination=3` has the coordination command of a task that runs on several nodes at once end with exit code 3.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::watch;

use super::{
    ContainerId, ContainerRuntime, ContainerSpec, ContainerState, ExitStatus, Image, OwnProgram,
    RegistryCredential, RuntimeError, RuntimeKind, Subnet,
};
use crate::batch::command_line;
use crate::clock::Clock;

/// The variable that says how a simulated container ends.
const SCRIPT: &str = "BATCHYARD_SIMULATE";

/// 128 + SIGTERM: a container that was stopped.
const STOPPED: i32 = 143;

/// A runtime without processes.
#[derive(Debug)]
pub struct SimulatedRuntime {
    clock: Arc<dyn Clock>,
    containers: Mutex<HashMap<ContainerId, Arc<Container>>>,
    made: AtomicU64,
}

#[derive(Debug)]
struct Container {
    owner: String,
    script: Script,
    notice: String,
    stdout: PathBuf,
    phase: watch::Sender<Phase>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Created,
    RunningUntil(Timestamp),
    Stopped,
}

impl SimulatedRuntime {
    /// A runtime whose containers take their time from `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, containers: Mutex::default(), made: AtomicU64::new(0) }
    }

    fn find(&self, id: &ContainerId) -> Option<Arc<Container>> {
        self.containers.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn get(&self, id: &ContainerId) -> Result<Arc<Container>, RuntimeError> {
        self.find(id).ok_or_else(|| RuntimeError::NoSuchContainer { container: id.to_string() })
    }
}

impl Container {
    fn state(&self, now: Timestamp) -> ContainerState {
        match *self.phase.borrow() {
            Phase::Created => ContainerState::Created,
            Phase::RunningUntil(end) if now < end => ContainerState::Running,
            Phase::RunningUntil(_) => ContainerState::Exited(exited(self.script.exit)),
            Phase::Stopped => ContainerState::Exited(exited(STOPPED)),
        }
    }
}

fn exited(code: i32) -> ExitStatus {
    ExitStatus { code, out_of_memory: Some(false), error: None }
}

#[async_trait]
impl ContainerRuntime for SimulatedRuntime {
    fn kind(&self) -> RuntimeKind {
        RuntimeKind::Simulated
    }

    async fn describe(&self) -> Result<String, RuntimeError> {
        Ok("simulated: no task really runs".to_owned())
    }

    async fn find_image(&self, reference: &str) -> Result<Option<Image>, RuntimeError> {
        Ok(Some(image(reference)))
    }

    async fn pull(
        &self,
        reference: &str,
        _credential: Option<&RegistryCredential>,
    ) -> Result<Image, RuntimeError> {
        Ok(image(reference))
    }

    async fn load(&self, reference: &str, _archive: &Path) -> Result<Image, RuntimeError> {
        Ok(image(reference))
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, RuntimeError> {
        let script = Script::of(spec)?;
        let id = ContainerId(format!("simulated-{}", self.made.fetch_add(1, Ordering::Relaxed)));
        let command = match spec.command.as_slice() {
            [] => "the image's own command".to_owned(),
            command => format!("`{}`", command_line::join(command)),
        };
        let container = Container {
            owner: spec.owner.clone(),
            script,
            notice: format!(
                "simulated: {command} of image {} did not run; it counts as run for {:?} with exit code {}\n",
                spec.image, script.duration, script.exit
            ),
            stdout: spec.stdout.clone(),
            phase: watch::Sender::new(Phase::Created),
        };
        let mut containers = self.containers.lock().unwrap_or_else(PoisonError::into_inner);
        containers.insert(id.clone(), Arc::new(container));
        Ok(id)
    }

    async fn start(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        let container = self.get(id)?;
        let output = std::fs::File::options().create(true).append(true).open(&container.stdout);
        output.and_then(|mut output| output.write_all(container.notice.as_bytes())).map_err(|error| {
            let action = format!("write {}", container.stdout.display());
            RuntimeError::Failed { action, reason: error.to_string() }
        })?;
        let end = self.clock.now().checked_add(container.script.duration).unwrap_or(Timestamp::MAX);
        container.phase.send_replace(Phase::RunningUntil(end));
        Ok(())
    }

    async fn wait(&self, id: &ContainerId) -> Result<ExitStatus, RuntimeError> {
        let container = self.get(id)?;
        let mut phases = container.phase.subscribe();
        loop {
            let now = self.clock.now();
            if let ContainerState::Exited(status) = container.state(now) {
                return Ok(status);
            }
            let phase = *phases.borrow_and_update();
            let over = async {
                match phase {
                    Phase::RunningUntil(end) => {
                        self.clock.sleep(end.duration_since(now).try_into().unwrap_or_default()).await;
                    }
                    Phase::Created | Phase::Stopped => std::future::pending().await,
                }
            };
            tokio::select! {
                () = over => {}
                changed = phases.changed() => if changed.is_err() {
                    return Err(RuntimeError::NoSuchContainer { container: id.to_string() });
                },
            }
        }
    }

    async fn stop(&self, id: &ContainerId, _grace: Duration) -> Result<(), RuntimeError> {
        if let Some(container) = self.find(id)
            && container.state(self.clock.now()) == ContainerState::Running
        {
            container.phase.send_replace(Phase::Stopped);
        }
        Ok(())
    }

    async fn remove(&self, id: &ContainerId) -> Result<(), RuntimeError> {
        self.containers.lock().unwrap_or_else(PoisonError::into_inner).remove(id);
        Ok(())
    }

    async fn state(&self, id: &ContainerId) -> Result<Option<ContainerState>, RuntimeError> {
        Ok(self.find(id).map(|container| container.state(self.clock.now())))
    }

    async fn catch_up(&self, _container: &ContainerId) -> Result<(), RuntimeError> {
        Ok(())
    }

    async fn list(&self, owner: &str) -> Result<Vec<(ContainerId, ContainerState)>, RuntimeError> {
        let now = self.clock.now();
        let containers = self.containers.lock().unwrap_or_else(PoisonError::into_inner);
        let own = containers.iter().filter(|(_, container)| container.owner == owner);
        Ok(own.map(|(id, container)| (id.clone(), container.state(now))).collect())
    }

    /// Each pool seems to be alone in the world.
    async fn ensure_network(&self, _network: &str, wanted: Option<Subnet>) -> Result<Subnet, RuntimeError> {
        Ok(wanted.unwrap_or(Subnet::new(0, 0)))
    }

    async fn remove_network(&self, _network: &str) -> Result<(), RuntimeError> {
        Ok(())
    }

    async fn own_program(&self) -> Result<OwnProgram, RuntimeError> {
        Err(OwnProgram::missing())
    }
}

fn image(reference: &str) -> Image {
    Image {
        id: format!("simulated:{reference}"),
        entrypoint: Vec::new(),
        command: Vec::new(),
        working_directory: String::new(),
        user: String::new(),
        environment: Vec::new(),
    }
}

/// With which exit code the coordination command seems to end of a task whose instances run in such containers.
pub(in crate::node) fn simulated_coordination(spec: &ContainerSpec) -> Result<i32, RuntimeError> {
    Ok(Script::of(spec)?.coordination)
}

/// How a simulated container ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Script {
    exit: i32,
    duration: Duration,
    coordination: i32,
}

impl Script {
    fn of(spec: &ContainerSpec) -> Result<Self, RuntimeError> {
        let text = spec.environment.iter().find(|(name, _)| name == SCRIPT).map_or("", |(_, value)| value);
        Self::parse(text).map_err(|word| RuntimeError::InvalidSettings {
            reason: format!(
                "`{word}` in {SCRIPT} is none of `exit=<code>`, `seconds=<number>` and `coordination=<code>`"
            ),
        })
    }

    /// Reads the words; the error is the one that can't be read.
    fn parse(text: &str) -> Result<Self, &str> {
        let mut script = Self::default();
        for word in text.split_whitespace() {
            match word.split_once('=') {
                Some(("exit", code)) => script.exit = code.parse().map_err(|_| word)?,
                Some(("coordination", code)) => script.coordination = code.parse().map_err(|_| word)?,
                Some(("seconds", seconds)) => {
                    let seconds = seconds.parse::<f64>().map_err(|_| word)?;
                    script.duration = Duration::try_from_secs_f64(seconds).map_err(|_| word)?;
                }
                _ => return Err(word),
            }
        }
        Ok(script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn spec(folder: &Path, script: &str) -> ContainerSpec {
        ContainerSpec {
            owner: "me".to_owned(),
            image: "app".to_owned(),
            command: vec!["echo".to_owned(), "a b".to_owned()],
            environment: vec![(SCRIPT.to_owned(), script.to_owned())],
            stdout: folder.join("stdout.txt"),
            ..ContainerSpec::default()
        }
    }

    #[test]
    fn scripts_are_read_or_refused() {
        let script = Script { exit: 3, duration: Duration::from_secs(20), coordination: 0 };
        assert_eq!(Script::parse(" exit=3  seconds=20 "), Ok(script));
        assert_eq!(Script::parse(""), Ok(Script::default()));
        for word in ["exit=x", "seconds=-1", "seconds=nan", "fail", "color=red"] {
            assert_eq!(Script::parse(word), Err(word));
        }
    }

    #[tokio::test]
    async fn a_container_takes_its_time_and_says_that_it_is_simulated() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH));
        let runtime = Arc::new(SimulatedRuntime::new(clock.clone()));
        let id = runtime.create(&spec(folder.path(), "exit=3 seconds=20")).await.unwrap();
        assert_eq!(runtime.state(&id).await.unwrap(), Some(ContainerState::Created));
        runtime.start(&id).await.unwrap();
        let waiting = tokio::spawn({
            let (runtime, id) = (runtime.clone(), id.clone());
            async move { runtime.wait(&id).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        assert_eq!(runtime.list("me").await.unwrap(), [(id.clone(), ContainerState::Running)]);
        clock.advance(Duration::from_secs(20));
        assert_eq!(waiting.await.unwrap().unwrap().code, 3);
        let output = std::fs::read_to_string(folder.path().join("stdout.txt")).unwrap();
        assert!(output.starts_with("simulated: `echo 'a b'` of image app did not run"), "{output}");
        runtime.remove(&id).await.unwrap();
        assert_eq!(runtime.state(&id).await.unwrap(), None);
    }

    #[tokio::test]
    async fn stopping_ends_a_container_and_leaves_an_ended_one_alone() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH));
        let runtime = SimulatedRuntime::new(clock);
        for (script, code) in [("seconds=9", STOPPED), ("exit=4", 4)] {
            let id = runtime.create(&spec(folder.path(), script)).await.unwrap();
            runtime.start(&id).await.unwrap();
            runtime.stop(&id, Duration::ZERO).await.unwrap();
            assert_eq!(runtime.wait(&id).await.unwrap().code, code);
        }
    }

    #[tokio::test]
    async fn a_script_that_can_t_be_read_is_an_invalid_setting() {
        let runtime = SimulatedRuntime::new(Arc::new(ManualClock::starting_at(Timestamp::UNIX_EPOCH)));
        let error = runtime.create(&spec(Path::new("/"), "explode")).await.unwrap_err();
        assert!(error.to_string().contains("`explode` in BATCHYARD_SIMULATE"), "{error}");
    }
}
