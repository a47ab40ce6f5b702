//! The account at rest: read, and nothing of it done.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use batchyard::batch::DateTime;
use batchyard::batch::auth::{SharedKey, SignedRequest};
use batchyard::clock::{Clock as _, SystemClock};
use batchyard::emulator::AtRest;
use batchyard::node::runtime::RuntimeKind;
use batchyard::secret::Secret;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::account::{Account, HOST, KEY, NAME, task};

/// Asks an account at rest; gives status and body.
async fn ask(account: &Router, method: &str, path: &str) -> (u16, Value) {
    let target = format!("{path}?api-version=2025-06-01");
    let date = DateTime(SystemClock.now()).to_rfc1123();
    let headers = [("ocp-date", date.as_str()), ("content-length", "0")];
    let (path, query) = target.split_once('?').unwrap();
    let signed = SignedRequest { method, path, query, headers: &headers };
    let authorization = SharedKey::new(NAME, &Secret::new(KEY)).unwrap().authorize(&signed);
    let mut request = http::Request::builder().method(method).uri(&target).header("host", HOST);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.header("authorization", authorization).body(Body::empty()).unwrap();
    let response = account.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn what_is_read_at_rest_is_what_a_restart_would_find_and_nothing_is_started() {
    let account = Account::new().await.with_job(json!({"onAllTasksComplete": "terminatejob"})).await;
    for number in 0..6 {
        account.post("/jobs/j/tasks", task(&format!("t{number}"), "seconds=600")).await.expect(201);
    }
    account.until("/jobs/j/taskcounts", |counts| counts["taskCounts"]["running"] == 4).await;
    account.emulator.shut_down().await;
    let runtime = account.simulated().unwrap();
    let (folder, account) = account.into_folder();
    drop(account);

    let clock = Arc::new(SystemClock);
    let rest = AtRest::open(folder.path().to_owned(), NAME, &Secret::new(KEY), clock).await.unwrap();
    assert_eq!(rest.runtimes().into_iter().collect::<Vec<_>>(), [RuntimeKind::Simulated]);
    assert_eq!(rest.settle(&runtime).await, Vec::<String>::new());
    let rest = rest.router();
    // What was only simulated has ended with the process that simulated it.
    for _ in 0..3 {
        let (_, counts) = ask(&rest, "GET", "/jobs/j/taskcounts").await;
        assert_eq!(
            (&counts["taskCounts"]["active"], &counts["taskCounts"]["running"]),
            (&json!(6), &json!(0))
        );
        let (_, nodes) = ask(&rest, "GET", "/pools/p/nodes").await;
        let node = &nodes["value"][0];
        assert_eq!((&node["state"], &node["runningTasksCount"]), (&json!("idle"), &json!(0)), "{node}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let (status, refused) = ask(&rest, "DELETE", "/jobs/j").await;
    assert_eq!((status, &refused["code"]), (409, &json!("OperationInvalidForCurrentState")));
    assert_eq!(ask(&rest, "GET", "/jobs/j").await.1["state"], "active");

    // Whoever reads holds up nobody, and what was found goes on where it was.
    let account = Account::in_folder(folder).await;
    account.until("/jobs/j/taskcounts", |counts| counts["taskCounts"]["running"] == 4).await;
    assert_eq!(ask(&rest, "GET", "/jobs/j/taskcounts").await.1["taskCounts"]["running"], 4);
}

#[tokio::test]
async fn an_account_that_winds_down_ends_what_runs_and_starts_nothing() {
    let account = Account::new().await.with_job(json!({"onAllTasksComplete": "noaction"})).await;
    for number in 0..6 {
        account.post("/jobs/j/tasks", task(&format!("t{number}"), "seconds=600")).await.expect(201);
    }
    account.until("/jobs/j/taskcounts", |counts| counts["taskCounts"]["running"] == 4).await;
    let account = account.wound_down().await;
    account.until("/jobs/j/taskcounts", |counts| counts["taskCounts"]["active"] == 6).await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!(account.get("/jobs/j/taskcounts").await.json()["taskCounts"]["running"], 0);
    account.delete("/jobs/j").await.expect(202);
    account.until_gone("/jobs/j").await;
    account.delete("/pools/p").await.expect(202);
    account.until_gone("/pools/p").await;
}
