//! Tasks: run, run again, wait for each other, end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

async fn counts(account: &Account) -> [u64; 5] {
    let counts = account.get("/jobs/j/taskcounts").await.expect(200).json();
    ["active", "running", "completed", "succeeded", "failed"]
        .map(|n| counts["taskCounts"][n].as_u64().unwrap())
}

#[tokio::test]
async fn a_task_ends_as_its_process_did() {
    let account = Account::new().await.with_job(json!({"constraints": {"maxTaskRetryCount": 1}})).await;
    let made = account.post("/jobs/j/tasks", task("good", "")).await.expect(201);
    assert_eq!(made.header("location"), "http://localhost:10100/jobs/j/tasks/good");
    account.post("/jobs/j/tasks", task("good", "")).await.refused(409, "TaskExists");
    let good = account.until_state("/jobs/j/tasks/good", "completed").await;
    assert_eq!(good["eTag"], made.header("etag"), "changes of state leave the version alone");
    assert_eq!(
        (&good["executionInfo"]["exitCode"], &good["executionInfo"]["result"]),
        (&json!(0), &json!("success"))
    );
    assert_eq!(good["previousState"], "running");
    assert_eq!(good["constraints"]["maxTaskRetryCount"], 1);
    assert_eq!(good["nodeInfo"]["taskRootDirectory"], "workitems/j/job-1/good");
    assert_eq!(good["nodeInfo"]["poolId"], "p");

    account.post("/jobs/j/tasks", task("bad", "exit=3")).await.expect(201);
    let bad = account.until_state("/jobs/j/tasks/bad", "completed").await;
    let execution = &bad["executionInfo"];
    assert_eq!((&execution["exitCode"], &execution["result"]), (&json!(3), &json!("failure")));
    assert_eq!(execution["retryCount"], 1, "run again once, as the job allows");
    assert_eq!(execution["failureInfo"]["code"], "FailureExitCode");
    assert_eq!(execution["failureInfo"]["category"], "usererror");
    assert_eq!(counts(&account).await, [0, 0, 2, 1, 1]);
    let node = account.node("p", "idle").await;
    assert_eq!((&node["totalTasksRun"], &node["totalTasksSucceeded"]), (&json!(3), &json!(1)));

    account.post("/jobs/j/tasks/good/reactivate", json!({})).await.refused(409, "TaskSucceeded");
    account.post("/jobs/j/tasks/bad/reactivate", json!({})).await.expect(204);
    account
        .until("/jobs/j/tasks/bad", |task| {
            task["state"] == "completed" && task["executionInfo"]["retryCount"] == 1
        })
        .await;
}

#[tokio::test]
async fn a_collection_has_a_result_a_task() {
    let account = Account::new().await.with_job(json!({})).await;
    let tasks = json!({"value": [task("a", ""), task("A", ""), with(task("c", ""), json!({"resourceFiles": [{"autoStorageContainerName": "x"}]})),
        with(task("d", ""), json!({"dependsOn": {"taskIds": ["a"]}}))]});
    let results = account.post("/jobs/j/addtaskcollection", tasks).await.expect(200).json();
    let results = results["value"].as_array().unwrap().clone();
    let codes: Vec<_> =
        results.iter().map(|r| (r["status"].as_str().unwrap(), r["error"]["code"].as_str())).collect();
    assert_eq!(
        codes,
        [
            ("success", None),
            ("clienterror", Some("TaskExists")),
            ("clienterror", Some("NotImplementedByEmulator")),
            ("clienterror", Some("TaskDependenciesNotSpecifiedOnJob")),
        ]
    );
    assert_eq!(results[0]["location"], "http://localhost:10100/jobs/j/tasks/a");
    assert!(results[0]["eTag"].is_string());
    let many: Vec<Value> = (0..101).map(|n| task(&n.to_string(), "")).collect();
    let refused = account.post("/jobs/j/addtaskcollection", json!({"value": many})).await;
    refused.refused(413, "RequestBodyTooLarge");
    account.post("/jobs/none/addtaskcollection", json!({"value": []})).await.refused(404, "JobNotFound");
    assert_eq!(account.get("/jobs/j/tasks").await.json()["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_task_waits_until_all_it_depends_on_has_succeeded() {
    let account = Account::new().await.with_job(json!({"usesTaskDependencies": true})).await;
    let after = |id: &str, on: Value| with(task(id, ""), json!({"dependsOn": on}));
    for body in [
        after("all", json!({"taskIdRanges": [{"start": 1, "end": 3}], "taskIds": ["Prepare"]})),
        after("never", json!({"taskIds": ["fails"]})),
        after("last", json!({"taskIds": ["all"]})),
        task("fails", "exit=1"),
        task("1", ""),
        task("02", ""),
    ] {
        account.post("/jobs/j/tasks", body).await.expect(201);
    }
    account.until_state("/jobs/j/tasks/fails", "completed").await;
    account.until_state("/jobs/j/tasks/02", "completed").await;
    account.post("/jobs/j/tasks", task("2", "")).await.expect(201);
    account.until_state("/jobs/j/tasks/2", "completed").await;
    account.post("/jobs/j/tasks", task("prepare", "")).await.expect(201);
    account.until_state("/jobs/j/tasks/prepare", "completed").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(account.get("/jobs/j/tasks/all").await.json()["state"], "active", "3 is missing");
    account.post("/jobs/j/tasks", task("3", "")).await.expect(201);
    account.until_state("/jobs/j/tasks/last", "completed").await;
    assert_eq!(account.get("/jobs/j/tasks/never").await.json()["state"], "active");
    account
        .post("/jobs/j/tasks", after("late", json!({"taskIdRanges": [{"start": 1, "end": 3}]})))
        .await
        .expect(201);
    account.until_state("/jobs/j/tasks/late", "completed").await;
}

#[tokio::test]
async fn a_terminated_task_is_completed_at_once_and_frees_its_node() {
    let account = Account::new().await.with_job(json!({})).await;
    account
        .post("/jobs/j/tasks", with(task("long", "seconds=600"), json!({"requiredSlots": 4})))
        .await
        .expect(201);
    account.until_state("/jobs/j/tasks/long", "running").await;
    account.post("/jobs/j/tasks", task("next", "")).await.expect(201);
    assert_eq!(account.get("/jobs/j/tasks/next").await.json()["state"], "active");
    account.post("/jobs/j/tasks/long/reactivate", json!({})).await.refused(409, "TaskNotCompleted");
    account.post("/jobs/j/tasks/long/terminate", json!({})).await.expect(204);
    let long = account.get("/jobs/j/tasks/long").await.json();
    assert_eq!((&long["state"], &long["executionInfo"]["result"]), (&json!("completed"), &json!("failure")));
    assert_eq!(long["executionInfo"]["failureInfo"]["code"], "TaskEnded");
    account.post("/jobs/j/tasks/long/terminate", json!({})).await.refused(409, "TaskCompleted");
    account.until_state("/jobs/j/tasks/next", "completed").await;
}

#[tokio::test]
async fn a_deleted_task_is_gone_with_its_files_and_its_id_is_free() {
    let account = Account::new().await.with_job(json!({})).await;
    account.post("/jobs/j/tasks", task("t", "seconds=600")).await.expect(201);
    let running = account.until_state("/jobs/j/tasks/t", "running").await;
    let node = running["nodeInfo"]["nodeId"].as_str().unwrap();
    let folder = account.folder().join("nodes/p").join(node).join("workitems/j/job-1/t");
    while !folder.join("stdout.txt").exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    std::fs::write(folder.join("mark"), "").unwrap();
    account.delete("/jobs/j/tasks/t").await.expect(200);
    account.get("/jobs/j/tasks/t").await.refused(404, "TaskNotFound");
    account.post("/jobs/j/tasks", task("t", "")).await.expect(201);
    account.until_state("/jobs/j/tasks/t", "completed").await;
    assert!(folder.exists() && !folder.join("mark").exists(), "the new task begins with a new folder");
    account.delete("/jobs/j/tasks/t").await.expect(200);
    let deadline = Instant::now() + Duration::from_secs(10);
    while folder.exists() {
        assert!(Instant::now() < deadline, "{folder:?} stays");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn important_jobs_go_first_and_none_takes_more_than_it_may() {
    let account = Account::new().await;
    for (id, more) in [("low", json!({})), ("high", json!({"priority": 10, "maxParallelTasks": 2}))] {
        let job = with(json!({"id": id, "poolInfo": {"poolId": "p"}}), more);
        account.post("/jobs", job).await.expect(201);
        for number in 0..4 {
            account
                .post(&format!("/jobs/{id}/tasks"), task(&format!("t{number}"), "seconds=600"))
                .await
                .expect(201);
        }
    }
    account.post("/pools", pool("p")).await.expect(201);
    account.until("/jobs/low/taskcounts", |counts| counts["taskCounts"]["running"] == 2).await;
    let high = account.get("/jobs/high/taskcounts").await.json();
    assert_eq!((&high["taskCounts"]["running"], &high["taskCounts"]["active"]), (&json!(2), &json!(2)));
    let node = account.node("p", "running").await;
    assert_eq!((&node["runningTasksCount"], &node["runningTaskSlotsCount"]), (&json!(4), &json!(4)));
    for running in ["t0", "t1"] {
        assert_eq!(account.get(&format!("/jobs/high/tasks/{running}")).await.json()["state"], "running");
    }
}

#[tokio::test]
async fn ten_thousand_tasks_run_in_well_under_a_minute() {
    let account = Account::new().await.with_job(json!({"onAllTasksComplete": "noaction"})).await;
    let started = Instant::now();
    for hundred in 0..100 {
        let tasks: Vec<Value> = (0..100).map(|n| task(&format!("t-{}", hundred * 100 + n), "")).collect();
        let results =
            account.post("/jobs/j/addtaskcollection", json!({ "value": tasks })).await.expect(200).json();
        assert_eq!(results["value"].as_array().unwrap().len(), 100);
    }
    let added = started.elapsed();
    account.patch("/jobs/j", json!({"onAllTasksComplete": "terminatejob"})).await.expect(200);
    let deadline = started + Duration::from_secs(60);
    while counts(&account).await[2] < 10_000 {
        assert!(Instant::now() < deadline, "{:?} after a minute", counts(&account).await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    eprintln!("10,000 tasks: added in {added:.1?}, all over after {:.1?}", started.elapsed());
    assert_eq!(counts(&account).await, [0, 0, 10_000, 10_000, 0]);
    let job = account.until_state("/jobs/j", "completed").await;
    assert_eq!(job["executionInfo"]["terminateReason"], "AllTasksComplete");
}

#[tokio::test]
async fn a_container_pool_runs_no_task_without_container_settings_and_another_pool_none_with() {
    let account = Account::new().await.with_job(json!({})).await;
    account.post("/jobs/j/tasks", json!({"id": "t", "commandLine": "x"})).await.expect(201);
    let failed = account.until_state("/jobs/j/tasks/t", "completed").await;
    assert_eq!(failed["executionInfo"]["failureInfo"]["code"], "ContainerInvalidSettings");
    let mut bare = pool("bare");
    bare["virtualMachineConfiguration"].as_object_mut().unwrap().remove("containerConfiguration");
    account.post("/pools", bare).await.expect(201);
    account.post("/jobs", json!({"id": "k", "poolInfo": {"poolId": "bare"}})).await.expect(201);
    account.post("/jobs/k/tasks", task("t", "")).await.expect(201);
    let failed = account.until_state("/jobs/k/tasks/t", "completed").await;
    assert_eq!(failed["executionInfo"]["failureInfo"]["code"], "ContainerPoolNotSupported");
}

#[tokio::test]
async fn a_task_runs_on_the_node_that_it_names_if_that_has_room() {
    let account = Account::new().await;
    account.post("/pools", with(pool("p"), json!({"targetDedicatedNodes": 3}))).await.expect(201);
    account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await.expect(201);
    let idle = |list: &Value| {
        list["value"].as_array().unwrap().iter().filter(|node| node["state"] == "idle").count() == 3
    };
    let nodes = account.until("/pools/p/nodes", idle).await;
    // Without a hint it would go to the oldest of the nodes, which are equally free.
    let last = nodes["value"][2].clone();
    let runs_at = async |id: &str, slots: i32, near: &Value| {
        let hint = json!({"requiredSlots": slots, "affinityInfo": {"affinityId": near}});
        account.post("/jobs/j/tasks", with(task(id, "seconds=600"), hint)).await.expect(201);
        let task = account.until_state(&format!("/jobs/j/tasks/{id}"), "running").await;
        task["nodeInfo"].clone()
    };
    let first = runs_at("by-node", 1, &last["affinityId"]).await;
    assert_eq!(first["nodeId"], last["id"]);
    assert_eq!(runs_at("by-task", 1, &first["affinityId"]).await["nodeId"], last["id"]);
    assert_eq!(runs_at("by-id", 1, &last["id"]).await["nodeId"], last["id"]);
    assert_ne!(runs_at("too-large", 2, &last["affinityId"]).await["nodeId"], last["id"]);
    runs_at("unknown", 1, &json!("TVM:of-yore")).await;
}
