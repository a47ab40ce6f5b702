//! Certificates, as clients of older versions add them and have pools use them.

use batchyard::batch::auth::SharedKey;
use batchyard::batch::model::{BatchCertificate, BatchCertificateState};
use batchyard::batch::odata::{ListQuery, Select};
use batchyard::batch::operations::{
    AddCertificate, CreatePool, DeleteCertificate, GetCertificate, GetNodeRemoteDesktop, ListCertificates,
    ListNodes,
};
use batchyard::client::{BatchClient, ClientOptions, Credential};
use batchyard::secret::Secret;
use futures::TryStreamExt as _;
use serde_json::{Value, from_value, json};

use super::account::{Account, Reply, pool, with};
use crate::support::{Emulator, Runtime, Sandbox};

const VERSION: &str = "api-version=2024-02-01.19.0";
/// The thumbprint of `abc`: what is digested is not looked into.
const THUMBPRINT: &str = "a9993e364706816aba3e25717850c26c9cd0d89d";
const ABC: &str = "YWJj";

fn at(path: &str) -> String {
    format!("{path}?{VERSION}")
}

fn path(thumbprint: &str) -> String {
    format!("/certificates(thumbprintAlgorithm=sha1,thumbprint={thumbprint})")
}

fn cer() -> Value {
    json!({"thumbprint": THUMBPRINT.to_uppercase(), "thumbprintAlgorithm": "sha1", "data": ABC, "certificateFormat": "cer"})
}

fn pfx(thumbprint: &str) -> Value {
    json!({"thumbprint": thumbprint, "thumbprintAlgorithm": "sha1", "data": ABC, "password": "open sesame"})
}

fn reference(thumbprint: &str) -> Value {
    json!({"thumbprint": thumbprint, "thumbprintAlgorithm": "sha1"})
}

/// An account with a certificate, and a pool that has it.
async fn account_with_a_pool() -> Account {
    let account = Account::new().await;
    account.post(&at("/certificates"), cer()).await.expect(201);
    let references = json!({"certificateReferences": [reference(THUMBPRINT)]});
    account.post(&at("/pools"), with(pool("p"), references)).await.expect(201);
    account.node("p", "idle").await;
    account
}

async fn delete(account: &Account) -> Reply {
    account.delete(&at(&path(THUMBPRINT))).await
}

#[tokio::test]
async fn a_certificate_is_added_listed_and_read_without_what_is_secret_in_it() {
    let account = Account::new().await;
    let added = account.post(&at("/certificates"), cer()).await.expect(201);
    assert!(added.header("location").ends_with(&path(THUMBPRINT)), "{:?}", added.headers);
    account.post(&at("/certificates"), pfx("0b 0b")).await.expect(201);
    account.post(&at("/certificates"), cer()).await.refused(409, "CertificateExists");

    let read = account.get(&at(&path(THUMBPRINT))).await.expect(200);
    assert_eq!(read.header("etag"), added.header("etag"));
    let read = read.json();
    assert_eq!((&read["state"], &read["publicData"]), (&json!("active"), &json!(ABC)));
    assert_eq!(read["thumbprint"], THUMBPRINT);
    assert!(read["url"].as_str().unwrap().ends_with(&path(THUMBPRINT)));

    let list = account.get(&at("/certificates")).await.expect(200);
    for secret in ["open sesame", "password", "\"data\""] {
        assert!(!list.text.contains(secret), "{}", list.text);
    }
    let thumbprints: Vec<Value> =
        list.json()["value"].as_array().unwrap().iter().map(|found| found["thumbprint"].clone()).collect();
    assert_eq!(thumbprints, ["0b0b", THUMBPRINT]);
    assert_eq!(list.json()["value"][0]["publicData"], Value::Null, "a PFX is not opened");
    let first = account.get(&format!("/certificates?{VERSION}&maxresults=1&$select=thumbprint")).await.json();
    assert_eq!(first["value"], json!([{"thumbprint": "0b0b"}]));
    let none = account.get(&format!("/certificates?{VERSION}&$filter=state%20eq%20'deleting'")).await;
    assert_eq!(none.json()["value"], json!([]));

    delete(&account).await.expect(202);
    account.until_gone(&at(&path(THUMBPRINT))).await.refused(404, "CertificateNotFound");
    delete(&account).await.refused(404, "CertificateNotFound");
}

#[tokio::test]
async fn what_is_no_certificate_is_refused_and_nothing_is_kept() {
    let account = Account::new().await;
    let wrong = with(cer(), json!({"data": "YWJk"}));
    let refused = account.post(&at("/certificates"), wrong).await.refused(400, "InvalidPropertyValue");
    assert_eq!(refused.detail("PropertyName"), "thumbprint");
    account.post(&at("/certificates"), json!({"thumbprint": "ab"})).await.refused(400, "InvalidRequestBody");
    account.get(&at(&path("no%20digits"))).await.refused(400, "InvalidUri");
    account.get(&at("/certificates(thumbprintAlgorithm=md5,thumbprint=ab)")).await.refused(400, "InvalidUri");
    assert_eq!(account.get(&at("/certificates")).await.json()["value"], json!([]));
}

#[tokio::test]
async fn a_certificate_in_use_fails_to_be_deleted_until_nobody_has_it() {
    let account = account_with_a_pool().await;
    account
        .post(&at(&format!("{}/canceldelete", path(THUMBPRINT))), json!({}))
        .await
        .refused(409, "CertificateStateActive");
    delete(&account).await.expect(202);
    let failed = account.until_state(&at(&path(THUMBPRINT)), "deletefailed").await;
    let why = &failed["deleteCertificateError"];
    assert_eq!(
        (&why["code"], &why["values"]),
        (&json!("PoolsReferencingCertificate"), &json!([{"name": "Pools", "value": "p"}]))
    );
    assert_eq!(failed["previousState"], "deleting");
    let young = with(pool("q"), json!({"certificateReferences": [reference(THUMBPRINT)]}));
    account.post(&at("/pools"), young).await.refused(409, "InvalidCertificateReferences");
    account.post(&at(&format!("{}/canceldelete", path(THUMBPRINT))), json!({})).await.expect(204);
    let kept = account.get(&at(&path(THUMBPRINT))).await.json();
    assert_eq!((&kept["state"], &kept["deleteCertificateError"]), (&json!("active"), &Value::Null));

    // The pool lets go of it; its node has it until it boots anew.
    account.patch(&at("/pools/p"), json!({"certificateReferences": []})).await.expect(200);
    delete(&account).await.expect(202);
    let failed = account.until_state(&at(&path(THUMBPRINT)), "deletefailed").await;
    assert_eq!(failed["deleteCertificateError"]["code"], "NodesReferencingCertificate");
    let node = account.node("p", "idle").await["id"].as_str().unwrap().to_owned();
    account.post(&format!("/pools/p/nodes/{node}/reboot"), json!({})).await.expect(202);
    account.node("p", "idle").await;
    account
        .until(&at(&format!("/pools/p/nodes/{node}")), |node| node["certificateReferences"] == json!([]))
        .await;
    delete(&account).await.expect(202);
    account.until_gone(&at(&path(THUMBPRINT))).await;
}

#[tokio::test]
async fn pools_and_nodes_show_their_certificates_to_versions_that_know_them() {
    let account = account_with_a_pool().await;
    for path in [
        "/pools/p".to_owned(),
        format!("/pools/p/nodes/{}", account.node("p", "idle").await["id"].as_str().unwrap()),
    ] {
        let old = account.get(&at(&path)).await.json();
        assert_eq!(old["certificateReferences"], json!([reference(THUMBPRINT)]), "{path}");
        assert_eq!(account.get(&path).await.json()["certificateReferences"], Value::Null, "{path}");
    }
    let all = json!({"certificateReferences": [reference("ff")], "applicationPackageReferences": [], "metadata": []});
    let refused = account.post(&at("/pools/p/updateproperties"), all).await;
    assert_eq!(refused.refused(409, "InvalidCertificateReferences").detail("Thumbprint"), "ff");
    let odd =
        json!({"certificateReferences": [with(reference(THUMBPRINT), json!({"visibility": ["moon"]}))]});
    let refused = account.patch(&at("/pools/p"), odd).await.refused(400, "InvalidPropertyValue");
    assert_eq!(refused.detail("PropertyName"), "certificateReferences.visibility");
    let without = json!({"certificateReferences": [], "applicationPackageReferences": [], "metadata": []});
    account.post(&at("/pools/p/updateproperties"), without).await.expect(204);
    assert_eq!(account.get(&at("/pools/p")).await.json()["certificateReferences"], json!([]));
}

#[tokio::test]
async fn certificates_outlive_a_restart_also_half_deleted() {
    let account = account_with_a_pool().await;
    account.post(&at("/certificates"), pfx("0b")).await.expect(201);
    delete(&account).await.expect(202);
    let account = account.reopen_simulated().await;
    account.until_state(&at(&path(THUMBPRINT)), "deletefailed").await;
    assert_eq!(account.get(&at(&path("0b"))).await.json()["state"], "active");
}

#[tokio::test]
async fn the_present_version_knows_neither_certificates_nor_desktops() {
    let account = account_with_a_pool().await;
    account.get("/certificates").await.refused(400, "InvalidUri");
    account.get(&path(THUMBPRINT)).await.refused(400, "InvalidUri");
    account.post("/certificates", cer()).await.refused(400, "InvalidUri");
    let node = account.node("p", "idle").await["id"].as_str().unwrap().to_owned();
    account.get(&format!("/pools/p/nodes/{node}/rdp")).await.refused(400, "InvalidUri");
    let desktop = account.get(&at(&format!("/pools/p/nodes/{node}/rdp"))).await.expect(200);
    assert_eq!(desktop.header("content-type"), "application/octet-stream");
    assert!(desktop.text.starts_with("full address:s:127.0.0.1:3389\r\n"), "{}", desktop.text);
    account.get(&at("/pools/p/nodes/none/rdp")).await.refused(404, "NodeNotFound");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_speaks_the_last_version_that_has_an_operation() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sandbox = Sandbox::new();
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let key = SharedKey::new(emulator.account(), &Secret::new(emulator.key())).unwrap();
    let endpoint = emulator.endpoint().parse().unwrap();
    let client = BatchClient::new(endpoint, Credential::SharedKey(key), ClientOptions::default()).unwrap();
    client.send(&AddCertificate { certificate: from_value(cer()).unwrap() }).await.unwrap();
    let listed: Vec<BatchCertificate> =
        client.list(ListCertificates { query: ListQuery::default() }).try_collect().await.unwrap();
    assert_eq!(listed[0].thumbprint.as_deref(), Some(THUMBPRINT));
    let (thumbprint_algorithm, thumbprint) = ("sha1".to_owned(), THUMBPRINT.to_owned());
    let get = GetCertificate { thumbprint_algorithm, thumbprint, select: Select::default() };
    assert_eq!(client.send(&get).await.unwrap().value.state, Some(BatchCertificateState::Active));
    let GetCertificate { thumbprint_algorithm, thumbprint, .. } = get.clone();
    client.send(&DeleteCertificate { thumbprint_algorithm, thumbprint }).await.unwrap();
    while client.find(&get).await.unwrap().is_some() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    client.send(&CreatePool { pool: from_value(pool("p")).unwrap() }).await.unwrap();
    let pool_id = batchyard::batch::PoolId::new("p").unwrap();
    let node_id = loop {
        let nodes = ListNodes { pool_id: pool_id.clone(), query: ListQuery::default() };
        let nodes: Vec<_> = client.list(nodes).try_collect().await.unwrap();
        if let Some(node) = nodes.into_iter().next() {
            break node.id;
        }
    };
    let file = client.read_file(&GetNodeRemoteDesktop { pool_id, node_id }).await.unwrap();
    let bytes: Vec<_> = file.bytes.try_collect().await.unwrap();
    assert!(bytes.concat().starts_with(b"full address:s:127.0.0.1:3389"));
}
