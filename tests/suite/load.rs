//! A hundred clients at once, each sure of what it wrote, and a `kill -9` in the middle.

mod report;
mod worker;

use std::sync::Arc;
use std::time::{Duration, Instant};

use batchyard::batch::model::{BatchTask, BatchTaskState};
use batchyard::batch::odata::ListQuery;
use batchyard::batch::operations::{CreateJob, CreatePool, ListNodes, ListTasks};
use batchyard::batch::{JobId, PoolId, TaskId};
use batchyard::client::{BatchClient, ExtraRoots, HttpTransport};
use futures::TryStreamExt as _;
use serde_json::{Value, from_value, json};

use crate::support::{Emulator, Runtime, Sandbox};
use report::Report;
use worker::{Crash, Worker, client};

/// How many clients there are.
const CLIENTS: usize = 100;
/// How many nodes run their tasks.
const NODES: usize = 4;
/// How long they work, in seconds, unless the variable below says otherwise.
const SECONDS: u64 = 8;
const SECONDS_VARIABLE: &str = "BATCHYARD_TEST_LOAD_SECONDS";
/// How long the emulator stays away once it is killed: time enough for nearly every client to miss it.
const AWAY: Duration = Duration::from_millis(300);
/// How long the tasks that are left may take once all clients have ended.
const REST: Duration = Duration::from_secs(60);
/// The most memory that the emulator may have had, in bytes; it takes about a tenth of that.
const MAX_MEMORY: u64 = 1 << 30;

/// The job whose tasks run; all clients add to it.
fn shared_job() -> JobId {
    JobId::new("runs").unwrap()
}

/// How long the clients work.
#[expect(clippy::disallowed_methods, reason = "this one says how a test is run, as those of the services do")]
fn length() -> Duration {
    let seconds = std::env::var(SECONDS_VARIABLE).ok();
    Duration::from_secs(seconds.map_or(SECONDS, |text| text.parse().expect(SECONDS_VARIABLE)))
}

/// The pool whose nodes run them.
fn shared_pool() -> PoolId {
    PoolId::new("nodes").unwrap()
}

fn pool(id: &str, nodes: usize) -> Value {
    json!({"id": id, "vmSize": "Standard_D4s_v3", "targetDedicatedNodes": nodes, "taskSlotsPerNode": 16,
        "virtualMachineConfiguration": {
            "imageReference": {"publisher": "microsoft-dsvm", "offer": "ubuntu-hpc", "sku": "2204"},
            "nodeAgentSKUId": "batch.node.ubuntu 22.04",
            "containerConfiguration": {"type": "dockerCompatible"}}})
}

/// A pool with nodes, and a job on it for all.
async fn prepare(client: &BatchClient) {
    let pool = pool("nodes", NODES);
    client.send(&CreatePool { pool: from_value(pool).unwrap() }).await.unwrap();
    let nodes = || client.list(ListNodes { pool_id: shared_pool(), query: ListQuery::default() });
    while nodes().try_collect::<Vec<_>>().await.unwrap().len() < NODES {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let job = json!({"id": "runs", "poolInfo": {"poolId": "nodes"}});
    client.send(&CreateJob { job: from_value(job).unwrap() }).await.unwrap();
}

/// Waits until every task of the shared job is over, and checks that those of `acknowledged` ended as they were made to.
async fn check_runs(client: &BatchClient, acknowledged: &[(TaskId, i32)], report: &mut Report) {
    let deadline = Instant::now() + REST;
    let tasks: Vec<BatchTask> = loop {
        let query = ListQuery::select(&["id", "state", "executionInfo"]);
        let tasks: Vec<BatchTask> =
            client.list(ListTasks { job_id: shared_job(), query }).try_collect().await.unwrap();
        let waiting = tasks.iter().filter(|task| task.state != Some(BatchTaskState::Completed)).count();
        if waiting == 0 {
            break tasks;
        }
        assert!(Instant::now() < deadline, "{waiting} of {} tasks do not come to an end", tasks.len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let ended: std::collections::HashMap<TaskId, Option<i32>> = tasks
        .into_iter()
        .map(|task| (task.id, task.execution_info.and_then(|execution| execution.exit_code)))
        .collect();
    for (id, expected) in acknowledged {
        match ended.get(id) {
            None => report.lost.push(format!("the running task {id}")),
            Some(exit_code) if *exit_code != Some(*expected) => {
                report.wrong.push(format!("{id} ended with {exit_code:?} instead of {expected}"));
            }
            Some(_) => {}
        }
    }
    report.runs = acknowledged.len();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_clients_find_all_that_they_wrote_although_the_emulator_is_killed() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let length = length();
    let sandbox = Sandbox::new();
    let Some(mut emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let transport =
        HttpTransport::network(&emulator.endpoint().parse().unwrap(), &ExtraRoots::default()).unwrap();
    prepare(&client(&emulator, &transport)).await;

    let crash = Arc::new(Crash::default());
    let begin = Instant::now();
    let workers: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let worker = Worker::new(number, client(&emulator, &transport), Arc::clone(&crash));
            tokio::spawn(worker.work(begin + length))
        })
        .collect();
    tokio::time::sleep(length / 2).await;
    let mut memory = emulator.memory_peak();
    crash.begin();
    let killed = Instant::now();
    tokio::task::block_in_place(|| {
        emulator.kill();
        std::thread::sleep(AWAY);
        emulator.restart();
    });
    let away = killed.elapsed();

    let mut report = Report::default();
    for worker in workers {
        report.add(worker.await.unwrap());
    }
    report.elapsed = begin.elapsed();
    let runs = std::mem::take(&mut report.started);
    check_runs(&client(&emulator, &transport), &runs, &mut report).await;
    memory = memory.max(emulator.memory_peak());
    eprintln!("{CLIENTS} clients, killed for {away:.1?}: {report}, memory peak {} MiB", memory >> 20);

    assert!(report.lost.is_empty(), "{} lost: {:#?}", report.lost.len(), report.lost);
    assert!(report.wrong.is_empty(), "{} wrong answers: {:#?}", report.wrong.len(), report.wrong);
    assert!(report.outages > CLIENTS / 2, "the kill was in the middle of nothing: {report}");
    assert!(report.latencies.len() > 10 * CLIENTS, "too few operations to show anything: {report}");
    assert!(memory < MAX_MEMORY, "{} MiB", memory >> 20);
}
