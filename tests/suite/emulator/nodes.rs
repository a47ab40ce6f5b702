//! What can be done with single nodes, and with what is counted about them.

use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

/// An account with the job `j` on the pool `p`, and the path of its only node.
async fn with_node() -> (Account, String) {
    let account = Account::new().await.with_job(json!({})).await;
    let node = account.node("p", "idle").await;
    let path = format!("/pools/p/nodes/{}", node["id"].as_str().unwrap());
    (account, path)
}

/// The same, with the task `t` running on the node.
async fn with_running_task() -> (Account, String) {
    let (account, node) = with_node().await;
    account.post("/jobs/j/tasks", task("t", "seconds=600")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    account.node("p", "running").await;
    (account, node)
}

fn boot_time(node: &Value) -> jiff::Timestamp {
    node["lastBootTime"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_reboot_puts_tasks_back_in_the_queue_and_takes_the_pools_new_start_task() {
    let (account, node) = with_running_task().await;
    let before = account.get(&node).await.json();
    let start_task = json!({"commandLine": "", "containerSettings": {"imageName": "busybox"}});
    account.patch("/pools/p", json!({"startTask": start_task})).await.expect(200);
    assert_eq!(account.get(&node).await.json()["startTask"], Value::Null, "not before the reboot");

    let rebooted =
        account.post(&format!("{node}/reboot"), json!({"nodeRebootOption": "requeue"})).await.expect(202);
    assert_eq!(rebooted.header("dataserviceid"), format!("http://localhost:10100{node}/reboot"));
    assert_eq!(rebooted.text, "");
    let after = account.until(&node, |node| node["startTaskInfo"]["result"] == "success").await;
    assert!(boot_time(&after) > boot_time(&before));
    assert_eq!(after["id"], before["id"]);
    let task = account.until_state("/jobs/j/tasks/t", "running").await;
    assert_eq!(task["executionInfo"]["requeueCount"], 1);
}

#[tokio::test]
async fn a_node_can_wait_for_its_tasks_before_it_boots_anew() {
    let (account, node) = with_running_task().await;
    account.post(&format!("{node}/reboot"), json!({"nodeRebootOption": "taskcompletion"})).await.expect(202);
    account.until_state(&node, "rebooting").await;
    account.post(&format!("{node}/reboot"), json!({})).await.refused(409, "NodeBeingRebooted");
    assert_eq!(account.get("/jobs/j/tasks/t").await.json()["state"], "running");
    account.post("/jobs/j/tasks/t/terminate", json!({})).await.expect(204);
    account.until_state(&node, "idle").await;
}

#[tokio::test]
async fn a_reimaged_node_starts_with_an_empty_folder() {
    let (account, node) = with_node().await;
    let id = node.rsplit('/').next().unwrap();
    let folder = account.folder().join("nodes/p").join(id);
    std::fs::write(folder.join("shared/left.txt"), "x").unwrap();
    account.post(&format!("{node}/users"), json!({"name": "alice"})).await.expect(201);
    account.post(&format!("{node}/reimage"), json!({})).await.expect(202);
    account.until(&node, |node| node["state"] == "idle").await;
    assert!(folder.join("shared").exists() && !folder.join("shared/left.txt").exists());
    account.delete(&format!("{node}/users/alice")).await.refused(404, "NodeUserNotFound");
}

#[tokio::test]
async fn a_deallocated_node_runs_nothing_until_it_is_started() {
    let (account, node) = with_running_task().await;
    account.post(&format!("{node}/start"), json!({})).await.refused(409, "OperationInvalidForCurrentState");
    account
        .post(&format!("{node}/deallocate"), json!({"nodeDeallocateOption": "terminate"}))
        .await
        .expect(202);
    account.until_state(&node, "deallocated").await;
    let task_failure = account.until_state("/jobs/j/tasks/t", "completed").await;
    assert_eq!(task_failure["executionInfo"]["failureInfo"]["code"], "TaskEnded");
    account.post("/jobs/j/tasks", task("waits", "")).await.expect(201);
    assert_eq!(
        account.get("/pools/p").await.json()["currentDedicatedNodes"],
        1,
        "its place in the pool stays"
    );
    let account = account.reopen_simulated().await;
    assert_eq!(account.get(&node).await.json()["state"], "deallocated");
    assert_eq!(account.get("/jobs/j/tasks/waits").await.json()["state"], "active");
    account.post(&format!("{node}/start"), json!({})).await.expect(202);
    account.until_state("/jobs/j/tasks/waits", "completed").await;
}

#[tokio::test]
async fn a_node_whose_scheduling_is_disabled_takes_no_tasks() {
    let (account, node) = with_running_task().await;
    let disable = format!("{node}/disablescheduling");
    account.post(&disable, json!({"nodeDisableSchedulingOption": "taskcompletion"})).await.expect(200);
    let disabled = account.get(&node).await.json();
    assert_eq!((&disabled["state"], &disabled["schedulingState"]), (&json!("running"), &json!("disabled")));
    account.post(&disable, json!({})).await.refused(409, "NodeAlreadyInTargetSchedulingState");
    account.post("/jobs/j/tasks", task("waits", "")).await.expect(201);
    account.post("/jobs/j/tasks/t/terminate", json!({})).await.expect(204);
    account.until_state(&node, "offline").await;
    assert_eq!(account.get("/jobs/j/tasks/waits").await.json()["state"], "active");
    account.post(&format!("{node}/enablescheduling"), json!({})).await.expect(200);
    account.until_state("/jobs/j/tasks/waits", "completed").await;
    let again = account.post(&format!("{node}/enablescheduling"), json!({})).await;
    again.refused(409, "NodeAlreadyInTargetSchedulingState");
}

#[tokio::test]
async fn nodes_are_removed_by_name_and_the_pool_settles_without_them() {
    let account = Account::new().await;
    account.post("/pools", with(pool("p"), json!({"targetDedicatedNodes": 3}))).await.expect(201);
    account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    let nodes = account.get("/pools/p/nodes").await.json()["value"].clone();
    let ids: Vec<&str> = (0..3).map(|n| nodes[n]["id"].as_str().unwrap()).collect();
    for (list, status, code) in [
        (json!([]), 400, "InvalidPropertyValue"),
        (json!(vec![ids[0]; 101]), 400, "InvalidPropertyValue"),
        (json!(["tvm-none"]), 404, "NodeNotFound"),
    ] {
        account.post("/pools/p/removenodes", json!({"nodeList": list})).await.refused(status, code);
    }
    account.post("/pools/p/removenodes", json!({"nodeList": [ids[0], ids[2]]})).await.expect(202);
    let left = account.until("/pools/p", |pool| pool["allocationState"] == "steady").await;
    assert_eq!((&left["targetDedicatedNodes"], &left["currentDedicatedNodes"]), (&json!(1), &json!(1)));
    let left = account.get("/pools/p/nodes").await.json();
    assert_eq!((left["value"].as_array().unwrap().len(), &left["value"][0]["id"]), (1, &json!(ids[1])));
}

#[tokio::test]
async fn nodes_are_counted_by_state() {
    let (account, _) = with_running_task().await;
    account.post("/pools", with(pool("q"), json!({"targetDedicatedNodes": 0}))).await.expect(201);
    let counts = account.get("/nodecounts").await.expect(200).json();
    let of = |n: usize| counts["value"][n].clone();
    assert_eq!((of(0)["poolId"].clone(), of(1)["poolId"].clone()), (json!("p"), json!("q")));
    assert_eq!((&of(0)["dedicated"]["running"], &of(0)["dedicated"]["total"]), (&json!(1), &json!(1)));
    assert_eq!(of(0)["lowPriority"]["total"], 0);
    assert_eq!(of(0)["dedicated"].as_object().unwrap().len(), 17);
    let one = account.get("/nodecounts?$filter=poolId%20eq%20'Q'").await.expect(200).json();
    assert_eq!(one["value"].as_array().unwrap().len(), 1);
    let old = account.get("/nodecounts?api-version=2022-10-01.16.0").await.expect(200).json();
    assert_eq!(old["value"][0]["dedicated"].as_object().unwrap().len(), 14);
}

#[tokio::test]
async fn what_nodes_used_is_told_since_the_account_was_opened() {
    let (account, _) = with_node().await;
    let usage = account.get("/poolusagemetrics").await.expect(200).json();
    let metrics = &usage["value"][0];
    assert_eq!((&metrics["poolId"], &metrics["vmSize"]), (&json!("p"), &json!("Standard_D2s_v3")));
    let hours = metrics["totalCoreHours"].as_f64().unwrap();
    assert!(hours > 0.0 && hours < 1.0, "{hours}");
    let before = "starttime=2020-01-01T00:00:00Z&endtime=2020-01-02T00:00:00Z";
    assert_eq!(account.get(&format!("/poolusagemetrics?{before}")).await.json()["value"], json!([]));
    account.get("/poolusagemetrics?startTime=today").await.refused(400, "InvalidQueryParameterValue");
}

#[tokio::test]
async fn users_of_a_node_are_kept_by_name() {
    let (account, node) = with_node().await;
    let users = format!("{node}/users");
    let alice = json!({"name": "alice", "isAdmin": false, "password": "secret"});
    account.post(&users, alice.clone()).await.expect(201);
    account.post(&users, alice).await.refused(409, "NodeUserExists");
    let changed = Some(json!({"password": "other"}).to_string());
    account.send("PUT", &format!("{users}/alice"), &[], changed.clone()).await.expect(200);
    account.send("PUT", &format!("{users}/bob"), &[], changed).await.refused(404, "NodeUserNotFound");
    account.delete(&format!("{users}/alice")).await.expect(200);
    account.delete(&format!("{users}/alice")).await.refused(404, "NodeUserNotFound");
}

#[tokio::test]
async fn what_a_node_does_not_have_is_told_honestly() {
    let (account, node) = with_node().await;
    let login = account.get(&format!("{node}/remoteloginsettings")).await.expect(200).json();
    assert_eq!(
        (&login["remoteLoginIPAddress"], &login["remoteLoginPort"]),
        (&json!("127.0.0.1"), &json!(22))
    );
    assert_eq!(account.get(&format!("{node}/extensions")).await.expect(200).json()["value"], json!([]));
    account.get(&format!("{node}/extensions/agent")).await.refused(404, "ResourceNotFound");
    account.get("/pools/p/nodes/none/extensions").await.refused(404, "NodeNotFound");
    assert_eq!(account.get("/applications").await.expect(200).json()["value"], json!([]));
    account.get("/applications/blender").await.refused(404, "ApplicationNotFound");
    account
        .get("/jobs/j/jobpreparationandreleasetaskstatus")
        .await
        .refused(409, "JobPreparationTaskNotSpecified");
    account.post("/jobs/j/tasks", task("t", "")).await.expect(201);
    assert_eq!(account.get("/jobs/j/tasks/t/subtasksinfo").await.expect(200).json()["value"], json!([]));
    account.get("/jobs/j/tasks/none/subtasksinfo").await.refused(404, "TaskNotFound");
}
