//! What kind of system the nodes of a pool run.

use crate::recipe::document::{ImageChoice, Pool};

/// A kind of operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Platform {
    Linux,
    Windows,
}

/// The system of a pool's nodes. `None` if neither image nor node agent tells.
pub(super) fn platform(pool: &Pool) -> Option<Platform> {
    if let Some(agent) = &pool.node_agent_sku {
        let agent = agent.get()?.to_ascii_lowercase();
        return Some(if agent.contains("windows") { Platform::Windows } else { Platform::Linux });
    }
    let agent = pool.image.get()?.alias()?.node_agent_sku;
    Some(if agent.contains("windows") { Platform::Windows } else { Platform::Linux })
}

/// Publisher, offer and SKU of a Marketplace image.
pub(super) fn marketplace(image: &ImageChoice) -> Option<(&str, &str, &str)> {
    match image {
        ImageChoice::Alias(_) => image.alias().map(|alias| (alias.publisher, alias.offer, alias.sku)),
        ImageChoice::Reference(image) => {
            Some((image.publisher.as_ref()?.get()?, image.offer.as_ref()?.get()?, image.sku.as_ref()?.get()?))
        }
    }
}
