//! Tasks that make way for those of a more important job.

use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

/// An account with a pool of one node of two slots, the job `low` that lets its tasks be preempted or does not, and `high`.
async fn account(allow: bool) -> Account {
    let account = Account::new().await;
    account.post("/pools", with(pool("p"), json!({"taskSlotsPerNode": 2}))).await.expect(201);
    let low = json!({"id": "low", "poolInfo": {"poolId": "p"}, "priority": -5, "allowTaskPreemption": allow});
    account.post("/jobs", low).await.expect(201);
    account
        .post("/jobs", json!({"id": "high", "poolInfo": {"poolId": "p"}, "priority": 5}))
        .await
        .expect(201);
    account.node("p", "idle").await;
    for id in ["first", "second"] {
        account.post("/jobs/low/tasks", task(id, "seconds=600")).await.expect(201);
        account.until_state(&format!("/jobs/low/tasks/{id}"), "running").await;
    }
    account
}

async fn state(account: &Account, task: &str) -> Value {
    account.get(task).await.expect(200).json()["state"].clone()
}

#[tokio::test]
async fn a_task_of_a_more_important_job_takes_the_place_of_one_that_may_be_preempted() {
    let account = account(true).await;
    account.post("/jobs/high/tasks", task("t", "seconds=1")).await.expect(201);
    account.until_state("/jobs/high/tasks/t", "running").await;
    assert_eq!(state(&account, "/jobs/low/tasks/first").await, "running");
    let queued = account.get("/jobs/low/tasks/second").await.json();
    assert_eq!(queued["state"], "active", "the youngest goes");
    assert_eq!(
        (&queued["executionInfo"]["requeueCount"], &queued["executionInfo"]["retryCount"]),
        (&json!(0), &json!(0))
    );
    account.until_state("/jobs/high/tasks/t", "completed").await;
    account.until_state("/jobs/low/tasks/second", "running").await;
}

#[tokio::test]
async fn a_task_that_needs_more_slots_than_one_gives_up_gets_those_of_several() {
    let account = account(true).await;
    let wide = with(task("t", "seconds=600"), json!({"requiredSlots": 2}));
    account.post("/jobs/high/tasks", wide).await.expect(201);
    account.until_state("/jobs/high/tasks/t", "running").await;
    for id in ["first", "second"] {
        assert_eq!(state(&account, &format!("/jobs/low/tasks/{id}")).await, "active", "{id}");
    }
}

#[tokio::test]
async fn nothing_makes_way_that_was_not_asked_to_nor_for_an_equal() {
    let account = account(false).await;
    account.post("/jobs/high/tasks", task("t", "seconds=600")).await.expect(201);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(state(&account, "/jobs/high/tasks/t").await, "active");
    account.patch("/jobs/high", json!({"priority": -5})).await.expect(200);
    account.patch("/jobs/low", json!({"allowTaskPreemption": true})).await.expect(200);
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(state(&account, "/jobs/high/tasks/t").await, "active", "of the same priority");
    account.patch("/jobs/high", json!({"priority": -4})).await.expect(200);
    account.until_state("/jobs/high/tasks/t", "running").await;
}
