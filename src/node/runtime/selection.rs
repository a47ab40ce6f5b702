//! Choosing a runtime.

use std::path::Path;
use std::sync::Arc;

use super::builtin_image::WithBuiltinImage;
use super::oci::OciRuntime;
use super::{ContainerRuntime, DockerRuntime, RuntimeError, SimulatedRuntime};
use crate::clock::Clock;

/// Which runtime a user asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuntimeSelection {
    /// A Docker engine if one answers, else no daemon where that works.
    Auto,
    /// A Docker engine.
    Docker,
    /// No daemon.
    Oci,
    /// No processes at all.
    Simulated,
}

/// The runtime of that choice. `data` is a folder for images; `docker_host` is where the engine listens, when not at the usual
/// place.
///
/// # Errors
/// Why there is no such runtime on this machine, and what to try; for `Auto` why there is none at all.
pub async fn select_runtime(
    selection: RuntimeSelection,
    docker_host: Option<&str>,
    data: &Path,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn ContainerRuntime>, String> {
    match selection {
        RuntimeSelection::Simulated => Ok(Arc::new(SimulatedRuntime::new(clock))),
        RuntimeSelection::Docker => docker(docker_host, data).await.map_err(|error| error.to_string()),
        RuntimeSelection::Oci => oci(data).map_err(|error| error.to_string()),
        RuntimeSelection::Auto => match docker(docker_host, data).await {
            Ok(runtime) => Ok(runtime),
            Err(no_engine) => oci(data).map_err(|error| format!("{no_engine}; {error}")),
        },
    }
}

async fn docker(host: Option<&str>, data: &Path) -> Result<Arc<dyn ContainerRuntime>, RuntimeError> {
    let runtime = DockerRuntime::connect(host).await?;
    Ok(Arc::new(WithBuiltinImage::new(Arc::new(runtime), data.join("builtin"))))
}

fn oci(data: &Path) -> Result<Arc<dyn ContainerRuntime>, RuntimeError> {
    let runtime = OciRuntime::new(data.join("images"))?;
    Ok(Arc::new(WithBuiltinImage::new(Arc::new(runtime), data.join("builtin"))))
}
