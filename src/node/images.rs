//! The images of a node: which login belongs to an image, and having the image there before a container needs it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::batch::image_reference::{ImageReference, server_name};
use crate::batch::model::{BatchContainerConfiguration, Confidential, ContainerRegistryReference};
use crate::node::runtime::{ContainerRuntime, RegistryCredential, RuntimeError};

/// An image that can't be had.
#[derive(Debug, Clone)]
pub(super) struct ImageProblem {
    /// The image as it was asked for.
    pub(super) image: String,
    /// Why not.
    pub(super) error: RuntimeError,
}

/// Has images there. One image is fetched once at a time, however many tasks ask for it.
#[derive(Debug)]
pub(super) struct ImageStore {
    runtime: Arc<dyn ContainerRuntime>,
    fetches: Mutex<HashMap<FetchKey, Arc<tokio::sync::Mutex<bool>>>>,
}

/// What makes two fetches the same: the image, and the login to its registry.
type FetchKey = (ImageReference, Option<(String, [u8; 32])>);

impl ImageStore {
    pub(super) fn new(runtime: Arc<dyn ContainerRuntime>) -> Self {
        Self { runtime, fetches: Mutex::default() }
    }

    /// Has an image there, and gives its full name.
    ///
    /// An image that the runtime has already is taken as it is, so that images of one's own need no registry. But where
    /// there is a login, the registry is asked once on every node, as only the registry knows whether the login is good;
    /// if it can't be reached, an image that is there will do.
    pub(super) async fn ensure(
        &self,
        image: &str,
        registries: Registries<'_>,
    ) -> Result<ImageReference, ImageProblem> {
        let problem = |error| ImageProblem { image: image.to_owned(), error };
        let reference: ImageReference =
            image.parse().map_err(|error: crate::batch::image_reference::InvalidImageReference| {
                problem(RuntimeError::InvalidImage { image: image.to_owned(), reason: error.to_string() })
            })?;
        let credential = registries.credential_for(&reference).map_err(problem)?;
        let name = reference.to_string();
        let find =
            async || self.runtime.find_image(&name).await.map(|image| image.is_some()).map_err(problem);
        if credential.is_none() && find().await? {
            return Ok(reference);
        }

        let fetch = self.fetch(&reference, credential.as_ref());
        let mut login_is_good = fetch.lock().await;
        let is_there = find().await?;
        if is_there && (credential.is_none() || *login_is_good) {
            return Ok(reference);
        }
        let pulled = self.runtime.pull(&name, credential.as_ref()).await;
        match pulled.map_err(|error| error.harmless(credential.as_ref(), None)) {
            Ok(_) => *login_is_good = true,
            Err(RuntimeError::PullFailed { reason, .. }) if is_there => {
                tracing::warn!(
                    image = name,
                    reason,
                    "the registry can't be asked; the image that is there is used"
                );
            }
            Err(error) => return Err(problem(error)),
        }
        Ok(reference)
    }

    fn fetch(
        &self,
        reference: &ImageReference,
        credential: Option<&RegistryCredential>,
    ) -> Arc<tokio::sync::Mutex<bool>> {
        let login = credential.map(|credential| {
            (credential.username.clone(), *blake3::hash(credential.password.expose().as_bytes()).as_bytes())
        });
        let mut fetches = self.fetches.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(fetches.entry((reference.clone(), login)).or_default())
    }
}

/// The registries that a task may log in to: its own, then its pool's.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Registries<'a> {
    task: Option<&'a ContainerRegistryReference>,
    pool: &'a [ContainerRegistryReference],
}

impl<'a> Registries<'a> {
    pub(super) fn new(
        task: Option<&'a ContainerRegistryReference>,
        pool: Option<&'a BatchContainerConfiguration>,
    ) -> Self {
        let pool = pool.and_then(|pool| pool.container_registries.as_deref()).unwrap_or_default();
        Self { task, pool }
    }

    /// The login to the registry of an image; `None` if nothing is known of that registry.
    fn credential_for(self, image: &ImageReference) -> Result<Option<RegistryCredential>, RuntimeError> {
        let refused = |reason: String| RuntimeError::Unauthorized {
            image: image.to_string(),
            registry: image.registry().to_owned(),
            reason,
        };
        let candidates = self.task.into_iter().chain(self.pool);
        let mut of_this_registry = candidates
            .filter(|registry| {
                server_name(registry.registry_server.as_deref().unwrap_or_default()) == image.registry()
            })
            .peekable();
        if of_this_registry.peek().is_none() {
            return Ok(None);
        }
        // A task may name a registry and leave its login to the pool, which knows it.
        let mut reason = None;
        for registry in of_this_registry {
            match (&registry.username, &registry.password, &registry.identity_reference) {
                (Some(username), Some(Confidential::Value(password)), _) => {
                    return Ok(Some(RegistryCredential {
                        server: image.registry().to_owned(),
                        username: username.clone(),
                        password: password.clone(),
                    }));
                }
                (Some(username), _, _) => {
                    reason = Some(format!("no password is known for user `{username}`"));
                }
                (None, _, Some(_)) => {
                    reason = Some(
                        "the login is a managed identity, and only nodes in Azure have those; \
                         give a user name and a password"
                            .to_owned(),
                    );
                }
                (None, _, None) => {}
            }
        }
        reason.map_or(Ok(None), |reason| Err(refused(reason)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::model::BatchNodeIdentityReference;

    fn registry(server: Option<&str>, login: Option<(&str, &str)>) -> ContainerRegistryReference {
        ContainerRegistryReference {
            registry_server: server.map(str::to_owned),
            username: login.map(|(user, _)| user.to_owned()),
            password: login.map(|(_, password)| Confidential::value(password)),
            identity_reference: None,
        }
    }

    fn user_for(
        image: &str,
        task: Option<&ContainerRegistryReference>,
        pool: &[ContainerRegistryReference],
    ) -> Option<String> {
        let registries = Registries { task, pool };
        registries.credential_for(&image.parse().unwrap()).unwrap().map(|credential| credential.username)
    }

    #[test]
    fn a_login_is_used_for_its_own_registry_only() {
        let pool = [
            registry(Some("https://MyRegistry.azurecr.io"), Some(("ci", "x"))),
            registry(None, Some(("hub", "y"))),
        ];
        assert_eq!(user_for("myregistry.azurecr.io/team/app", None, &pool).as_deref(), Some("ci"));
        assert_eq!(user_for("busybox", None, &pool).as_deref(), Some("hub"));
        assert_eq!(user_for("other.azurecr.io/app", None, &pool), None);
    }

    #[test]
    fn the_task_s_login_comes_first_and_the_pool_s_fills_in() {
        let pool = [registry(Some("r.io"), Some(("pool", "x")))];
        let own = registry(Some("r.io"), Some(("task", "y")));
        let name_only = registry(Some("r.io"), None);
        let elsewhere = registry(Some("other.io"), Some(("task", "y")));
        assert_eq!(user_for("r.io/app", Some(&own), &pool).as_deref(), Some("task"));
        assert_eq!(user_for("r.io/app", Some(&name_only), &pool).as_deref(), Some("pool"));
        assert_eq!(user_for("r.io/app", Some(&elsewhere), &pool).as_deref(), Some("pool"));
        assert_eq!(user_for("r.io/app", Some(&name_only), &[]), None);
    }

    #[test]
    fn logins_that_only_azure_has_are_refused_with_the_reason() {
        let identity = ContainerRegistryReference {
            identity_reference: Some(BatchNodeIdentityReference {
                resource_id: Some("/subscriptions/s".to_owned()),
            }),
            ..registry(Some("r.io"), None)
        };
        let pool = [identity];
        let error =
            Registries { task: None, pool: &pool }.credential_for(&"r.io/app".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("managed identity"), "{error}");
        let half =
            [ContainerRegistryReference { password: None, ..registry(Some("r.io"), Some(("ci", ""))) }];
        let error =
            Registries { task: None, pool: &half }.credential_for(&"r.io/app".parse().unwrap()).unwrap_err();
        assert!(error.to_string().contains("no password is known for user `ci`"), "{error}");
    }
}
