//! Fetching images.

use std::process::Command;

use batchyard::node::runtime::oci::look;
use batchyard::node::runtime::{ContainerRuntime, RegistryCredential, RuntimeError};
use batchyard::secret::Secret;

use super::registry::Registry;
use super::yard::{architecture, runtime};

fn gzip(content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn zstd(content: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(content, ruzstd::encoding::CompressionLevel::Fastest)
}

fn use_ring() {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[tokio::test]
async fn images_are_pulled_in_every_form() {
    use_ring();
    let folder = tempfile::tempdir().unwrap();
    let Some(runtime) = runtime(folder.path()) else { return };
    let Some(registry) = Registry::start(folder.path(), None).await else { return };
    let plain = registry.push("plain", <[u8]>::to_vec, None).await;
    registry.push("gzip", gzip, None).await;
    registry.push("zstd", zstd, None).await;
    let mut here = plain.clone();
    here["platform"] = serde_json::json!({ "os": "linux", "architecture": architecture() });
    let mut elsewhere = plain.clone();
    elsewhere["platform"] = serde_json::json!({ "os": "linux", "architecture": "s390x" });
    let kind = "application/vnd.oci.image.index.v1+json";
    let list = |entries: &[&serde_json::Value]| serde_json::json!({ "schemaVersion": 2, "mediaType": kind, "manifests": entries });
    registry.put_manifest("list", kind, &list(&[&elsewhere, &here]), None).await;
    registry.put_manifest("foreign", kind, &list(&[&elsewhere]), None).await;

    let name = |tag: &str| format!("{}/a/b:{tag}", registry.address);
    assert_eq!(runtime.find_image(&name("plain")).await.unwrap(), None);
    let image = runtime.pull(&name("plain"), None).await.unwrap();
    assert_eq!(image.command, ["/hello"]);
    assert_eq!(runtime.find_image(&name("plain")).await.unwrap(), Some(image.clone()));
    for tag in ["gzip", "zstd", "list"] {
        runtime.pull(&name(tag), None).await.unwrap();
    }
    let by_digest = format!("{}/a/b@{}", registry.address, plain["digest"].as_str().unwrap());
    assert_eq!(runtime.pull(&by_digest, None).await.unwrap(), image);
    // Several at once: each gets it, one fetches it.
    let gzip_name = name("gzip");
    let pulls = (0..8).map(|_| runtime.pull(&gzip_name, None));
    assert!(futures::future::join_all(pulls).await.iter().all(Result::is_ok));

    let error = runtime.pull(&name("foreign"), None).await.unwrap_err();
    assert!(
        matches!(&error, RuntimeError::InvalidImage { reason, .. } if reason.contains("platform")),
        "{error}"
    );
    let error = runtime.pull(&name("missing"), None).await.unwrap_err();
    assert!(
        matches!(&error, RuntimeError::ImageNotFound { reason, .. } if reason.contains("404")),
        "{error}"
    );
}

#[tokio::test]
async fn a_layer_changed_in_the_registry_is_refused() {
    use_ring();
    let folder = tempfile::tempdir().unwrap();
    let Some(runtime) = runtime(folder.path()) else { return };
    let Some(registry) = Registry::start(folder.path(), None).await else { return };
    // The configuration promises another layer than the manifest brings.
    registry
        .push(
            "changed",
            |layer| {
                let mut other = layer.to_vec();
                other[512] = b'J';
                other
            },
            None,
        )
        .await;
    let error = runtime.pull(&format!("{}/a/b:changed", registry.address), None).await.unwrap_err();
    assert!(
        matches!(&error, RuntimeError::InvalidImage { reason, .. } if reason.contains("something else")),
        "{error}"
    );
    assert_eq!(std::fs::read_dir(folder.path().join("store/images")).unwrap().count(), 0);
    assert_eq!(std::fs::read_dir(folder.path().join("store/temporary")).unwrap().count(), 0);
}

#[tokio::test]
async fn a_private_registry_wants_the_right_password() {
    use_ring();
    let folder = tempfile::tempdir().unwrap();
    let Some(runtime) = runtime(folder.path()) else { return };
    let Some(registry) = Registry::start(folder.path(), Some("right")).await else { return };
    registry.push("private", gzip, Some(("ada", "right"))).await;
    let name = format!("{}/a/b:private", registry.address);
    let login = |password: &str| RegistryCredential {
        server: registry.address.clone(),
        username: "ada".into(),
        password: Secret::new(password),
    };
    for credential in [None, Some(login("wrong"))] {
        let error = runtime.pull(&name, credential.as_ref()).await.unwrap_err();
        let RuntimeError::Unauthorized { registry: found, reason, .. } = &error else { panic!("{error:?}") };
        assert_eq!(*found, registry.address);
        assert!(reason.contains("401 Unauthorized"), "{reason}");
        assert!(!error.to_string().contains("wrong"), "{error}");
    }
    runtime.pull(&name, Some(&login("right"))).await.unwrap();
    // The right password is not remembered for the next one who asks.
    assert!(runtime.pull(&name, None).await.is_err());
    let found = Command::new("grep").args(["-r", "right"]).arg(folder.path().join("store")).output().unwrap();
    assert!(!found.status.success(), "the password was written to the store");
}

#[tokio::test]
async fn a_registry_that_is_not_there_is_a_failed_pull() {
    use_ring();
    let folder = tempfile::tempdir().unwrap();
    let Some(runtime) = runtime(folder.path()) else { return };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = runtime.pull(&format!("127.0.0.1:{port}/a/b"), None).await.unwrap_err();
    let RuntimeError::PullFailed { reason, .. } = &error else { panic!("{error:?}") };
    assert!(reason.contains("refused"), "{reason}");
}

#[tokio::test]
async fn an_image_is_looked_at_without_its_layers() {
    use_ring();
    let folder = tempfile::tempdir().unwrap();
    let Some(registry) = Registry::start(folder.path(), None).await else { return };
    let pushed = registry.push("plain", gzip, None).await;
    let entry = |os: &str, architecture: &str| {
        let mut entry = pushed.clone();
        entry["platform"] = serde_json::json!({ "os": os, "architecture": architecture });
        entry
    };
    let kind = "application/vnd.oci.image.index.v1+json";
    let manifests = [
        entry("windows", "amd64"),
        entry("linux", "s390x"),
        entry("linux", "amd64"),
        entry("unknown", "unknown"),
    ];
    let list = serde_json::json!({ "schemaVersion": 2, "mediaType": kind, "manifests": manifests });
    let list = registry.put_manifest("list", kind, &list, None).await;
    let blobs = folder.path().join("registry/docker/registry/v2/blobs/sha256");
    let name = |tag: &str| format!("{}/a/b:{tag}", registry.address);
    let report = look(&name("plain"), None).await.unwrap();
    let layer = hex_of(&blobs, report.layers[0]);
    std::fs::remove_dir_all(blobs.join(layer.get(..2).unwrap()).join(&layer)).unwrap();

    let report = look(&name("list"), None).await.unwrap();
    assert_eq!((report.digest.as_str(), report.layers.len()), (list["digest"].as_str().unwrap(), 1));
    assert_eq!(report.config.command, ["/hello"]);
    assert_eq!(report.labels["tag"], "plain");
    let others: Vec<String> = report.other_platforms.iter().map(ToString::to_string).collect();
    assert_eq!(
        others,
        ["windows/amd64", "linux/s390x"],
        "the one for nodes of Batch is described, the papers are left out"
    );
    let digest = pushed["digest"].as_str().unwrap();
    let by_digest = look(&format!("{}/a/b@{digest}", registry.address), None).await.unwrap();
    assert_eq!(by_digest.digest, digest);
    let absent = look(&name("absent"), None).await.unwrap_err();
    assert!(matches!(absent, RuntimeError::ImageNotFound { .. }), "{absent}");
}

/// The digest of the blob of that size.
fn hex_of(blobs: &std::path::Path, size: u64) -> String {
    let folders =
        std::fs::read_dir(blobs).unwrap().flat_map(|entry| std::fs::read_dir(entry.unwrap().path()).unwrap());
    let mut blobs = folders.map(|entry| entry.unwrap().path());
    let blob = blobs.find(|blob| blob.join("data").metadata().is_ok_and(|data| data.len() == size)).unwrap();
    blob.file_name().unwrap().to_str().unwrap().to_owned()
}
