//! Finding an engine, and agreeing with it on how to talk.

use std::path::Path;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker};

use super::engine_error;
use crate::node::runtime::RuntimeError;

/// How long the engine may take for an answer.
const TIMEOUT: Duration = Duration::from_secs(120);

/// An engine that answered.
#[derive(Debug, Clone)]
pub(super) struct Engine {
    pub(super) api: Docker,
    /// Its name, its version, and where it listens.
    pub(super) description: String,
    pub(super) is_podman: bool,
}

impl Engine {
    /// Connects to the engine at `host`, or else to the first one that listens where they usually do.
    pub(super) async fn find(host: Option<&str>) -> Result<Self, RuntimeError> {
        let candidates = host.map_or_else(usual_sockets, |host| vec![host.to_owned()]);
        let mut refusals = Vec::new();
        for candidate in candidates {
            match Self::at(&candidate).await {
                Ok(engine) => return Ok(engine),
                Err(reason) => refusals.push(format!("{candidate}: {reason}")),
            }
        }
        Err(engine_error::unavailable(format!(
            "{}; start Docker or Podman, or set DOCKER_HOST to the engine's socket",
            refusals.join("; ")
        )))
    }

    async fn at(host: &str) -> Result<Self, String> {
        let path = host.strip_prefix("unix://").ok_or(
            "only engines on this machine can be used, at a unix:// address, as tasks need the node's files",
        )?;
        if !Path::new(path).exists() {
            return Err("there is no such socket".to_owned());
        }
        let words = |error: bollard::errors::Error| engine_error::message(&error);
        let api = Docker::connect_with_unix(host, TIMEOUT.as_secs(), API_DEFAULT_VERSION).map_err(words)?;
        let api = api.with_request_modifier(url_safe_login).negotiate_version().await.map_err(words)?;
        let version = api.version().await.map_err(words)?;
        let is_podman = version.components.iter().flatten().any(|part| part.name.contains("Podman"));
        let name = if is_podman { "Podman" } else { "Docker" };
        let number = version.version.as_deref().unwrap_or("of unknown version");
        Ok(Self { api, description: format!("{name} {number} at {host}"), is_podman })
    }
}

/// Where engines listen when nobody says otherwise: Docker and Podman, run by root and by the user.
fn usual_sockets() -> Vec<String> {
    let user = rustix::process::geteuid().as_raw();
    [
        "/var/run/docker.sock".to_owned(),
        format!("/run/user/{user}/docker.sock"),
        "/run/podman/podman.sock".to_owned(),
        format!("/run/user/{user}/podman/podman.sock"),
    ]
    .map(|path| format!("unix://{path}"))
    .into()
}

/// Engines read the login in the URL-safe alphabet of base64 and ignore it in the other one, which bollard writes: a
/// password with a `?` could never log in.
fn url_safe_login(mut request: BollardRequest) -> BollardRequest {
    if let Some(value) = request.headers_mut().get_mut("X-Registry-Auth")
        && let Ok(text) = value.to_str()
        && let Ok(mut safe) = http::HeaderValue::from_str(&text.replace('+', "-").replace('/', "_"))
    {
        safe.set_sensitive(true);
        *value = safe;
    }
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_engine_that_is_not_there_is_told_with_what_to_try() {
        let error = Engine::find(Some("unix:///nonexistent/engine.sock")).await.unwrap_err().to_string();
        for part in ["docker runtime is not available", "/nonexistent/engine.sock", "DOCKER_HOST"] {
            assert!(error.contains(part), "{error}");
        }
        let error = Engine::find(Some("tcp://127.0.0.1:2375")).await.unwrap_err().to_string();
        assert!(error.contains("unix://"), "{error}");
    }

    #[test]
    fn logins_are_sent_in_the_alphabet_that_engines_read() {
        let body = bollard::body_full(bytes::Bytes::new());
        let request = http::Request::builder().header("X-Registry-Auth", "a+b/c=").body(body).unwrap();
        let value = url_safe_login(request).headers().get("X-Registry-Auth").cloned().unwrap();
        assert_eq!(value.to_str().unwrap(), "a-b_c=");
        assert!(value.is_sensitive());
    }
}
