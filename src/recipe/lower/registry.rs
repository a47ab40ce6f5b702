//! Registries, and references to secrets.

use std::collections::BTreeMap;

use crate::recipe::document::{Registry, SecretReference, optional};
use crate::resource::RegistrySpec;
use crate::secret::SecretRef;

/// Docker Hub, where images without a registry in their name come from.
const DEFAULT_REGISTRY: &str = "docker.io";

/// Registries by their keys in the recipe.
pub(super) type Registries = BTreeMap<String, RegistrySpec>;

pub(super) fn registry(registry: &Registry) -> Option<RegistrySpec> {
    let password = match &registry.password {
        Some(reference) => Some(secret(reference.get()?)?),
        None => None,
    };
    Some(RegistrySpec {
        server: optional(registry.server.as_ref())?.unwrap_or_else(|| DEFAULT_REGISTRY.to_owned()),
        username: optional(registry.username.as_ref())?,
        password,
        identity: optional(registry.identity.as_ref())?,
    })
}

pub(super) fn secret(reference: &SecretReference) -> Option<SecretRef> {
    let SecretReference { env, file, key_vault } = reference;
    match (env, file, key_vault) {
        (Some(name), None, None) => Some(SecretRef::Env(name.get()?.clone())),
        (None, Some(path), None) => Some(SecretRef::File(path.get()?.clone())),
        (None, None, Some(url)) => Some(SecretRef::KeyVault(url.get()?.clone())),
        _ => None,
    }
}
