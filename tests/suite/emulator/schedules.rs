//! Job schedules: jobs at every occasion, disabled, enabled, changed, ended, deleted.

use std::sync::Arc;
use std::time::Duration;

use batchyard::clock::ManualClock;
use batchyard::emulator::Timing;
use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

const MINUTE: Duration = Duration::from_secs(60);

/// A job manager task that ends as `script` says.
fn manager(script: &str) -> Value {
    with(task("manager", script), json!({"displayName": "first"}))
}

/// A schedule whose jobs begin with a job manager task.
fn schedule(id: &str, when: Value, manager: Value) -> Value {
    json!({"id": id, "schedule": when, "jobSpecification": {"poolInfo": {"poolId": "p"}, "jobManagerTask": manager}})
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()))
}

async fn account(clock: &Arc<ManualClock>) -> Account {
    let account = Account::timed(clock.clone(), Timing::Instant).await;
    account.post("/pools", pool("p")).await.expect(201);
    account.node("p", "idle").await;
    account
}

/// Lets what was started get as far as waiting for the clock.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[tokio::test]
async fn a_job_is_made_and_run_at_every_occasion() {
    let clock = clock();
    let account = account(&clock).await;
    let made =
        account.post("/jobschedules", schedule("s", json!({"recurrenceInterval": "PT10M"}), manager("")));
    assert_eq!(made.await.expect(201).header("location"), "http://localhost:10100/jobschedules/s");
    let job = account.until_state("/jobs/s:job-1", "completed").await;
    assert_eq!(job["executionInfo"]["terminateReason"], "JMComplete");
    assert_eq!(job["jobManagerTask"]["killJobOnCompletion"], true);
    let task = account.get("/jobs/s:job-1/tasks/manager").await.json();
    assert_eq!(
        (&task["executionInfo"]["result"], &task["displayName"]),
        (&json!("success"), &json!("first"))
    );
    let running = account.get("/jobschedules/s").await.json();
    assert_eq!(
        running["executionInfo"],
        json!({"nextRunTime": "2026-01-01T00:10:00.0000000Z",
            "recentJob": {"id": "s:job-1", "url": "http://localhost:10100/jobs/s:job-1"}})
    );
    account.get("/jobs/s:job-2").await.refused(404, "JobNotFound");
    settle().await;
    clock.advance(10 * MINUTE);
    account.until_state("/jobs/s:job-2", "completed").await;
    let jobs = account.get("/jobschedules/s/jobs?$select=id").await.json();
    let ids: Vec<_> = jobs["value"].as_array().unwrap().iter().map(|job| job["id"].clone()).collect();
    assert_eq!(ids, ["s:job-1", "s:job-2"]);
}

#[tokio::test]
async fn a_schedule_waits_for_one_occasion_however_often_its_jobs_change() {
    let clock = clock();
    let account = account(&clock).await;
    let repeats = schedule("s", json!({"recurrenceInterval": "PT10M"}), manager(""));
    account.post("/jobschedules", repeats).await.expect(201);
    let mut sleepers = Vec::new();
    for number in 1..=8 {
        account.until_state(&format!("/jobs/s:job-{number}"), "completed").await;
        settle().await;
        sleepers.push(clock.sleepers());
        clock.advance(10 * MINUTE);
    }
    assert!(sleepers[7] <= sleepers[1], "{sleepers:?}");
}

#[tokio::test]
async fn a_schedule_reads_back_with_its_defaults_and_is_one_of_a_list() {
    let account = Account::new().await;
    let later =
        json!({"doNotRunUntil": "2100-01-01T00:00:00Z", "recurrenceInterval": "P1D", "startWindow": "PT1H"});
    account.post("/jobschedules", schedule("Mine", later, manager(""))).await.expect(201);
    account.post("/jobschedules", schedule("other", json!({}), manager("seconds=600"))).await.expect(201);
    let read = account.get("/jobschedules/mine").await.json();
    assert_eq!((&read["id"], &read["state"]), (&json!("Mine"), &json!("active")));
    assert_eq!(read["executionInfo"]["nextRunTime"], "2100-01-01T00:00:00.0000000Z");
    assert_eq!(read["jobSpecification"]["onAllTasksComplete"], "noaction");
    assert_eq!(read["jobSpecification"]["constraints"]["maxTaskRetryCount"], 0);
    let filter = "$filter=schedule/doNotRunUntil%20gt%20DateTime'2099-01-01T00:00:00Z'&$select=id,state";
    let found = account.get(&format!("/jobschedules?{filter}")).await.json();
    assert_eq!(found["value"], json!([{"id": "Mine", "state": "active"}]));
    account
        .get("/jobschedules?$filter=displayName%20eq%20'x'")
        .await
        .refused(400, "InvalidQueryParameterValue");
    account.send("HEAD", "/jobschedules/mine", &[], None).await.expect(200);
    account.send("HEAD", "/jobschedules/none", &[], None).await.expect(404);
    account.get("/jobschedules/none/jobs").await.refused(404, "JobScheduleNotFound");
    account.get("/jobs/Mine:job-1").await.refused(404, "JobNotFound");
}

#[tokio::test]
async fn schedules_and_jobs_share_their_ids() {
    let account = Account::new().await.with_job(json!({})).await;
    let later = json!({"doNotRunUntil": "2100-01-01T00:00:00Z"});
    account
        .post("/jobschedules", schedule("J", later.clone(), manager("")))
        .await
        .refused(409, "JobWithSameIdExists");
    account.post("/jobschedules", schedule("s", later.clone(), manager(""))).await.expect(201);
    account.post("/jobschedules", schedule("S", later, manager(""))).await.refused(409, "JobScheduleExists");
    let job = json!({"id": "s", "poolInfo": {"poolId": "p"}});
    account.post("/jobs", job).await.refused(409, "JobScheduleWithSameIdExists");
}

#[tokio::test]
async fn a_disabled_schedule_makes_no_job_and_its_job_goes_on() {
    let clock = clock();
    let account = account(&clock).await;
    let body = schedule("s", json!({"recurrenceInterval": "PT1M"}), manager("seconds=30"));
    account.post("/jobschedules", body).await.expect(201);
    account.until_state("/jobs/s:job-1/tasks/manager", "running").await;
    account.post("/jobschedules/s/disable", json!({})).await.expect(204);
    settle().await;
    clock.advance(5 * MINUTE);
    account.until_state("/jobs/s:job-1", "completed").await;
    settle().await;
    account.get("/jobs/s:job-2").await.refused(404, "JobNotFound");
    account.post("/jobschedules/s/enable", json!({})).await.expect(204);
    account.until_state("/jobs/s:job-2/tasks/manager", "running").await;
}

#[tokio::test]
async fn a_job_that_runs_on_keeps_the_next_one_waiting() {
    let clock = clock();
    let account = account(&clock).await;
    let body = schedule("s", json!({"recurrenceInterval": "PT1M"}), manager("seconds=90"));
    account.post("/jobschedules", body).await.expect(201);
    account.until_state("/jobs/s:job-1/tasks/manager", "running").await;
    settle().await;
    clock.advance(MINUTE);
    settle().await;
    account.get("/jobs/s:job-2").await.refused(404, "JobNotFound");
    clock.advance(MINUTE);
    account.until_state("/jobs/s:job-1", "completed").await;
    account.until_state("/jobs/s:job-2/tasks/manager", "running").await;
}

#[tokio::test]
async fn a_schedule_that_does_not_repeat_ends_with_its_job() {
    let account = Account::new().await.with_job(json!({})).await;
    account.post("/jobschedules", schedule("once", json!({}), manager("exit=3"))).await.expect(201);
    let ended = account.until_state("/jobschedules/once", "completed").await;
    assert!(ended["executionInfo"]["endTime"].is_string(), "{ended}");
    assert_eq!(ended["previousState"], "terminating");
    let job = account.get("/jobs/once:job-1").await.json();
    assert_eq!(
        (&job["state"], &job["executionInfo"]["terminateReason"]),
        (&json!("completed"), &json!("JMComplete"))
    );
    for action in ["disable", "enable", "terminate"] {
        let refused = account.post(&format!("/jobschedules/once/{action}"), json!({})).await;
        refused.refused(409, "JobScheduleCompleted");
    }
    account.patch("/jobschedules/once", json!({"metadata": []})).await.refused(409, "JobScheduleCompleted");
    account.delete("/jobschedules/once").await.expect(202);
    account.until_gone("/jobschedules/once").await.refused(404, "JobScheduleNotFound");
}

#[tokio::test]
async fn a_change_reaches_the_next_job_and_asks_for_the_version_it_was_made_for() {
    let clock = clock();
    let account = account(&clock).await;
    let body = schedule("s", json!({"recurrenceInterval": "PT10M"}), manager(""));
    account
        .post("/jobschedules", with(body, json!({"metadata": [{"name": "a", "value": "b"}]})))
        .await
        .expect(201);
    account.until_state("/jobs/s:job-1", "completed").await;
    let version = account.get("/jobschedules/s").await.header("etag").to_owned();
    let change = json!({"jobSpecification": {"poolInfo": {"poolId": "p"}, "priority": 7, "jobManagerTask": manager("")}});
    let condition = [("if-match", version.as_str())];
    let patch = |body: &Value| account.send("PATCH", "/jobschedules/s", &condition, Some(body.to_string()));
    patch(&change).await.expect(200);
    patch(&change).await.refused(412, "ConditionNotMet");
    assert_eq!(account.get("/jobs/s:job-1").await.json()["priority"], 0);
    settle().await;
    clock.advance(10 * MINUTE);
    assert_eq!(account.until_state("/jobs/s:job-2", "completed").await["priority"], 7);
    let read = account.get("/jobschedules/s").await.json();
    assert_eq!(read["metadata"], json!([{"name": "a", "value": "b"}]));
    // A replacement without a schedule asks for one job at once.
    account
        .send("PUT", "/jobschedules/s", &[], Some("{}".to_owned()))
        .await
        .refused(400, "MissingRequiredProperty");
    account.send("PUT", "/jobschedules/s", &[], Some(change.to_string())).await.expect(200);
    account.until_state("/jobs/s:job-3", "completed").await;
    let ended = account.until_state("/jobschedules/s", "completed").await;
    assert_eq!((&ended["metadata"], &ended["schedule"]), (&Value::Null, &json!({})));
}

#[tokio::test]
async fn a_terminated_schedule_ends_its_job_and_a_deleted_one_takes_all_along() {
    let account = Account::new().await.with_job(json!({})).await;
    let body = schedule("s", json!({"recurrenceInterval": "PT10M"}), manager("seconds=600"));
    account.post("/jobschedules", body).await.expect(201);
    account.until_state("/jobs/s:job-1/tasks/manager", "running").await;
    account.post("/jobschedules/s/terminate", json!({})).await.expect(202);
    account.until_state("/jobschedules/s", "completed").await;
    let job = account.get("/jobs/s:job-1").await.json();
    assert_eq!(job["executionInfo"]["terminateReason"], "TerminateJobSchedule");
    account.delete("/jobschedules/s").await.expect(202);
    account.until_gone("/jobschedules/s").await;
    account.get("/jobs/s:job-1").await.refused(404, "JobNotFound");
    assert_eq!(account.get("/jobs/j").await.json()["state"], "active", "the others are left alone");
}

#[tokio::test]
async fn schedules_go_on_after_a_restart() {
    let clock = clock();
    let account = account(&clock).await;
    let body = schedule("s", json!({"recurrenceInterval": "PT10M"}), manager(""));
    account.post("/jobschedules", body).await.expect(201);
    let going = schedule("going", json!({"recurrenceInterval": "PT10M"}), manager("seconds=6000"));
    account.post("/jobschedules", going).await.expect(201);
    account.until_state("/jobs/s:job-1", "completed").await;
    account.until_state("/jobs/going:job-1/tasks/manager", "running").await;
    let before = account.get("/jobschedules/s").await.json();
    account.delete("/jobschedules/going").await.expect(202);
    let account = account.reopen_simulated().await;
    assert_eq!(account.get("/jobschedules/s").await.json(), before);
    account.until_gone("/jobschedules/going").await;
    settle().await;
    clock.advance(10 * MINUTE);
    account.until_state("/jobs/s:job-2", "completed").await;
    let account = account.wound_down().await;
    settle().await;
    clock.advance(10 * MINUTE);
    settle().await;
    account.get("/jobs/s:job-3").await.refused(404, "JobNotFound");
    account.delete("/jobschedules/s").await.expect(202);
    account.until_gone("/jobschedules/s").await;
}

#[tokio::test]
async fn a_job_manager_task_has_its_node_for_itself_unless_it_shares() {
    let account = Account::new().await.with_job(json!({})).await;
    let job =
        |id: &str, manager: Value| json!({"id": id, "poolInfo": {"poolId": "p"}, "jobManagerTask": manager});
    account.post("/jobs", job("alone", manager("seconds=600"))).await.expect(201);
    account.until_state("/jobs/alone/tasks/manager", "running").await;
    account.post("/jobs/j/tasks", task("t", "")).await.expect(201);
    settle().await;
    assert_eq!(account.get("/jobs/j/tasks/t").await.json()["state"], "active");
    account.post("/jobs/alone/terminate", json!({})).await.expect(202);
    account.until_state("/jobs/j/tasks/t", "completed").await;
    let shares = with(manager("seconds=600"), json!({"runExclusive": false, "killJobOnCompletion": false}));
    account.post("/jobs", job("shares", shares)).await.expect(201);
    account.until_state("/jobs/shares/tasks/manager", "running").await;
    account.post("/jobs/shares/tasks", task("u", "")).await.expect(201);
    account.until_state("/jobs/shares/tasks/u", "completed").await;
    account.post("/jobs/shares/tasks/manager/terminate", json!({})).await.expect(204);
    account.until_state("/jobs/shares/tasks/manager", "completed").await;
    settle().await;
    assert_eq!(
        account.get("/jobs/shares").await.json()["state"],
        "active",
        "it does not end with its manager"
    );
}
