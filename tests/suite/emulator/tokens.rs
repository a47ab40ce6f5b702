//! Tokens of tasks: who gets one, and what is refused.

use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

const OLD: &str = "?api-version=2024-07-01.20.0";

fn asking(id: &str, access: Value) -> Value {
    with(task(id, ""), json!({"authenticationTokenSettings": {"access": access}}))
}

#[tokio::test]
async fn tasks_ask_for_a_token_in_the_versions_that_have_them() {
    let account = Account::new().await;
    account.post("/pools", pool("p")).await.expect(201);
    account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await.expect(201);
    let tasks = format!("/jobs/j/tasks{OLD}");
    account.post(&tasks, asking("t", json!(["job"]))).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "completed").await;
    let read = account.get(&format!("/jobs/j/tasks/t{OLD}")).await.expect(200).json();
    assert_eq!(read["authenticationTokenSettings"], json!({"access": ["job"]}));
    account.post(&tasks, asking("u", json!(["account"]))).await.refused(400, "InvalidPropertyValue");
    account.post("/jobs/j/tasks", asking("u", json!(["job"]))).await.refused(400, "UnsupportedProperty");
}

#[tokio::test]
async fn a_made_up_token_opens_nothing() {
    let account = Account::new().await;
    account.post("/pools", pool("p")).await.expect(201);
    account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await.expect(201);
    let digest = "0".repeat(64);
    for token in ["batchyard-task.", "batchyard-task.0123", &format!("batchyard-task.{digest}")] {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let reply = account.send_raw("GET", &format!("/jobs/j{OLD}"), &headers, None).await;
        assert!(reply.detail("AuthenticationErrorDetail").contains("no task's"), "{}", reply.text);
        reply.refused(401, "AuthenticationFailed");
    }
}
