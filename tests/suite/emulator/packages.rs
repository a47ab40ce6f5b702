//! Application packages: listed, referred to, and brought to nodes.

use std::fs::File;
use std::io::Write as _;

use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

/// Puts a package into an account's folder.
fn package(account: &Account, name: &str) {
    let path = account.folder().join("applications").join(format!("{name}.zip"));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut zip = zip::ZipWriter::new(File::create(path).unwrap());
    zip.start_file("bin/tool", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"tool").unwrap();
    zip.finish().unwrap();
}

async fn account() -> Account {
    let account = Account::new().await;
    for name in ["blender/2.7", "blender/2.8", "solver/1.0"] {
        package(&account, name);
    }
    std::fs::write(account.folder().join("applications/blender/default"), "2.8").unwrap();
    account
}

fn referring(references: Value) -> Value {
    json!({ "applicationPackageReferences": references })
}

#[tokio::test]
async fn the_applications_of_the_folder_are_listed_page_by_page() {
    let account = account().await;
    let blender = json!({"id": "blender", "displayName": "blender", "versions": ["2.7", "2.8"]});
    let solver = json!({"id": "solver", "displayName": "solver", "versions": ["1.0"]});
    let all = account.get("/applications").await.expect(200).json();
    assert_eq!(all["value"], json!([blender, solver]));
    let first = account.get("/applications?maxresults=1").await.expect(200).json();
    assert_eq!(first["value"], json!([blender]));
    let next = first["odata.nextLink"].as_str().unwrap().split_once("/applications").unwrap().1.to_owned();
    let second = account.get(&format!("/applications{next}")).await.expect(200).json();
    assert_eq!((&second["value"], second.get("odata.nextLink")), (&json!([solver]), None));
    let one = account.get("/applications/BLENDER").await.expect(200).json();
    assert_eq!((&one["id"], &one["versions"]), (&blender["id"], &blender["versions"]));
    account.get("/applications/other").await.refused(404, "ApplicationNotFound");
}

#[tokio::test]
async fn a_pool_refers_to_packages_that_are_there() {
    let account = account().await;
    for (references, reason) in [
        (json!([{"applicationId": "other"}]), "no application `other`"),
        (json!([{"applicationId": "blender", "version": "3"}]), "no version `3`"),
        (json!([{"applicationId": "solver"}]), "no default version"),
    ] {
        let reply = account.post("/pools", with(pool("p"), referring(references))).await;
        assert!(reply.detail("Reason").contains(reason), "{}", reply.text);
        reply.refused(409, "InvalidApplicationPackageReferences");
    }
    let qualified =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Batch/batchAccounts/a/applications/blender";
    let references = json!([{"applicationId": qualified}, {"applicationId": "solver", "version": "1.0"}]);
    account.post("/pools", with(pool("p"), referring(references.clone()))).await.expect(201);
    account.node("p", "idle").await;
    let read = account.get("/pools/p").await.json();
    assert_eq!(read["applicationPackageReferences"], references);
    let unknown = referring(json!([{"applicationId": "other"}]));
    account.patch("/pools/p", unknown).await.refused(409, "InvalidApplicationPackageReferences");
    account.patch("/pools/p", referring(json!([]))).await.expect(200);
    let replaced = json!({"metadata": [], "applicationPackageReferences": [{"applicationId": "blender"}]});
    account.post("/pools/p/updateproperties", replaced).await.expect(204);
    let read = account.get("/pools/p").await.json();
    assert_eq!(read["applicationPackageReferences"], json!([{"applicationId": "blender"}]));
}

#[tokio::test]
async fn a_package_that_is_gone_when_a_node_boots_makes_it_unusable() {
    let account = account().await;
    let references = referring(json!([{"applicationId": "solver", "version": "1.0"}]));
    account.post("/pools", with(pool("p"), references)).await.expect(201);
    let node = account.node("p", "idle").await;
    std::fs::remove_dir_all(account.folder().join("applications/solver")).unwrap();
    let path = format!("/pools/p/nodes/{}", node["id"].as_str().unwrap());
    account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await.expect(201);
    account.post("/jobs/j/tasks", task("goes-on", "")).await.expect(201);
    let ended = account.until_state("/jobs/j/tasks/goes-on", "completed").await;
    assert_eq!(ended["executionInfo"]["result"], "success", "the node keeps what it has until it boots anew");
    account.post(&format!("{path}/reboot"), json!({})).await.expect(202);
    let node = account.until_state(&path, "unusable").await;
    let error = &node["errors"][0];
    assert_eq!(error["code"], "ApplicationPackageError", "{node:#}");
    assert!(error["message"].as_str().unwrap().contains("no application `solver`"), "{node:#}");
}

#[tokio::test]
async fn a_task_whose_package_is_not_there_fails_before_it_runs() {
    let account = account().await;
    account.post("/pools", pool("p")).await.expect(201);
    account.post("/jobs", json!({"id": "j", "poolInfo": {"poolId": "p"}})).await.expect(201);
    for (id, reference) in [
        ("fine", json!({"applicationId": "blender"})),
        ("unknown", json!({"applicationId": "other"})),
        ("undecided", json!({"applicationId": "solver"})),
    ] {
        account.post("/jobs/j/tasks", with(task(id, ""), referring(json!([reference])))).await.expect(201);
    }
    let info = |id: &'static str| {
        let account = &account;
        async move {
            account.until_state(&format!("/jobs/j/tasks/{id}"), "completed").await["executionInfo"].clone()
        }
    };
    assert_eq!(info("fine").await["result"], "success");
    for (id, reason) in [("unknown", "no application `other`"), ("undecided", "no default version")] {
        let info = info(id).await;
        assert_eq!(info["failureInfo"]["code"], "ApplicationPackageError", "{info:#}");
        assert_eq!((&info["failureInfo"]["category"], info.get("exitCode")), (&json!("usererror"), None));
        assert!(info["failureInfo"]["details"].to_string().contains(reason), "{info:#}");
    }
    let twice = json!([{"applicationId": "blender"}, {"applicationId": "Blender"}]);
    let reply = account.post("/jobs/j/tasks", with(task("twice", ""), referring(twice))).await;
    reply.refused(400, "InvalidPropertyValue");
}
