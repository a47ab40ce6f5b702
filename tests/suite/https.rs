//! The emulator over TLS, with a certificate of its own or of the user, and bearer tokens.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command as Process;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use batchyard::batch::auth::DEVELOPMENT_KEY;
use serde_json::{Value, json};

use crate::support::{Emulator, Issuer, Output, Runtime, Sandbox, skip};

const VERSION: &str = "api-version=2025-06-01";

/// Whether there is a curl; says so if not.
fn has_curl() -> bool {
    let there = Process::new("curl").arg("--version").output().is_ok();
    if !there {
        skip("there is no curl");
    }
    there
}

fn curl(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox
        .program("curl")
        .args(["--silent", "--show-error", "--include", "--max-time", "20"])
        .args(args)
        .run()
}

fn own(sandbox: &Sandbox) -> Emulator<'_> {
    Emulator::start_with(sandbox, Runtime::Simulated, &["--tls"]).unwrap()
}

#[test]
fn curl_trusts_the_certificate_that_was_made_and_no_other_way_leads_in() {
    if !has_curl() {
        return;
    }
    let sandbox = Sandbox::new();
    let emulator = own(&sandbox);
    let port = emulator.endpoint().rsplit_once(':').unwrap().1.to_owned();
    let certificate = emulator.certificate_file().to_owned();
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("https://{host}:{port}/pools?{VERSION}");
        let answer = curl(&sandbox, &["--cacert", &certificate, &url]);
        answer.success().stdout_contains("HTTP/1.1 400").stdout_contains("MissingRequiredHeader");
        answer.stdout_contains(&format!("https://{host}:{port}/$metadata#"));
        curl(&sandbox, &[&url]).code(60);
    }
    let clear = curl(&sandbox, &[&format!("http://127.0.0.1:{port}/pools?{VERSION}")]);
    assert!(clear.code != Some(0), "{clear}");
}

#[test]
fn the_certificate_survives_restarts_and_its_key_is_private() {
    let sandbox = Sandbox::new();
    let mut emulator = own(&sandbox);
    let first = emulator.certificate();
    emulator.restart();
    assert_eq!(emulator.certificate(), first);
    let key = sandbox.data().join("tls/key.pem");
    assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn commands_work_with_the_local_account_that_is_served_over_tls() {
    let sandbox = Sandbox::new();
    sandbox.run(["new", "hello"]).success();
    let emulator = own(&sandbox);
    sandbox.run(["apply", "hello", "-y"]).success();
    sandbox.run(["plan", "hello"]).success().stdout_contains("No changes");
    sandbox.run(["status", "hello"]).success();
    drop(emulator);
}

#[test]
fn a_url_of_the_wrong_scheme_is_told_by_the_right_one() {
    let sandbox = Sandbox::new();
    sandbox.run(["new", "hello"]).success();
    let plan = |endpoint: &str| {
        sandbox
            .command(["plan", "hello", "--account", endpoint])
            .env("AZURE_BATCH_ACCOUNT", "mine")
            .env("AZURE_BATCH_ACCESS_KEY", "c2VjcmV0")
            .run()
    };
    let secure = own(&sandbox);
    let endpoint = secure.endpoint().to_owned();
    let wrong = endpoint.replace("https://", "http://");
    plan(&wrong).code(1).stderr_contains(&format!("the server seems to speak TLS: use {endpoint}"));
    drop(secure);
    let plain = Emulator::start_with(&sandbox, Runtime::Simulated, &[]).unwrap();
    let endpoint = plain.endpoint().to_owned();
    let wrong = endpoint.replace("http://", "https://");
    plan(&wrong).code(1).stderr_contains(&format!("use {endpoint}"));
}

/// An authority, and a certificate of `localhost` that it has signed: in PEM with its key.
fn of_authority() -> (String, String, String) {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    (authority.pem(), certificate.pem(), key.serialize_pem())
}

#[test]
fn a_certificate_of_the_users_own_is_shown_and_trusted_by_its_authority() {
    let (authority, certificate, key) = of_authority();
    let (_, _, other) = of_authority();
    let sandbox = Sandbox::new()
        .file("ca.pem", &authority)
        .file("cert.pem", &certificate)
        .file("key.pem", &key)
        .file("other.pem", &other);
    sandbox.run(["new", "hello"]).success();
    let files = ["--tls-cert", "cert.pem", "--tls-key", "key.pem"];
    let emulator = Emulator::start_with(&sandbox, Runtime::Simulated, &files).unwrap();
    assert!(emulator.log().contains("warning: others may read or change the key in key.pem"));
    let endpoint = emulator.endpoint().replace("127.0.0.1", "localhost");
    let plan = || {
        sandbox
            .command(["plan", "hello", "--account", &endpoint])
            .env("AZURE_BATCH_ACCOUNT", emulator.account())
            .env("AZURE_BATCH_ACCESS_KEY", emulator.key())
    };
    plan().env("BATCHYARD_CA_FILE", sandbox.path("ca.pem")).run().success();
    plan().run().code(1).stderr_contains("BATCHYARD_CA_FILE");
    plan()
        .env("BATCHYARD_CA_FILE", "nowhere.pem")
        .run()
        .code(64)
        .stderr_contains("nowhere.pem can't be read");
    let serve = |args: &[&str]| sandbox.command(["emulator", "--data", "other"]).args(args).run();
    serve(&["--tls-cert", "cert.pem", "--tls-key", "other.pem"])
        .code(64)
        .stderr_contains("the key in other.pem is not that of the first certificate in cert.pem")
        .stderr_contains("hint: ");
    serve(&["--tls-cert", "cert.pem"]).code(64).stderr_contains("--tls-key");
    let both = ["--tls-cert", "cert.pem", "--tls-key", "key.pem", "--tls"];
    serve(&both).code(64).stderr_contains("cannot be used with").stderr_contains("--tls-cert");
    let named = ["--tls-cert", "cert.pem", "--tls-key", "key.pem", "--tls-name", "build.example"];
    serve(&named).code(64).stderr_contains("cannot be used with").stderr_contains("--tls-name");
    serve(&["--tls", "--tls-key", "key.pem"]).code(64).stderr_contains("cannot be used with");
    assert!(!sandbox.path("other").exists(), "what is refused makes nothing");
}

#[test]
fn other_machines_are_served_over_tls_and_with_a_key_of_ones_own_only() {
    let sandbox = Sandbox::new()
        .file("key", &format!("{}\n", STANDARD.encode([1; 32])))
        .file("short", &STANDARD.encode([1; 31]))
        .file("published", &format!("{DEVELOPMENT_KEY}\n"))
        .file("issuer.json", &Issuer.file());
    let refused = |args: &[&str], reason: &str| {
        let output = sandbox.command(["emulator", "--listen", "0.0.0.0:0"]).args(args).run();
        output.code(64).stderr_contains("reachable from other machines").stderr_contains(reason);
        output.never_mentions("ready at");
    };
    refused(&[], "in the clear");
    refused(&["--tls"], "--key-file");
    refused(&["--tls", "--key-file", "published"], "published development key");
    refused(&["--tls", "--key-file", "short"], "less than 32 bytes");
    refused(&["--tls", "--key-file", "key", "--test-issuer", "issuer.json"], "test issuer");
    if !has_curl() {
        return;
    }
    let open = ["--tls", "--tls-name", "build.example", "--key-file", "key", "--listen", "0.0.0.0:0"];
    let emulator = Emulator::start_with(&sandbox, Runtime::Simulated, &open).unwrap();
    let url = format!("{}/pools?{VERSION}", emulator.endpoint());
    let certificate = emulator.certificate_file();
    let answer = curl(&sandbox, &["--cacert", certificate, "--header", "Host: build.example", &url]);
    answer.success().stdout_contains("MissingRequiredHeader").stdout_contains("https://build.example/");
    let port = emulator.endpoint().rsplit_once(':').unwrap().1;
    let host = rustix::system::uname().nodename().to_string_lossy().to_lowercase();
    for name in ["build.example", &host] {
        let (resolve, url) =
            (format!("{name}:{port}:127.0.0.1"), format!("https://{name}:{port}/pools?{VERSION}"));
        let answer = curl(&sandbox, &["--cacert", certificate, "--resolve", &resolve, &url]);
        answer.success().stdout_contains("MissingRequiredHeader");
    }
}

#[test]
fn what_is_listened_on_and_what_the_certificate_is_for_are_said() {
    let sandbox = Sandbox::new().file("key", &STANDARD.encode([1; 32]));
    let args = ["emulator", "--runtime", "simulated", "--tls", "--key-file", "key", "--listen", "0.0.0.0:0"];
    let mut emulator = sandbox.command(args).args(["--tls-name", "10.9.8.7"]).start();
    let said = |line: &str| line.contains("  listens on   0.0.0.0:").then_some(());
    emulator.wait_for_line(Duration::from_secs(30), said);
    let said = |line: &str| line.contains("for localhost, 127.0.0.1, ::1, ").then(|| line.to_owned());
    let names = emulator.wait_for_line(Duration::from_secs(30), said);
    assert!(names.contains(", 10.9.8.7; --tls-name adds to them"), "{names}");
    let wrong = |name: &str| sandbox.run(["emulator", "--tls", "--tls-name", name]);
    wrong("*.example").code(64).stderr_contains("such as build.example");
}

#[test]
fn a_key_file_that_never_ends_or_never_begins_is_refused() {
    let sandbox = Sandbox::new();
    let pipe = sandbox.path("pipe");
    Process::new("mkfifo").arg(&pipe).status().unwrap();
    for file in ["/dev/zero", pipe.to_str().unwrap()] {
        let refused =
            sandbox.command(["emulator", "--key-file", file]).timeout(Duration::from_secs(20)).run();
        refused.code(64).stderr_contains("can't be read").stderr_contains("is not a regular file");
    }
}

#[test]
fn a_key_that_others_may_know_is_not_served_with() {
    let sandbox = Sandbox::new();
    drop(own(&sandbox));
    let key = sandbox.data().join("tls/key.pem");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o666)).unwrap();
    let data = sandbox.data();
    let refused = sandbox.run(["emulator", "--tls", "--data", data.to_str().unwrap()]);
    refused.code(64).stderr_contains("tls/key.pem is not trusted: its permissions").stderr_contains("hint: ");
    std::fs::remove_file(&key).unwrap();
    own(&sandbox);
}

#[test]
fn who_tries_tokens_in_the_clear_learns_that_sdks_do_not() {
    let sandbox = Sandbox::new().file("issuer.json", &Issuer.file());
    let args = ["--test-issuer", "issuer.json"];
    let emulator = Emulator::start_with(&sandbox, Runtime::Simulated, &args).unwrap();
    assert!(emulator.log().contains("note: SDKs send bearer tokens over https only"), "{}", emulator.log());
}

#[tokio::test]
async fn the_log_of_a_file_has_neither_colours_nor_what_strangers_write_for_terminals() {
    let sandbox = Sandbox::new().file("issuer.json", &Issuer.file());
    let issuer = sandbox.path("issuer.json").display().to_string();
    let args = ["-vv", "--color", "auto", "--tls", "--test-issuer", &issuer];
    let emulator = Emulator::start_with(&sandbox, Runtime::Simulated, &args).unwrap();
    let header = URL_SAFE_NO_PAD.encode(json!({ "alg": "HS256", "kid": "\u{1b}]0;owned\u{7}" }).to_string());
    let url = format!("{}/pools?{VERSION}", emulator.endpoint());
    let answer = http(&emulator).get(url).bearer_auth(format!("{header}.e30.AAAA")).send().await.unwrap();
    let (status, body) = (answer.status(), answer.text().await.unwrap());
    assert!(status == 401 && body.contains("owned") && !body.contains("\\u001b"), "{status} {body}");
    let log = emulator.log();
    assert!(log.contains("refused") && log.contains("owned"), "{log}");
    assert!(!log.contains(['\u{1b}', '\u{7}']), "{log:?}");
}

/// A client that trusts an emulator's certificate.
fn http(emulator: &Emulator<'_>) -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificate = reqwest::Certificate::from_pem(emulator.certificate().as_bytes()).unwrap();
    reqwest::Client::builder().no_proxy().tls_certs_only([certificate]).build().unwrap()
}

fn trusting(sandbox: &Sandbox) -> Emulator<'_> {
    let issuer = sandbox.path("issuer.json").display().to_string();
    Emulator::start_with(sandbox, Runtime::Simulated, &["--tls", "--test-issuer", &issuer]).unwrap()
}

#[tokio::test]
async fn links_lead_to_https() {
    let sandbox = Sandbox::new().file("issuer.json", &Issuer.file());
    let emulator = trusting(&sandbox);
    let (http, endpoint) = (http(&emulator), emulator.endpoint());
    for id in ["one", "two"] {
        let pool = json!({
            "id": id, "vmSize": "standard_d2s_v3",
            "virtualMachineConfiguration": {
                "imageReference": { "publisher": "microsoft-dsvm", "offer": "ubuntu-hpc", "sku": "2204" },
                "nodeAgentSKUId": "batch.node.ubuntu 22.04",
            },
        });
        let body = pool.to_string();
        let made = http
            .post(format!("{endpoint}/pools?{VERSION}"))
            .bearer_auth(Issuer.token())
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(made.status(), 201, "{}", made.text().await.unwrap());
        for header in ["location", "dataserviceid"] {
            assert_eq!(
                made.headers()[header].to_str().unwrap(),
                format!("{endpoint}/pools/{id}"),
                "{header}"
            );
        }
    }
    let page = http
        .get(format!("{endpoint}/pools?{VERSION}&maxresults=1"))
        .bearer_auth(Issuer.token())
        .send()
        .await
        .unwrap();
    let page: Value = serde_json::from_str(&page.text().await.unwrap()).unwrap();
    let next = page["odata.nextLink"].as_str().unwrap();
    assert!(next.starts_with(&format!("{endpoint}/pools?")), "{next}");
    assert_eq!(page["value"][0]["url"], json!(format!("{endpoint}/pools/one")));
    let next = http.get(next).bearer_auth(Issuer.token()).send().await.unwrap();
    assert_eq!(next.status(), 200);
}

#[tokio::test]
async fn bearer_tokens_are_refused_unless_a_test_issuer_vouches_for_them() {
    let sandbox = Sandbox::new().file("issuer.json", &Issuer.file());
    async fn ask(emulator: &Emulator<'_>, token: &str) -> (u16, String, String) {
        let url = format!("{}/pools?{VERSION}", emulator.endpoint());
        let answer = http(emulator).get(url).header("authorization", format!("bearer {token}")).send();
        let answer = answer.await.unwrap();
        let challenge =
            answer.headers().get("www-authenticate").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), challenge.unwrap_or_default(), answer.text().await.unwrap())
    }
    let nobody = own(&sandbox);
    let (status, challenge, body) = ask(&nobody, &Issuer.token()).await;
    assert_eq!((status, &*challenge), (401, "Bearer error=\"invalid_token\""));
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["code"], "AuthenticationFailed");
    assert_eq!(body["values"][0]["key"], "AuthenticationErrorDetail");
    assert!(body["values"][0]["value"].as_str().unwrap().contains("no test issuer is configured"), "{body}");
    drop(nobody);
    let somebody = trusting(&sandbox);
    assert_eq!(ask(&somebody, &Issuer.token()).await.0, 200);
    for (token, reason) in [
        (Issuer.forged(), "its signature is not the test issuer's"),
        (Issuer.token_for("https://management.azure.com/"), "its audience is https://management.azure.com/"),
        ("nonsense".to_owned(), "it is not a JSON Web Token"),
    ] {
        let (status, _, body) = ask(&somebody, &token).await;
        assert!(status == 401 && body.contains(reason), "{status} {body}");
        assert!(!body.contains(&token), "a token is not repeated: {body}");
        let (key, folder) = (somebody.key(), sandbox.data());
        for secret in [key, folder.to_str().unwrap(), "issuer.json", Issuer.secret().as_str(), ".rs"] {
            assert!(!body.contains(secret), "`{secret}` is in {body}");
        }
    }
}
