//! A registry on loopback, and images in it.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::yard::{architecture, sha256};

/// A registry of Debian's package docker-registry, on loopback, ended with the test.
pub(super) struct Registry {
    process: Child,
    pub(super) address: String,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Registry {
    /// `None`, and the reason on stderr, if the package isn't installed.
    pub(super) async fn start(folder: &Path, password: Option<&str>) -> Option<Self> {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let data = folder.join("registry");
        let mut config = format!(
            "version: 0.1\nlog: {{ level: error }}\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\n\
             http: {{ addr: \"{address}\" }}\n",
            data.display()
        );
        if let Some(password) = password {
            let users = folder.join("htpasswd");
            let Ok(made) = Command::new("htpasswd").args(["-Bbn", "ada", password]).output() else {
                eprintln!("skipped: htpasswd is missing (Debian's apache2-utils)");
                return None;
            };
            std::fs::write(&users, made.stdout).unwrap();
            config += &format!("auth: {{ htpasswd: {{ realm: test, path: {} }} }}\n", users.display());
        }
        let file = folder.join("registry.yml");
        std::fs::write(&file, config).unwrap();
        let started = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(process) = started else {
            eprintln!("skipped: docker-registry is missing (Debian's package of that name)");
            return None;
        };
        let registry = Self { process, address };
        for _ in 0..500 {
            if std::net::TcpStream::connect(&registry.address).is_ok() {
                return Some(registry);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the registry doesn't listen");
    }

    async fn put(&self, path: &str, kind: &str, content: Vec<u8>, login: Option<(&str, &str)>) {
        let client = client();
        let mut request =
            client.put(format!("http://{}{path}", self.address)).header("content-type", kind).body(content);
        if let Some((user, password)) = login {
            request = request.basic_auth(user, Some(password));
        }
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
    }

    async fn put_blob(
        &self,
        repository: &str,
        content: Vec<u8>,
        login: Option<(&str, &str)>,
    ) -> serde_json::Value {
        let client = client();
        let mut request = client.post(format!("http://{}/v2/{repository}/blobs/uploads/", self.address));
        if let Some((user, password)) = login {
            request = request.basic_auth(user, Some(password));
        }
        let location = request.send().await.unwrap().headers()["location"].to_str().unwrap().to_owned();
        let path = location.strip_prefix(&format!("http://{}", self.address)).unwrap_or(&location).to_owned();
        let digest = sha256(&content);
        let size = content.len();
        let separator = if path.contains('?') { '&' } else { '?' };
        self.put(&format!("{path}{separator}digest={digest}"), "application/octet-stream", content, login)
            .await;
        serde_json::json!({ "digest": digest, "size": size })
    }

    /// Pushes an image of one layer, compressed by `compress`, and returns its manifest's digest and size.
    pub(super) async fn push(
        &self,
        tag: &str,
        compress: impl Fn(&[u8]) -> Vec<u8>,
        login: Option<(&str, &str)>,
    ) -> serde_json::Value {
        let mut layer = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(5);
        header.set_mode(0o644);
        layer.append_data(&mut header, "hello", &b"hello"[..]).unwrap();
        // Media types lie.
        let kind = "application/vnd.oci.image.layer.v1.tar+gzip";
        self.push_image(tag, (kind, &[layer.into_inner().unwrap()]), compress, login).await
    }

    /// Pushes an image of these layers, as they are.
    pub(super) async fn push_layers(&self, tag: &str, layers: &[Vec<u8>]) {
        let kind = "application/vnd.oci.image.layer.v1.tar";
        self.push_image(tag, (kind, layers), <[u8]>::to_vec, None).await;
    }

    async fn push_image(
        &self,
        tag: &str,
        (layer_kind, layers): (&str, &[Vec<u8>]),
        compress: impl Fn(&[u8]) -> Vec<u8>,
        login: Option<(&str, &str)>,
    ) -> serde_json::Value {
        let ids: Vec<_> = layers.iter().map(|layer| sha256(layer)).collect();
        let config = serde_json::json!({
            "architecture": architecture(), "os": "linux", "config": { "Cmd": ["/hello"], "Labels": { "tag": tag } },
            "rootfs": { "type": "layers", "diff_ids": ids },
        });
        let mut config = self.put_blob("a/b", config.to_string().into_bytes(), login).await;
        config["mediaType"] = "application/vnd.oci.image.config.v1+json".into();
        let mut blobs = Vec::new();
        for layer in layers {
            let mut blob = self.put_blob("a/b", compress(layer), login).await;
            blob["mediaType"] = layer_kind.into();
            blobs.push(blob);
        }
        let kind = "application/vnd.oci.image.manifest.v1+json";
        let manifest = serde_json::json!({
            "schemaVersion": 2, "mediaType": kind, "config": config, "layers": blobs
        });
        self.put_manifest(tag, kind, &manifest, login).await
    }

    pub(super) async fn put_manifest(
        &self,
        tag: &str,
        kind: &str,
        manifest: &serde_json::Value,
        login: Option<(&str, &str)>,
    ) -> serde_json::Value {
        let content = manifest.to_string().into_bytes();
        let entry =
            serde_json::json!({ "mediaType": kind, "digest": sha256(&content), "size": content.len() });
        self.put(&format!("/v2/a/b/manifests/{tag}"), kind, content, login).await;
        entry
    }
}

/// Whatever proxy the environment names, this registry is here.
fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}
