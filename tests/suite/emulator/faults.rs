//! What goes wrong on demand.

use std::time::{Duration, Instant};

use batchyard::batch::auth::{SharedKey, SignedRequest};
use batchyard::batch::model::BatchJobCreateOptions;
use batchyard::batch::operations::CreateJob;
use batchyard::batch::{DateTime, ErrorCode};
use batchyard::client::{BatchClient, ClientOptions, Credential};
use batchyard::clock::{Clock as _, SystemClock};
use batchyard::secret::Secret;
use serde_json::{Value, json};

use super::account::{Account, Reply, pool, task, with};
use crate::support::{Emulator, Runtime, Sandbox};

async fn set(account: &Account, rules: Value) -> Reply {
    account.send("PUT", "/_emulator/faults", &[], Some(rules.to_string())).await
}

#[tokio::test]
async fn requests_meet_what_the_rules_say_until_they_are_taken_back() {
    let account = Account::new().await;
    set(
        &account,
        json!({"requests": [
            {"answer": 503, "retryAfterSeconds": 7, "operations": ["Pools_CreatePool"], "times": 1},
            {"answer": 500, "methods": ["DELETE"]},
            {"answer": 429, "operations": ["Pools_GetPool"], "skip": 1}]}),
    )
    .await
    .expect(200);
    let busy = account.post("/pools", pool("p")).await.refused(503, "ServerBusy");
    assert_eq!(busy.header("retry-after"), "7");
    account.post("/pools", pool("p")).await.expect(201);
    account.delete("/pools/p").await.refused(500, "InternalError");
    account.get("/pools/p").await.expect(200);
    account.get("/pools/p").await.refused(429, "TooManyRequests");
    let shown = account.get("/_emulator/faults").await.expect(200).json();
    assert_eq!(
        shown["counts"]["requests"],
        json!([{"seen": 2, "struck": 1}, {"seen": 1, "struck": 1}, {"seen": 2, "struck": 1}])
    );
    account.delete("/_emulator/faults").await.expect(200);
    account.get("/pools/p").await.expect(200);
    account.delete("/pools/p").await.expect(202);
}

#[tokio::test]
async fn what_was_carried_out_is_there_whatever_was_answered() {
    let account = Account::new().await;
    set(&account, json!({"requests": [{"answer": 500, "carriedOut": true, "times": 1}]})).await.expect(200);
    account.post("/pools", pool("p")).await.refused(500, "InternalError");
    account.post("/pools", pool("p")).await.refused(409, "PoolExists");
    set(&account, json!({"requests": [{"answer": 500, "times": 1}]})).await.expect(200);
    account.delete("/pools/p").await.refused(500, "InternalError");
    account.get("/pools/p").await.expect(200);
}

#[tokio::test]
async fn an_answer_may_be_late() {
    let account = Account::new().await;
    set(&account, json!({"requests": [{"delayMilliseconds": 300}]})).await.expect(200);
    let begin = Instant::now();
    account.get("/pools").await.expect(200);
    assert!(begin.elapsed() >= Duration::from_millis(300), "{:?}", begin.elapsed());
}

#[tokio::test]
async fn rules_that_make_no_sense_change_nothing_and_strangers_set_none() {
    let account = Account::new().await;
    set(&account, json!({"seed": 3})).await.expect(200);
    let wrong =
        set(&account, json!({"requests": [{"answer": 200}]})).await.refused(400, "InvalidRequestBody");
    assert!(wrong.detail("Reason").contains("429, 500, 503"), "{wrong:?}");
    let date = DateTime(SystemClock.now()).to_rfc1123();
    let headers = [("ocp-date", date.as_str())];
    let rules = Some(json!({"requests": [{"answer": 500}]}).to_string());
    account
        .send_signed("PUT", "/_emulator/faults", &headers, rules, "c3RyYW5nZXI=")
        .await
        .refused(403, "AuthenticationFailed");
    assert_eq!(account.get("/_emulator/faults").await.json()["rules"]["seed"], 3);
    account.get("/_emulator/fault").await.refused(400, "InvalidUri");
    account.post("/_emulator/faults", json!({})).await.refused(405, "UnsupportedHttpVerb");
}

/// A client of the served account: whether a connection ended without an answer, only a socket tells.
fn client(emulator: &Emulator<'_>, options: ClientOptions) -> BatchClient {
    let key = SharedKey::new(emulator.account(), &Secret::new(emulator.key())).unwrap();
    BatchClient::new(emulator.endpoint().parse().unwrap(), Credential::SharedKey(key), options).unwrap()
}

/// Sends a signed request by curl's exit code: 52 is an empty reply.
fn curl(sandbox: &Sandbox, emulator: &Emulator<'_>, path: &str) -> Option<i32> {
    let date = DateTime(SystemClock.now()).to_rfc1123();
    let headers = [("ocp-date", date.as_str())];
    let query = "api-version=2025-06-01";
    let signed = SignedRequest { method: "GET", path, query, headers: &headers };
    let key = SharedKey::new(emulator.account(), &Secret::new(emulator.key())).unwrap();
    let authorization = format!("authorization: {}", key.authorize(&signed));
    let url = format!("{}{path}?{query}", emulator.endpoint());
    let date = format!("ocp-date: {date}");
    let args = ["--silent", "--max-time", "20", "-H", &date, "-H", &authorization, &url];
    sandbox.program("curl").args(args).run().code
}

#[test]
fn a_file_says_what_goes_wrong_and_a_connection_may_end_without_an_answer() {
    let sandbox = Sandbox::new().file(
        "faults.json",
        r#"{"requests": [{"answer": "none", "operations": ["Pools_ListPools"], "times": 1}]}"#,
    );
    let faults = sandbox.path("faults.json");
    let flags = ["--faults", faults.to_str().unwrap()];
    let emulator = Emulator::start_with(&sandbox, Runtime::Simulated, &flags).unwrap();
    if std::process::Command::new("curl").arg("--version").output().is_err() {
        return crate::support::skip("there is no curl");
    }
    assert_eq!(curl(&sandbox, &emulator, "/pools"), Some(52));
    assert_eq!(curl(&sandbox, &emulator, "/pools"), Some(0));
}

#[test]
fn a_file_that_says_nothing_of_faults_is_named() {
    let sandbox = Sandbox::new().file("faults.json", r#"{"requests": [{"answer": 404}]}"#);
    let output = sandbox.run(["emulator", "--listen", "127.0.0.1:0", "--faults", "faults.json"]);
    output.code(64).stderr_contains("faults.json").stderr_contains("and not 404");
    let output = sandbox.run(["emulator", "--listen", "127.0.0.1:0", "--faults", "none.json"]);
    output.code(64).stderr_contains("none.json can't be read");
}

/// What our client is for: whatever share of the answers is lost, the job is made, once, and the client says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_client_comes_through_lost_answers() {
    let sandbox = Sandbox::new().file(
        "faults.json",
        r#"{"seed": 11, "requests": [
            {"answer": "none", "carriedOut": true, "methods": ["POST"], "skip": 1, "times": 1},
            {"answer": "none", "methods": ["POST"], "times": 1},
            {"answer": 503, "methods": ["POST"], "skip": 2, "times": 1}]}"#,
    );
    let faults = sandbox.path("faults.json");
    let flags = ["--faults", faults.to_str().unwrap()];
    let emulator = Emulator::start_with(&sandbox, Runtime::Simulated, &flags).unwrap();
    let client = client(&emulator, ClientOptions::default());
    let job: BatchJobCreateOptions =
        serde_json::from_value(json!({"id": "j", "poolInfo": {"poolId": "p"}})).unwrap();
    // Nothing; done and not said; busy; and then the truth.
    let error = client.send(&CreateJob { job }).await.unwrap_err();
    assert!(error.code_is_after_retry(ErrorCode::JOB_EXISTS), "{error:?}");
}

/// A pool with one Spot node.
fn spot(id: &str) -> Value {
    with(pool(id), json!({"targetDedicatedNodes": 0, "targetLowPriorityNodes": 1}))
}

#[tokio::test]
async fn a_preempted_spot_node_comes_back_empty_and_its_task_runs_again_at_no_cost() {
    let account = Account::new().await;
    account.post("/pools", spot("p")).await.expect(201);
    account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await.expect(201);
    let node = account.node("p", "idle").await["id"].as_str().unwrap().to_owned();
    account.post("/jobs/j/tasks", task("t", "seconds=600")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    let lever = format!("/_emulator/pools/p/nodes/{node}/preempt");
    account.post(&lever, json!({"absentSeconds": 600})).await.expect(202);
    let preempted = account.node("p", "preempted").await;
    assert_eq!(preempted["isDedicated"], false);
    let queued = account.until_state("/jobs/j/tasks/t", "active").await;
    assert_eq!(
        (&queued["executionInfo"]["requeueCount"], &queued["executionInfo"]["retryCount"]),
        (&json!(0), &json!(0))
    );
    let counts = account.get("/nodecounts").await.json();
    assert_eq!(counts["value"][0]["lowPriority"]["preempted"], 1, "{counts:#}");
    assert_eq!(account.get("/pools/p").await.json()["currentLowPriorityNodes"], 1);
    account.post(&lever, json!({})).await.refused(409, "OperationInvalidForCurrentState");
    // A restart waits for the rest of the time.
    let account = account.reopen_simulated().await;
    account.node("p", "preempted").await;
    account.delete("/pools/p").await.expect(202);
    account.until_gone("/pools/p").await;
}

#[tokio::test]
async fn a_preempted_node_that_is_replaced_runs_what_waits() {
    let account = Account::new().await;
    account.post("/pools", spot("p")).await.expect(201);
    account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await.expect(201);
    let first = account.node("p", "idle").await;
    account.post("/jobs/j/tasks", task("t", "seconds=1")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    let lever = format!("/_emulator/pools/p/nodes/{}/preempt", first["id"].as_str().unwrap());
    account.post(&lever, json!({"absentSeconds": 1})).await.expect(202);
    account.node("p", "preempted").await;
    let done = account.until_state("/jobs/j/tasks/t", "completed").await;
    assert_eq!(done["executionInfo"]["result"], "success", "{done:#}");
    let again = account.node("p", "idle").await;
    assert_eq!(again["id"], first["id"]);
    assert_ne!(again["lastBootTime"], first["lastBootTime"]);
}

#[tokio::test]
async fn dedicated_nodes_are_not_preempted_and_a_broken_one_is_mended_by_a_reboot() {
    let account = Account::new().await.with_job(json!({})).await;
    let node = account.node("p", "idle").await["id"].as_str().unwrap().to_owned();
    account.post("/jobs/j/tasks", task("t", "seconds=600")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    let lever = |action: &str| format!("/_emulator/pools/p/nodes/{node}/{action}");
    account.post(&lever("preempt"), json!({})).await.refused(409, "OperationInvalidForCurrentState");
    account.post(&lever("break"), json!({"cause": "x"})).await.refused(400, "InvalidRequestBody");
    account.get(&lever("break")).await.refused(405, "UnsupportedHttpVerb");
    account.post("/_emulator/pools/p/nodes/none/break", json!({})).await.refused(404, "NodeNotFound");
    account.post(&lever("break"), json!({})).await.expect(202);
    let broken = account.node("p", "unusable").await;
    assert_eq!(broken["errors"][0]["code"], "DiskFull");
    account.until_state("/jobs/j/tasks/t", "active").await;
    account.post(&format!("/pools/p/nodes/{node}/reboot"), json!({})).await.expect(202);
    account.until_state("/jobs/j/tasks/t", "running").await;
}

#[tokio::test]
async fn rules_take_spot_nodes_away_and_fail_boots_and_start_tasks() {
    let account = Account::new().await;
    set(
        &account,
        json!({"nodes": [
            {"fault": "unusable", "pools": ["broken"], "code": "DiskFull"},
            {"fault": "startTaskFailed", "pools": ["failing"], "exitCode": 7},
            {"fault": "preempted", "absentSeconds": 600}]}),
    )
    .await
    .expect(200);
    account.post("/pools", pool("broken")).await.expect(201);
    let start = json!({"startTask": {"commandLine": "true", "waitForSuccess": true}});
    account.post("/pools", with(pool("failing"), start)).await.expect(201);
    account.post("/pools", spot("spot")).await.expect(201);
    account.post("/pools", pool("fine")).await.expect(201);
    assert_eq!(account.node("broken", "unusable").await["errors"][0]["code"], "DiskFull");
    let failed = account.node("failing", "starttaskfailed").await;
    assert_eq!(failed["startTaskInfo"]["exitCode"], 7);
    let details = failed["startTaskInfo"]["failureInfo"].to_string();
    assert!(details.contains("nothing ran"), "{details}");
    account.node("spot", "preempted").await;
    account.node("fine", "idle").await;
}
