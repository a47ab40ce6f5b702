//! Container registries.

use serde::Serialize;

use crate::batch::model::{BatchNodeIdentityReference, ContainerRegistryReference};
use crate::secret::SecretRef;

/// A registry and how to log in to it. Passwords are references and are never compared with the service's, which doesn't
/// return them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegistrySpec {
    /// Host and port.
    pub server: String,
    /// The user name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Where the password is; `None` in what was read from the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretRef>,
    /// The ARM id of a managed identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
}

impl RegistrySpec {
    /// The wire form; the password is still a reference.
    pub fn to_wire(&self) -> ContainerRegistryReference {
        ContainerRegistryReference {
            username: self.username.clone(),
            password: self.password.clone().map(Into::into),
            registry_server: Some(self.server.clone()),
            identity_reference: self
                .identity
                .clone()
                .map(|resource_id| BatchNodeIdentityReference { resource_id: Some(resource_id) }),
        }
    }

    /// The registry of a wire object.
    pub fn from_wire(registry: &ContainerRegistryReference) -> Self {
        Self {
            server: registry.registry_server.clone().unwrap_or_else(|| "docker.io".to_owned()),
            username: registry.username.clone(),
            password: None,
            identity: registry.identity_reference.clone().and_then(|identity| identity.resource_id),
        }
    }

    /// Whether a live registry is what the recipe asks for, as far as the service tells.
    pub fn same(&self, live: &Self) -> bool {
        self.server.eq_ignore_ascii_case(&live.server)
            && self.username == live.username
            && self.identity == live.identity
    }
}
