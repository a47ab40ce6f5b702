//! Files of tasks and nodes over the wire.

use std::sync::Arc;
use std::time::Duration;

use batchyard::clock::ManualClock;
use batchyard::emulator::Timing;
use serde_json::json;

use super::account::{Account, task, with};

async fn with_files() -> (Account, String) {
    let account = Account::new().await.with_job(json!({})).await;
    account.post("/jobs/j/tasks", task("t", "")).await.expect(201);
    let task = account.until_state("/jobs/j/tasks/t", "completed").await;
    let node = task["nodeInfo"]["nodeId"].as_str().unwrap().to_owned();
    let folder = account.folder().join("nodes/p").join(&node).join("workitems/j/job-1/t");
    std::fs::create_dir_all(folder.join("wd/out dir")).unwrap();
    std::fs::write(folder.join("wd/out dir/numbers.txt"), "0123456789").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.join("wd/escape")).unwrap();
    (account, node)
}

#[tokio::test]
async fn a_tasks_files_are_listed_and_read() {
    let (account, _) = with_files().await;
    let stdout = account.get("/jobs/j/tasks/t/files/stdout.txt").await.expect(200);
    assert!(stdout.text.starts_with("simulated:"), "{}", stdout.text);
    assert_eq!(stdout.header("content-length"), stdout.text.len().to_string());
    assert_eq!(stdout.header("content-type"), "text/plain");
    assert_eq!((stdout.header("ocp-batch-file-isdirectory"), stdout.header("etag")), ("False", ""));
    assert!(stdout.header("ocp-batch-file-mode").starts_with("0o100"));
    let top = account.get("/jobs/j/tasks/t/files").await.expect(200).json();
    let names: Vec<_> =
        top["value"].as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"stdout.txt") && names.contains(&"wd"), "{names:?}");
    assert!(names.iter().all(|name| !name.contains('/')));
    let all = account.get("/jobs/j/tasks/t/files?recursive=true&$filter=startswith(name,'wd/')").await.json();
    let file = &all["value"].as_array().unwrap()[1];
    assert_eq!(file["name"], "wd/out dir/numbers.txt");
    assert_eq!(file["url"], "http://localhost:10100/jobs/j/tasks/t/files/wd/out%20dir/numbers.txt");
    assert_eq!((&file["properties"]["contentLength"], &file["isDirectory"]), (&json!("10"), &json!(false)));
    assert_eq!(all["value"].as_array().unwrap().len(), 2, "the link that leads outside is not there: {all}");
}

#[tokio::test]
async fn a_part_of_a_file_is_read_with_ocp_range() {
    let (account, _) = with_files().await;
    let path = "/jobs/j/tasks/t/files/wd%2Fout%20dir%2Fnumbers.txt";
    let read = async |range: &str| account.send("GET", path, &[("ocp-range", range)], None).await;
    assert_eq!(read("bytes=2-4").await.expect(200).text, "234");
    assert_eq!(read("bytes=8-").await.expect(200).text, "89");
    read("bytes=10-").await.refused(416, "InvalidRange");
    let head = account.send("HEAD", path, &[], None).await.expect(200);
    assert_eq!((head.text.as_str(), head.header("content-length")), ("", "10"));
    let url = head.header("ocp-batch-file-url").to_owned();
    assert_eq!(url, "http://localhost:10100/jobs/j/tasks/t/files/wd%2Fout%20dir%2Fnumbers.txt");
    let modified = head.header("last-modified").to_owned();
    account.send("GET", path, &[("if-modified-since", &modified)], None).await.expect(304);
    let windows = account.get("/jobs/j/tasks/t/files/wd%5Cout%20dir%5Cnumbers.txt").await;
    assert_eq!(windows.expect(200).text, "0123456789");
}

#[tokio::test]
async fn a_nodes_files_are_read_and_nothing_else_of_the_machine_is() {
    let (account, node) = with_files().await;
    let files = format!("/pools/p/nodes/{node}/files");
    let path = format!("{files}/workitems%2Fj%2Fjob-1%2Ft%2Fwd%2Fout%20dir%2Fnumbers.txt");
    assert_eq!(account.get(&path).await.expect(200).text, "0123456789");
    let top = account.get(&files).await.expect(200).json();
    assert!(top["value"].as_array().unwrap().iter().any(|file| file["name"] == "workitems"), "{top}");
    for outside in
        ["..%2F..%2F..%2Fstore.db", "%2Fetc%2Fpasswd", "workitems%2Fj%2Fjob-1%2Ft%2Fwd%2Fescape", "none"]
    {
        account.get(&format!("{files}/{outside}")).await.refused(404, "FileNotFound");
    }
    let directory = account.send("HEAD", &format!("{files}/workitems"), &[], None).await.expect(200);
    assert_eq!(directory.header("ocp-batch-file-isdirectory"), "True");
    account.get(&format!("{files}/workitems")).await.refused(409, "OperationInvalidForCurrentState");
}

#[tokio::test]
async fn a_task_that_never_ran_has_no_files() {
    let account = Account::new().await;
    account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "none"}})).await.expect(201);
    account.post("/jobs/j/tasks", task("t", "")).await.expect(201);
    account.get("/jobs/j/tasks/t/files/stdout.txt").await.refused(409, "TaskFilesUnavailable");
    account.get("/jobs/j/tasks/t/files").await.refused(409, "TaskFilesUnavailable");
    account.get("/jobs/j/tasks/u/files").await.refused(404, "TaskNotFound");
}

#[tokio::test]
async fn files_are_deleted_and_folders_only_when_empty_or_asked_for() {
    let (account, node) = with_files().await;
    let files = "/jobs/j/tasks/t/files";
    account.delete(&format!("{files}/wd")).await.refused(409, "OperationInvalidForCurrentState");
    account.delete(&format!("{files}/none")).await.refused(404, "FileNotFound");
    for outside in ["..%2F..%2F..%2Fshared", "wd%2F..%2Fstdout.txt", "..", "%2Fetc%2Fpasswd"] {
        account.delete(&format!("{files}/{outside}?recursive=true")).await.refused(404, "FileNotFound");
        account.get(&format!("{files}/{outside}")).await.refused(404, "FileNotFound");
    }
    account.delete(&format!("{files}/stdout.txt")).await.expect(200);
    account.get(&format!("{files}/stdout.txt")).await.refused(404, "FileNotFound");
    account.delete(&format!("{files}/wd?recursive=true")).await.expect(200);
    assert!(std::path::Path::new("/etc/passwd").exists());
    let path = format!("/pools/p/nodes/{node}/files/workitems%2Fj%2Fjob-1%2Ft%2Fstderr.txt");
    account.delete(&path).await.expect(200);
    account.delete(&path).await.refused(404, "FileNotFound");
}

#[tokio::test]
async fn what_a_task_leaves_stays_as_long_as_it_asked_for() {
    let clock = Arc::new(ManualClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap()));
    let account = Account::timed(clock.clone(), Timing::Instant).await.with_job(json!({})).await;
    let pass = async |seconds| {
        // Sleepers that were just asked for must be asleep before the clock moves.
        tokio::time::sleep(Duration::from_millis(50)).await;
        clock.advance(Duration::from_secs(seconds));
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let hour = json!({"constraints": {"retentionTime": "PT1H"}});
    account.post("/jobs/j/tasks", with(task("hour", ""), hour)).await.expect(201);
    account.post("/jobs/j/tasks", task("week", "")).await.expect(201);
    let files = |task: &str| format!("/jobs/j/tasks/{task}/files/stdout.txt");
    for task in ["hour", "week"] {
        account.until_state(&format!("/jobs/j/tasks/{task}"), "completed").await;
    }
    pass(3_599).await;
    account.get(&files("hour")).await.expect(200);
    pass(12).await;
    account.until_gone(&files("hour")).await;
    assert_eq!(
        account.get("/jobs/j/tasks/hour").await.expect(200).json()["executionInfo"]["result"],
        "success"
    );
    account.get(&files("week")).await.expect(200);
    account.delete("/jobs/j/tasks/hour").await.expect(200);

    // It goes also if nobody ran the account when its time came.
    account.emulator.shut_down().await;
    clock.advance(Duration::from_secs(7 * 86_400));
    let account = account.reopen_simulated().await;
    account.until_gone(&files("week")).await;
}
