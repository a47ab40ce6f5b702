//! Operations that replace: what is left out becomes the default.

use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

async fn put(account: &Account, path: &str, body: Value) -> super::account::Reply {
    account.send("PUT", path, &[], Some(body.to_string())).await
}

#[tokio::test]
async fn a_replaced_job_has_the_defaults_for_what_is_left_out() {
    let more = json!({"priority": 7, "constraints": {"maxTaskRetryCount": 3}, "maxParallelTasks": 2,
        "metadata": [{"name": "a", "value": "b"}]});
    let account = Account::new().await.with_job(more).await;
    let before = account.get("/jobs/j").await.json();
    put(&account, "/jobs/j", json!({"priority": 9})).await.refused(400, "MissingRequiredProperty");
    let kept =
        put(&account, "/jobs/j", json!({"poolInfo": {"poolId": "P"}, "priority": 9})).await.expect(200);
    let after = account.get("/jobs/j").await.json();
    assert_eq!(kept.header("etag"), after["eTag"]);
    assert_ne!(before["eTag"], after["eTag"]);
    assert_eq!((&after["priority"], &after["maxParallelTasks"]), (&json!(9), &json!(-1)));
    assert_eq!((&after["constraints"]["maxTaskRetryCount"], &after["metadata"]), (&json!(0), &Value::Null));
    let moved = put(&account, "/jobs/j", json!({"poolInfo": {"poolId": "other"}})).await;
    moved.refused(409, "OperationInvalidForCurrentState");
    account.patch("/jobs/j", json!({"onAllTasksComplete": "terminatejob"})).await.expect(200);
    account.post("/jobs", json!({"id": "ends", "poolInfo": {"poolId": "none"}})).await.expect(201);
    account.post("/jobs/ends/tasks", task("waits", "")).await.expect(201);
    account.patch("/jobs/ends", json!({"onAllTasksComplete": "terminatejob"})).await.expect(200);
    let back = put(&account, "/jobs/ends", json!({"poolInfo": {"poolId": "none"}})).await;
    assert_eq!(back.refused(400, "InvalidPropertyValue").detail("PropertyName"), "onAllTasksComplete");
}

#[tokio::test]
async fn the_constraints_of_a_task_are_replaced_until_it_completes() {
    let account = Account::new().await.with_job(json!({"constraints": {"maxTaskRetryCount": 2}})).await;
    let limits = json!({"constraints": {"maxTaskRetryCount": 0, "maxWallClockTime": "PT1H"}});
    account.post("/jobs/j/tasks", with(task("t", "seconds=600"), limits)).await.expect(201);
    let before = account.get("/jobs/j/tasks/t").await.json();
    put(&account, "/jobs/j/tasks/t", json!({"constraints": {"maxTaskRetryCount": -2}})).await.expect(400);
    put(&account, "/jobs/j/tasks/t", json!({})).await.expect(200);
    let after = account.get("/jobs/j/tasks/t").await.json();
    assert_eq!(
        after["constraints"],
        json!({"maxWallClockTime": "P10675199DT2H48M5.4775807S", "retentionTime": "P7D", "maxTaskRetryCount": 2})
    );
    assert_ne!(before["eTag"], after["eTag"]);
    assert_eq!(before["creationTime"], after["creationTime"]);
    assert!(after["lastModified"].as_str() > before["lastModified"].as_str());
    let tag = before["eTag"].as_str().unwrap();
    let stale = account.send("PUT", "/jobs/j/tasks/t", &[("if-match", tag)], Some("{}".to_owned())).await;
    stale.refused(412, "ConditionNotMet");
    account.post("/jobs/j/tasks/t/terminate", json!({})).await.expect(204);
    put(&account, "/jobs/j/tasks/t", json!({})).await.refused(409, "TaskCompleted");
}

#[tokio::test]
async fn the_properties_of_a_pool_are_replaced_as_a_whole() {
    let account = Account::new().await;
    let start_task = json!({"commandLine": "", "containerSettings": {"imageName": "busybox"}});
    let more = json!({"startTask": start_task, "metadata": [{"name": "a", "value": "b"}], "targetDedicatedNodes": 0});
    account.post("/pools", with(pool("p"), more)).await.expect(201);
    let replace = async |body: Value| account.post("/pools/p/updateproperties", body).await;
    replace(json!({"metadata": []})).await.refused(400, "InvalidRequestBody");
    let references = json!([{"applicationId": "a"}]);
    let packages = json!({"applicationPackageReferences": references, "metadata": []});
    replace(packages).await.refused(409, "InvalidApplicationPackageReferences");
    let replaced = json!({"applicationPackageReferences": [], "metadata": [{"name": "c", "value": "d"}]});
    replace(replaced).await.expect(204);
    let pool = account.get("/pools/p").await.json();
    assert_eq!(
        (&pool["startTask"], &pool["metadata"]),
        (&Value::Null, &json!([{"name": "c", "value": "d"}]))
    );
    let old = json!({"certificateReferences": [], "applicationPackageReferences": [], "metadata": []});
    let path = "/pools/p/updateproperties?api-version=2024-02-01.19.0";
    account.post(path, old).await.expect(204);
}
