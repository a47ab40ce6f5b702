//! What a machine can do: which container runtimes it has, and why not the others.

use std::path::Path;

use serde::Serialize;

use crate::node::runtime::oci::OciRuntime;
use crate::node::runtime::{
    ContainerRuntime as _, DockerRuntime, ImageBudget, RuntimeError, RuntimeKind, StoredImages,
};

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It works.
    Good,
    /// It is not there, and nobody needs it.
    Idle,
    /// It doesn't work, and is needed.
    Bad,
}

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub subject: String,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to try.
    pub hint: Option<String>,
}

impl Check {
    /// Something that works.
    pub fn good(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self { subject: subject.into(), state: State::Good, found: found.into(), hint: None }
    }

    /// Something that doesn't.
    pub fn bad(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self { state: State::Bad, ..Self::good(subject, found) }
    }

    /// With what to try.
    #[must_use]
    pub fn hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }
}

/// What is needed to run containers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: no task runs on this machine.
    Nothing,
    /// Whatever there is.
    Any,
    /// This runtime.
    One(RuntimeKind),
}

/// Which runtimes this machine has, and which one tasks get. `data` is the folder of the local account, which need not be
/// there; images may take as much of its disk as `images` says.
pub async fn check_machine(
    need: Need,
    docker_host: Option<&str>,
    data: &Path,
    images: ImageBudget,
) -> Vec<Check> {
    let docker = match DockerRuntime::connect(docker_host).await {
        Ok(runtime) => runtime.describe().await,
        Err(error) => Err(error),
    };
    let oci = OciRuntime::probe(&data.join("oci"));
    let best = match (&docker, &oci) {
        (Ok(_), _) => Some(RuntimeKind::Docker),
        (_, Ok(_)) => Some(RuntimeKind::Oci),
        _ => None,
    };
    let is_needed = |kind| need == Need::One(kind) || need == Need::Any && best.is_none();
    let mut checks = vec![system()];
    let mut is_there = vec![RuntimeKind::Simulated];
    for (kind, result) in [(RuntimeKind::Docker, docker), (RuntimeKind::Oci, oci)] {
        is_there.extend(result.is_ok().then_some(kind));
        checks.push(runtime(kind, result, is_needed(kind)));
    }
    checks.extend(OciRuntime::stored_images(&data.join("oci"), images).map(stored));
    let taken = match need {
        Need::Nothing => None,
        Need::Any => best,
        Need::One(kind) => is_there.contains(&kind).then_some(kind),
    };
    checks.extend(taken.map(|kind| match kind {
        RuntimeKind::Simulated => Check::good("tasks", "are simulated: no process runs"),
        kind => Check::good("tasks", format!("run with the {kind} runtime")),
    }));
    checks
}

/// What the images take that the `oci` runtime keeps.
fn stored(stored: StoredImages) -> Check {
    let StoredImages { images, bytes, most } = stored;
    let (noun, take) = if images == 1 { ("image", "takes") } else { ("images", "take") };
    let found = format!(
        "{images} {noun} of the oci runtime {take} {}; they may take {} (--image-disk)",
        gibibytes(bytes),
        gibibytes(most)
    );
    Check::good("images", found)
}

/// `1.5 GiB`
fn gibibytes(bytes: u64) -> String {
    let tenths = (u128::from(bytes) * 10) >> 30;
    format!("{}.{} GiB", tenths / 10, tenths % 10)
}

fn runtime(kind: RuntimeKind, result: Result<String, RuntimeError>, is_needed: bool) -> Check {
    let subject = format!("runtime {kind}");
    match result {
        Ok(description) => Check::good(subject, description),
        Err(error) => {
            let reason = match error {
                RuntimeError::Unavailable { reason, .. } => reason,
                error => error.to_string(),
            };
            let state = if is_needed { State::Bad } else { State::Idle };
            Check { state, ..Check::bad(subject, reason) }
        }
    }
}

/// The system that all of this runs on.
fn system() -> Check {
    let kernel = rustix::system::uname();
    let user = rustix::process::geteuid();
    let user = if user.is_root() { "root".to_owned() } else { format!("user {}", user.as_raw()) };
    let found = format!(
        "{} {} on {}, as {user}",
        kernel.sysname().to_string_lossy(),
        kernel.release().to_string_lossy(),
        kernel.machine().to_string_lossy()
    );
    Check::good("system", found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_not_there_is_bad_only_where_it_is_needed() {
        let data = tempfile::tempdir().unwrap();
        let nowhere = Some("unix:///nonexistent/engine.sock");
        let checks =
            check_machine(Need::One(RuntimeKind::Docker), nowhere, data.path(), ImageBudget::default()).await;
        let docker = checks.iter().find(|check| check.subject == "runtime docker").unwrap();
        assert_eq!(docker.state, State::Bad);
        assert!(
            docker.found.contains("/nonexistent/engine.sock") && docker.found.contains("DOCKER_HOST"),
            "{docker:?}"
        );
        assert!(checks.iter().all(|check| check.subject != "tasks"), "{checks:?}");
        let checks =
            check_machine(Need::One(RuntimeKind::Simulated), nowhere, data.path(), ImageBudget::default())
                .await;
        assert!(checks.last().unwrap().found.contains("simulated"), "{checks:?}");
        assert_eq!(checks.iter().find(|check| check.subject == "runtime docker").unwrap().state, State::Idle);
        assert!(std::fs::read_dir(data.path()).unwrap().next().is_none(), "looking leaves nothing behind");
    }
}
