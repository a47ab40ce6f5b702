//! What every request and every answer has in common.

use std::sync::Arc;
use std::time::Duration;

use batchyard::batch::DateTime;
use batchyard::batch::auth::{SharedKey, SignedRequest};
use batchyard::clock::{Clock as _, ManualClock};
use batchyard::emulator::Timing;
use batchyard::secret::Secret;
use serde_json::json;

use super::account::{Account, KEY, NAME, pool};

const POOLS: &str = "/pools?api-version=2025-06-01";

fn date(minutes_ago: i64) -> String {
    let now: jiff::Timestamp = batchyard::clock::Clock::now(&batchyard::clock::SystemClock);
    DateTime(now - jiff::SignedDuration::from_mins(minutes_ago)).to_rfc1123()
}

#[tokio::test]
async fn an_answer_says_which_request_it_answers() {
    let account = Account::new().await;
    let id = "9a1c5e0e-0000-4000-8000-000000000001";
    let asked = [("client-request-id", id), ("return-client-request-id", "true")];
    let reply = account.send("GET", "/pools", &asked, None).await.expect(200);
    assert_eq!(reply.header("client-request-id"), id);
    assert_eq!(reply.header("request-id").len(), 36);
    assert_eq!(reply.header("dataserviceversion"), "3.0");
    assert_eq!(reply.header("content-type"), "application/json;odata=minimalmetadata");
    assert_eq!(reply.json()["odata.metadata"], "http://localhost:10100/$metadata#pools");
    assert_eq!(reply.header("etag"), "", "lists have none");
    let reply = account.send("GET", "/pools", &asked[..1], None).await;
    assert_eq!(reply.header("client-request-id"), "");
}

#[tokio::test]
async fn only_who_signs_with_the_key_now_is_let_in() {
    let account = Account::new().await;
    let now = date(0);
    let missing = account.send_raw("GET", POOLS, &[("ocp-date", &now)], None).await;
    assert_eq!(missing.refused(400, "MissingRequiredHeader").detail("HeaderName"), "Authorization");
    let bearer = [("ocp-date", now.as_str()), ("authorization", "Bearer abc")];
    account.send_raw("GET", POOLS, &bearer, None).await.refused(401, "AuthenticationFailed");
    for credentials in ["Bearer", "Bearer ", "Bearer \t", "bearer\tabc"] {
        let bearer = [("ocp-date", now.as_str()), ("authorization", credentials)];
        account.send_raw("GET", POOLS, &bearer, None).await.refused(401, "AuthenticationFailed");
    }

    let other = account.send_signed("GET", POOLS, &[("ocp-date", &now)], None, "b3RoZXIga2V5").await;
    let other = other.refused(403, "AuthenticationFailed");
    assert!(other.detail("AuthenticationErrorDetail").contains("string to sign was 'GET"), "{}", other.text);

    account.send_signed("GET", POOLS, &[("ocp-date", &now)], None, KEY).await.expect(200);
    account.send_signed("GET", POOLS, &[("ocp-date", &date(14))], None, KEY).await.expect(200);
    for sent in [date(16), date(-16)] {
        let stale = account.send_signed("GET", POOLS, &[("ocp-date", &sent)], None, KEY).await;
        let stale = stale.refused(403, "AuthenticationFailed");
        assert!(stale.detail("AuthenticationErrorDetail").contains("15 minutes"), "{}", stale.text);
    }
    account.send_signed("GET", POOLS, &[], None, KEY).await.refused(403, "AuthenticationFailed");
}

/// The signature of a shared key protects a request and not its repetition; what does is that it is soon too old. Of the body it
/// covers the length alone, as that of the service does: TLS protects the content.
#[tokio::test]
async fn a_request_that_is_replayed_is_carried_out_anew_while_it_is_fresh_and_never_after() {
    let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
    let account = Account::timed(clock.clone(), Timing::Instant).await;
    let date = DateTime(clock.now()).to_rfc1123();
    let post = async |id: &str| {
        let body = pool(id).to_string();
        account.send_signed("POST", POOLS, &[("ocp-date", &date)], Some(body), KEY).await
    };
    post("p").await.expect(201);
    post("p").await.refused(409, "PoolExists");
    let of_other_length = pool("longer").to_string();
    let length = pool("p").to_string().len().to_string();
    let headers =
        [("ocp-date", date.as_str()), ("content-type", "application/json"), ("content-length", &length)];
    let (path, query) = POOLS.split_once('?').unwrap();
    let signed = SignedRequest { method: "POST", path, query, headers: &headers };
    let signature = SharedKey::new(NAME, &Secret::new(KEY)).unwrap().authorize(&signed);
    let replay = async |body: String| {
        let length = body.len().to_string();
        let headers = [headers[0], headers[1], ("content-length", &length), ("authorization", &signature)];
        account.send_raw("POST", POOLS, &headers, Some(body)).await
    };
    replay(of_other_length).await.refused(403, "AuthenticationFailed");
    replay(pool("r").to_string()).await.expect(201);
    clock.advance(Duration::from_secs(16 * 60));
    post("p").await.refused(403, "AuthenticationFailed");
    post("q").await.refused(403, "AuthenticationFailed");
    account.get("/pools/q").await.refused(404, "PoolNotFound");
}

#[tokio::test]
async fn a_refusal_reveals_nothing_with_which_one_would_be_let_in() {
    let account = Account::new().await;
    let (now, stale) = (date(0), date(16));
    let other = "b3RoZXIga2V5";
    let secret_query = format!("{POOLS}&$filter=id%20eq%20%27a%27");
    let mut replies = Vec::new();
    for (method, target, date, key) in [
        ("GET", POOLS, &now, other),
        ("GET", secret_query.as_str(), &now, other),
        ("DELETE", "/pools/none?api-version=2025-06-01", &now, other),
        ("GET", POOLS, &stale, KEY),
        ("GET", POOLS, &stale, other),
    ] {
        let headers = [("ocp-date", date.as_str()), ("content-length", "0")];
        let (path, query) = target.split_once('?').unwrap();
        let signed = SignedRequest { method, path, query, headers: &headers };
        let right = SharedKey::new(NAME, &Secret::new(KEY)).unwrap().authorize(&signed);
        let signature = right.rsplit(':').next().unwrap().to_owned();
        let reply = account.send_signed(method, target, &headers[..1], None, key).await;
        replies.push((reply.refused(403, "AuthenticationFailed"), signature));
    }
    let absent = account.send_raw("GET", POOLS, &[("ocp-date", &now)], None).await;
    replies.push((absent.refused(400, "MissingRequiredHeader"), KEY.to_owned()));
    let malformed = [("ocp-date", now.as_str()), ("authorization", "SharedKey testaccount:not base64")];
    let malformed = account.send_raw("GET", POOLS, &malformed, None).await;
    replies.push((malformed.refused(400, "InvalidAuthenticationInfo"), KEY.to_owned()));

    for token in ["a-token-of-nobody", "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.", "eyJ.eyJ.signature"] {
        let bearer = [("ocp-date", now.as_str()), ("authorization", &*format!("Bearer {token}"))];
        let bearer = account.send_raw("GET", POOLS, &bearer, None).await;
        replies.push((bearer.refused(401, "AuthenticationFailed"), token.to_owned()));
    }

    let folder = account.folder().to_str().unwrap();
    for (reply, signature) in replies {
        let whole = format!("{:?} {}", reply.headers, reply.text);
        for secret in
            [KEY, "key of the test account", other, &signature, folder, env!("CARGO_MANIFEST_DIR"), ".rs"]
        {
            assert!(!whole.contains(secret), "`{secret}` is in {whole}");
        }
    }
}

#[tokio::test]
async fn an_error_has_the_shape_of_the_service() {
    let account = Account::new().await;
    let reply = account.get("/pools/none").await.refused(404, "PoolNotFound");
    let body = reply.json();
    assert_eq!(
        body["odata.metadata"],
        "http://localhost:10100/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element"
    );
    let message = body["message"]["value"].as_str().unwrap();
    assert_eq!(body["message"]["lang"], "en-US");
    assert!(message.contains(&format!("\nRequestId:{}\nTime:20", reply.header("request-id"))), "{message}");
    assert_eq!(reply.header("content-type"), "application/json;odata=minimalmetadata");
}

#[tokio::test]
async fn what_is_not_served_is_refused_by_name() {
    let account = Account::new().await;
    let now = date(0);
    let none = account.send_signed("GET", "/pools", &[("ocp-date", &now)], None, KEY).await;
    none.refused(400, "MissingRequiredQueryParameter");
    let upload = account.post("/pools/p/nodes/n/uploadbatchservicelogs", json!({})).await;
    let upload = upload.refused(501, "NotImplementedByEmulator");
    assert_eq!(upload.detail("Operation"), "Nodes_UploadNodeLogs");
    account.get("/certificates").await.refused(400, "InvalidUri");
    account.send("PUT", "/pools/p", &[], None).await.refused(405, "UnsupportedHttpVerb");
}

#[tokio::test]
async fn bodies_are_read_within_limits() {
    let account = Account::new().await;
    let broken = account.send("POST", "/pools", &[], Some("{\"id\":".to_owned())).await;
    assert!(broken.refused(400, "InvalidRequestBody").detail("Reason").contains("EOF"));
    let empty = account.send("POST", "/pools", &[], None).await;
    assert_eq!(empty.refused(400, "InvalidRequestBody").detail("Reason"), "the request has no body");
    let id = account.post("/pools", json!({"id": "no/good", "vmSize": "s"})).await;
    assert!(id.refused(400, "InvalidRequestBody").detail("Reason").contains("no/good"));
    let large = format!("{{\"id\":\"{}\"}}", "x".repeat(1 << 20));
    account.send("POST", "/pools", &[], Some(large)).await.refused(413, "RequestBodyTooLarge");
}

#[tokio::test]
async fn ids_and_paths_are_compared_without_case_and_kept_as_written() {
    let account = Account::new().await;
    account.post("/pools", pool("Mixed-Case")).await.expect(201);
    let reply = account.get("/POOLS/mixed-CASE?API-VERSION=2025-06-01&api-version=2025-06-01").await;
    assert_eq!(reply.expect(200).json()["id"], "Mixed-Case");
    account.post("/pools", pool("MIXED-case")).await.refused(409, "PoolExists");
    let prefixed = account.get(&format!("/{NAME}/pools/mixed-case")).await.expect(200);
    assert_eq!(prefixed.json()["url"], format!("http://localhost:10100/{NAME}/pools/Mixed-Case"));
}

#[tokio::test]
async fn conditions_hold_for_one_version_of_an_object() {
    let account = Account::new().await;
    account.post("/pools", pool("p")).await.expect(201);
    let read = account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    let tag = read["eTag"].as_str().unwrap().to_owned();
    let quoted = format!("\"{tag}\"");
    let body = || Some(json!({"metadata": [{"name": "a", "value": "b"}]}).to_string());

    let unchanged = account.send("GET", "/pools/p", &[("if-none-match", &quoted)], None).await.expect(304);
    assert_eq!(unchanged.text, "");
    let both = [("if-match", tag.as_str()), ("if-none-match", "*")];
    account.send("GET", "/pools/p", &both, None).await.refused(400, "MultipleConditionHeadersNotSupported");
    let stale = account.send("PATCH", "/pools/p", &[("if-match", "0x8D0")], body()).await;
    stale.refused(412, "ConditionNotMet");
    let changed = account.send("PATCH", "/pools/p", &[("if-match", &quoted)], body()).await.expect(200);
    assert_ne!(changed.header("etag"), tag);
    assert_eq!(changed.header("dataserviceid"), "http://localhost:10100/pools/p");
    assert_eq!(changed.text, "");
    account.send("DELETE", "/pools/p", &[("if-match", &tag)], None).await.refused(412, "ConditionNotMet");
    let now = account.get("/pools/p").await;
    assert_eq!(now.json()["eTag"], changed.header("etag"));
    assert_eq!(now.header("etag"), changed.header("etag"));
}

#[tokio::test]
async fn answers_to_head_have_no_body() {
    let account = Account::new().await;
    account.post("/pools", pool("p")).await.expect(201);
    let there = account.send("HEAD", "/pools/p", &[], None).await.expect(200);
    assert_eq!((there.text.as_str(), there.header("etag").is_empty()), ("", false));
    assert_eq!(account.send("HEAD", "/pools/q", &[], None).await.expect(404).text, "");
}
