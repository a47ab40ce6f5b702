//! User accounts of pools, and tasks that run as them.

use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

fn accounts() -> Value {
    json!([
        {"name": "alice", "password": "s3cret-a"},
        {"name": "bob", "password": "s3cret-b", "elevationLevel": "admin",
            "linuxUserConfiguration": {"uid": 2000, "gid": 2000, "sshPrivateKey": "s3cret-k"}},
    ])
}

fn as_user(id: &str, name: &str) -> Value {
    with(task(id, ""), json!({"userIdentity": {"username": name}}))
}

#[tokio::test]
async fn accounts_are_read_back_without_what_opens_them() {
    let account = Account::new().await;
    account.post("/pools", with(pool("p"), json!({"userAccounts": accounts()}))).await.expect(201);
    let read = account.get("/pools/p").await.expect(200);
    assert!(!read.text.contains("s3cret"), "{}", read.text);
    assert_eq!(
        read.json()["userAccounts"],
        json!([
            {"name": "alice"},
            {"name": "bob", "elevationLevel": "admin", "linuxUserConfiguration": {"uid": 2000, "gid": 2000}},
        ])
    );
    let listed = account.get("/pools").await.expect(200);
    assert!(!listed.text.contains("s3cret"), "{}", listed.text);
}

#[tokio::test]
async fn a_task_runs_as_an_account_of_its_pool_and_as_no_other() {
    let account = Account::new().await;
    account.post("/pools", with(pool("p"), json!({"userAccounts": accounts()}))).await.expect(201);
    account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await.expect(201);
    account.post("/jobs/j/tasks", as_user("known", "alice")).await.expect(201);
    account.post("/jobs/j/tasks", as_user("unknown", "eve")).await.expect(201);
    let known = account.until_state("/jobs/j/tasks/known", "completed").await;
    assert_eq!(known["executionInfo"]["result"], "success", "{known}");
    assert_eq!(known["userIdentity"], json!({"username": "alice"}));
    let unknown = account.until_state("/jobs/j/tasks/unknown", "completed").await;
    let failure = &unknown["executionInfo"]["failureInfo"];
    assert_eq!(
        (&failure["category"], &failure["code"]),
        (&json!("usererror"), &json!("CommandLaunchFailed"))
    );
    assert!(failure["details"].to_string().contains("no user account `eve`, it has alice, bob"), "{failure}");
    assert!(unknown["executionInfo"]["exitCode"].is_null(), "{unknown}");
}

#[tokio::test]
async fn a_task_runs_as_somebody_and_not_as_two() {
    let account = Account::new().await;
    account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await.expect(201);
    let both = json!({"userIdentity": {"username": "alice", "autoUser": {"scope": "pool"}}});
    let reply = account.post("/jobs/j/tasks", with(task("t", ""), both)).await;
    let long = json!({"userIdentity": {"username": "a".repeat(21)}});
    let too_long = account.post("/jobs/j/tasks", with(task("t", ""), long)).await;
    assert_eq!(reply.detail("PropertyName"), "userIdentity");
    assert_eq!(too_long.detail("PropertyName"), "userIdentity.username");
    reply.refused(400, "InvalidPropertyValue");
    too_long.refused(400, "InvalidPropertyValue");
}
