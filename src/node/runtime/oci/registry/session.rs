//! The registry of one image: asked for its manifest, its configuration, its layers.

use std::sync::OnceLock;

use oci_client::manifest::{ImageIndexEntry, OciDescriptor, OciImageManifest, OciManifest};
use reqwest::RequestBuilder;
use reqwest::header::ACCEPT;
use tokio::io::AsyncWrite;

use super::answer::{RegistryError, reasons};
use super::connection::{Connection, Patience};
use super::login::Login;
use super::manifest::{MAX_MANIFEST, accepted, algorithm, choose_platform, read, verify};
use crate::node::runtime::oci::layer::{DigestWriter, digest};
use crate::node::runtime::oci::reference::ImageName;
use crate::node::runtime::{RegistryCredential, RuntimeError};

/// How large an image's configuration may be.
const MAX_CONFIG: i64 = 16 << 20;

/// The registry of an image, with the login to it. The credential lives no longer than this.
pub(in crate::node::runtime::oci) struct Registry<'a> {
    name: &'a ImageName,
    connection: Connection,
    credential: Option<&'a RegistryCredential>,
    login: OnceLock<Login>,
}

impl<'a> Registry<'a> {
    pub(in crate::node::runtime::oci) fn new(
        name: &'a ImageName,
        credential: Option<&'a RegistryCredential>,
    ) -> Result<Self, RuntimeError> {
        let connection =
            Connection::new(name, Patience::default()).map_err(|error| RuntimeError::PullFailed {
                image: name.written.clone(),
                registry: name.registry().to_owned(),
                reason: reasons(&error),
            })?;
        Ok(Self { name, connection, credential, login: OnceLock::new() })
    }

    /// Logs in; what is asked for next needs no further login.
    pub(in crate::node::runtime::oci) async fn log_in(&self) -> Result<(), RuntimeError> {
        let repository = self.name.reference.repository();
        let login = Login::obtain(&self.connection, repository, self.credential).await;
        // Whoever was first logged in as well.
        let _ = self.login.set(login.map_err(|error| self.explain(error))?);
        Ok(())
    }

    /// The manifest of the image for this machine.
    pub(in crate::node::runtime::oci) async fn manifest(&self) -> Result<OciImageManifest, RuntimeError> {
        match self.whatever_is_there().await?.0 {
            OciManifest::Image(manifest) => Ok(manifest),
            OciManifest::ImageIndex(list) => {
                let entry = choose_platform(&list.manifests).map_err(|error| self.explain(error))?;
                self.listed(entry).await
            }
        }
    }

    /// What the name stands for, an image or a list of images for several platforms; and its digest.
    pub(in crate::node::runtime::oci) async fn whatever_is_there(
        &self,
    ) -> Result<(OciManifest, String), RuntimeError> {
        let reference = &self.name.reference;
        let found = match reference.digest() {
            Some(digest) => self.manifest_of(digest).await.map(|manifest| (manifest, digest.to_owned())),
            None => self.manifest_tagged(reference.tag().unwrap_or("latest")).await,
        };
        found.map_err(|error| self.explain(error))
    }

    /// The manifest of one image of a list.
    pub(in crate::node::runtime::oci) async fn listed(
        &self,
        entry: &ImageIndexEntry,
    ) -> Result<OciImageManifest, RuntimeError> {
        match self.manifest_of(&entry.digest).await {
            Ok(OciManifest::Image(manifest)) => Ok(manifest),
            Ok(OciManifest::ImageIndex(_)) => {
                Err(self.explain(RegistryError::Invalid("its list of images holds another list".to_owned())))
            }
            Err(error) => Err(self.explain(error)),
        }
    }

    /// An image's configuration, JSON.
    pub(in crate::node::runtime::oci) async fn configuration(
        &self,
        manifest: &OciImageManifest,
    ) -> Result<Vec<u8>, RuntimeError> {
        let descriptor = &manifest.config;
        let most = usize::try_from(descriptor.size.min(MAX_CONFIG)).unwrap_or_default();
        let fetch = async {
            let request = self.blob_request(descriptor)?;
            let answer = self.connection.fetch(request, most).await?;
            if !answer.status.is_success() {
                return Err(RegistryError::of(answer.status, &answer.body));
            }
            verify(&answer.body, &descriptor.digest)?;
            Ok(answer.body)
        };
        fetch.await.map_err(|error| self.explain(error))
    }

    /// Fetches a blob; its digest is checked on the way.
    pub(in crate::node::runtime::oci) async fn blob(
        &self,
        descriptor: &OciDescriptor,
        to: impl AsyncWrite + Unpin,
    ) -> Result<(), RuntimeError> {
        let fetch = async {
            let mut to = DigestWriter::new(to);
            self.connection.stream(self.blob_request(descriptor)?, &mut to).await?;
            match to.finish() {
                found if found == descriptor.digest => Ok(()),
                found => Err(RegistryError::Invalid(format!(
                    "the registry gave something else for `{}`: {found}",
                    descriptor.digest
                ))),
            }
        };
        fetch.await.map_err(|error| self.explain(error))
    }

    /// Refuses what is no container image before anything large is fetched.
    pub(in crate::node::runtime::oci) fn check(
        &self,
        manifest: &OciImageManifest,
    ) -> Result<(), RuntimeError> {
        let refuse = |reason: String| Err(self.explain(RegistryError::Invalid(reason)));
        if let Some(layer) = manifest.layers.iter().find(|layer| !layer.media_type.contains(".tar")) {
            return refuse(format!("it is no container image: a layer is of type `{}`", layer.media_type));
        }
        if manifest.config.size > MAX_CONFIG {
            return refuse(format!("its configuration holds {} bytes", manifest.config.size));
        }
        Ok(())
    }

    /// What went wrong on this machine.
    pub(in crate::node::runtime::oci) fn failed(&self, error: &dyn std::error::Error) -> RuntimeError {
        RuntimeError::PullFailed {
            image: self.name.written.clone(),
            registry: self.name.registry().to_owned(),
            reason: reasons(error),
        }
    }

    async fn manifest_of(&self, digest: &str) -> Result<OciManifest, RegistryError> {
        algorithm(digest)?;
        let (body, _) = self.manifest_bytes(digest).await?;
        verify(&body, digest)?;
        read(&body)
    }

    async fn manifest_tagged(&self, tag: &str) -> Result<(OciManifest, String), RegistryError> {
        let (body, claimed) = self.manifest_bytes(tag).await?;
        // What the registry says of it guards against what happens on the way.
        if let Some(claimed) = claimed {
            verify(&body, &claimed)?;
        }
        Ok((read(&body)?, digest(&body)))
    }

    /// A manifest as it is sent, and the digest that the registry says it has.
    async fn manifest_bytes(&self, tag_or_digest: &str) -> Result<(Vec<u8>, Option<String>), RegistryError> {
        let path = format!("{}/manifests/{tag_or_digest}", self.name.reference.repository());
        let request = self.logged_in(self.connection.get(&path)).header(ACCEPT, accepted());
        let answer = self.connection.fetch(request, MAX_MANIFEST).await?;
        if !answer.status.is_success() {
            return Err(RegistryError::of(answer.status, &answer.body));
        }
        let claimed = answer.headers.get("docker-content-digest");
        let claimed = claimed.and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok((answer.body, claimed))
    }

    fn blob_request(&self, descriptor: &OciDescriptor) -> Result<RequestBuilder, RegistryError> {
        algorithm(&descriptor.digest)?;
        let path = format!("{}/blobs/{}", self.name.reference.repository(), descriptor.digest);
        Ok(self.logged_in(self.connection.get(&path)))
    }

    fn logged_in(&self, request: RequestBuilder) -> RequestBuilder {
        self.login.get().unwrap_or(&Login::Anonymous).show(request, self.credential)
    }

    /// Says in the runtime's terms what the registry said.
    fn explain(&self, error: RegistryError) -> RuntimeError {
        let image = self.name.written.clone();
        let registry = self.name.registry().to_owned();
        let login = match self.credential {
            Some(credential) => format!("logged in as `{}`", credential.username),
            None => "no login was given; the image is private or doesn't exist".to_owned(),
        };
        let error = match error {
            RegistryError::Unauthorized(answer) => {
                RuntimeError::Unauthorized { image, registry, reason: format!("{answer} ({login})") }
            }
            RegistryError::NotFound(reason) => RuntimeError::ImageNotFound { image, registry, reason },
            RegistryError::Invalid(reason) => RuntimeError::InvalidImage { image, reason },
            RegistryError::Failed(reason) => RuntimeError::PullFailed { image, registry, reason },
        };
        let token = match self.login.get() {
            Some(Login::Bearer(token)) => Some(token),
            _ => None,
        };
        error.harmless(self.credential, token)
    }
}
