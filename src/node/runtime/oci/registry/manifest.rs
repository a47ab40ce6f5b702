//! Manifests: what an image consists of, or which images there are for which platforms.

use std::fmt::Write as _;

use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE, OciManifest,
};
use ring::digest::{Algorithm, SHA256, SHA384, SHA512};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::answer::RegistryError;
use crate::node::platform::architecture;

/// How large a manifest may be, in bytes: as Docker and containerd have it.
pub(super) const MAX_MANIFEST: usize = 4 << 20;

/// How many layers an image may have. Docker can't run one of more than 127.
const MAX_LAYERS: usize = 512;

/// How many images a list may have. The largest in use have some dozens.
const MAX_LISTED: usize = 1024;

/// The kinds that are understood.
pub(super) fn accepted() -> String {
    [
        OCI_IMAGE_INDEX_MEDIA_TYPE,
        IMAGE_MANIFEST_LIST_MEDIA_TYPE,
        OCI_IMAGE_MEDIA_TYPE,
        IMAGE_MANIFEST_MEDIA_TYPE,
    ]
    .join(", ")
}

/// What tells of which kind a manifest is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outline {
    schema_version: u32,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    layers: Option<IgnoredAny>,
    #[serde(default)]
    manifests: Option<IgnoredAny>,
}

/// Understands a manifest.
pub(super) fn read(body: &[u8]) -> Result<OciManifest, RegistryError> {
    let broken = |error: serde_json::Error| RegistryError::Invalid(format!("its manifest: {error}"));
    let refuse = |why: String| Err(RegistryError::Invalid(why));
    let outline: Outline = serde_json::from_slice(body).map_err(broken)?;
    if outline.schema_version != 2 {
        return refuse(format!("its manifest is of version {}; this is version 2", outline.schema_version));
    }
    // Read as the one it would mean something else than read as the other.
    if outline.layers.is_some() && outline.manifests.is_some() {
        return refuse("its manifest is an image and a list of images at once".to_owned());
    }
    let is_list = match outline.media_type.as_deref() {
        Some(OCI_IMAGE_INDEX_MEDIA_TYPE | IMAGE_MANIFEST_LIST_MEDIA_TYPE) => true,
        Some(OCI_IMAGE_MEDIA_TYPE | IMAGE_MANIFEST_MEDIA_TYPE) => false,
        Some(other) => {
            return refuse(format!("its manifest is of type `{other}`, which is none of an image"));
        }
        None => outline.manifests.is_some(),
    };
    if is_list {
        let list = serde_json::from_slice(body).map(OciManifest::ImageIndex).map_err(broken)?;
        match &list {
            OciManifest::ImageIndex(index) if index.manifests.len() > MAX_LISTED => {
                refuse(format!("its list names {} images, the most are {MAX_LISTED}", index.manifests.len()))
            }
            _ => Ok(list),
        }
    } else {
        let image = serde_json::from_slice(body).map(OciManifest::Image).map_err(broken)?;
        match &image {
            OciManifest::Image(image) if image.layers.len() > MAX_LAYERS => {
                refuse(format!("it has {} layers, the most are {MAX_LAYERS}", image.layers.len()))
            }
            _ => Ok(image),
        }
    }
}

/// The image for this machine among those of a list.
pub(super) fn choose_platform(entries: &[ImageIndexEntry]) -> Result<&ImageIndexEntry, RegistryError> {
    let here = architecture();
    let fits = |entry: &&ImageIndexEntry| {
        entry.platform.as_ref().is_some_and(|platform| {
            platform.os.to_string() == "linux" && platform.architecture.to_string() == here
        })
    };
    let none = || RegistryError::Invalid(format!("its list has no image for this platform, linux/{here}"));
    entries.iter().find(fits).ok_or_else(none)
}

/// Checks that `content` has the digest `expected`.
pub(super) fn verify(content: &[u8], expected: &str) -> Result<(), RegistryError> {
    let algorithm = algorithm(expected)?;
    let (name, _) = expected.split_once(':').unwrap_or_default();
    let mut found = format!("{name}:");
    for byte in ring::digest::digest(algorithm, content).as_ref() {
        // Writing to a string can't fail.
        let _ = write!(found, "{byte:02x}");
    }
    if found == expected {
        Ok(())
    } else {
        Err(RegistryError::Invalid(format!("the registry gave something else for `{expected}`: {found}")))
    }
}

/// The algorithm of a digest, if it is well-formed: only then may it become a part of a URL.
pub(super) fn algorithm(digest: &str) -> Result<&'static Algorithm, RegistryError> {
    let known = match digest.split_once(':') {
        Some(("sha256", hex)) => Some((&SHA256, hex)),
        Some(("sha384", hex)) => Some((&SHA384, hex)),
        Some(("sha512", hex)) => Some((&SHA512, hex)),
        _ => None,
    };
    let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    let fits = |(algorithm, hex): &(&'static Algorithm, &str)| {
        hex.len() == algorithm.output_len() * 2 && hex.bytes().all(is_digit)
    };
    known.filter(fits).map(|(algorithm, _)| algorithm).ok_or_else(|| {
        RegistryError::Invalid(format!("`{digest}` is not a digest of SHA-256, SHA-384 or SHA-512"))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn reason(manifest: &Value) -> String {
        match read(manifest.to_string().as_bytes()) {
            Err(RegistryError::Invalid(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    fn blob() -> Value {
        json!({ "mediaType": "application/x.tar", "digest": "sha256:1", "size": 1 })
    }

    #[test]
    fn images_and_lists_are_told_apart() {
        let image = json!({ "schemaVersion": 2, "config": blob(), "layers": [blob()] });
        assert!(matches!(read(image.to_string().as_bytes()), Ok(OciManifest::Image(_))));
        let list = json!({ "schemaVersion": 2, "manifests": [blob()] });
        assert!(matches!(read(list.to_string().as_bytes()), Ok(OciManifest::ImageIndex(_))));
        let both = json!({ "schemaVersion": 2, "config": blob(), "layers": [], "manifests": [] });
        assert!(reason(&both).contains("at once"));
        let liar = json!({ "schemaVersion": 2, "mediaType": OCI_IMAGE_MEDIA_TYPE, "manifests": [] });
        assert!(reason(&liar).contains("config"), "{}", reason(&liar));
    }

    #[test]
    fn what_is_no_manifest_is_refused_with_the_reason() {
        assert!(reason(&json!({ "schemaVersion": 1 })).contains("version 1"));
        assert!(reason(&json!({ "schemaVersion": 2, "mediaType": "text/html" })).contains("`text/html`"));
        assert!(reason(&json!([])).starts_with("its manifest: "));
        let layers = vec![blob(); MAX_LAYERS + 1];
        let many = json!({ "schemaVersion": 2, "config": blob(), "layers": layers });
        assert!(reason(&many).contains("513 layers"));
        let many = json!({ "schemaVersion": 2, "manifests": vec![blob(); MAX_LISTED + 1] });
        assert!(reason(&many).contains("1025 images"));
    }

    #[test]
    fn a_digest_is_checked_by_its_own_algorithm() {
        let sha256 = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let sha512 = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                      2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
        for digest in [sha256, sha512] {
            assert_eq!(verify(b"abc", digest), Ok(()));
            assert!(matches!(verify(b"abd", digest), Err(RegistryError::Invalid(_))));
        }
        for bad in ["sha256:../../x", "md5:900150983cd24fb0d6963f7d28e17f72", "abc", &sha256.to_uppercase()] {
            assert!(algorithm(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_image_for_this_machine_is_chosen_from_a_list() {
        let entry = |os: &str, architecture: &str, digest: &str| -> ImageIndexEntry {
            serde_json::from_value(json!({
                "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": 1,
                "platform": {"os": os, "architecture": architecture}
            }))
            .unwrap()
        };
        let here = architecture();
        let list = [entry("windows", here, "w"), entry("linux", "s390x", "s"), entry("linux", here, "us")];
        assert_eq!(choose_platform(&list).unwrap().digest, "us");
        assert!(choose_platform(&list[..2]).is_err());
    }
}
