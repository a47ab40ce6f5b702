//! What was acknowledged survives `kill -9`.

use batchyard::batch::auth::SharedKey;
use batchyard::batch::model::{BatchTask, BatchTaskGroup};
use batchyard::batch::odata::ListQuery;
use batchyard::batch::operations::{CreateJob, CreateTaskCollection, ListTasks};
use batchyard::batch::{JobId, TaskId};
use batchyard::client::{BatchClient, ClientOptions, Credential};
use batchyard::secret::Secret;
use futures::TryStreamExt as _;
use serde_json::{from_value, json};

use super::account::task;
use crate::support::{Emulator, Runtime, Sandbox};

fn client(emulator: &Emulator<'_>) -> BatchClient {
    let key = SharedKey::new(emulator.account(), &Secret::new(emulator.key())).unwrap();
    let endpoint = emulator.endpoint().parse().unwrap();
    BatchClient::new(endpoint, Credential::SharedKey(key), ClientOptions::default()).unwrap()
}

/// Adds collections of ten tasks until the emulator is gone; gives the ids of those that it said were added.
async fn add_until_the_end(client: BatchClient, job: JobId, adder: usize) -> Vec<TaskId> {
    let mut added = Vec::new();
    for round in 0.. {
        let ids = (0..10).map(|number| format!("t-{adder}-{round}-{number}"));
        let value = ids.map(|id| from_value(task(&id, "")).unwrap()).collect();
        let collection = CreateTaskCollection { job_id: job.clone(), tasks: BatchTaskGroup { value } };
        match client.send(&collection).await {
            Ok(results) => added.extend(results.value.value.into_iter().map(|result| result.task_id)),
            Err(_) => break,
        }
    }
    added
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_task_is_lost_when_the_emulator_is_killed() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sandbox = Sandbox::new();
    let Some(mut emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let job = JobId::new("j").unwrap();
    let body = from_value(json!({"id": "j", "poolInfo": {"poolId": "none"}})).unwrap();
    client(&emulator).send(&CreateJob { job: body }).await.unwrap();
    let adders: Vec<_> =
        (0..4).map(|adder| tokio::spawn(add_until_the_end(client(&emulator), job.clone(), adder))).collect();
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    emulator.kill();
    let mut acknowledged = Vec::new();
    for adder in adders {
        acknowledged.extend(adder.await.unwrap());
    }
    emulator.restart();
    let query = ListQuery::select(&["id"]);
    let found: Vec<BatchTask> =
        client(&emulator).list(ListTasks { job_id: job, query }).try_collect().await.unwrap();
    let found: std::collections::HashSet<TaskId> = found.into_iter().map(|task| task.id).collect();
    assert!(acknowledged.len() > 50, "{}", acknowledged.len());
    let lost: Vec<_> = acknowledged.iter().filter(|id| !found.contains(id)).collect();
    assert!(lost.is_empty(), "{} of {} are lost: {lost:?}", lost.len(), acknowledged.len());
    assert_eq!(found.len() % 10, 0, "a collection is there as a whole or not at all");
}
