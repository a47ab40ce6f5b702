//! Tasks that run on several nodes at once.

use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

/// A task that runs on that many nodes at once, and ends as `script` says.
fn spread(id: &str, instances: i32, script: &str) -> Value {
    let settings = json!({"numberOfInstances": instances, "coordinationCommandLine": "sshd -p 23"});
    with(task(id, script), json!({"multiInstanceSettings": settings}))
}

/// A pool of that many nodes that reach each other, with the job `j` on it.
async fn account(nodes: i32) -> Account {
    with_job(nodes, json!({})).await
}

/// The same with more properties of the job.
async fn with_job(nodes: i32, more: Value) -> Account {
    let account = Account::new().await;
    let size =
        json!({"targetDedicatedNodes": nodes, "taskSlotsPerNode": 1, "enableInterNodeCommunication": true});
    account.post("/pools", with(pool("p"), size)).await.expect(201);
    account.post("/jobs", with(json!({"id": "j", "poolInfo": {"poolId": "p"}}), more)).await.expect(201);
    idle(&account, nodes).await;
    account
}

/// Returns the nodes once that many are idle.
async fn idle(account: &Account, count: i32) -> Vec<Value> {
    let is_idle = |node: &&Value| node["state"] == "idle";
    let list = account
        .until("/pools/p/nodes", move |list| {
            let idle = list["value"].as_array().unwrap().iter().filter(is_idle).count();
            idle == usize::try_from(count).unwrap()
        })
        .await;
    list["value"].as_array().unwrap().clone()
}

async fn subtasks(account: &Account, task: &str) -> Vec<Value> {
    let list = account.get(&format!("/jobs/j/tasks/{task}/subtasksinfo")).await.expect(200).json();
    list["value"].as_array().unwrap().clone()
}

#[tokio::test]
async fn the_instances_of_a_task_run_on_nodes_of_their_own() {
    let account = account(3).await;
    let nodes = idle(&account, 3).await;
    let mut addresses: Vec<_> = nodes.iter().map(|node| node["ipAddress"].as_str().unwrap()).collect();
    addresses.sort_unstable();
    assert_eq!(addresses, ["10.0.0.4", "10.0.0.5", "10.0.0.6"]);

    account.post("/jobs/j/tasks", spread("t", 3, "seconds=1")).await.expect(201);
    let running = account
        .until("/jobs/j/tasks/t/subtasksinfo", |list| {
            list["value"].as_array().unwrap().iter().filter(|one| one["state"] == "completed").count() == 2
        })
        .await;
    for (number, subtask) in (1..).zip(running["value"].as_array().unwrap()) {
        assert_eq!((&subtask["id"], &subtask["exitCode"]), (&json!(number), &json!(0)), "{subtask}");
        assert_eq!((&subtask["result"], &subtask["previousState"]), (&json!("success"), &json!("running")));
        let folder = format!("workitems/j/job-1/t/{number}");
        assert_eq!(subtask["nodeInfo"]["taskRootDirectory"], folder.as_str());
        let node = subtask["nodeInfo"]["nodeId"].as_str().unwrap();
        let file = format!("/pools/p/nodes/{node}/files/{}%2Fstdout.txt", folder.replace('/', "%2F"));
        let output = account.get(&file).await.expect(200);
        assert!(output.text.contains("simulated: the coordination command `sshd -p 23`"), "{}", output.text);
    }
    let counts = account.get("/jobs/j/taskcounts").await.json();
    assert_eq!((&counts["taskCounts"]["running"], &counts["taskCounts"]["active"]), (&json!(1), &json!(0)));
    let busy = account.get("/pools/p/nodes").await.json();
    let slots: Vec<_> =
        busy["value"].as_array().unwrap().iter().map(|node| node["runningTaskSlotsCount"].clone()).collect();
    assert_eq!(slots, [1, 1, 1]);

    let ended = account.until_state("/jobs/j/tasks/t", "completed").await;
    assert_eq!(ended["executionInfo"]["exitCode"], 0);
    let mut places = vec![ended["nodeInfo"]["nodeId"].clone()];
    places.extend(subtasks(&account, "t").await.iter().map(|one| one["nodeInfo"]["nodeId"].clone()));
    places.sort_by_key(Value::to_string);
    places.dedup();
    assert_eq!(places.len(), 3);
    let output = account.get("/jobs/j/tasks/t/files/stdout.txt").await.expect(200).text;
    assert!(output.contains("coordination command") && output.contains("`work` of image"), "{output}");
    let nodes = idle(&account, 3).await;
    assert!(nodes.iter().all(|node| node["totalTasksRun"] == 1), "{nodes:#?}");

    account.delete("/jobs/j/tasks/t").await.expect(200);
    for node in nodes {
        let node = node["id"].as_str().unwrap();
        account.until_gone(&format!("/pools/p/nodes/{node}/files/workitems%2Fj%2Fjob-1%2Ft")).await;
    }
    account.get("/jobs/j/tasks/t/subtasksinfo").await.refused(404, "TaskNotFound");
}

#[tokio::test]
async fn a_task_waits_for_nodes_that_there_are_not_and_lets_others_pass() {
    let account = account(2).await;
    account.post("/jobs/j/tasks", spread("five", 5, "")).await.expect(201);
    account.post("/jobs/j/tasks", task("one", "")).await.expect(201);
    account.until_state("/jobs/j/tasks/one", "completed").await;
    assert_eq!(account.get("/jobs/j/tasks/five").await.json()["state"], "active");
    account.post("/pools/p/resize", json!({"targetDedicatedNodes": 5})).await.expect(202);
    let five = account.until_state("/jobs/j/tasks/five", "completed").await;
    assert_eq!(five["executionInfo"]["result"], "success");
    assert_eq!(subtasks(&account, "five").await.len(), 4);
}

#[tokio::test]
async fn nodes_that_do_not_reach_each_other_or_have_several_slots_get_no_instances() {
    for more in
        [json!({"taskSlotsPerNode": 1}), json!({"taskSlotsPerNode": 2, "enableInterNodeCommunication": true})]
    {
        let account = Account::new().await;
        let more = with(more, json!({"targetDedicatedNodes": 2}));
        account.post("/pools", with(pool("p"), more)).await.expect(201);
        account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await.expect(201);
        idle(&account, 2).await;
        account.post("/jobs/j/tasks", spread("t", 1, "")).await.expect(201);
        account.post("/jobs/j/tasks", task("one", "")).await.expect(201);
        account.until_state("/jobs/j/tasks/one", "completed").await;
        assert_eq!(account.get("/jobs/j/tasks/t").await.json()["state"], "active");
    }
}

#[tokio::test]
async fn a_task_that_needs_many_nodes_is_not_passed_by_for_ever() {
    let account = account(2).await;
    account.post("/jobs/j/tasks", task("first", "seconds=0.5")).await.expect(201);
    account.until_state("/jobs/j/tasks/first", "running").await;
    account.post("/jobs/j/tasks", spread("both", 2, "seconds=0.2")).await.expect(201);
    let small: Vec<_> = (0..6).map(|number| task(&format!("small{number}"), "seconds=0.1")).collect();
    account.post("/jobs/j/addtaskcollection", json!({"value": small})).await.expect(200);
    account.until("/jobs/j/taskcounts", |counts| counts["taskCounts"]["completed"] == 8).await;
    let started = async |task: &str| {
        let task = account.get(&format!("/jobs/j/tasks/{task}")).await.json();
        task["executionInfo"]["startTime"].as_str().unwrap().to_owned()
    };
    let both = started("both").await;
    for number in 0..6 {
        let small = started(&format!("small{number}")).await;
        assert!(small > both, "small{number} began at {small}, before {both}");
    }
}

#[tokio::test]
async fn a_coordination_command_that_fails_is_the_failure_of_the_task() {
    let account = account(2).await;
    let failing = with(spread("t", 2, "coordination=3"), json!({"constraints": {"maxTaskRetryCount": 2}}));
    account.post("/jobs/j/tasks", failing).await.expect(201);
    let task = account.until_state("/jobs/j/tasks/t", "completed").await;
    let execution = &task["executionInfo"];
    assert_eq!((&execution["exitCode"], &execution["retryCount"]), (&json!(3), &json!(2)), "{task:#}");
    assert_eq!(execution["failureInfo"]["code"], "FailureExitCode");
    let message = execution["failureInfo"]["message"].as_str().unwrap();
    assert!(message.contains("coordination command"), "{message}");
    // Whichever instance fails first, none is left running.
    let subtask = subtasks(&account, "t").await.remove(0);
    assert_eq!(
        (&subtask["state"], &subtask["result"]),
        (&json!("completed"), &json!("failure")),
        "{subtask}"
    );
    assert!(subtask["endTime"].is_string(), "{subtask}");
    idle(&account, 2).await;
    let subtask = subtasks(&account, "t").await.remove(0);
    assert_eq!(
        (&subtask["exitCode"], &subtask["failureInfo"]["code"]),
        (&json!(3), &json!("FailureExitCode"))
    );
    account.post("/jobs/j/tasks", spread("next", 2, "")).await.expect(201);
    account.until_state("/jobs/j/tasks/next", "completed").await;
}

#[tokio::test]
async fn ending_a_task_ends_all_of_its_instances() {
    let account = account(2).await;
    account.post("/jobs/j/tasks", spread("t", 2, "seconds=600")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    account.post("/jobs/j/tasks/t/terminate", json!({})).await.expect(204);
    let ended = account.get("/jobs/j/tasks/t").await.json();
    assert_eq!(ended["executionInfo"]["failureInfo"]["code"], "TaskEnded");
    idle(&account, 2).await;

    account.post("/jobs/j/tasks", spread("deleted", 2, "seconds=600")).await.expect(201);
    account.until_state("/jobs/j/tasks/deleted", "running").await;
    account.delete("/jobs/j/tasks/deleted").await.expect(200);
    idle(&account, 2).await;

    account.post("/jobs/j/tasks", spread("with-job", 2, "seconds=600")).await.expect(201);
    account.until_state("/jobs/j/tasks/with-job", "running").await;
    account.delete("/jobs/j").await.expect(202);
    account.until_gone("/jobs/j").await;
    idle(&account, 2).await;
}

#[tokio::test]
async fn a_task_that_loses_a_node_runs_again_on_others() {
    let account = account(3).await;
    account.post("/jobs/j/tasks", spread("t", 2, "seconds=600")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    let lost = subtasks(&account, "t").await[0]["nodeInfo"]["nodeId"].as_str().unwrap().to_owned();
    account.post("/pools/p/removenodes", json!({"nodeList": [lost]})).await.expect(202);
    let again = account
        .until("/jobs/j/tasks/t", |task| {
            task["state"] == "running" && task["executionInfo"]["requeueCount"] == 1
        })
        .await;
    let places: Vec<_> = subtasks(&account, "t").await;
    assert_eq!(places.len(), 1);
    for node in [&again["nodeInfo"]["nodeId"], &places[0]["nodeInfo"]["nodeId"]] {
        assert_ne!(node.as_str().unwrap(), lost);
    }
    account.post("/jobs/j/disable", json!({"disableTasks": "requeue"})).await.expect(202);
    account.until_state("/jobs/j", "disabled").await;
    let waiting = account.get("/jobs/j/tasks/t").await.json();
    assert_eq!((&waiting["state"], &waiting["executionInfo"]["requeueCount"]), (&json!("active"), &json!(2)));
    assert!(subtasks(&account, "t").await.is_empty());
    idle(&account, 2).await;
}

#[tokio::test]
async fn all_instances_go_on_or_begin_anew_after_a_restart() {
    let account = account(2).await;
    account.post("/jobs/j/tasks", spread("t", 2, "seconds=1")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "running").await;
    let account = account.reopen_simulated().await;
    let task = account.until_state("/jobs/j/tasks/t", "completed").await;
    assert_eq!(task["executionInfo"]["result"], "success");
    assert_eq!(task["executionInfo"]["retryCount"], 0);
    assert_eq!(subtasks(&account, "t").await.len(), 1);
    idle(&account, 2).await;
}

#[tokio::test]
async fn the_nodes_of_a_task_are_all_prepared_before_it_runs_on_any() {
    let account = account(2).await;
    let beside = |script: &str| {
        json!({"commandLine": "work", "containerSettings": {"imageName": "busybox"},
            "environmentSettings": [{"name": "BATCHYARD_SIMULATE", "value": script}]})
    };
    let job = |id: &str, script: &str| json!({"id": id, "poolInfo": {"poolId": "p"}, "jobPreparationTask": beside(script), "jobReleaseTask": beside("")});
    account.post("/jobs", job("k", "seconds=0.3")).await.expect(201);
    account.post("/jobs/k/tasks", spread("t", 2, "")).await.expect(201);
    account.until_state("/jobs/k/tasks/t", "preparing").await;
    let done = account.until_state("/jobs/k/tasks/t", "completed").await;
    assert_eq!(done["executionInfo"]["result"], "success", "{done}");
    let statuses = account.get("/jobs/k/jobpreparationandreleasetaskstatus").await.json();
    assert_eq!(statuses["value"].as_array().unwrap().len(), 2);
    for status in statuses["value"].as_array().unwrap() {
        let prepared = status["jobPreparationTaskExecutionInfo"]["endTime"].as_str().unwrap();
        assert!(prepared <= done["executionInfo"]["startTime"].as_str().unwrap(), "{status} {done}");
    }
    // Where nodes can't be prepared it waits, and leaves them to others.
    account.post("/jobs", job("l", "exit=1")).await.expect(201);
    account.post("/jobs/l/tasks", spread("t", 2, "")).await.expect(201);
    account
        .until("/jobs/l/jobpreparationandreleasetaskstatus", |list| {
            let failed = |one: &&Value| one["jobPreparationTaskExecutionInfo"]["result"] == "failure";
            list["value"].as_array().unwrap().iter().filter(failed).count() == 2
        })
        .await;
    account.until_state("/jobs/l/tasks/t", "active").await;
    account.post("/jobs/j/tasks", spread("t", 2, "")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "completed").await;
}

#[tokio::test]
async fn the_time_limit_of_a_task_is_that_of_all_its_instances() {
    let account = account(2).await;
    let limited = with(spread("t", 2, "seconds=600"), json!({"constraints": {"maxWallClockTime": "PT1S"}}));
    account.post("/jobs/j/tasks", limited).await.expect(201);
    let task = account.until_state("/jobs/j/tasks/t", "completed").await;
    let failure = &task["executionInfo"]["failureInfo"];
    assert_eq!(failure["code"], "TaskEnded");
    assert!(failure["message"].as_str().unwrap().ends_with("longer than it may."), "{failure}");
    assert_eq!(task["executionInfo"]["exitCode"], 143, "that of the primary: {task}");
    idle(&account, 2).await;
    let subtask = subtasks(&account, "t").await.remove(0);
    assert_eq!((&subtask["result"], &subtask["exitCode"]), (&json!("success"), &json!(0)), "{subtask}");
}

#[tokio::test]
async fn a_task_that_is_ended_before_it_began_leaves_no_subtask_waiting() {
    let account = with_job(2, preparation("seconds=600")).await;
    account.post("/jobs/j/tasks", spread("t", 2, "")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "preparing").await;
    account.post("/jobs/j/tasks/t/terminate", json!({})).await.expect(204);
    let subtask = subtasks(&account, "t").await.remove(0);
    assert_eq!(
        (&subtask["state"], &subtask["result"]),
        (&json!("completed"), &json!("failure")),
        "{subtask}"
    );
    assert_eq!(subtask["failureInfo"]["code"], "TaskEnded");
    assert_eq!((&subtask["exitCode"], &subtask["startTime"]), (&Value::Null, &Value::Null));
}

fn preparation(script: &str) -> Value {
    json!({"jobPreparationTask": {"commandLine": "prepare", "containerSettings": {"imageName": "busybox"},
        "environmentSettings": [{"name": "BATCHYARD_SIMULATE", "value": script}]}})
}

#[tokio::test]
async fn all_nodes_of_a_task_are_prepared_before_any_instance_begins() {
    let account = with_job(2, preparation("seconds=0.5")).await;
    account.post("/jobs/j/tasks", spread("t", 2, "")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "preparing").await;
    let waiting = subtasks(&account, "t").await;
    assert_eq!((&waiting[0]["state"], &waiting[0]["startTime"]), (&json!("preparing"), &Value::Null));
    let task = account.until_state("/jobs/j/tasks/t", "completed").await;
    assert_eq!(task["executionInfo"]["result"], "success", "{task}");
    let subtask = subtasks(&account, "t").await[0].clone();
    assert_eq!((&subtask["state"], &subtask["result"]), (&json!("completed"), &json!("success")));
    assert!(subtask["startTime"].as_str().unwrap() > waiting[0]["stateTransitionTime"].as_str().unwrap());
    let prepared = account.get("/jobs/j/jobpreparationandreleasetaskstatus").await.json();
    assert_eq!(prepared["value"].as_array().unwrap().len(), 2);
    idle(&account, 2).await;
}

#[tokio::test]
async fn a_task_is_not_begun_on_nodes_that_can_not_be_prepared() {
    let account = with_job(2, preparation("exit=1")).await;
    account.post("/jobs/j/tasks", spread("t", 2, "")).await.expect(201);
    account
        .until("/jobs/j/jobpreparationandreleasetaskstatus", |list| {
            let nodes = list["value"].as_array().unwrap();
            nodes.len() == 2
                && nodes.iter().all(|node| node["jobPreparationTaskExecutionInfo"]["state"] == "completed")
        })
        .await;
    let task = account.until_state("/jobs/j/tasks/t", "active").await;
    assert_eq!(task["executionInfo"]["startTime"], Value::Null);
    idle(&account, 2).await;
}
