//! Files that come to tasks and are kept of them, as clients ask for them. That they really do is shown in `task_files.rs` above.

use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

const BLOB: &str = "https://mine.blob.core.windows.net/in/a.txt?sv=1&sp=r&sig=hunter2";
const CONTAINER: &str = "https://mine.blob.core.windows.net/out?sv=1&sp=cw&sig=hunter2";

fn kept(more: Value) -> Value {
    let container = with(json!({"containerUrl": CONTAINER}), more);
    json!({"filePattern": "../std*.txt", "destination": {"container": container},
        "uploadOptions": {"uploadCondition": "taskcompletion"}})
}

#[tokio::test]
async fn files_read_back_as_they_were_written() {
    let account = Account::new().await.with_job(json!({})).await;
    let files = json!({
        "resourceFiles": [{"httpUrl": BLOB, "filePath": "in/a.txt", "fileMode": "0644"},
            {"storageContainerUrl": CONTAINER, "blobPrefix": "b/", "filePath": "b"}],
        "outputFiles": [kept(json!({"path": "logs", "uploadHeaders": [{"name": "x-ms-meta-a", "value": "b"}]}))],
    });
    account.post("/jobs/j/tasks", with(task("t", ""), files.clone())).await.expect(201);
    let read = account.until_state("/jobs/j/tasks/t", "completed").await;
    assert_eq!(read["executionInfo"]["result"], "success", "it is only simulated, so nothing is fetched");
    for name in ["resourceFiles", "outputFiles"] {
        assert_eq!(read[name], files[name], "{name}");
    }
}

#[tokio::test]
async fn what_can_not_be_done_is_refused_by_name_and_never_by_its_signature() {
    let account = Account::new().await.with_job(json!({})).await;
    let blob = |more| json!({"resourceFiles": [with(json!({"httpUrl": BLOB, "filePath": "a"}), more)]});
    let output = |more| json!({"outputFiles": [kept(more)]});
    for (more, status, property) in [
        (blob(json!({"filePath": "../a"})), 400, "filePath"),
        (blob(json!({"filePath": "/etc/cron.d/a"})), 400, "filePath"),
        (blob(json!({"filePath": null})), 400, "filePath"),
        (blob(json!({"fileMode": "rwxr-x"})), 400, "fileMode"),
        (blob(json!({"fileMode": "4755"})), 501, "fileMode: setuid, setgid, sticky"),
        (blob(json!({"httpUrl": "file:///etc/passwd"})), 400, "httpUrl"),
        (blob(json!({"storageContainerUrl": CONTAINER})), 400, "resourceFiles"),
        (blob(json!({"identityReference": {"resourceId": "/r"}})), 501, "identityReference"),
        (json!({"resourceFiles": [{"storageContainerUrl": BLOB}]}), 400, "storageContainerUrl"),
        (json!({"resourceFiles": [{"autoStorageContainerName": "in"}]}), 501, "autoStorageContainerName"),
        (output(json!({"containerUrl": BLOB})), 400, "containerUrl"),
        (output(json!({"path": "a/../b"})), 400, "path"),
        (output(json!({"uploadHeaders": [{"name": "authorization", "value": "x"}]})), 400, "uploadHeaders"),
        (output(json!({"identityReference": {"resourceId": "/r"}})), 501, "identityReference"),
    ] {
        let refused = account.post("/jobs/j/tasks", with(task("t", ""), more.clone())).await;
        assert_eq!((refused.status, refused.detail("PropertyName").as_str()), (status, property), "{more}");
        assert!(!refused.text.contains("hunter2"), "{}", refused.text);
    }
    assert_eq!(account.get("/jobs/j/tasks").await.json()["value"], json!([]));
    let start =
        json!({"startTask": {"commandLine": "x", "resourceFiles": [{"httpUrl": BLOB, "filePath": ".."}]}});
    let refused = account.post("/pools", with(pool("q"), start)).await.refused(400, "InvalidPropertyValue");
    assert_eq!(refused.detail("PropertyName"), "filePath");
    let manager = json!({"id": "m", "poolInfo": {"poolId": "p"}, "jobManagerTask": {"id": "m", "commandLine": "x",
        "containerSettings": {"imageName": "busybox"}, "outputFiles": [kept(json!({"path": ".."}))]}});
    account.post("/jobs", manager).await.refused(400, "InvalidPropertyValue");
}
