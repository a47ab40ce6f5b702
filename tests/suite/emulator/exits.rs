//! What follows from how a task ended: for those that depend on it, and for its job.

use std::time::Duration;

use serde_json::{Value, json};

use super::account::{Account, task, with};

fn ending(id: &str, script: &str, conditions: Value) -> Value {
    with(task(id, script), json!({ "exitConditions": conditions }))
}

fn after(id: &str, parent: &str) -> Value {
    with(task(id, ""), json!({ "dependsOn": { "taskIds": [parent] } }))
}

async fn add(account: &Account, tasks: Vec<Value>) {
    for task in tasks {
        account.post("/jobs/j/tasks", task).await.expect(201);
    }
}

#[tokio::test]
async fn exit_conditions_say_which_ends_let_dependents_run() {
    let account = Account::new().await.with_job(json!({"usesTaskDependencies": true})).await;
    let satisfy = json!({ "dependencyAction": "satisfy" });
    let three = json!({ "exitCodes": [{ "code": 3, "exitOptions": satisfy }] });
    let block = json!({ "exitCodes": [{ "code": 0, "exitOptions": { "dependencyAction": "block" } }] });
    add(
        &account,
        vec![
            ending("three", "exit=3", three.clone()),
            ending("four", "exit=4", three),
            ending("5", "exit=1", json!({ "default": satisfy })),
            ending("good", "", block),
            after("after-three", "three"),
            after("after-four", "four"),
            after("after-good", "good"),
            with(task("after-5", ""), json!({"dependsOn": {"taskIdRanges": [{"start": 5, "end": 5}]}})),
        ],
    )
    .await;
    for id in ["after-three", "after-5", "four", "good"] {
        account.until_state(&format!("/jobs/j/tasks/{id}"), "completed").await;
    }
    // Whoever comes later learns the same.
    add(&account, vec![after("late", "three"), after("late-good", "good")]).await;
    account.until_state("/jobs/j/tasks/late", "completed").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    for id in ["after-four", "after-good", "late-good"] {
        assert_eq!(account.get(&format!("/jobs/j/tasks/{id}")).await.json()["state"], "active", "{id}");
    }
    let read = account.get("/jobs/j/tasks/three").await.json();
    assert_eq!(read["exitConditions"]["exitCodes"][0]["exitOptions"]["dependencyAction"], "satisfy");
    let account = account.reopen_simulated().await;
    assert_eq!(account.get("/jobs/j/tasks/after-good").await.json()["state"], "active");
}

#[tokio::test]
async fn a_task_that_a_user_ends_satisfies_if_its_default_says_so() {
    let account = Account::new().await.with_job(json!({"usesTaskDependencies": true})).await;
    let satisfy = json!({ "default": { "dependencyAction": "satisfy" } });
    add(&account, vec![ending("long", "seconds=60", satisfy), after("next", "long")]).await;
    account.until_state("/jobs/j/tasks/long", "running").await;
    account.post("/jobs/j/tasks/long/terminate", json!({})).await.expect(204);
    account.until_state("/jobs/j/tasks/next", "completed").await;
}

#[tokio::test]
async fn a_job_that_acts_on_how_its_tasks_end_is_ended_or_disabled() {
    let acts = json!({"onTaskFailure": "performexitoptionsjobaction"});
    let account = Account::new().await.with_job(acts.clone()).await;
    let none = json!({ "exitCodes": [{ "code": 1, "exitOptions": { "jobAction": "none" } }] });
    add(&account, vec![task("good", ""), ending("ignored", "exit=1", none), task("long", "seconds=60")])
        .await;
    account.until_state("/jobs/j/tasks/ignored", "completed").await;
    assert_eq!(account.get("/jobs/j").await.json()["state"], "active");
    add(&account, vec![task("bad", "exit=2")]).await;
    let job = account.until_state("/jobs/j", "completed").await;
    assert_eq!(job["executionInfo"]["terminateReason"], "TaskFailed");
    let long = account.get("/jobs/j/tasks/long").await.json();
    assert_eq!(long["executionInfo"]["failureInfo"]["code"], "TaskEnded");

    let account = Account::new().await.with_job(acts).await;
    let disable = json!({ "default": { "jobAction": "disable" } });
    add(&account, vec![task("long", "seconds=60")]).await;
    account.until_state("/jobs/j/tasks/long", "running").await;
    add(&account, vec![ending("bad", "exit=2", disable)]).await;
    account.until_state("/jobs/j", "disabled").await;
    let long = account.get("/jobs/j/tasks/long").await.json();
    assert_eq!((&long["state"], &long["executionInfo"]["requeueCount"]), (&json!("active"), &json!(1)));
}

#[tokio::test]
async fn what_the_job_would_not_act_on_is_refused() {
    let account = Account::new().await.with_job(json!({})).await;
    for (options, property) in [
        (json!({ "jobAction": "terminate" }), "exitConditions.default.jobAction"),
        (json!({ "dependencyAction": "satisfy" }), "exitConditions.default.dependencyAction"),
    ] {
        let refused = account.post("/jobs/j/tasks", ending("t", "", json!({ "default": options }))).await;
        let refused = refused.refused(400, "InvalidPropertyValue");
        assert_eq!(refused.detail("PropertyName"), property);
    }
}
