//! Every operation, with arguments from somewhere: what the client can send, in one list.

use batchyard::batch::model::UsagePeriod;
use batchyard::batch::odata::{ListQuery, Select};
use batchyard::batch::operations::*;
use batchyard::batch::{Conditions, Operation, OperationSpec};
use batchyard::client::BatchClient;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use crate::client::server::{Received, respond};

/// Where the arguments of an operation come from; `name` is that of the field.
pub trait Arguments {
    fn id<T: DeserializeOwned>(&mut self, name: &str) -> T;
    fn text(&mut self, name: &str) -> String;
    fn flag(&mut self, name: &str) -> bool;
    fn range(&mut self, name: &str) -> Option<String>;
    fn select(&mut self, name: &str) -> Select;
    fn list(&mut self, name: &str) -> ListQuery;
    fn period(&mut self, name: &str) -> UsagePeriod;
    fn conditions(&mut self, name: &str) -> Conditions;
    fn body<T: DeserializeOwned>(&mut self, name: &str) -> T;
}

/// Lists operations: the client's method that sends each, and how each argument is had.
macro_rules! operations {
    ($($method:ident $operation:ident { $($field:ident: $how:ident),* })+) => {
        /// Sends the operation of that name and returns how it reads with its arguments. What the service answers doesn't matter.
        pub async fn send(client: &BatchClient, name: &str, arguments: &mut impl Arguments) -> String {
            match name {
                $(_ if name == <$operation as Operation>::SPEC.name => {
                    let operation = $operation { $($field: arguments.$how(stringify!($field))),* };
                    let _ = client.$method(&operation).await;
                    format!("{operation:?}")
                })+
                _ => panic!("nobody sends {name}"),
            }
        }
    };
}

operations! {
    send CreatePool { pool: body }
    send ListPools { query: list }
    exists PoolExists { pool_id: id }
    send GetPool { pool_id: id, select: select }
    send UpdatePool { pool_id: id, update: body, conditions: conditions }
    send ReplacePoolProperties { pool_id: id, properties: body }
    send DeletePool { pool_id: id, conditions: conditions }
    send ResizePool { pool_id: id, resize: body, conditions: conditions }
    send StopPoolResize { pool_id: id, conditions: conditions }
    send RemoveNodes { pool_id: id, remove: body, conditions: conditions }
    send EnablePoolAutoScale { pool_id: id, enable: body, conditions: conditions }
    send DisablePoolAutoScale { pool_id: id }
    send EvaluatePoolAutoScale { pool_id: id, evaluate: body }
    send ListPoolNodeCounts { query: list }
    send ListPoolUsageMetrics { period: period, query: list }
    send ListSupportedImages { query: list }

    send ListNodes { pool_id: id, query: list }
    send GetNode { pool_id: id, node_id: id, select: select }
    send RebootNode { pool_id: id, node_id: id, reboot: body }
    send StartNode { pool_id: id, node_id: id }
    send ReimageNode { pool_id: id, node_id: id, reimage: body }
    send DeallocateNode { pool_id: id, node_id: id, deallocate: body }
    send DisableNodeScheduling { pool_id: id, node_id: id, disable: body }
    send EnableNodeScheduling { pool_id: id, node_id: id }
    send GetNodeRemoteLoginSettings { pool_id: id, node_id: id }
    send UploadNodeLogs { pool_id: id, node_id: id, upload: body }
    send ListNodeExtensions { pool_id: id, node_id: id, query: list }
    send GetNodeExtension { pool_id: id, node_id: id, extension_name: text, select: select }
    send CreateNodeUser { pool_id: id, node_id: id, user: body }
    send ReplaceNodeUser { pool_id: id, node_id: id, user_name: text, user: body }
    send DeleteNodeUser { pool_id: id, node_id: id, user_name: text }
    send ListNodeFiles { pool_id: id, node_id: id, recursive: flag, query: list }
    read_file GetNodeFile { pool_id: id, node_id: id, file_path: text, range: range }
    file_info GetNodeFileProperties { pool_id: id, node_id: id, file_path: text }
    send DeleteNodeFile { pool_id: id, node_id: id, file_path: text, recursive: flag }

    send CreateJob { job: body }
    send ListJobs { query: list }
    send ListJobsFromSchedule { job_schedule_id: id, query: list }
    send GetJob { job_id: id, select: select }
    send UpdateJob { job_id: id, update: body, conditions: conditions }
    send ReplaceJob { job_id: id, properties: body, conditions: conditions }
    send DeleteJob { job_id: id, force: flag, conditions: conditions }
    send DisableJob { job_id: id, disable: body, conditions: conditions }
    send EnableJob { job_id: id, conditions: conditions }
    send TerminateJob { job_id: id, terminate: body, force: flag, conditions: conditions }
    send ListJobPreparationAndReleaseTaskStatus { job_id: id, query: list }
    send GetJobTaskCounts { job_id: id }

    send CreateJobSchedule { job_schedule: body }
    send ListJobSchedules { query: list }
    exists JobScheduleExists { job_schedule_id: id }
    send GetJobSchedule { job_schedule_id: id, select: select }
    send UpdateJobSchedule { job_schedule_id: id, update: body, conditions: conditions }
    send ReplaceJobSchedule { job_schedule_id: id, properties: body, conditions: conditions }
    send DeleteJobSchedule { job_schedule_id: id, force: flag, conditions: conditions }
    send DisableJobSchedule { job_schedule_id: id, conditions: conditions }
    send EnableJobSchedule { job_schedule_id: id, conditions: conditions }
    send TerminateJobSchedule { job_schedule_id: id, force: flag, conditions: conditions }

    send CreateTask { job_id: id, task: body }
    send CreateTaskCollection { job_id: id, tasks: body }
    send ListTasks { job_id: id, query: list }
    send ListSubTasks { job_id: id, task_id: id, select: select }
    send GetTask { job_id: id, task_id: id, select: select }
    send ReplaceTask { job_id: id, task_id: id, properties: body, conditions: conditions }
    send DeleteTask { job_id: id, task_id: id, conditions: conditions }
    send TerminateTask { job_id: id, task_id: id, conditions: conditions }
    send ReactivateTask { job_id: id, task_id: id, conditions: conditions }
    send ListTaskFiles { job_id: id, task_id: id, recursive: flag, query: list }
    read_file GetTaskFile { job_id: id, task_id: id, file_path: text, range: range }
    file_info GetTaskFileProperties { job_id: id, task_id: id, file_path: text }
    send DeleteTaskFile { job_id: id, task_id: id, file_path: text, recursive: flag }

    send ListApplications { query: list }
    send GetApplication { application_id: text }
}

/// The operation that a request asks for.
pub fn asked_for(request: &Received) -> Option<&'static OperationSpec> {
    let segments = path_segments(&request.path);
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    every_operation()
        .find(|spec| spec.method.as_str() == request.method && spec.match_path(&segments).is_some())
}

/// The decoded segments of a path.
pub fn path_segments(path: &str) -> Vec<String> {
    path.split('/').skip(1).map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect()
}

/// Answers every operation as if it had been carried out, with as little as can be said.
pub async fn answer_success(request: Received) -> http::Response<axum::body::Body> {
    match asked_for(&request) {
        Some(spec) if spec.method == http::Method::HEAD => respond(spec.success, ""),
        Some(spec) => respond(spec.success, r#"{"value":[]}"#),
        None => respond(501, ""),
    }
}
