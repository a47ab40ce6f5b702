//! Jobs: disabled, enabled, ended, deleted.

use std::sync::Arc;
use std::time::Duration;

use batchyard::clock::ManualClock;
use batchyard::emulator::Timing;
use serde_json::{Value, json};

use super::account::{Account, task, with};

#[tokio::test]
async fn a_job_reads_back_with_its_defaults_and_the_services_own_location() {
    let account = Account::new().await;
    let made =
        account.post("/jobs", json!({"id": "mine", "poolInfo": {"poolId": "none-yet"}})).await.expect(201);
    assert_eq!(made.header("location"), "http://localhost:10100/jobs/job-1");
    let job = account.get("/jobs/mine").await.json();
    for (name, value) in [
        ("state", json!("active")),
        ("priority", json!(0)),
        ("maxParallelTasks", json!(-1)),
        ("usesTaskDependencies", json!(false)),
        ("onAllTasksComplete", json!("noaction")),
        ("onTaskFailure", json!("noaction")),
        ("constraints", json!({"maxWallClockTime": "P10675199DT2H48M5.4775807S", "maxTaskRetryCount": 0})),
        ("previousState", Value::Null),
    ] {
        assert_eq!(job[name], value, "{name}");
    }
    assert_eq!(job["executionInfo"]["startTime"], job["creationTime"]);
    let selected = account.get("/jobs/mine?$select=state,%20id").await.json();
    assert_eq!(selected.as_object().unwrap().len(), 3, "{selected}");
}

#[tokio::test]
async fn a_disabled_job_runs_nothing_until_it_is_enabled() {
    let account = Account::new().await.with_job(json!({})).await;
    account.post("/jobs/j/tasks", task("t", "seconds=600")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    account.post("/jobs/j/enable", json!({})).await.refused(409, "OperationInvalidForCurrentState");
    account
        .patch("/jobs/j", json!({"poolInfo": {"poolId": "q"}}))
        .await
        .refused(409, "OperationInvalidForCurrentState");
    account.post("/jobs/j/disable", json!({"disableTasks": "requeue"})).await.expect(202);
    account.until_state("/jobs/j", "disabled").await;
    let waiting = account.get("/jobs/j/tasks/t").await.json();
    assert_eq!((&waiting["state"], &waiting["executionInfo"]["requeueCount"]), (&json!("active"), &json!(1)));
    account.patch("/jobs/j", json!({"poolInfo": {"poolId": "p"}, "priority": "5"})).await.expect(200);
    account.post("/jobs/j/enable", json!({})).await.expect(202);
    account.until_state("/jobs/j", "active").await;
    account.until_state("/jobs/j/tasks/t", "running").await;
    account.post("/jobs/j/disable", json!({"disableTasks": "terminate"})).await.expect(202);
    account.until_state("/jobs/j", "disabled").await;
    let ended = account.get("/jobs/j/tasks/t").await.json();
    assert_eq!(ended["executionInfo"]["failureInfo"]["code"], "TaskEnded");
}

#[tokio::test]
async fn a_job_that_waits_for_its_tasks_is_disabling_as_long() {
    let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
    let account = Account::timed(clock.clone(), Timing::Instant).await.with_job(json!({})).await;
    account.post("/jobs/j/tasks", task("t", "seconds=30")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    account.post("/jobs/j/disable", json!({"disableTasks": "wait"})).await.expect(202);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(account.get("/jobs/j").await.json()["state"], "disabling");
    clock.advance(Duration::from_secs(30));
    account.until_state("/jobs/j", "disabled").await;
    assert_eq!(account.get("/jobs/j/tasks/t").await.json()["executionInfo"]["result"], "success");
}

#[tokio::test]
async fn a_terminated_job_ends_what_runs_and_keeps_what_waits() {
    let account = Account::new().await.with_job(json!({})).await;
    account
        .post("/jobs/j/tasks", with(task("runs", "seconds=600"), json!({"requiredSlots": 4})))
        .await
        .expect(201);
    account.until_state("/jobs/j/tasks/runs", "running").await;
    account.post("/jobs/j/tasks", task("waits", "")).await.expect(201);
    account.post("/jobs/j/terminate", json!({"terminateReason": "enough"})).await.expect(202);
    let job = account.until_state("/jobs/j", "completed").await;
    assert_eq!(job["executionInfo"]["terminateReason"], "enough");
    assert!(job["executionInfo"]["endTime"].is_string());
    assert_eq!(account.get("/jobs/j/tasks/runs").await.json()["state"], "completed");
    assert_eq!(account.get("/jobs/j/tasks/waits").await.json()["state"], "active");
    for (path, body) in [("/jobs/j/tasks", task("more", "")), ("/jobs/j/terminate", json!({}))] {
        account.post(path, body).await.refused(409, "JobCompleted");
    }
    account.patch("/jobs/j", json!({"priority": 1})).await.refused(409, "JobCompleted");
}

#[tokio::test]
async fn a_job_ends_once_all_its_tasks_have_and_one_without_tasks_does_too() {
    let account = Account::new().await.with_job(json!({"onAllTasksComplete": "noaction"})).await;
    account.post("/jobs/j/tasks", task("t", "exit=1")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "completed").await;
    assert_eq!(account.get("/jobs/j").await.json()["state"], "active");
    account.patch("/jobs/j", json!({"onAllTasksComplete": "terminatejob"})).await.expect(200);
    let job = account.until_state("/jobs/j", "completed").await;
    assert_eq!(job["executionInfo"]["terminateReason"], "AllTasksComplete");

    let empty = json!({"id": "k", "poolInfo": {"poolId": "p"}, "onAllTasksComplete": "terminatejob"});
    account.post("/jobs", empty).await.expect(201);
    account.until_state("/jobs/k", "completed").await;
    let undo = json!({"id": "l", "poolInfo": {"poolId": "p"}, "onAllTasksComplete": "terminatejob", "usesTaskDependencies": true});
    account.post("/jobs", undo).await.expect(201);
}

#[tokio::test]
async fn once_a_job_is_to_end_with_its_tasks_it_stays_so() {
    let account = Account::new().await.with_job(json!({})).await;
    account.post("/jobs/j/tasks", task("t", "seconds=600")).await.expect(201);
    account.patch("/jobs/j", json!({"onAllTasksComplete": "terminatejob"})).await.expect(200);
    let refused = account.patch("/jobs/j", json!({"onAllTasksComplete": "noaction"})).await;
    assert_eq!(refused.refused(400, "InvalidPropertyValue").detail("PropertyName"), "onAllTasksComplete");
}

#[tokio::test]
async fn a_job_ends_when_its_time_is_up() {
    let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
    let limits = json!({"constraints": {"maxWallClockTime": "PT1H"}});
    let account = Account::timed(clock.clone(), Timing::Instant).await.with_job(limits).await;
    account.post("/jobs/j/tasks", task("t", "seconds=7200")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    clock.advance(Duration::from_secs(3_600));
    let job = account.until_state("/jobs/j", "completed").await;
    assert_eq!(job["executionInfo"]["terminateReason"], "MaxWallClockTimeExpiry");
    let task = account.get("/jobs/j/tasks/t").await.json();
    assert_eq!(task["executionInfo"]["failureInfo"]["code"], "TaskEnded");
}

#[tokio::test]
async fn a_deleted_job_takes_its_tasks_and_their_files_along() {
    let account = Account::new().await.with_job(json!({})).await;
    account.post("/jobs/j/tasks", task("t", "")).await.expect(201);
    let task_info = account.until_state("/jobs/j/tasks/t", "completed").await;
    account.post("/jobs/j/tasks", task("u", "seconds=600")).await.expect(201);
    let node = task_info["nodeInfo"]["nodeId"].as_str().unwrap();
    let folder = account.folder().join("nodes/p").join(node).join("workitems/j");
    assert!(folder.exists());
    account.delete("/jobs/j").await.expect(202);
    account.until_gone("/jobs/j").await.refused(404, "JobNotFound");
    account.get("/jobs/j/tasks/t").await.refused(404, "JobNotFound");
    assert!(!folder.exists());
    account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await.expect(201);
    assert_eq!(account.get("/jobs/j/tasks").await.json()["value"], json!([]));
    account.node("p", "idle").await;
}
