//! Looking at an image in its registry: its manifest and its configuration are fetched, its layers are not.

use oci_client::manifest::{ImageIndexEntry, OciManifest};

use super::image_config::ImageConfig;
use super::layer::sha256_hex;
use super::reference::ImageName;
use super::registry::Registry;
use crate::node::platform::architecture;
use crate::node::runtime::{ImageReport, Platform, RegistryCredential, RuntimeError};

/// What virtual machines of Azure Batch have.
const BATCH_ARCHITECTURE: &str = "amd64";

/// What the registry of an image says of it. Of a list of images for several platforms, the one is described that a Linux node of
/// Azure Batch would run, or, where there is none, the next best.
///
/// # Errors
/// When the registry does not give it: it wants a login or another one, has no such image, or can't be reached.
pub async fn look(image: &str, credential: Option<&RegistryCredential>) -> Result<ImageReport, RuntimeError> {
    let name = ImageName::parse(image)?;
    let registry = Registry::new(&name, credential)?;
    registry.log_in().await?;
    let (manifest, digest) = registry.whatever_is_there().await?;
    let invalid = |reason: String| RuntimeError::InvalidImage { image: image.to_owned(), reason };
    let (manifest, others) = match manifest {
        OciManifest::Image(manifest) => (manifest, Vec::new()),
        OciManifest::ImageIndex(list) => {
            let mut entries: Vec<_> = list.manifests.into_iter().filter(is_image).collect();
            let best = (0..entries.len()).min_by_key(|position| entries.get(*position).map(rank));
            let best = best.ok_or_else(|| invalid("its list of images is empty".to_owned()))?;
            let chosen = entries.remove(best);
            (registry.listed(&chosen).await?, entries)
        }
    };
    registry.check(&manifest)?;
    if sha256_hex(&manifest.config.digest).is_none() {
        return Err(invalid("the digest of its configuration is not a SHA-256 digest".to_owned()));
    }
    let configuration = registry.configuration(&manifest).await?;
    let config = ImageConfig::read(&configuration).map_err(invalid)?;
    let mut report = config.report(manifest.config.digest.clone());
    report.digest = digest;
    report.other_platforms = others.iter().filter_map(platform_of).collect();
    report.layers = manifest.layers.iter().map(|layer| u64::try_from(layer.size).unwrap_or(0)).collect();
    Ok(report)
}

/// Lists hold more than images, such as papers about how they were built, for a platform that nobody has.
fn is_image(entry: &ImageIndexEntry) -> bool {
    platform_of(entry).is_none_or(|platform| platform.os != "unknown")
}

/// How well an image fits: the lower, the better.
fn rank(entry: &ImageIndexEntry) -> u8 {
    let Some(platform) = platform_of(entry) else { return 4 };
    match (platform.os.as_str(), platform.architecture.as_str()) {
        ("linux", BATCH_ARCHITECTURE) => 0,
        ("linux", other) if other == architecture() => 1,
        ("linux", _) => 2,
        _ => 3,
    }
}

fn platform_of(entry: &ImageIndexEntry) -> Option<Platform> {
    let platform = entry.platform.as_ref()?;
    Some(Platform {
        os: platform.os.to_string(),
        architecture: platform.architecture.to_string(),
        variant: platform.variant.clone(),
        os_version: platform.os_version.clone(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(os: &str, architecture: &str) -> ImageIndexEntry {
        serde_json::from_value(json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "sha256:1", "size": 1,
            "platform": {"os": os, "architecture": architecture}
        }))
        .unwrap()
    }

    #[test]
    fn of_a_list_the_image_for_nodes_of_batch_is_the_best() {
        let list = [entry("windows", "amd64"), entry("linux", "s390x"), entry("linux", BATCH_ARCHITECTURE)];
        assert_eq!(list.iter().map(rank).collect::<Vec<_>>()[2], 0);
        assert!(rank(&list[0]) > rank(&list[1]));
        assert!(!is_image(&entry("unknown", "unknown")));
    }
}
