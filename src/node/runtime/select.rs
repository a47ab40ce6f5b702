//! Choosing a runtime.

use std::path::Path;
use std::sync::Arc;

use super::builtin_image::WithBuiltinImage;
use super::oci::OciRuntime;
use super::{ContainerRuntime, DockerRuntime, ImageBudget, RuntimeError, SimulatedRuntime};
use crate::clock::Clock;

/// Which runtime is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuntimeSelection {
    /// Docker if an engine can be reached, else `oci` where this machine and user allow it.
    Auto,
    /// A Docker-compatible engine.
    Docker,
    /// No daemon.
    Oci,
    /// No processes at all.
    Simulated,
}

/// Gives the runtime that is wanted. Images, containers and archives of its own are kept below `data`, and images take no more of the
/// disk than `images` says.
///
/// # Errors
/// Why there is none and what to try, for people to read; for [`RuntimeSelection::Auto`] the reasons of both.
pub async fn select_runtime(
    selection: RuntimeSelection,
    docker_host: Option<&str>,
    data: &Path,
    images: ImageBudget,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn ContainerRuntime>, String> {
    let runtime = match selection {
        RuntimeSelection::Simulated => return Ok(Arc::new(SimulatedRuntime::new(clock))),
        RuntimeSelection::Docker => docker(docker_host).await.map_err(|error| error.to_string())?,
        RuntimeSelection::Oci => oci(data, images).map_err(|error| error.to_string())?,
        RuntimeSelection::Auto => match docker(docker_host).await {
            Ok(runtime) => runtime,
            Err(no_docker) => oci(data, images).map_err(|no_oci| format!("{no_docker}; and {no_oci}"))?,
        },
    };
    Ok(Arc::new(WithBuiltinImage::new(runtime, data.join("builtin"))))
}

async fn docker(host: Option<&str>) -> Result<Arc<dyn ContainerRuntime>, RuntimeError> {
    Ok(Arc::new(DockerRuntime::connect(host).await?))
}

fn oci(data: &Path, images: ImageBudget) -> Result<Arc<dyn ContainerRuntime>, RuntimeError> {
    Ok(Arc::new(OciRuntime::new(data.join("oci"))?.with_image_budget(images)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::node::runtime::RuntimeKind;

    const NOWHERE: Option<&str> = Some("unix:///nonexistent/engine.sock");

    async fn select(selection: RuntimeSelection, data: &Path) -> Result<RuntimeKind, String> {
        let runtime =
            select_runtime(selection, NOWHERE, data, ImageBudget::default(), Arc::new(SystemClock)).await?;
        Ok(runtime.kind())
    }

    #[tokio::test]
    async fn what_is_wanted_is_given_or_its_absence_explained() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(select(RuntimeSelection::Simulated, data.path()).await, Ok(RuntimeKind::Simulated));
        let reason = select(RuntimeSelection::Docker, data.path()).await.unwrap_err();
        assert!(reason.contains("/nonexistent/engine.sock"), "{reason}");
    }

    #[tokio::test]
    async fn without_an_engine_auto_means_oci_or_both_reasons() {
        let data = tempfile::tempdir().unwrap();
        match select(RuntimeSelection::Auto, data.path()).await {
            Ok(kind) => assert_eq!(kind, RuntimeKind::Oci),
            Err(reason) => {
                assert!(reason.contains("docker runtime") && reason.contains("oci runtime"), "{reason}");
            }
        }
    }
}
