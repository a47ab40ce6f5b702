//! Talking to registries.

use std::sync::OnceLock;
use std::time::Duration;

use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::errors::{OciDistributionError, OciErrorCode};
use oci_client::manifest::{ImageIndexEntry, OciDescriptor, OciImageManifest, OciManifest};
use oci_client::secrets::RegistryAuth;
use oci_client::{Client, Reference, RegistryOperation};
use tokio::io::AsyncWrite;

use super::reference::ImageName;
use crate::node::platform::architecture;
use crate::node::runtime::{RegistryCredential, RuntimeError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// How large an image's configuration may be.
const MAX_CONFIG: i64 = 16 << 20;

/// The registry of an image, with the login to it. The credential lives no longer than this.
pub(super) struct Registry<'a> {
    name: &'a ImageName,
    client: Client,
    login: RegistryAuth,
    credential: Option<&'a RegistryCredential>,
    /// What the registry's token server gave at the login, if it did.
    token: OnceLock<String>,
}

impl<'a> Registry<'a> {
    pub(super) fn new(
        name: &'a ImageName,
        credential: Option<&'a RegistryCredential>,
    ) -> Result<Self, RuntimeError> {
        let mut config = ClientConfig::default();
        if name.is_loopback() {
            config.protocol = ClientProtocol::Http;
            // A proxy for the world can't reach this machine's own registry. Naming one, to be used for nothing, is how the
            // client is told to leave those of the environment alone.
            config.http_proxy = Some("http://127.0.0.1".to_owned());
            config.no_proxy = Some("localhost,127.0.0.0/8,::1".to_owned());
        }
        let config = ClientConfig {
            connect_timeout: Some(CONNECT_TIMEOUT),
            read_timeout: Some(READ_TIMEOUT),
            platform_resolver: Some(Box::new(choose_platform)),
            user_agent: concat!("batchyard/", env!("CARGO_PKG_VERSION")),
            ..config
        };
        let client = Client::try_from(config).map_err(|error| RuntimeError::PullFailed {
            image: name.written.clone(),
            registry: name.registry().to_owned(),
            reason: reasons(&error),
        })?;
        let login = credential.map_or(RegistryAuth::Anonymous, |credential| {
            RegistryAuth::Basic(credential.username.clone(), credential.password.expose().to_owned())
        });
        Ok(Self { name, client, login, credential, token: OnceLock::new() })
    }

    /// Logs in; what is asked for next needs no further login.
    pub(super) async fn log_in(&self) -> Result<(), RuntimeError> {
        let reference = &self.name.reference;
        let answer = self.client.auth(reference, &self.login, RegistryOperation::Pull).await;
        let token = answer.map_err(|error| self.explain(error))?;
        if let Some(token) = token {
            let _ = self.token.set(token);
        }
        Ok(())
    }

    /// The manifest of the image for this machine.
    pub(super) async fn manifest(&self) -> Result<OciImageManifest, RuntimeError> {
        let answer = self.client.pull_image_manifest(&self.name.reference, &self.login).await;
        answer.map(|(manifest, _)| manifest).map_err(|error| self.explain(error))
    }

    /// What the name stands for, an image or a list of images for several platforms; and its digest.
    pub(super) async fn whatever_is_there(&self) -> Result<(OciManifest, String), RuntimeError> {
        let answer = self.client.pull_manifest(&self.name.reference, &self.login).await;
        answer.map_err(|error| self.explain(error))
    }

    /// The manifest of one image of a list.
    pub(super) async fn listed(&self, entry: &ImageIndexEntry) -> Result<OciImageManifest, RuntimeError> {
        let reference: Reference = self.name.reference.clone_with_digest(entry.digest.clone());
        let answer = self.client.pull_image_manifest(&reference, &self.login).await;
        answer.map(|(manifest, _)| manifest).map_err(|error| self.explain(error))
    }

    /// An image's configuration, JSON.
    pub(super) async fn configuration(&self, manifest: &OciImageManifest) -> Result<Vec<u8>, RuntimeError> {
        let mut configuration = Vec::new();
        self.blob(&manifest.config, &mut configuration).await?;
        Ok(configuration)
    }

    /// Fetches a blob; its digest is checked on the way.
    pub(super) async fn blob(
        &self,
        descriptor: &OciDescriptor,
        to: impl AsyncWrite,
    ) -> Result<(), RuntimeError> {
        let answer = self.client.pull_blob(&self.name.reference, descriptor, to).await;
        answer.map_err(|error| self.explain(error))
    }

    /// Refuses what is no container image before anything large is fetched.
    pub(super) fn check(&self, manifest: &OciImageManifest) -> Result<(), RuntimeError> {
        let refuse = |reason: String| {
            let error = RuntimeError::InvalidImage { image: self.name.written.clone(), reason };
            Err(error.harmless(self.credential, self.token.get()))
        };
        if let Some(layer) = manifest.layers.iter().find(|layer| !layer.media_type.contains(".tar")) {
            return refuse(format!("it is no container image: a layer is of type `{}`", layer.media_type));
        }
        if manifest.config.size > MAX_CONFIG {
            return refuse(format!("its configuration holds {} bytes", manifest.config.size));
        }
        Ok(())
    }

    /// What went wrong on this machine.
    pub(super) fn failed(&self, error: &dyn std::error::Error) -> RuntimeError {
        RuntimeError::PullFailed {
            image: self.name.written.clone(),
            registry: self.name.registry().to_owned(),
            reason: reasons(error),
        }
    }

    /// Says in the runtime's terms what the registry said.
    fn explain(&self, error: OciDistributionError) -> RuntimeError {
        let image = self.name.written.clone();
        let registry = self.name.registry().to_owned();
        let login = match &self.login {
            RegistryAuth::Basic(user, _) => format!("logged in as `{user}`"),
            _ => "no login was given; the image is private or doesn't exist".to_owned(),
        };
        let error = match verdict(&error) {
            Verdict::Unauthorized(answer) => {
                RuntimeError::Unauthorized { image, registry, reason: format!("{answer} ({login})") }
            }
            Verdict::NotFound(reason) => RuntimeError::ImageNotFound { image, registry, reason },
            Verdict::Invalid(reason) => RuntimeError::InvalidImage { image, reason },
            Verdict::Failed(reason) => RuntimeError::PullFailed { image, registry, reason },
        };
        error.harmless(self.credential, self.token.get())
    }
}

/// What an error of the registry client means.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Unauthorized(String),
    NotFound(String),
    Invalid(String),
    Failed(String),
}

fn verdict(error: &OciDistributionError) -> Verdict {
    use OciDistributionError as E;
    match error {
        E::UnauthorizedError { .. } => Verdict::Unauthorized("401 Unauthorized".to_owned()),
        // The token server's answer; the client keeps its body, not its status, and comes here for refusals only.
        E::AuthenticationFailure(body) => {
            Verdict::Unauthorized(format!("401 Unauthorized: {}", first_line(body)))
        }
        E::RegistryError { envelope, .. } => {
            let said = envelope.errors.iter().map(|e| e.message.as_str()).collect::<Vec<_>>().join("; ");
            let has = |codes: &[OciErrorCode]| envelope.errors.iter().any(|e| codes.contains(&e.code));
            if has(&[OciErrorCode::Unauthorized, OciErrorCode::Denied]) {
                Verdict::Unauthorized(format!("403 Forbidden: {said}"))
            } else if has(&[
                OciErrorCode::ManifestUnknown,
                OciErrorCode::NameUnknown,
                OciErrorCode::NotFound,
                OciErrorCode::BlobUnknown,
                OciErrorCode::ManifestBlobUnknown,
            ]) {
                Verdict::NotFound(format!("404 Not Found: {said}"))
            } else {
                Verdict::Failed(said)
            }
        }
        E::ServerError { code: 403, message, .. } => {
            Verdict::Unauthorized(format!("403 Forbidden: {}", first_line(message)))
        }
        E::ServerError { code: 404, message, .. } => {
            Verdict::NotFound(format!("404 Not Found: {}", first_line(message)))
        }
        E::ServerError { code, message, .. } => {
            Verdict::Failed(format!("it answered {code}: {}", first_line(message)))
        }
        E::ImageManifestNotFoundError(reason) => {
            Verdict::Invalid(format!("{reason} (linux/{})", architecture()))
        }
        E::DigestError(_)
        | E::JsonError(_)
        | E::ManifestEncodingError(_)
        | E::ManifestParsingError(_)
        | E::VersionedParsingError(_)
        | E::UnsupportedMediaTypeError(_)
        | E::UnsupportedSchemaVersionError(_)
        | E::IncompatibleLayerMediaTypeError(_) => Verdict::Invalid(reasons(error)),
        _ => Verdict::Failed(reasons(error)),
    }
}

/// The image for this machine among those of a list.
fn choose_platform(entries: &[ImageIndexEntry]) -> Option<String> {
    let here = architecture();
    entries
        .iter()
        .find(|entry| {
            entry.platform.as_ref().is_some_and(|platform| {
                platform.os.to_string() == "linux" && platform.architecture.to_string() == here
            })
        })
        .map(|entry| entry.digest.clone())
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default().trim()
}

/// An error with everything that caused it, in one line.
pub(super) fn reasons(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // Some errors print their cause themselves.
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry_error(code: &str) -> OciDistributionError {
        let envelope = serde_json::from_value(serde_json::json!({
            "errors": [{"code": code, "message": "no such thing"}]
        }))
        .unwrap();
        OciDistributionError::RegistryError { envelope, url: "http://r/v2/".into() }
    }

    #[test]
    fn answers_of_registries_are_told_apart() {
        let unauthorized = OciDistributionError::UnauthorizedError { url: "u".into() };
        assert_eq!(verdict(&unauthorized), Verdict::Unauthorized("401 Unauthorized".into()));
        assert_eq!(
            verdict(&registry_error("DENIED")),
            Verdict::Unauthorized("403 Forbidden: no such thing".into())
        );
        for code in ["MANIFEST_UNKNOWN", "NAME_UNKNOWN"] {
            assert_eq!(
                verdict(&registry_error(code)),
                Verdict::NotFound("404 Not Found: no such thing".into())
            );
        }
        assert_eq!(verdict(&registry_error("TOOMANYREQUESTS")), Verdict::Failed("no such thing".into()));
        let server = |code| OciDistributionError::ServerError {
            code,
            url: "u".into(),
            message: "bad gateway\nmore".into(),
        };
        assert_eq!(verdict(&server(502)), Verdict::Failed("it answered 502: bad gateway".into()));
        assert!(matches!(verdict(&server(403)), Verdict::Unauthorized(_)));
        assert!(matches!(verdict(&server(404)), Verdict::NotFound(_)));
        let manifest = OciDistributionError::ManifestParsingError("x".into());
        assert!(matches!(verdict(&manifest), Verdict::Invalid(_)));
    }

    #[test]
    fn the_image_for_this_machine_is_chosen_from_a_list() {
        let entry = |os: &str, architecture: &str, digest: &str| -> ImageIndexEntry {
            serde_json::from_value(serde_json::json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 1,
                "platform": {"os": os, "architecture": architecture}
            }))
            .unwrap()
        };
        let here = architecture();
        let list = [entry("windows", here, "w"), entry("linux", "s390x", "s"), entry("linux", here, "us")];
        assert_eq!(choose_platform(&list).as_deref(), Some("us"));
        assert_eq!(choose_platform(&list[..2]), None);
    }
}
