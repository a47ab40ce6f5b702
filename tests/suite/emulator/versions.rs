//! Older versions of the API: what their clients write and read.

use serde_json::{Value, json};

use super::account::{Account, pool, task, with};

/// A pool as the first version with containers has it: with prefetched images, a registry, and four tasks a node.
fn pool_of_2017() -> Value {
    json!({"id": "old", "vmSize": "Standard_D2s_v3", "targetDedicatedNodes": 1, "maxTasksPerNode": 4,
        "virtualMachineConfiguration": {
            "imageReference": {"publisher": "microsoft-azure-batch", "offer": "ubuntu-server-container", "sku": "20-04-lts"},
            "nodeAgentSKUId": "batch.node.ubuntu 20.04",
            "containerConfiguration": {"type": "docker", "containerImageNames": ["tensorflow/tensorflow:latest-gpu"],
                "containerRegistries": [{"registryServer": "registry.example", "username": "u", "password": "secret"}]}}})
}

#[tokio::test]
async fn a_container_pool_of_the_first_version_reads_back_in_the_shape_of_each_version() {
    let account = Account::new().await;
    account.post("/pools?api-version=2017-09-01.6.0", pool_of_2017()).await.expect(201);

    let old = account.get("/pools/old?api-version=2017-09-01.6.0").await.expect(200).json();
    assert_eq!(old["maxTasksPerNode"], 4);
    assert_eq!(old["taskSlotsPerNode"], Value::Null);
    let containers = &old["virtualMachineConfiguration"]["containerConfiguration"];
    assert_eq!(containers["type"], "docker");
    assert_eq!(containers["containerImageNames"], json!(["tensorflow/tensorflow:latest-gpu"]));
    assert_eq!(
        containers["containerRegistries"],
        json!([{"registryServer": "registry.example", "username": "u"}])
    );
    let middle = account.get("/pools/old?api-version=2018-12-01.8.0").await.expect(200).json();
    assert_eq!(
        (
            &middle["maxTasksPerNode"],
            &middle["virtualMachineConfiguration"]["containerConfiguration"]["type"]
        ),
        (&json!(4), &json!("dockerCompatible"))
    );
    let new = account.get("/pools/old").await.expect(200).json();
    assert_eq!((&new["taskSlotsPerNode"], &new["maxTasksPerNode"]), (&json!(4), &Value::Null));

    let selected =
        account.get("/pools?api-version=2017-09-01.6.0&$select=id,maxTasksPerNode").await.expect(200);
    assert_eq!(selected.json()["value"], json!([{"id": "old", "maxTasksPerNode": 4}]));
}

#[tokio::test]
async fn a_container_task_of_an_older_version_runs_and_reads_back() {
    let account = Account::new().await;
    account
        .post(
            "/pools?api-version=2018-12-01.8.0",
            with(pool("old"), json!({"taskSlotsPerNode": null, "maxTasksPerNode": 2})),
        )
        .await
        .expect(201);
    let job = json!({"id": "j", "poolInfo": {"poolId": "old"}});
    account.post("/jobs?api-version=2018-12-01.8.0", job).await.expect(201);
    let settings = json!({"imageName": "tensorflow/tensorflow:latest-gpu",
        "containerRunOptions": "--rm --workdir /notebooks", "registry": {"registryServer": "registry.example"}});
    let task = with(task("t", "0"), json!({"containerSettings": settings}));
    account.post("/jobs/j/tasks?api-version=2018-12-01.8.0", task).await.expect(201);
    account.until_state("/jobs/j/tasks/t?api-version=2018-12-01.8.0", "completed").await;
    let task = account.get("/jobs/j/tasks/t?api-version=2018-12-01.8.0").await.expect(200).json();
    assert_eq!(task["containerSettings"], settings);
    assert_eq!(task["requiredSlots"], Value::Null, "slots came later");
    let job = account.get("/jobs/j?api-version=2018-12-01.8.0").await.expect(200).json();
    assert_eq!(job["maxParallelTasks"], Value::Null);
    let counts = account.get("/jobs/j/taskcounts?api-version=2017-09-01.6.0").await.expect(200).json();
    assert_eq!((&counts["completed"], &counts["validationStatus"]), (&json!(1), &json!("validated")));
}

/// What the article on container workloads shows, a pool with images and a registry and a task with options, in the words of a version.
#[tokio::test]
async fn the_bodies_of_the_article_are_taken_and_read_back_by_both_versions_of_its_time() {
    for (version, kind) in [("2017-09-01.6.0", "docker"), ("2018-12-01.8.0", "dockerCompatible")] {
        let account = Account::new().await;
        let at = |path: &str| format!("{path}?api-version={version}");
        let mut pool = pool_of_2017();
        pool["virtualMachineConfiguration"]["containerConfiguration"]["type"] = json!(kind);
        account.post(&at("/pools"), pool.clone()).await.expect(201);
        let read = account.get(&at("/pools/old")).await.expect(200);
        assert!(!read.text.contains("password") && !read.text.contains("secret"), "{}", read.text);
        let read = read.json();
        let written = &mut pool["virtualMachineConfiguration"];
        written["containerConfiguration"]["containerRegistries"][0]
            .as_object_mut()
            .unwrap()
            .remove("password");
        written["imageReference"]["version"] = json!("latest");
        let configuration = &read["virtualMachineConfiguration"];
        for part in ["imageReference", "nodeAgentSKUId", "containerConfiguration"] {
            assert_eq!(configuration[part], written[part], "{version} {part}");
        }
        assert_eq!((&read["maxTasksPerNode"], &read["taskSlotsPerNode"]), (&json!(4), &Value::Null));

        let job = json!({"id": "j", "poolInfo": {"poolId": "old"}});
        account.post(&at("/jobs"), job).await.expect(201);
        let mut settings = json!({"imageName": "tensorflow/tensorflow:latest-gpu",
            "containerRunOptions": "--rm --workdir /notebooks",
            "registry": {"registryServer": "registry.example", "username": "u", "password": "secret"}});
        let task = with(task("t", "0"), json!({"containerSettings": settings}));
        account.post(&at("/jobs/j/tasks"), task).await.expect(201);
        settings["registry"].as_object_mut().unwrap().remove("password");
        let read = account.get(&at("/jobs/j/tasks/t")).await.expect(200);
        assert!(!read.text.contains("password") && !read.text.contains("secret"), "{}", read.text);
        let read = read.json();
        assert_eq!(read["containerSettings"], settings, "{version}");
        assert_eq!(read["requiredSlots"], Value::Null, "slots came later");
    }
}

#[tokio::test]
async fn a_property_that_a_version_lacks_is_refused_by_name() {
    let account = Account::new().await;
    let young = account.post("/pools?api-version=2018-12-01.8.0", pool("p")).await;
    let young = young.refused(400, "UnsupportedProperty");
    assert_eq!(young.detail("PropertyName"), "taskSlotsPerNode");
    assert!(
        young.detail("Reason").contains("called `maxTasksPerNode` before 2020-09-01.12.0"),
        "{}",
        young.text
    );
    let gone = account.post("/pools", with(pool("p"), json!({"certificateReferences": []}))).await;
    assert_eq!(gone.refused(400, "UnsupportedProperty").detail("PropertyName"), "certificateReferences");
    account.get("/pools/p").await.expect(404);
}

#[tokio::test]
async fn versions_that_are_not_known_are_refused() {
    let account = Account::new().await;
    for version in ["2016-07-01.3.1", "2026-10-01", "2025-06-01.1.0", "latest"] {
        let refused = account.get(&format!("/pools?api-version={version}")).await;
        assert!(
            refused.refused(400, "UnsupportedRequestVersion").detail("Reason").contains("2017-09-01.6.0")
        );
    }
}

#[tokio::test]
async fn node_agents_are_listed_to_those_who_know_no_images() {
    let account = Account::new().await;
    let agents = account.get("/nodeagentskus?api-version=2017-09-01.6.0").await.expect(200).json();
    let first = &agents["value"][0];
    assert_eq!((&first["id"], &first["osType"]), (&json!("batch.node.ubuntu 20.04"), &json!("linux")));
    assert_eq!(first["verifiedImageReferences"].as_array().unwrap().len(), 2);
    account.get("/nodeagentskus").await.refused(400, "InvalidUri");
    account.get("/supportedimages?api-version=2018-12-01.8.0").await.refused(400, "InvalidUri");
}
