//! A registry that means harm: it answers without end, with something else, or sends us elsewhere.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use batchyard::node::runtime::oci::look;
use batchyard::node::runtime::{RegistryCredential, RuntimeError};
use batchyard::secret::Secret;

use super::yard::sha256;

/// More than what the kernel holds of a connection on loopback that nobody reads.
const WITHOUT_END: u64 = 64 << 20;

/// What it answers to a request.
enum Answer {
    /// These headers and this body.
    Body(u16, String, Vec<u8>),
    /// As long as the other side takes it.
    Endless(u16),
}

/// What it answers to which request; its own address comes first.
type Script = dyn Fn(&str, &Request) -> Answer + Send + Sync;

struct Request {
    path: String,
    authorization: Option<String>,
}

struct HostileRegistry {
    address: String,
    sent: Arc<AtomicU64>,
}

impl HostileRegistry {
    fn start(script: impl Fn(&str, &Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let sent = Arc::new(AtomicU64::new(0));
        let (own, count, script) = (address.clone(), sent.clone(), Arc::new(script));
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (own, count, script) = (own.clone(), count.clone(), script.clone());
                std::thread::spawn(move || serve(client.unwrap(), &own, &*script, &count));
            }
        });
        Self { address, sent }
    }

    async fn look(&self) -> Result<(), RuntimeError> {
        look(&format!("{}/a/b:1", self.address), None).await.map(drop)
    }

    /// Looks at an image, which fails for this reason, without more being taken than a few megabytes.
    async fn fails(&self, reason: &str) {
        let error = self.look().await.unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
        let sent = self.sent.load(Ordering::Relaxed);
        assert!(sent < WITHOUT_END, "{sent} bytes were taken");
    }
}

fn serve(mut client: TcpStream, own: &str, script: &Script, sent: &AtomicU64) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match client.read(&mut byte) {
            Ok(1) => head.extend(byte),
            _ => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let authorization = head.lines().find_map(|line| line.strip_prefix("authorization: ")).map(str::to_owned);
    match script(own, &Request { path, authorization }) {
        Answer::Body(status, headers, body) => {
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} S\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
            );
            let _ = client.write_all(head.as_bytes()).and_then(|()| client.write_all(&body));
        }
        Answer::Endless(status) => {
            let head = format!("HTTP/1.1 {status} S\r\nconnection: close\r\n\r\n{{\"token\":\"");
            let _ = client.write_all(head.as_bytes());
            // With an end all the same: should everything be taken, the test is to say so.
            while sent.load(Ordering::Relaxed) < WITHOUT_END && client.write_all(&[b'x'; 1 << 16]).is_ok() {
                sent.fetch_add(1 << 16, Ordering::Relaxed);
            }
        }
    }
}

fn json(body: &serde_json::Value) -> Answer {
    Answer::Body(200, String::new(), body.to_string().into_bytes())
}

fn manifest(config: &[u8], size: usize, media_type: &str) -> serde_json::Value {
    serde_json::json!({
        "schemaVersion": 2,
        "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": sha256(config), "size": size },
        "layers": [{ "mediaType": media_type, "digest": sha256(b"layer"), "size": 5 }],
    })
}

const TAR: &str = "application/vnd.oci.image.layer.v1.tar";

#[tokio::test]
async fn answers_without_end_are_not_taken() {
    for status in [200, 404] {
        let endless = HostileRegistry::start(move |_, request| match request.path.as_str() {
            "/v2/" => json(&serde_json::json!({})),
            _ => Answer::Endless(status),
        });
        endless.fails(if status == 200 { "more than 4194304 bytes" } else { "404" }).await;
    }
    for status in [200, 401] {
        let tokens = HostileRegistry::start(move |own, request| match request.path.as_str() {
            "/v2/" => {
                let challenge = format!("www-authenticate: Bearer realm=\"http://{own}/token\"\r\n");
                Answer::Body(401, challenge, Vec::new())
            }
            _ => Answer::Endless(status),
        });
        tokens.fails(if status == 200 { "more than 1048576 bytes" } else { "401" }).await;
    }
    let greeting = HostileRegistry::start(|_, request| match request.path.as_str() {
        "/v2/" => Answer::Endless(200),
        _ => Answer::Body(404, String::new(), Vec::new()),
    });
    greeting.fails("404").await;
    let configuration = HostileRegistry::start(|_, request| {
        if request.path.contains("/blobs/") { Answer::Endless(200) } else { json(&manifest(b"{}", 2, TAR)) }
    });
    configuration.fails("more than 2 bytes").await;
}

#[tokio::test]
async fn what_was_not_asked_for_is_not_taken() {
    let config = br#"{"os":"linux"}"#;
    let honest = HostileRegistry::start(move |_, request| {
        if request.path.contains("/blobs/") {
            Answer::Body(200, String::new(), config.to_vec())
        } else {
            json(&manifest(config, config.len(), TAR))
        }
    });
    honest.look().await.unwrap();
    let other = sha256(b"another manifest");
    let error = look(&format!("{}/a/b@{other}", honest.address), None).await.unwrap_err();
    assert!(
        matches!(&error, RuntimeError::InvalidImage { reason, .. } if reason.contains(&other)),
        "{error}"
    );

    let swapped = HostileRegistry::start(move |_, request| {
        if request.path.contains("/blobs/") {
            Answer::Body(200, String::new(), br#"{"os":"l1nux"}"#.to_vec())
        } else {
            json(&manifest(config, config.len(), TAR))
        }
    });
    swapped.fails("something else").await;
    let climbing = HostileRegistry::start(move |_, request| {
        assert!(!request.path.contains("secret"), "{}", request.path);
        let entry = serde_json::json!({ "mediaType": "m", "digest": "sha256:../../../secret", "size": 1 });
        json(&serde_json::json!({ "schemaVersion": 2, "manifests": [entry] }))
    });
    climbing.fails("is not a digest").await;
}

#[tokio::test]
async fn a_registry_sends_nobody_round_in_circles_or_passwords_elsewhere() {
    let circle = HostileRegistry::start(|own, request| match request.path.as_str() {
        "/v2/" => json(&serde_json::json!({})),
        path => Answer::Body(307, format!("location: http://{own}{path}x\r\n"), Vec::new()),
    });
    circle.fails("more than 10 times").await;

    let elsewhere = HostileRegistry::start(|_, _| {
        let challenge = "www-authenticate: Bearer realm=\"http://192.0.2.1/token\"\r\n".to_owned();
        Answer::Body(401, challenge, Vec::new())
    });
    elsewhere.fails("not https").await;

    // What another server is sent to by a redirect comes without the login.
    let thief = HostileRegistry::start(|_, request| match &request.authorization {
        Some(stolen) => Answer::Body(418, String::new(), stolen.clone().into_bytes()),
        None => Answer::Body(404, String::new(), b"nothing was shown".to_vec()),
    });
    let target = thief.address.replace("127.0.0.1", "localhost");
    let sending = HostileRegistry::start(move |_, request| match request.path.as_str() {
        "/v2/" => Answer::Body(401, "www-authenticate: Basic realm=\"r\"\r\n".to_owned(), Vec::new()),
        path => Answer::Body(307, format!("location: http://{target}{path}\r\n"), Vec::new()),
    });
    let credential = RegistryCredential {
        server: sending.address.clone(),
        username: "ada".to_owned(),
        password: Secret::new("pw"),
    };
    let error = look(&format!("{}/a/b:1", sending.address), Some(&credential)).await.unwrap_err();
    assert!(error.to_string().contains("nothing was shown"), "{error}");
}

#[tokio::test]
async fn a_token_is_fetched_with_the_password_and_shown_without() {
    let config = br#"{"os":"linux"}"#;
    let registry = HostileRegistry::start(move |own, request| {
        let shown = request.authorization.as_deref();
        match request.path.as_str() {
            "/v2/" => {
                let challenge =
                    format!("www-authenticate: Bearer realm=\"http://{own}/token\",service=\"here\"\r\n");
                Answer::Body(401, challenge, Vec::new())
            }
            "/token?scope=repository%3Aa%2Fb%3Apull&service=here" if shown == Some("Basic YWRhOnB3") => {
                json(&serde_json::json!({ "access_token": "t0ken" }))
            }
            path if shown != Some("Bearer t0ken") => {
                Answer::Body(401, String::new(), format!("{path} with {shown:?}").into_bytes())
            }
            path if path.contains("/blobs/") => Answer::Body(200, String::new(), config.to_vec()),
            "/v2/a/b/manifests/1" => json(&manifest(config, config.len(), TAR)),
            _ => Answer::Body(500, String::new(), b"you showed Bearer t0ken".to_vec()),
        }
    });
    let credential = RegistryCredential {
        server: registry.address.clone(),
        username: "ada".to_owned(),
        password: Secret::new("pw"),
    };
    let looked = look(&format!("{}/a/b:1", registry.address), Some(&credential)).await;
    assert_eq!(looked.unwrap().layers, [5]);
    let error =
        look(&format!("{}/a/b:2", registry.address), Some(&credential)).await.unwrap_err().to_string();
    assert!(error.contains("you showed") && !error.contains("t0ken"), "{error}");
    let error = look(&format!("{}/a/b:1", registry.address), None).await.unwrap_err();
    assert!(matches!(error, RuntimeError::Unauthorized { .. }), "{error}");
}
