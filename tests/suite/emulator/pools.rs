//! Pools and their nodes.

use std::sync::Arc;
use std::time::Duration;

use batchyard::clock::ManualClock;
use batchyard::emulator::{Emulator, Timing};
use serde_json::{Value, json};

use super::account::{Account, config, pool, simulated, task, with};

#[tokio::test]
async fn a_pool_is_made_resizing_and_reads_back_with_its_defaults() {
    let account = Account::new().await;
    let made = account.post("/pools", pool("p")).await.expect(201);
    assert_eq!(made.header("location"), "http://localhost:10100/pools/p");
    assert_eq!(made.header("dataserviceid"), "http://localhost:10100/pools/p");
    assert!(made.header("etag").starts_with("0x8D"), "{made:?}");
    let pool = account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    assert_eq!(pool["taskSchedulingPolicy"]["nodeFillType"], "spread");
    assert_eq!(pool["resizeTimeout"], "PT15M");
    assert_eq!(pool["virtualMachineConfiguration"]["imageReference"]["version"], "latest");
    assert_eq!((&pool["currentDedicatedNodes"], &pool["targetDedicatedNodes"]), (&json!(1), &json!(1)));
    assert_eq!(pool["eTag"], made.header("etag"), "an allocation changes nothing that a user set");
    let node = account.node("p", "idle").await;
    assert!(node["id"].as_str().unwrap().ends_with("_d"));
    assert!(node["nodeAgentInfo"]["version"].as_str().unwrap().contains("simulated"));
}

#[tokio::test]
async fn passwords_are_kept_for_nodes_and_never_read() {
    let account = Account::new().await;
    let mut body = pool("p");
    body["virtualMachineConfiguration"]["containerConfiguration"]["containerRegistries"] =
        json!([{"registryServer": "r.example", "username": "u", "password": "hunter2"}]);
    body["startTask"] = json!({"commandLine": "", "containerSettings": {"imageName": "busybox",
        "registry": {"username": "u", "password": "hunter2"}}});
    account.post("/pools", body).await.expect(201);
    let node = account.node("p", "idle").await;
    let read = account.get("/pools/p").await.text + &node.to_string() + &account.get("/pools").await.text;
    assert!(read.contains("r.example") && !read.contains("hunter2"), "{read}");
    let store = std::fs::read(account.folder().join("store.db-wal")).unwrap();
    assert!(store.windows(7).any(|bytes| bytes == b"hunter2"), "nodes need it");
}

#[tokio::test]
async fn file_systems_that_lead_elsewhere_are_refused_and_their_keys_never_read() {
    let account = Account::new().await;
    let files = |place: &str| {
        json!({"mountConfiguration": [{"azureFileShareConfiguration": {"accountName": "a", "accountKey": "hunter2",
            "azureFileUrl": "https://a.file.core.windows.net/s", "relativeMountPath": place}}]})
    };
    for place in ["../out", "/etc", "a/../b"] {
        let refused = account.post("/pools", with(pool("p"), files(place))).await;
        let refused = refused.refused(400, "InvalidPropertyValue");
        assert_eq!(
            (refused.detail("PropertyName"), refused.detail("PropertyValue")),
            ("relativeMountPath".to_owned(), place.to_owned())
        );
    }
    account.post("/pools", with(pool("p"), files("files"))).await.expect(201);
    let node = account.node("p", "idle").await;
    let read = account.get("/pools/p").await.text + &node.to_string() + &account.get("/pools").await.text;
    assert!(read.contains("file.core.windows.net") && !read.contains("hunter2"), "{read}");
    assert!(account.folder().join("mounts/azure-files/a.file.core.windows.net/s").is_dir());
    let links = std::fs::read_link(
        account.folder().join("nodes/p").join(node["id"].as_str().unwrap()).join("fsmounts/files"),
    );
    assert!(links.unwrap().ends_with("mounts/azure-files/a.file.core.windows.net/s"));
}

#[tokio::test]
async fn what_the_emulator_does_not_do_is_refused_not_ignored() {
    let account = Account::new().await;
    let mut body = pool("p");
    body["virtualMachineConfiguration"]["extensions"] = json!([{"name": "e", "publisher": "p", "type": "t"}]);
    let refused = account.post("/pools", body).await.refused(501, "NotImplementedByEmulator");
    assert_eq!(refused.detail("PropertyName"), "extensions");
    assert!(refused.detail("Reason").contains("no virtual machines"), "{refused:?}");
    account.get("/pools/p").await.expect(404);
}

#[tokio::test]
async fn a_realistic_pool_takes_its_time() {
    let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
    let account = Account::timed(clock.clone(), Timing::Realistic).await;
    let body = with(
        pool("p"),
        json!({"startTask": {"commandLine": "", "waitForSuccess": true,
        "environmentSettings": [{"name": "BATCHYARD_SIMULATE", "value": "seconds=30"}],
        "containerSettings": {"imageName": "busybox"}}}),
    );
    account.post("/pools", body).await.expect(201);
    let pass = async |seconds| {
        // Sleepers that were just asked for must be asleep before the clock moves.
        tokio::time::sleep(Duration::from_millis(50)).await;
        clock.advance(Duration::from_secs(seconds));
    };
    assert_eq!(account.get("/pools/p").await.json()["allocationState"], "resizing");
    pass(20).await;
    account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    let node = account.node("p", "creating").await;
    assert_eq!((&node["lastBootTime"], &node["nodeAgentInfo"]), (&Value::Null, &Value::Null));
    pass(20).await;
    account.node("p", "starting").await;
    pass(20).await;
    account.node("p", "waitingforstarttask").await;
    pass(30).await;
    let node = account.node("p", "idle").await;
    assert_eq!(node["startTaskInfo"]["result"], "success");
    assert_eq!(node["startTaskInfo"]["startTime"], "2026-01-01T00:01:00.0000000Z");
    assert_eq!(node["startTaskInfo"]["endTime"], "2026-01-01T00:01:30.0000000Z");
}

#[tokio::test]
async fn a_failed_start_task_keeps_tasks_away() {
    let account = Account::new().await.with_job(json!({})).await;
    account.node("p", "idle").await;
    let body = with(
        pool("q"),
        json!({"startTask": {"commandLine": "", "maxTaskRetryCount": 2,
        "environmentSettings": [{"name": "BATCHYARD_SIMULATE", "value": "exit=4"}],
        "containerSettings": {"imageName": "busybox"}}}),
    );
    account.post("/pools", body).await.expect(201);
    let node = account.node("q", "starttaskfailed").await;
    let info = &node["startTaskInfo"];
    assert_eq!(
        (&info["exitCode"], &info["retryCount"], &info["result"]),
        (&json!(4), &json!(2), &json!("failure"))
    );
    account.post("/jobs", json!({"id": "k", "poolInfo": {"poolId": "q"}})).await.expect(201);
    account.post("/jobs/k/tasks", task("t", "")).await.expect(201);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(account.get("/jobs/k/tasks/t").await.json()["state"], "active");
}

#[tokio::test]
async fn a_resize_is_one_at_a_time_and_can_put_tasks_back_in_the_queue() {
    let account = Account::new().await.with_job(json!({})).await;
    account.node("p", "idle").await;
    account.post("/jobs/j/tasks", task("t", "seconds=600")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    account.node("p", "running").await;
    account.post("/pools/p/resize", json!({})).await.refused(400, "MissingRequiredProperty");
    let resized = account.post("/pools/p/resize", json!({"targetDedicatedNodes": "0"})).await.expect(202);
    assert_eq!(resized.header("dataserviceid"), "http://localhost:10100/pools/p/resize");
    let task = account.until_state("/jobs/j/tasks/t", "active").await;
    assert_eq!(task["executionInfo"]["requeueCount"], 1);
    assert_eq!(task["executionInfo"]["retryCount"], 0);
    let pool = account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    assert_eq!(pool["currentDedicatedNodes"], 0);
    assert_eq!(account.get("/pools/p/nodes").await.json()["value"], json!([]));
    let update = json!({"taskSlotsPerNode": 2, "vmSize": "standard_d4s_v3"});
    account.patch("/pools/p", update.clone()).await.expect(200);
    account
        .post("/pools/p/resize", json!({"targetDedicatedNodes": 2, "targetLowPriorityNodes": 1}))
        .await
        .expect(202);
    account.until("/pools/p", |pool| pool["currentLowPriorityNodes"] == 1).await;
    account.patch("/pools/p", update).await.refused(409, "OperationInvalidForCurrentState");
    account.until_state("/jobs/j/tasks/t", "running").await;
    assert_eq!(account.get("/pools/p/nodes").await.json()["value"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_resize_that_waits_for_tasks_ends_with_its_time_limit() {
    let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
    let account = Account::timed(clock.clone(), Timing::Instant).await.with_job(json!({})).await;
    account.node("p", "idle").await;
    account.post("/jobs/j/tasks", task("t", "seconds=900")).await.expect(201);
    account.node("p", "running").await;
    let pass = async |seconds| {
        // Sleepers that were just asked for must be asleep before the clock moves.
        tokio::time::sleep(Duration::from_millis(50)).await;
        clock.advance(Duration::from_secs(seconds));
    };
    let shrink = |tasks: &str| json!({"targetDedicatedNodes": 0, "nodeDeallocationOption": tasks, "resizeTimeout": "PT5M"});
    account.post("/pools/p/resize", shrink("taskcompletion")).await.expect(202);
    account.node("p", "leavingpool").await;
    pass(299).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(account.get("/pools/p").await.json()["allocationState"], "resizing");
    pass(1).await;
    let pool = account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    assert_eq!(pool["resizeErrors"][0]["code"], "RemoveNodesFailed", "{pool}");
    assert_eq!((&pool["currentDedicatedNodes"], &pool["targetDedicatedNodes"]), (&json!(1), &json!(0)));
    assert_eq!(account.get("/jobs/j/tasks/t").await.json()["state"], "running");

    // The next resize has a time of its own, and one that need not wait for tasks does not.
    account.post("/pools/p/resize", shrink("taskcompletion")).await.expect(202);
    assert_eq!(account.get("/pools/p").await.json()["resizeErrors"], Value::Null);
    account.post("/pools/p/stopresize", json!({})).await.expect(202);
    account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    account.post("/pools/p/resize", shrink("requeue")).await.expect(202);
    account.until("/pools/p", |pool| pool["currentDedicatedNodes"] == 0).await;
    account.until_state("/jobs/j/tasks/t", "active").await;
    let pool = account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    assert_eq!(pool["resizeErrors"], Value::Null);
}

#[tokio::test]
async fn a_node_that_is_leaving_is_removed_once_however_often_that_is_asked_for() {
    let account = Account::new().await.with_job(json!({})).await;
    let node = account.node("p", "idle").await;
    account.post("/jobs/j/tasks", task("t", "seconds=600")).await.expect(201);
    account.node("p", "running").await;
    let remove = |tasks: &str| json!({"nodeList": [node["id"]], "nodeDeallocationOption": tasks});
    account.post("/pools/p/removenodes", remove("taskcompletion")).await.expect(202);
    account.post("/pools/p/stopresize", json!({})).await.expect(202);
    account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    account.post("/pools/p/removenodes", remove("taskcompletion")).await.expect(202);
    let pool = account.get("/pools/p").await.json();
    assert_eq!((&pool["targetDedicatedNodes"], &pool["allocationState"]), (&json!(0), &json!("resizing")));
    account.post("/pools/p/stopresize", json!({})).await.expect(202);
    account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    account.post("/pools/p/removenodes", remove("requeue")).await.expect(202);
    let pool = account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    assert_eq!((&pool["targetDedicatedNodes"], &pool["currentDedicatedNodes"]), (&json!(0), &json!(0)));
    account.until_state("/jobs/j/tasks/t", "active").await;
}

#[tokio::test]
async fn a_deleted_pool_is_deleting_and_then_gone_and_its_tasks_wait() {
    let account = Account::new().await.with_job(json!({})).await;
    account.node("p", "idle").await;
    account.post("/jobs/j/tasks", task("t", "seconds=600")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    let nodes = account.folder().join("nodes").join("p");
    assert!(nodes.exists());
    let deleted = account.delete("/pools/p").await.expect(202);
    assert_eq!((deleted.text.as_str(), deleted.header("etag")), ("", ""));
    account.until_gone("/pools/p").await.refused(404, "PoolNotFound");
    assert!(!nodes.exists());
    assert_eq!(account.get("/jobs/j/tasks/t").await.json()["state"], "active");
    account.post("/pools", pool("p")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
}

#[tokio::test]
async fn without_an_engine_nodes_say_so_and_tasks_wait() {
    let folder = tempfile::tempdir().unwrap();
    let reason = "no Docker engine answers at unix:///var/run/docker.sock".to_owned();
    let account = Account::new().await;
    let clock: Arc<dyn batchyard::clock::Clock> = Arc::new(batchyard::clock::SystemClock);
    drop(Emulator::open(config(folder.path(), simulated(&clock), clock)).await.unwrap());
    let account = account.reopen(Err(reason.clone())).await.with_job(json!({})).await;
    let node = account.node("p", "unusable").await;
    assert_eq!(node["errors"][0]["code"], "ContainerEngineUnavailable");
    assert_eq!(node["errors"][0]["errorDetails"], json!([{"name": "Reason", "value": reason}]));
    account.post("/jobs/j/tasks", task("t", "")).await.expect(201);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(account.get("/jobs/j/tasks/t").await.json()["state"], "active");

    let runtime = account.simulated();
    let account = account.reopen(runtime).await;
    assert_eq!(
        account.until_state("/jobs/j/tasks/t", "completed").await["executionInfo"]["result"],
        "success"
    );
    assert_eq!(account.node("p", "idle").await["errors"], Value::Null);
}
