//! Job preparation and release tasks.

use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

fn beside(script: &str) -> Value {
    json!({"commandLine": "work", "containerSettings": {"imageName": "busybox"},
        "environmentSettings": [{"name": "BATCHYARD_SIMULATE", "value": script}]})
}

/// An account whose job `j` on the pool `p`, of one node, has that preparation and that release task.
async fn prepared(preparation: Value, release: Value) -> Account {
    Account::new().await.with_job(json!({"jobPreparationTask": preparation, "jobReleaseTask": release})).await
}

const STATUS: &str = "/jobs/j/jobpreparationandreleasetaskstatus";

async fn statuses(account: &Account) -> Vec<Value> {
    account.get(STATUS).await.expect(200).json()["value"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_node_is_prepared_before_the_first_task_and_released_after_the_last() {
    let account = prepared(beside("seconds=0.2"), beside("exit=3")).await;
    assert_eq!(statuses(&account).await, Vec::<Value>::new(), "no task came to a node");
    let job = account.get("/jobs/j").await.json();
    assert_eq!(job["jobPreparationTask"]["id"], "jobpreparation");
    assert_eq!(job["jobPreparationTask"]["waitForSuccess"], true);
    assert_eq!(job["jobReleaseTask"]["maxWallClockTime"], "PT15M");

    for id in ["a", "b"] {
        account.post("/jobs/j/tasks", task(id, "")).await.expect(201);
    }
    let waiting = account.until_state("/jobs/j/tasks/a", "preparing").await;
    assert_eq!(waiting["executionInfo"]["startTime"], Value::Null);
    let counts = account.get("/jobs/j/taskcounts").await.json();
    assert_eq!(counts["taskCounts"]["running"], 2, "as the service counts them");
    for id in ["a", "b"] {
        let done = account.until_state(&format!("/jobs/j/tasks/{id}"), "completed").await;
        assert_eq!(done["executionInfo"]["result"], "success");
    }
    let statuses_of_job = statuses(&account).await;
    assert_eq!(statuses_of_job.len(), 1, "a node is prepared once");
    let prepared = &statuses_of_job[0];
    let info = &prepared["jobPreparationTaskExecutionInfo"];
    assert_eq!(
        (&info["state"], &info["result"], &info["exitCode"]),
        (&json!("completed"), &json!("success"), &json!(0))
    );
    assert_eq!(info["taskRootDirectory"], "workitems/j/job-1/jobpreparation");
    let url = info["taskRootDirectoryUrl"].as_str().unwrap();
    assert_eq!(
        url,
        format!("{}/files/workitems/j/job-1/jobpreparation", prepared["nodeUrl"].as_str().unwrap())
    );
    assert_eq!(prepared["jobReleaseTaskExecutionInfo"], Value::Null);

    account.post("/jobs/j/terminate", json!({})).await.expect(202);
    account.until_state("/jobs/j", "completed").await;
    let released = &statuses(&account).await[0]["jobReleaseTaskExecutionInfo"].clone();
    assert_eq!(
        (&released["state"], &released["result"], &released["exitCode"]),
        (&json!("completed"), &json!("failure"), &json!(3))
    );
    assert_eq!(released["failureInfo"]["code"], "FailureExitCode");
}

#[tokio::test]
async fn the_statuses_of_nodes_can_be_filtered_selected_and_paged() {
    let account = prepared(beside(""), Value::Null).await;
    account
        .post("/pools", with(pool("q"), json!({"targetDedicatedNodes": 3, "taskSlotsPerNode": 1})))
        .await
        .expect(201);
    let job = json!({"id": "k", "poolInfo": {"poolId": "q"}, "jobPreparationTask": beside("seconds=0.3")});
    account.post("/jobs", job).await.expect(201);
    for id in ["a", "b", "c"] {
        account.post("/jobs/k/tasks", task(id, "")).await.expect(201);
    }
    for id in ["a", "b", "c"] {
        account.until_state(&format!("/jobs/k/tasks/{id}"), "completed").await;
    }
    let list = "/jobs/k/jobpreparationandreleasetaskstatus";
    let all = account.get(list).await.json();
    assert_eq!(all["value"].as_array().unwrap().len(), 3);
    let first = account.get(&format!("{list}?maxresults=2")).await.json();
    assert_eq!(first["value"].as_array().unwrap().len(), 2);
    assert!(first["odata.nextLink"].is_string());
    let node = all["value"][1]["nodeId"].as_str().unwrap();
    let filter = format!("{list}?$filter=nodeId%20eq%20'{node}'&$select=nodeId");
    let one = account.get(&filter).await.json();
    assert_eq!(one["value"], json!([{"nodeId": node}]));
    let filter = format!("{list}?$filter=jobPreparationTaskExecutionInfo/result%20eq%20'failure'");
    assert_eq!(account.get(&filter).await.json()["value"], json!([]));
    account.get(&format!("{list}?$select=nothing")).await.refused(400, "InvalidQueryParameterValue");
}

#[tokio::test]
async fn a_job_without_a_preparation_task_has_no_statuses_to_list() {
    let account = Account::new().await.with_job(json!({})).await;
    account.get(STATUS).await.refused(409, "JobPreparationTaskNotSpecified");
    account.get("/jobs/none/jobpreparationandreleasetaskstatus").await.refused(404, "JobNotFound");
}

#[tokio::test]
async fn tasks_stay_off_a_node_whose_preparation_failed_until_it_is_reimaged() {
    let preparation = with(beside("exit=7"), json!({"constraints": {"maxTaskRetryCount": 2}}));
    let account = prepared(preparation, Value::Null).await;
    account.post("/jobs/j/tasks", task("t", "")).await.expect(201);
    account
        .until(STATUS, |list| list["value"][0]["jobPreparationTaskExecutionInfo"]["result"] == "failure")
        .await;
    let info = statuses(&account).await[0]["jobPreparationTaskExecutionInfo"].clone();
    assert_eq!((&info["exitCode"], &info["retryCount"]), (&json!(7), &json!(2)));
    let waiting = account.until_state("/jobs/j/tasks/t", "active").await;
    assert_eq!(waiting["executionInfo"]["requeueCount"], 0);
    let node = account.node("p", "idle").await;
    let node = format!("/pools/p/nodes/{}", node["id"].as_str().unwrap());

    // A job that can do without it is not kept from the node.
    account.post("/jobs", json!({"id": "other", "poolInfo": {"poolId": "p"}})).await.expect(201);
    account.post("/jobs/other/tasks", task("t", "")).await.expect(201);
    account.until_state("/jobs/other/tasks/t", "completed").await;

    let first = info["startTime"].clone();
    account.post(&format!("{node}/reboot"), json!({})).await.expect(202);
    account.until_state(&node, "idle").await;
    assert_eq!(statuses(&account).await[0]["jobPreparationTaskExecutionInfo"]["startTime"], first);
    account.post(&format!("{node}/reimage"), json!({})).await.expect(202);
    account
        .until(STATUS, |list| list["value"][0]["jobPreparationTaskExecutionInfo"]["startTime"] != first)
        .await;
}

#[tokio::test]
async fn a_node_that_boots_anew_is_prepared_anew_unless_the_job_says_otherwise() {
    for (rerun, again) in [(json!(true), true), (json!(false), false)] {
        let preparation = with(beside(""), json!({"rerunOnNodeRebootAfterSuccess": rerun}));
        let account = prepared(preparation, Value::Null).await;
        account.post("/jobs/j/tasks", task("first", "")).await.expect(201);
        account.until_state("/jobs/j/tasks/first", "completed").await;
        let before = statuses(&account).await;
        let node = format!("/pools/p/nodes/{}", before[0]["nodeId"].as_str().unwrap());
        account.post(&format!("{node}/reboot"), json!({})).await.expect(202);
        account.until_state(&node, "idle").await;
        account.post("/jobs/j/tasks", task("second", "")).await.expect(201);
        account.until_state("/jobs/j/tasks/second", "completed").await;
        let after = statuses(&account).await;
        let start = |list: &[Value]| list[0]["jobPreparationTaskExecutionInfo"]["startTime"].clone();
        assert_eq!(start(&before) != start(&after), again);
    }
}

#[tokio::test]
async fn a_job_that_does_not_wait_runs_its_tasks_beside_its_preparation_task() {
    let preparation = with(beside("seconds=600"), json!({"waitForSuccess": false}));
    let account = prepared(preparation, beside("")).await;
    account.post("/jobs/j/tasks", task("t", "")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "completed").await;
    assert_eq!(statuses(&account).await[0]["jobPreparationTaskExecutionInfo"]["state"], "running");
    // Its preparation task is ended, and its node released all the same.
    account.delete("/jobs/j").await.expect(202);
    account.until_gone("/jobs/j").await;
    account.node("p", "idle").await;
}

#[tokio::test]
async fn a_task_that_waits_for_its_node_can_be_ended_deleted_and_disabled() {
    let account = prepared(beside("seconds=600"), Value::Null).await;
    for id in ["ended", "deleted", "disabled"] {
        account.post("/jobs/j/tasks", task(id, "")).await.expect(201);
        account.until_state(&format!("/jobs/j/tasks/{id}"), "preparing").await;
    }
    account.post("/jobs/j/tasks/ended/terminate", json!({})).await.expect(204);
    let ended = account.get("/jobs/j/tasks/ended").await.json();
    assert_eq!(ended["executionInfo"]["failureInfo"]["code"], "TaskEnded");
    account.delete("/jobs/j/tasks/deleted").await.expect(200);
    account.get("/jobs/j/tasks/deleted").await.refused(404, "TaskNotFound");
    account.post("/jobs/j/disable", json!({"disableTasks": "requeue"})).await.expect(202);
    account.until_state("/jobs/j", "disabled").await;
    assert_eq!(account.get("/jobs/j/tasks/disabled").await.json()["state"], "active");
    let interrupted = statuses(&account).await[0]["jobPreparationTaskExecutionInfo"].clone();
    assert_eq!(interrupted["failureInfo"]["code"], "TaskEnded");
    account.node("p", "idle").await;
    account.post("/jobs/j/enable", json!({})).await.expect(202);
    account.until_state("/jobs/j/tasks/disabled", "preparing").await;
}

#[tokio::test]
async fn a_pool_can_go_while_its_nodes_are_being_prepared() {
    let account = prepared(beside("seconds=600"), beside("")).await;
    account.post("/jobs/j/tasks", task("t", "")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "preparing").await;
    account.delete("/pools/p").await.expect(202);
    account.until_gone("/pools/p").await;
    assert_eq!(account.get("/jobs/j/tasks/t").await.json()["state"], "active");
    assert_eq!(statuses(&account).await.len(), 1, "nodes that are gone are still listed");
    account.delete("/jobs/j").await.expect(202);
    account.until_gone("/jobs/j").await;
}

#[tokio::test]
async fn a_stop_in_the_middle_is_made_good_at_the_next_start() {
    let account = prepared(beside("seconds=0.5"), beside("")).await;
    account.post("/jobs/j/tasks", task("t", "")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "preparing").await;
    let account = account.reopen_simulated().await;
    account.until_state("/jobs/j/tasks/t", "completed").await;
    let info = statuses(&account).await[0]["jobPreparationTaskExecutionInfo"].clone();
    assert_eq!(info["result"], "success");
    // Nothing is begun while the account winds down, and nothing forgotten.
    let account = account.wound_down().await;
    account.post("/jobs/j/terminate", json!({})).await.expect(202);
    account.until_state("/jobs/j", "terminating").await;
    assert_eq!(statuses(&account).await[0]["jobReleaseTaskExecutionInfo"], Value::Null);
    let account = account.reopen_simulated().await;
    account.until_state("/jobs/j", "completed").await;
    assert_eq!(statuses(&account).await[0]["jobReleaseTaskExecutionInfo"]["result"], "success");
}

#[tokio::test]
async fn no_task_is_called_as_the_preparation_or_release_task() {
    let account = prepared(beside(""), with(beside(""), json!({"id": "tidy"}))).await;
    account
        .post("/jobs/j/tasks", task("JobPreparation", ""))
        .await
        .refused(409, "TaskIdSameAsJobPreparationTask");
    account.post("/jobs/j/tasks", task("tidy", "")).await.refused(409, "TaskIdSameAsJobReleaseTask");
    let alone = json!({"id": "k", "poolInfo": {"poolId": "p"}, "jobReleaseTask": beside("")});
    account.post("/jobs", alone).await.refused(400, "MissingRequiredProperty");
}
