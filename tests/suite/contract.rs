//! The official examples: our models lose nothing of what they decode, and our operations send what the examples send.
//!
//! The examples are beside the repository, not in it; without them the test says so and passes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use batchyard::batch::model::*;
use batchyard::batch::odata::{ListQuery, Select};
use batchyard::batch::operations::*;
use batchyard::batch::page::Page;
use batchyard::batch::{Conditions, DateTime, Operation, WireDuration};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An example: its file, what was sent, what was answered.
struct Example {
    file: String,
    /// The operation, by its name in the older documents or in the present one: `JobAdd`, `Jobs_TerminateJob`.
    operation: String,
    parameters: Value,
    answer: Option<Value>,
}

impl Example {
    fn read(path: &Path) -> Self {
        let example: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let words: Vec<&str> = file.split('_').collect();
        let present =
            example["operationId"].as_str().is_some_and(|name| name.contains('_')) && words.len() > 1;
        let operation = match example["operationId"].as_str() {
            Some(name) if present => name.to_owned(),
            _ => words[0].to_owned(),
        };
        let answers = example["responses"].as_object().unwrap();
        let answer = answers.values().find_map(|answer| answer.get("body")).filter(|body| body.is_object());
        Self { file, operation, parameters: example["parameters"].clone(), answer: answer.cloned() }
    }

    /// An id of the path.
    fn id<T: DeserializeOwned>(&self, name: &str) -> T {
        serde_json::from_value(self.parameters[name].clone()).unwrap()
    }

    /// The body that is sent: the only parameter that is an object.
    fn body(&self) -> Option<&Value> {
        self.parameters.as_object().unwrap().values().find(|value| value.is_object())
    }

    fn sent<T: DeserializeOwned>(&self) -> T {
        let body = self.body().cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        serde_json::from_value(body).unwrap_or_else(|error| panic!("{}: {error}", self.file))
    }

    /// Checks what `operation` sends, and what it makes of the answer.
    fn check<Op>(&self, operation: &Op)
    where
        Op: Operation<Output: Serialize>,
    {
        self.check_request(operation);
        if let Some(answer) = &self.answer {
            let decoded: Op::Output = serde_json::from_value(answer.clone())
                .unwrap_or_else(|error| panic!("{}: {error}", self.file));
            let encoded = serde_json::to_value(decoded).unwrap();
            assert_same(&self.file, "the answer", answer, &encoded);
        }
    }

    fn check_request<Op: Operation>(&self, operation: &Op) {
        let sent = operation.body().unwrap().map(|body| serde_json::from_slice::<Value>(&body).unwrap());
        match (self.body(), sent) {
            (Some(expected), Some(sent)) => assert_same(&self.file, "the request", expected, &sent),
            (None, sent) => assert!(sent.is_none_or(|body| body == serde_json::json!({})), "{}", self.file),
            (Some(_), None) => panic!("{}: nothing is sent", self.file),
        }
        let path = Op::SPEC.render_path(&operation.path_parameters());
        for (name, value) in self.parameters.as_object().unwrap() {
            if let Some(value) = value.as_str().filter(|_| Op::SPEC.path.contains(&format!("{{{name}}}"))) {
                let decoded = percent_encoding::percent_decode_str(&path).decode_utf8_lossy().into_owned();
                assert!(decoded.contains(value), "{}: {path} lacks {value}", self.file);
            }
        }
    }
}

/// Whether two documents say the same: times and durations may be written in several ways, enumerations in either case, 64-bit
/// numbers as numbers or strings, and what is absent as null.
fn same(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            let names: std::collections::BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
            let value =
                |map: &serde_json::Map<String, Value>, name: &str| map.get(name).cloned().unwrap_or_default();
            names.into_iter().all(|name| same(&value(expected, name), &value(actual, name)))
        }
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual).all(|(a, b)| same(a, b))
        }
        (Value::String(expected), Value::String(actual)) => {
            let time = |text: &str| text.parse::<DateTime>().ok();
            let duration = |text: &str| text.parse::<WireDuration>().ok();
            expected.eq_ignore_ascii_case(actual)
                || time(expected).is_some_and(|expected| Some(expected) == time(actual))
                || duration(expected).is_some_and(|expected| Some(expected) == duration(actual))
        }
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => {
            number.to_string() == *text
        }
        (Value::Number(expected), Value::Number(actual)) => expected.as_f64() == actual.as_f64(),
        (expected, actual) => expected == actual,
    }
}

#[track_caller]
fn assert_same(file: &str, what: &str, expected: &Value, actual: &Value) {
    assert!(same(expected, actual), "{file}: {what} is\n{actual:#}\ninstead of\n{expected:#}");
}

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

/// What became of an example.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// Request and answer round-trip.
    RoundTrips,
    /// The bytes of a file, or an operation that 2025-06-01 has no more.
    NotOurs,
}

fn check(example: &Example) -> Fate {
    let gone = example.operation.starts_with("Certificate") || example.operation == "NodeGetRemoteDesktop";
    if gone {
        return Fate::NotOurs;
    }
    let checked = [pools, nodes, files, jobs, schedules, tasks].iter().any(|family| family(example));
    assert!(checked, "{}: nobody checks `{}`", example.file, example.operation);
    Fate::RoundTrips
}

/// Nodes; `false` if the example is of something else.
fn nodes(e: &Example) -> bool {
    match e.operation.as_str() {
        "ComputeNodeExtensionGet" => e.check(&GetNodeExtension {
            pool_id: e.id("poolId"),
            node_id: e.id("nodeId"),
            extension_name: e.id("extensionName"),
            select: Select::default(),
        }),
        "ComputeNodeExtensionList" => {
            e.check(&ListNodeExtensions {
                pool_id: e.id("poolId"),
                node_id: e.id("nodeId"),
                query: ListQuery::default(),
            });
        }
        "NodeAddUser" => {
            e.check_request(&CreateNodeUser {
                pool_id: e.id("poolId"),
                node_id: e.id("nodeId"),
                user: e.sent(),
            });
        }
        "NodeDeleteUser" => e.check_request(&DeleteNodeUser {
            pool_id: e.id("poolId"),
            node_id: e.id("nodeId"),
            user_name: e.id("userName"),
        }),
        "NodeUpdateUser" => e.check_request(&ReplaceNodeUser {
            pool_id: e.id("poolId"),
            node_id: e.id("nodeId"),
            user_name: e.id("userName"),
            user: e.sent(),
        }),
        "NodeDisableScheduling" => e.check_request(&DisableNodeScheduling {
            pool_id: e.id("poolId"),
            node_id: e.id("nodeId"),
            disable: e.sent(),
        }),
        "NodeEnableScheduling" => {
            e.check_request(&EnableNodeScheduling { pool_id: e.id("poolId"), node_id: e.id("nodeId") });
        }
        "NodeGetRemoteLoginSettings" => {
            e.check(&GetNodeRemoteLoginSettings { pool_id: e.id("poolId"), node_id: e.id("nodeId") });
        }
        "NodeGet" => {
            e.check(&GetNode { pool_id: e.id("poolId"), node_id: e.id("nodeId"), select: Select::default() });
        }
        "NodeList" => e.check(&ListNodes { pool_id: e.id("poolId"), query: ListQuery::default() }),
        "NodeReboot" => {
            e.check_request(&RebootNode {
                pool_id: e.id("poolId"),
                node_id: e.id("nodeId"),
                reboot: e.sent(),
            });
        }
        "NodeReimage" => {
            e.check_request(&ReimageNode {
                pool_id: e.id("poolId"),
                node_id: e.id("nodeId"),
                reimage: e.sent(),
            });
        }
        "Nodes_DeallocateNode" => e.check_request(&DeallocateNode {
            pool_id: e.id("poolId"),
            node_id: e.id("nodeId"),
            deallocate: e.sent(),
        }),
        "NodeUploadBatchServiceLogs" => {
            e.check(&UploadNodeLogs { pool_id: e.id("poolId"), node_id: e.id("nodeId"), upload: e.sent() });
        }
        _ => return false,
    }
    true
}

/// Pools, images, applications; `false` if the example is of something else.
fn pools(e: &Example) -> bool {
    match e.operation.as_str() {
        "AccountListPoolNodeCounts" => e.check(&ListPoolNodeCounts { query: ListQuery::default() }),
        "AccountListSupportedImages" => e.check(&ListSupportedImages { query: ListQuery::default() }),
        "ApplicationGet" => e.check(&GetApplication { application_id: e.id("applicationId") }),
        "ApplicationList" => e.check(&ListApplications { query: ListQuery::default() }),
        "PoolAdd" | "Pools_CreatePool" => e.check_request(&CreatePool { pool: e.sent() }),
        "PoolDelete" => {
            e.check_request(&DeletePool { pool_id: e.id("poolId"), conditions: Conditions::default() });
        }
        "PoolDisableAutoScale" => e.check_request(&DisablePoolAutoScale { pool_id: e.id("poolId") }),
        "PoolEnableAutoscale" => e.check_request(&EnablePoolAutoScale {
            pool_id: e.id("poolId"),
            enable: e.sent(),
            conditions: Conditions::default(),
        }),
        "PoolEvaluateAutoscale" => {
            e.check(&EvaluatePoolAutoScale { pool_id: e.id("poolId"), evaluate: e.sent() });
        }
        "PoolExists" => e.check_request(&PoolExists { pool_id: e.id("poolId") }),
        "PoolGet" | "Pools_GetPool" => {
            e.check(&GetPool { pool_id: e.id("poolId"), select: Select::default() });
        }
        "PoolList" => e.check(&ListPools { query: ListQuery::default() }),
        "PoolListUsageMetrics" => {
            e.check(&ListPoolUsageMetrics { period: UsagePeriod::default(), query: ListQuery::default() });
        }
        "PoolPatch" | "Pools_UpdatePool" => {
            e.check_request(&UpdatePool {
                pool_id: e.id("poolId"),
                update: e.sent(),
                conditions: Conditions::default(),
            });
        }
        "PoolRemoveNodes" => {
            e.check_request(&RemoveNodes {
                pool_id: e.id("poolId"),
                remove: e.sent(),
                conditions: Conditions::default(),
            });
        }
        "PoolResize" => {
            e.check_request(&ResizePool {
                pool_id: e.id("poolId"),
                resize: e.sent(),
                conditions: Conditions::default(),
            });
        }
        "PoolStopResize" => {
            e.check_request(&StopPoolResize { pool_id: e.id("poolId"), conditions: Conditions::default() });
        }
        // The properties of a pool were all replaced with the certificates, which are no more.
        "PoolUpdate" => {
            let mut properties: Value = e.sent();
            properties.as_object_mut().unwrap().remove("certificateReferences");
            let typed: BatchPoolReplaceOptions = serde_json::from_value(properties.clone()).unwrap();
            assert_same(&e.file, "the request", &properties, &serde_json::to_value(typed).unwrap());
        }
        _ => return false,
    }
    true
}

/// Files of nodes and tasks; `false` if the example is of something else.
fn files(e: &Example) -> bool {
    match e.operation.as_str() {
        "FileDeleteFromNode" => e.check_request(&DeleteNodeFile {
            pool_id: e.id("poolId"),
            node_id: e.id("nodeId"),
            file_path: e.id("filePath"),
            recursive: false,
        }),
        "FileDeleteFromTask" => e.check_request(&DeleteTaskFile {
            job_id: e.id("jobId"),
            task_id: e.id("taskId"),
            file_path: e.id("filePath"),
            recursive: false,
        }),
        "FileGetFromNode" => e.check_request(&GetNodeFile {
            pool_id: e.id("poolId"),
            node_id: e.id("nodeId"),
            file_path: e.id("filePath"),
            range: None,
        }),
        "FileGetFromTask" => e.check_request(&GetTaskFile {
            job_id: e.id("jobId"),
            task_id: e.id("taskId"),
            file_path: e.id("filePath"),
            range: None,
        }),
        "FileGetPropertiesFromNode" => e.check_request(&GetNodeFileProperties {
            pool_id: e.id("poolId"),
            node_id: e.id("nodeId"),
            file_path: e.id("filePath"),
        }),
        "FileGetPropertiesFromTask" => e.check_request(&GetTaskFileProperties {
            job_id: e.id("jobId"),
            task_id: e.id("taskId"),
            file_path: e.id("filePath"),
        }),
        "FileListFromNode" => e.check(&ListNodeFiles {
            pool_id: e.id("poolId"),
            node_id: e.id("nodeId"),
            recursive: false,
            query: ListQuery::default(),
        }),
        "FileListFromTask" | "Tasks_ListTaskFiles" => e.check(&ListTaskFiles {
            job_id: e.id("jobId"),
            task_id: e.id("taskId"),
            recursive: false,
            query: ListQuery::default(),
        }),
        _ => return false,
    }
    true
}

/// Jobs; `false` if the example is of something else.
fn jobs(e: &Example) -> bool {
    match e.operation.as_str() {
        "JobAdd" => e.check_request(&CreateJob { job: e.sent() }),
        "JobDelete" => e.check_request(&DeleteJob {
            job_id: e.id("jobId"),
            force: false,
            conditions: Conditions::default(),
        }),
        "JobDisable" => {
            e.check_request(&DisableJob {
                job_id: e.id("jobId"),
                disable: e.sent(),
                conditions: Conditions::default(),
            });
        }
        "JobEnable" => {
            e.check_request(&EnableJob { job_id: e.id("jobId"), conditions: Conditions::default() });
        }
        "JobGet" => e.check(&GetJob { job_id: e.id("jobId"), select: Select::default() }),
        "JobGetTaskCounts" => e.check(&GetJobTaskCounts { job_id: e.id("jobId") }),
        "JobList" => e.check(&ListJobs { query: ListQuery::default() }),
        "JobListFromJobSchedule" => {
            e.check(&ListJobsFromSchedule {
                job_schedule_id: e.id("jobScheduleId"),
                query: ListQuery::default(),
            });
        }
        "JobListPreparationAndReleaseTaskStatus" => {
            e.check(&ListJobPreparationAndReleaseTaskStatus {
                job_id: e.id("jobId"),
                query: ListQuery::default(),
            });
        }
        "JobPatch" => {
            e.check_request(&UpdateJob {
                job_id: e.id("jobId"),
                update: e.sent(),
                conditions: Conditions::default(),
            });
        }
        "JobUpdate" => {
            e.check_request(&ReplaceJob {
                job_id: e.id("jobId"),
                properties: e.sent(),
                conditions: Conditions::default(),
            });
        }
        "JobTerminate" | "Jobs_TerminateJob" => e.check_request(&TerminateJob {
            job_id: e.id("jobId"),
            terminate: e.sent(),
            force: false,
            conditions: Conditions::default(),
        }),
        _ => return false,
    }
    true
}

/// Job schedules; `false` if the example is of something else.
fn schedules(e: &Example) -> bool {
    match e.operation.as_str() {
        "JobScheduleAdd" => e.check_request(&CreateJobSchedule { job_schedule: e.sent() }),
        "JobScheduleDelete" => e.check_request(&DeleteJobSchedule {
            job_schedule_id: e.id("jobScheduleId"),
            force: false,
            conditions: Conditions::default(),
        }),
        "JobScheduleDisable" => e.check_request(&DisableJobSchedule {
            job_schedule_id: e.id("jobScheduleId"),
            conditions: Conditions::default(),
        }),
        "JobScheduleEnable" => e.check_request(&EnableJobSchedule {
            job_schedule_id: e.id("jobScheduleId"),
            conditions: Conditions::default(),
        }),
        "JobScheduleExists" => e.check_request(&JobScheduleExists { job_schedule_id: e.id("jobScheduleId") }),
        "JobScheduleGet" => {
            e.check(&GetJobSchedule { job_schedule_id: e.id("jobScheduleId"), select: Select::default() });
        }
        "JobScheduleList" => e.check(&ListJobSchedules { query: ListQuery::default() }),
        "JobSchedulePatch" => e.check_request(&UpdateJobSchedule {
            job_schedule_id: e.id("jobScheduleId"),
            update: e.sent(),
            conditions: Conditions::default(),
        }),
        "JobScheduleTerminate" => e.check_request(&TerminateJobSchedule {
            job_schedule_id: e.id("jobScheduleId"),
            force: false,
            conditions: Conditions::default(),
        }),
        "JobScheduleUpdate" => e.check_request(&ReplaceJobSchedule {
            job_schedule_id: e.id("jobScheduleId"),
            properties: e.sent(),
            conditions: Conditions::default(),
        }),
        _ => return false,
    }
    true
}

/// Tasks; `false` if the example is of something else.
fn tasks(e: &Example) -> bool {
    match e.operation.as_str() {
        "TaskAddCollection" => {
            e.check(&CreateTaskCollection { job_id: e.id("jobId"), tasks: e.sent() });
        }
        "TaskAdd" | "Tasks_CreateTask" => {
            e.check_request(&CreateTask { job_id: e.id("jobId"), task: e.sent() });
        }
        "TaskDelete" => e.check_request(&DeleteTask {
            job_id: e.id("jobId"),
            task_id: e.id("taskId"),
            conditions: Conditions::default(),
        }),
        "TaskGet" | "Tasks_GetTask" => {
            e.check(&GetTask { job_id: e.id("jobId"), task_id: e.id("taskId"), select: Select::default() });
        }
        "TaskList" => e.check(&ListTasks { job_id: e.id("jobId"), query: ListQuery::default() }),
        "TaskListSubtasks" => {
            e.check(&ListSubTasks {
                job_id: e.id("jobId"),
                task_id: e.id("taskId"),
                select: Select::default(),
            });
        }
        "TaskReactivate" => e.check_request(&ReactivateTask {
            job_id: e.id("jobId"),
            task_id: e.id("taskId"),
            conditions: Conditions::default(),
        }),
        "TaskTerminate" => e.check_request(&TerminateTask {
            job_id: e.id("jobId"),
            task_id: e.id("taskId"),
            conditions: Conditions::default(),
        }),
        "TaskUpdate" => e.check_request(&ReplaceTask {
            job_id: e.id("jobId"),
            task_id: e.id("taskId"),
            properties: e.sent(),
            conditions: Conditions::default(),
        }),
        _ => return false,
    }
    true
}

fn round_trip(version: &str, expected: &[(Fate, usize)]) {
    let Some(files) = examples(version) else { return };
    let mut fates: BTreeMap<Fate, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for path in files {
        let example = Example::read(&path);
        match std::panic::catch_unwind(|| check(&example)) {
            Ok(fate) => *fates.entry(fate).or_default() += 1,
            Err(_) => failures.push(example.file),
        }
    }
    assert!(failures.is_empty(), "{version}: {failures:#?}");
    assert_eq!(fates.into_iter().collect::<Vec<_>>(), expected, "{version}");
}

#[test]
fn every_example_of_2024_02_01_round_trips() {
    round_trip("2024-02-01.19.0", &[(Fate::RoundTrips, 92), (Fate::NotOurs, 6)]);
}

#[test]
fn every_example_of_2025_06_01_round_trips() {
    round_trip("2025-06-01", &[(Fate::RoundTrips, 9)]);
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
