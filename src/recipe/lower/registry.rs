//! Registries.

use std::collections::BTreeMap;

use crate::recipe::document::{Registry, optional};
use crate::resource::RegistrySpec;

/// Docker Hub, where images without a registry in their name come from.
const DEFAULT_REGISTRY: &str = "docker.io";

/// Registries by their keys in the recipe.
pub(super) type Registries = BTreeMap<String, RegistrySpec>;

pub(super) fn registry(registry: &Registry) -> Option<RegistrySpec> {
    let password = match &registry.password {
        Some(reference) => Some(reference.get()?.reference()?),
        None => None,
    };
    Some(RegistrySpec {
        server: optional(registry.server.as_ref())?.unwrap_or_else(|| DEFAULT_REGISTRY.to_owned()),
        username: optional(registry.username.as_ref())?,
        password,
        identity: optional(registry.identity.as_ref())?.map(|identity| identity.0),
    })
}
