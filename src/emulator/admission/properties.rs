//! Properties that pools, jobs and tasks share.

use super::refusals::{invalid, missing, not_done_because};
use super::refused::REGISTRY_IDENTITY;
use crate::batch::model::{
    BatchMetadataItem, BatchTaskContainerSettings, ContainerRegistryReference, UserAccount, UserIdentity,
};
use crate::emulator::refusal::Refusal;

/// The most text that metadata may hold.
const MAX_METADATA: usize = 64 * 1024;

/// Checks a registry's login.
pub(super) fn registry(registry: &ContainerRegistryReference) -> Result<(), Refusal> {
    if registry.identity_reference.is_some() {
        return Err(not_done_because(
            REGISTRY_IDENTITY,
            "managed identities exist in Azure only; log in to the registry with user and password here",
        ));
    }
    Ok(())
}

/// Checks the container of a task.
pub(super) fn container_settings(settings: Option<&BatchTaskContainerSettings>) -> Result<(), Refusal> {
    let Some(settings) = settings else { return Ok(()) };
    if settings.image_name.trim().is_empty() {
        return Err(missing("containerSettings.imageName"));
    }
    settings.registry.as_ref().map_or(Ok(()), registry)
}

/// Checks who a task runs as. Whether its pool has that user is not asked: the pool of a job may come later.
pub(super) fn user_identity(identity: Option<&UserIdentity>) -> Result<(), Refusal> {
    let Some(name) = identity.and_then(|identity| identity.username.as_deref()) else { return Ok(()) };
    if identity.is_some_and(|identity| identity.auto_user.is_some()) {
        let reason = "a task runs as a named user or as an automatic one, not as both";
        return Err(invalid("userIdentity", name, reason));
    }
    user_name("userIdentity.username", name)
}

/// Checks the name of a user.
pub(super) fn user_name(property: &str, name: &str) -> Result<(), Refusal> {
    if name.is_empty() || name.chars().count() > UserAccount::LONGEST_NAME {
        return Err(invalid(property, name, "the name of a user has 1 to 20 characters"));
    }
    Ok(())
}

/// Checks a number of retries.
pub(super) fn retries(property: &str, count: Option<i32>) -> Result<(), Refusal> {
    match count {
        Some(count) if count < -1 => Err(invalid(property, count, "-1 means without limit, 0 means none")),
        _ => Ok(()),
    }
}

/// Checks names and values of a user.
pub(super) fn metadata(items: Option<&[BatchMetadataItem]>) -> Result<(), Refusal> {
    let items = items.unwrap_or_default();
    if items.iter().any(|item| item.name.is_empty()) {
        return Err(invalid("metadata", "", "an item has no name"));
    }
    if items.iter().map(|item| item.name.len() + item.value.len()).sum::<usize>() > MAX_METADATA {
        return Err(invalid("metadata", "…", "all items together have at most 64 KiB"));
    }
    Ok(())
}
