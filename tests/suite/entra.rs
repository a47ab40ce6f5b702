//! Tokens of Microsoft Entra in place of the account's key: every kind of credential, from a token endpoint on loopback to an
//! emulator that trusts its issuer, with the program as it is built.

mod token_endpoint;

use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

use crate::support::{Command, Emulator, Issuer, Runtime, Sandbox, now, skip};
use token_endpoint::{IDENTITY_HEADER, SECRET, TokenEndpoint};

const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const CLIENT: &str = "66666666-7777-8888-9999-000000000000";
const SCOPE: &str = "https://batch.core.windows.net//.default";

/// A sandbox with the recipe `hello`, and an issuer for the emulator.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new().file("issuer.json", &Issuer.file());
    sandbox.run(["new", "hello"]).success();
    sandbox
}

fn emulator(sandbox: &Sandbox) -> Emulator<'_> {
    let issuer = sandbox.path("issuer.json").display().to_string();
    Emulator::start_with(sandbox, Runtime::Simulated, &["--tls", "--test-issuer", &issuer]).unwrap()
}

/// A command on the emulator's account, that trusts both servers.
fn command(sandbox: &Sandbox, emulator: &Emulator<'_>, entra: &TokenEndpoint, args: &[&str]) -> Command {
    sandbox.write("ca.pem", &format!("{}{}", emulator.certificate(), entra.certificate()));
    sandbox
        .command(args)
        .args(["--account", emulator.endpoint()])
        .env("BATCHYARD_CA_FILE", sandbox.path("ca.pem"))
        .env("AZURE_AUTHORITY_HOST", entra.url())
}

#[track_caller]
fn applies_plans_and_destroys(command: impl Fn(&[&str]) -> Command) {
    command(&["apply", "hello", "-y"]).run().success();
    command(&["plan", "hello"]).run().success().stdout_contains("No changes");
    command(&["destroy", "hello", "-y", "--force"]).run().success();
}

#[test]
fn a_service_principal_with_a_secret_applies_plans_and_destroys() {
    let (sandbox, entra) = (sandbox(), TokenEndpoint::start());
    let emulator = emulator(&sandbox);
    applies_plans_and_destroys(|args| {
        command(&sandbox, &emulator, &entra, args)
            .env("AZURE_TENANT_ID", TENANT)
            .env("AZURE_CLIENT_ID", CLIENT)
            .env("AZURE_CLIENT_SECRET", SECRET)
    });
    let asked = entra.asked();
    assert_eq!(asked.len(), 3, "one token a command: {asked:?}");
    for asked in asked {
        assert_eq!(asked.path, format!("/{TENANT}/oauth2/v2.0/token"));
        assert_eq!(asked.values["scope"], SCOPE);
        assert_eq!((&*asked.values["client_id"], &*asked.values["client_secret"]), (CLIENT, SECRET));
    }
}

#[test]
fn a_service_principal_with_a_certificate_signs_for_its_token() {
    let (sandbox, entra) = (sandbox(), TokenEndpoint::start());
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=tests", "-days", "2"])
        .args(["-keyout".as_ref(), sandbox.path("key.pem").as_os_str()])
        .args(["-out".as_ref(), sandbox.path("certificate.pem").as_os_str()])
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        skip("openssl makes no certificate with an RSA key here");
        return;
    }
    let (certificate, key) = (sandbox.read("certificate.pem"), sandbox.read("key.pem"));
    sandbox.write("principal.pem", &format!("{key}{certificate}"));
    let emulator = emulator(&sandbox);
    command(&sandbox, &emulator, &entra, &["plan", "hello"])
        .env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_ID", CLIENT)
        .env("AZURE_CLIENT_CERTIFICATE_PATH", sandbox.path("principal.pem"))
        .run()
        .success();

    let asked = entra.asked();
    let assertion = &asked[0].values["client_assertion"];
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let pair = PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(pair.secret_pkcs8_der()).unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public().as_ref())
        .verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .unwrap();
    let claims = URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!((&claims["iss"], &claims["sub"]), (&json!(CLIENT), &json!(CLIENT)));
    assert_eq!(claims["aud"], json!(format!("{}/{TENANT}/oauth2/v2.0/token", entra.url())));
}

#[test]
fn a_workload_identity_hands_over_the_token_of_its_pod() {
    let (sandbox, entra) = (sandbox().file("federated", "token-of-the-pod"), TokenEndpoint::start());
    let emulator = emulator(&sandbox);
    applies_plans_and_destroys(|args| {
        command(&sandbox, &emulator, &entra, args)
            .env("AZURE_TENANT_ID", TENANT)
            .env("AZURE_CLIENT_ID", CLIENT)
            .env("AZURE_FEDERATED_TOKEN_FILE", sandbox.path("federated"))
    });
    assert_eq!(entra.asked()[0].values["client_assertion"], "token-of-the-pod");
}

#[test]
fn a_machine_has_an_identity_of_its_own() {
    let (sandbox, entra) = (sandbox(), TokenEndpoint::start());
    let emulator = emulator(&sandbox);
    applies_plans_and_destroys(|args| {
        command(&sandbox, &emulator, &entra, args)
            .env("IDENTITY_ENDPOINT", format!("{}/msi/token", entra.url()))
            .env("IDENTITY_HEADER", IDENTITY_HEADER)
            .env("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    });
    let asked = entra.asked();
    assert_eq!(asked[0].values["resource"], "https://batch.core.windows.net/");
    assert!(!asked[0].values.contains_key("client_id"));
}

#[test]
fn a_token_of_the_pod_that_is_repeated_is_not_shown() {
    let (sandbox, entra) = (sandbox().file("federated", "stolen/token+of the pod\n"), TokenEndpoint::start());
    let emulator = emulator(&sandbox);
    command(&sandbox, &emulator, &entra, &["plan", "hello", "-vv"])
        .env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_ID", CLIENT)
        .env("AZURE_FEDERATED_TOKEN_FILE", sandbox.path("federated"))
        .run()
        .code(1)
        .stderr_contains(&format!("{} answered HTTP 403 with text/html: Blocked: [redacted]", entra.url()))
        .never_mentions("stolen");
}

#[test]
fn a_token_file_that_never_ends_is_refused_at_once() {
    let (sandbox, entra) = (sandbox(), TokenEndpoint::start());
    let emulator = emulator(&sandbox);
    let made = std::process::Command::new("mkfifo").arg(sandbox.path("pipe")).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    for file in ["/dev/zero".into(), sandbox.path("pipe")] {
        command(&sandbox, &emulator, &entra, &["plan", "hello"])
            .env("AZURE_TENANT_ID", TENANT)
            .env("AZURE_CLIENT_ID", CLIENT)
            .env("AZURE_FEDERATED_TOKEN_FILE", file)
            .run()
            .code(1)
            .stderr_contains("(AZURE_FEDERATED_TOKEN_FILE) is not a regular file");
    }
}

/// A folder with an `az` that answers with a token, or as it does when nobody is signed in.
fn with_az(sandbox: &Sandbox, is_signed_in: bool) -> String {
    let expires = now() + 3_600;
    let token = json!({ "accessToken": Issuer.token(), "expires_on": expires, "tokenType": "Bearer" });
    sandbox.write("token.json", &token.to_string());
    let answer = if is_signed_in {
        format!("cat '{}'", sandbox.path("token.json").display())
    } else {
        "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1".to_owned()
    };
    let log = sandbox.path("az.log");
    sandbox.write("bin/az", &format!("#!/bin/sh\necho \"$@\" >> '{}'\n{answer}\n", log.display()));
    std::fs::set_permissions(sandbox.path("bin/az"), std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/local/bin:/usr/bin:/bin", sandbox.path("bin").display())
}

#[test]
fn whoever_is_signed_in_to_the_azure_cli_needs_nothing_else() {
    let (sandbox, entra) = (sandbox(), TokenEndpoint::start());
    let (emulator, path) = (emulator(&sandbox), with_az(&sandbox, true));
    applies_plans_and_destroys(|args| command(&sandbox, &emulator, &entra, args).env("PATH", &path));
    let calls = sandbox.read("az.log");
    assert_eq!(calls.lines().count(), 3, "one token a command: {calls}");
    assert!(calls.starts_with(&format!("account get-access-token -o json --scope {SCOPE}")), "{calls}");
    assert!(entra.asked().is_empty());
}

#[test]
fn an_account_of_the_project_file_says_which_credential_it_takes() {
    let (sandbox, entra) = (sandbox(), TokenEndpoint::start());
    let (emulator, path) = (emulator(&sandbox), with_az(&sandbox, true));
    let ca = sandbox.data().join("tls/certificate.pem").display().to_string();
    let project = |more: &str| {
        let endpoint = emulator.endpoint();
        let text = format!(
            "api_version: batchyard/v1\naccounts:\n  dev:\n    endpoint: {endpoint}\n    ca_file: {ca}\n{more}"
        );
        sandbox.write("batchyard.yaml", &text);
        // The environment has a key, and would have another credential.
        sandbox
            .command(["plan", "hello", "--account", "dev"])
            .env("AZURE_BATCH_ACCESS_KEY", "d3Jvbmc=")
            .env("BATCHYARD_CREDENTIAL", "environment")
            .env("PATH", &path)
    };
    let trusting = |more: &str| project(more).env("BATCHYARD_CA_FILE", &ca).run();
    trusting("    credential: azure_cli\n").success();
    project("    credential: azure_cli\n")
        .run()
        .code(64)
        .stderr_contains("tokens of Microsoft Entra are not sent to")
        .stderr_contains("name it yourself: BATCHYARD_CA_FILE");
    let refused = trusting("    credential: environment\n");
    refused.code(1).stderr_contains("no token of Microsoft Entra by environment");
    trusting("    credential: azure_clu\n").code(3).stderr_contains("batchyard.yaml:6:17");
    trusting("    credential: azure_cli\n    key: { env: KEY }\n").code(3).stderr_contains("either `key` or");
    assert!(entra.asked().is_empty());
}

#[test]
fn without_any_credential_each_kind_says_why_and_what_to_do() {
    let (sandbox, entra) = (sandbox(), TokenEndpoint::start());
    let (emulator, path) = (emulator(&sandbox), with_az(&sandbox, false));
    let output = command(&sandbox, &emulator, &entra, &["plan", "hello"])
        .env("AZURE_CLIENT_ID", CLIENT)
        .env("PATH", path)
        .run();
    output
        .code(1)
        .stderr_contains("no credential gives a token of Microsoft Entra")
        .stderr_contains("environment: AZURE_TENANT_ID and AZURE_CLIENT_SECRET are not set")
        .stderr_contains("workload identity: AZURE_FEDERATED_TOKEN_FILE and AZURE_TENANT_ID are not set")
        .stderr_contains("managed identity: ")
        .stderr_contains("Azure CLI: ERROR: Please run 'az login' to setup account.")
        .stderr_contains("hint: `az login` signs you in");
}

#[test]
fn whoever_chose_the_azure_cli_and_is_not_signed_in_is_told_to_sign_in() {
    let (sandbox, entra) = (sandbox(), TokenEndpoint::start());
    let (emulator, path) = (emulator(&sandbox), with_az(&sandbox, false));
    command(&sandbox, &emulator, &entra, &["plan", "hello"])
        .env("BATCHYARD_CREDENTIAL", "azure_cli")
        .env("PATH", path)
        .run()
        .code(1)
        .stderr_contains(
            "no token of Microsoft Entra by Azure CLI: ERROR: Please run 'az login' to setup account.",
        )
        .stderr_contains("hint: `az login` signs you in");
}

#[test]
fn a_wrong_secret_is_neither_shown_nor_passed_over() {
    let (sandbox, entra) = (sandbox(), TokenEndpoint::start());
    let (emulator, path) = (emulator(&sandbox), with_az(&sandbox, true));
    let output = command(&sandbox, &emulator, &entra, &["plan", "hello", "-vv"])
        .env("AZURE_TENANT_ID", TENANT)
        .env("AZURE_CLIENT_ID", CLIENT)
        .env("AZURE_CLIENT_SECRET", "wr0ng~secret")
        .env("PATH", path)
        .run();
    output
        .code(1)
        .stderr_contains("AADSTS7000215: Invalid client secret provided: [redacted]")
        .stderr_contains("check the tenant, the client and its secret")
        .stderr_contains(
            "BATCHYARD_CREDENTIAL, or `credential` of the account where it has one, chooses another kind",
        )
        .never_mentions("wr0ng~secret");
    assert!(!sandbox.path("az.log").exists(), "nobody else's identity is used instead");
}

#[test]
fn a_token_that_is_refused_is_replaced_once() {
    let (sandbox, entra) = (sandbox(), TokenEndpoint::start());
    let emulator = emulator(&sandbox);
    let plan = || {
        command(&sandbox, &emulator, &entra, &["plan", "hello"])
            .env("AZURE_TENANT_ID", TENANT)
            .env("AZURE_CLIENT_ID", CLIENT)
            .env("AZURE_CLIENT_SECRET", SECRET)
            .run()
    };
    entra.issue_worthless(1);
    plan().success();
    assert_eq!(entra.asked().len(), 2);
    entra.issue_worthless(usize::MAX);
    plan()
        .code(1)
        .stderr_contains("AuthenticationFailed (HTTP 401)")
        .stderr_contains("its signature is not the test issuer's")
        .stderr_contains("az account show");
}

#[test]
fn a_project_file_has_no_request_signed_for_a_host_of_its_choice() {
    let sandbox = sandbox();
    let plan = |endpoint: &str| {
        let text = format!(
            "api_version: batchyard/v1\ndefault_account: ours\naccounts:\n  ours:\n    endpoint: {endpoint}\n    account: mine\n"
        );
        sandbox.write("batchyard.yaml", &text);
        sandbox.command(["plan", "hello"]).env("AZURE_BATCH_ACCESS_KEY", "c2VjcmV0").run()
    };
    plan("https://evil.example")
        .code(64)
        .stderr_contains(
            "requests that are signed with an account's key are not sent to https://evil.example/",
        )
        .stderr_contains("hint: if you trust that host, name its URL yourself");
    plan("http://mine.westeurope.batch.azure.com").code(64).stderr_contains("are sent over https only");
    plan("https://ada:hunter2@evil.example").code(64).never_mentions("hunter2");
}

#[test]
fn no_token_is_sent_in_the_clear() {
    let sandbox = sandbox();
    sandbox
        .command(["plan", "hello", "--account", "http://127.0.0.1:1"])
        .env("BATCHYARD_CREDENTIAL", "azure_cli")
        .run()
        .code(64)
        .stderr_contains("are sent over https only")
        .stderr_contains("emulator --tls");
}
