//! Routes: the operations that this service carries out, and those that it knows by name only.

use axum::http::Method;
use futures::future::BoxFuture;

use super::answer::Answer;
use super::call::Call;
use super::handlers::{files, images, jobs, nodes, pools, tasks};
use super::refusal::Refusal;
use crate::batch::ErrorCode;
use crate::batch::operation::{Operation, OperationSpec};
use crate::batch::operations::*;

/// An operation, and who carries it out.
pub(crate) struct Route {
    pub(crate) spec: OperationSpec,
    pub(crate) handle: fn(Call) -> BoxFuture<'static, Result<Answer, Refusal>>,
}

macro_rules! routes {
    ($($operation:ident => $handler:path),+ $(,)?) => {
        &[$(Route { spec: $operation::SPEC, handle: |call| Box::pin($handler(call)) }),+]
    };
}

static ROUTES: &[Route] = routes! {
    CreatePool => pools::create,
    ListPools => pools::list,
    PoolExists => pools::exists,
    GetPool => pools::get,
    UpdatePool => pools::update,
    DeletePool => pools::delete,
    ResizePool => pools::resize,
    StopPoolResize => pools::stop_resize,
    CreateJob => jobs::create,
    ListJobs => jobs::list,
    GetJob => jobs::get,
    UpdateJob => jobs::update,
    DeleteJob => jobs::delete,
    DisableJob => jobs::disable,
    EnableJob => jobs::enable,
    TerminateJob => jobs::terminate,
    GetJobTaskCounts => jobs::task_counts,
    CreateTask => tasks::create,
    CreateTaskCollection => tasks::create_collection,
    ListTasks => tasks::list,
    GetTask => tasks::get,
    DeleteTask => tasks::delete,
    TerminateTask => tasks::terminate,
    ReactivateTask => tasks::reactivate,
    ListNodes => nodes::list,
    GetNode => nodes::get,
    ListTaskFiles => files::list_of_task,
    GetTaskFile => files::get_of_task,
    GetTaskFileProperties => files::properties_of_task,
    ListNodeFiles => files::list_of_node,
    GetNodeFile => files::get_of_node,
    GetNodeFileProperties => files::properties_of_node,
    ListSupportedImages => images::list,
};

macro_rules! known {
    ($($name:literal $method:ident $path:literal $success:literal;)+) => {
        &[$(OperationSpec { name: $name, method: Method::$method, path: $path, success: $success }),+]
    };
}

/// The other operations of the REST API, version 2025-06-01.
static NOT_IMPLEMENTED: &[OperationSpec] = known! {
    "Applications_ListApplications" GET "/applications" 200;
    "Applications_GetApplication" GET "/applications/{applicationId}" 200;
    "Pools_ListPoolUsageMetrics" GET "/poolusagemetrics" 200;
    "Pools_DisablePoolAutoScale" POST "/pools/{poolId}/disableautoscale" 200;
    "Pools_EnablePoolAutoScale" POST "/pools/{poolId}/enableautoscale" 200;
    "Pools_EvaluatePoolAutoScale" POST "/pools/{poolId}/evaluateautoscale" 200;
    "Pools_ReplacePoolProperties" POST "/pools/{poolId}/updateproperties" 204;
    "Pools_RemoveNodes" POST "/pools/{poolId}/removenodes" 202;
    "Pools_ListPoolNodeCounts" GET "/nodecounts" 200;
    "Jobs_ReplaceJob" PUT "/jobs/{jobId}" 200;
    "Jobs_ListJobsFromSchedule" GET "/jobschedules/{jobScheduleId}/jobs" 200;
    "Jobs_ListJobPreparationAndReleaseTaskStatus" GET "/jobs/{jobId}/jobpreparationandreleasetaskstatus" 200;
    "JobSchedules_JobScheduleExists" HEAD "/jobschedules/{jobScheduleId}" 200;
    "JobSchedules_DeleteJobSchedule" DELETE "/jobschedules/{jobScheduleId}" 202;
    "JobSchedules_GetJobSchedule" GET "/jobschedules/{jobScheduleId}" 200;
    "JobSchedules_UpdateJobSchedule" PATCH "/jobschedules/{jobScheduleId}" 200;
    "JobSchedules_ReplaceJobSchedule" PUT "/jobschedules/{jobScheduleId}" 200;
    "JobSchedules_DisableJobSchedule" POST "/jobschedules/{jobScheduleId}/disable" 204;
    "JobSchedules_EnableJobSchedule" POST "/jobschedules/{jobScheduleId}/enable" 204;
    "JobSchedules_TerminateJobSchedule" POST "/jobschedules/{jobScheduleId}/terminate" 202;
    "JobSchedules_CreateJobSchedule" POST "/jobschedules" 201;
    "JobSchedules_ListJobSchedules" GET "/jobschedules" 200;
    "Tasks_ReplaceTask" PUT "/jobs/{jobId}/tasks/{taskId}" 200;
    "Tasks_ListSubTasks" GET "/jobs/{jobId}/tasks/{taskId}/subtasksinfo" 200;
    "Tasks_DeleteTaskFile" DELETE "/jobs/{jobId}/tasks/{taskId}/files/{filePath}" 200;
    "Nodes_CreateNodeUser" POST "/pools/{poolId}/nodes/{nodeId}/users" 201;
    "Nodes_DeleteNodeUser" DELETE "/pools/{poolId}/nodes/{nodeId}/users/{userName}" 200;
    "Nodes_ReplaceNodeUser" PUT "/pools/{poolId}/nodes/{nodeId}/users/{userName}" 200;
    "Nodes_RebootNode" POST "/pools/{poolId}/nodes/{nodeId}/reboot" 202;
    "Nodes_StartNode" POST "/pools/{poolId}/nodes/{nodeId}/start" 202;
    "Nodes_ReimageNode" POST "/pools/{poolId}/nodes/{nodeId}/reimage" 202;
    "Nodes_DeallocateNode" POST "/pools/{poolId}/nodes/{nodeId}/deallocate" 202;
    "Nodes_DisableNodeScheduling" POST "/pools/{poolId}/nodes/{nodeId}/disablescheduling" 200;
    "Nodes_EnableNodeScheduling" POST "/pools/{poolId}/nodes/{nodeId}/enablescheduling" 200;
    "Nodes_GetNodeRemoteLoginSettings" GET "/pools/{poolId}/nodes/{nodeId}/remoteloginsettings" 200;
    "Nodes_UploadNodeLogs" POST "/pools/{poolId}/nodes/{nodeId}/uploadbatchservicelogs" 200;
    "Nodes_GetNodeExtension" GET "/pools/{poolId}/nodes/{nodeId}/extensions/{extensionName}" 200;
    "Nodes_ListNodeExtensions" GET "/pools/{poolId}/nodes/{nodeId}/extensions" 200;
    "Nodes_DeleteNodeFile" DELETE "/pools/{poolId}/nodes/{nodeId}/files/{filePath}" 200;
};

/// Finds the route of a request, and the values of its placeholders as they stand in the path. The path is matched before it is
/// decoded, so that `%2F` in a file's path stays inside its segment.
pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Result<(&'static Route, Vec<&'a str>), Refusal> {
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').skip(1).collect();
    let mut known = false;
    for route in ROUTES {
        if let Some(values) = route.spec.match_path(&segments) {
            if route.spec.method == *method {
                return Ok((route, values));
            }
            known = true;
        }
    }
    for spec in NOT_IMPLEMENTED {
        if spec.match_path(&segments).is_some() {
            if spec.method == *method {
                return Err(Refusal::new(ErrorCode::NOT_IMPLEMENTED_BY_EMULATOR)
                    .with("Operation", spec.name)
                    .with("Reason", format!("the embedded Azure Batch does not do `{}`", spec.name)));
            }
            known = true;
        }
    }
    let code = if known { ErrorCode::UNSUPPORTED_HTTP_VERB } else { ErrorCode::INVALID_URI };
    Err(Refusal::new(code).with("Path", path))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_of_the_contract_has_a_route_and_no_other_has() {
        let names = |specs: &mut dyn Iterator<Item = &'static OperationSpec>| {
            specs.map(|spec| spec.name).collect::<BTreeSet<_>>()
        };
        let carried_out = names(&mut ROUTES.iter().map(|route| &route.spec));
        assert_eq!(carried_out, names(&mut ALL.iter()));
        assert!(carried_out.is_disjoint(&names(&mut NOT_IMPLEMENTED.iter())));
    }

    #[test]
    fn paths_are_matched_before_they_are_decoded() {
        let (route, values) = find(&Method::GET, "/Jobs/j/Tasks/t/files/wd%2Fa%20b").ok().unwrap();
        assert_eq!(route.spec.name, "Tasks_GetTaskFile");
        assert_eq!(values, ["j", "t", "wd%2Fa%20b"]);
    }

    #[test]
    fn what_has_no_route_is_told_apart() {
        let refused = |method: Method, path: &str| find(&method, path).err().unwrap();
        let error = refused(Method::POST, "/pools/p/nodes/n/reboot");
        assert_eq!((error.status, error.detail("Operation")), (501, Some("Nodes_RebootNode")));
        assert_eq!(refused(Method::PUT, "/pools/p").status, 405);
        assert_eq!(refused(Method::GET, "/certificates").status, 400);
        assert_eq!(refused(Method::GET, "/").status, 400);
    }
}
