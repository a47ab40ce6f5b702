//! The service's own documents as judges of our models, operations and client.
//!
//! The official examples: our models lose nothing of what they decode, and our operations send what the examples send. The
//! OpenAPI document ([`requests`]): whatever the client can send is valid. Both are beside the repository, not in it; without
//! them the tests say so and pass.

pub mod every_operation;
mod example;
pub mod generate;
mod history;
mod openapi;
mod operations;
mod requests;

use std::path::{Path, PathBuf};

use batchyard::batch::model::*;
use batchyard::batch::page::Page;
use example::Example;
use operations::{certificates, files, jobs, nodes, pools, schedules, tasks};
use serde::de::DeserializeOwned;
use serde_json::Value;

fn examples(version: &str) -> Option<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/examples").join(version);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: the official examples of {version} are not beside the repository");
        return None;
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    Some(files)
}

fn check(example: &Example) {
    let families = [certificates, pools, nodes, files, jobs, schedules, tasks];
    let checked = families.iter().any(|family| family(example));
    assert!(checked, "{}: nobody checks `{}`", example.file, example.operation);
}

fn round_trip(version: &str, expected: usize) {
    let Some(files) = examples(version) else { return };
    let mut failures = Vec::new();
    let mut checked = 0;
    for path in files {
        let example = Example::read(&path);
        match std::panic::catch_unwind(|| check(&example)) {
            Ok(()) => checked += 1,
            Err(_) => failures.push(example.file),
        }
    }
    assert!(failures.is_empty(), "{version}: {failures:#?}");
    assert_eq!(checked, expected, "{version}");
}

#[test]
fn every_example_of_2024_02_01_round_trips() {
    round_trip("2024-02-01.19.0", 98);
}

#[test]
fn every_example_of_2025_06_01_round_trips() {
    round_trip("2025-06-01", 9);
}

#[test]
fn what_the_real_service_answered_is_understood() {
    let Some(files) = examples("recordings") else { return };
    let recorded = |name: &str| {
        let path = files.iter().find(|path| path.file_stem().is_some_and(|stem| stem == name)).unwrap();
        let recording: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        recording["body"].clone()
    };
    fn decode<T: DeserializeOwned>(body: Value) -> T {
        serde_json::from_value(body).unwrap()
    }
    let added: BatchCreateTaskCollectionResult = decode(recorded("addtaskcollection_200"));
    assert!(added.value.iter().any(|result| result.status == BatchTaskAddStatus::ClientError));
    let job: BatchJob = decode(recorded("job_get_200"));
    assert_eq!(job.state, Some(BatchJobState::Active));
    let nodes: Page<BatchNode> = decode(recorded("node_list_200"));
    assert_eq!(nodes.value[0].state, Some(BatchNodeState::Idle));
    let pool: BatchPool = decode(recorded("pool_get_200"));
    assert_eq!(pool.allocation_state, Some(AllocationState::Resizing));
    let task: BatchTask = decode(recorded("task_get_failed_200"));
    let failure = task.execution_info.unwrap().failure_info.unwrap();
    assert_eq!(failure.category, BatchErrorSourceCategory::UserError);
    for name in ["error_400_missing_auth", "error_400_invalid_property"] {
        let error: batchyard::batch::error::BatchErrorBody = decode(recorded(name));
        assert!(!error.code.is_empty() && !error.values.is_empty(), "{name}");
    }
}
