//! Routes: the operations that this service carries out, and those that it knows by name only.

use axum::http::Method;
use futures::future::BoxFuture;

use super::answer::Answer;
use super::call::Call;
use super::handlers::{
    applications, certificates, files, images, job_schedules, jobs, node_actions, node_counts, node_users,
    nodes, pools, preparations, tasks, usage,
};
use super::refusal::Refusal;
use crate::batch::operation::{Operation, OperationSpec};
use crate::batch::operations::*;
use crate::batch::{ApiVersion, ErrorCode};

/// An operation, and who carries it out.
pub(crate) struct Route {
    pub(crate) spec: OperationSpec,
    pub(crate) handle: fn(Call) -> BoxFuture<'static, Result<Answer, Refusal>>,
    /// What is different from Azure Batch, for `docs/emulator-support.md`.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the page is made from it"))]
    pub(crate) note: &'static str,
}

macro_rules! routes {
    ($($operation:ident => $handler:path $([$note:literal])?),+ $(,)?) => {
        &[$(Route {
            spec: $operation::SPEC,
            handle: |call| Box::pin($handler(call)),
            note: concat!($($note)?),
        }),+]
    };
}

/// The operations that this service carries out.
pub(crate) static ROUTES: &[Route] = routes! {
    CreatePool => pools::create,
    ListPools => pools::list,
    PoolExists => pools::exists,
    GetPool => pools::get,
    UpdatePool => pools::update,
    DeletePool => pools::delete,
    ResizePool => pools::resize,
    StopPoolResize => pools::stop_resize,
    ReplacePoolProperties => pools::replace_properties,
    RemoveNodes => pools::remove_nodes,
    EnablePoolAutoScale => pools::enable_auto_scale ["with `instant` timing, formulas are evaluated every 5 s; processors, memory, disks and networks have no samples"],
    DisablePoolAutoScale => pools::disable_auto_scale,
    EvaluatePoolAutoScale => pools::evaluate_auto_scale ["on what the pool counts; a sample is there at once"],
    ListPoolNodeCounts => node_counts::list,
    ListPoolUsageMetrics => usage::list ["since the process began, of the nodes that are there now"],
    CreateJob => jobs::create,
    ListJobs => jobs::list,
    ListJobsFromSchedule => jobs::list_from_schedule,
    GetJob => jobs::get,
    UpdateJob => jobs::update,
    ReplaceJob => jobs::replace,
    ListJobPreparationAndReleaseTaskStatus => preparations::list,
    DeleteJob => jobs::delete,
    DisableJob => jobs::disable,
    EnableJob => jobs::enable,
    TerminateJob => jobs::terminate,
    GetJobTaskCounts => jobs::task_counts,
    CreateJobSchedule => job_schedules::create,
    ListJobSchedules => job_schedules::list,
    JobScheduleExists => job_schedules::exists,
    GetJobSchedule => job_schedules::get,
    UpdateJobSchedule => job_schedules::update,
    ReplaceJobSchedule => job_schedules::replace,
    DeleteJobSchedule => job_schedules::delete,
    DisableJobSchedule => job_schedules::disable,
    EnableJobSchedule => job_schedules::enable,
    TerminateJobSchedule => job_schedules::terminate,
    CreateTask => tasks::create,
    CreateTaskCollection => tasks::create_collection,
    ListTasks => tasks::list,
    GetTask => tasks::get,
    ListSubTasks => tasks::list_subtasks,
    ReplaceTask => tasks::replace,
    DeleteTask => tasks::delete,
    TerminateTask => tasks::terminate,
    ReactivateTask => tasks::reactivate,
    ListNodes => nodes::list,
    GetNode => nodes::get,
    RebootNode => node_actions::reboot,
    ReimageNode => node_actions::reimage,
    DeallocateNode => node_actions::deallocate,
    StartNode => node_actions::start,
    DisableNodeScheduling => node_actions::disable_scheduling,
    EnableNodeScheduling => node_actions::enable_scheduling,
    GetNodeRemoteLoginSettings => node_actions::remote_login ["canned: port 22 of this machine"],
    ListNodeExtensions => node_actions::list_extensions ["always empty: no pool has extensions"],
    GetNodeExtension => node_actions::get_extension ["always 404: no pool has extensions"],
    CreateNodeUser => node_users::create ["kept by name; nobody can log in"],
    ReplaceNodeUser => node_users::replace ["kept by name; nobody can log in"],
    DeleteNodeUser => node_users::delete,
    ListTaskFiles => files::list_of_task,
    GetTaskFile => files::get_of_task,
    GetTaskFileProperties => files::properties_of_task,
    DeleteTaskFile => files::delete_of_task,
    ListNodeFiles => files::list_of_node,
    GetNodeFile => files::get_of_node,
    GetNodeFileProperties => files::properties_of_node,
    DeleteNodeFile => files::delete_of_node,
    ListApplications => applications::list ["those of the folder of packages"],
    GetApplication => applications::get ["those of the folder of packages"],
    ListSupportedImages => images::list,
};

/// The operations that it carries out and that only older versions of the API have.
pub(crate) static RETIRED_ROUTES: &[Route] = routes! {
    AddCertificate => certificates::add ["a PFX is not opened: it has no `publicData`, and its thumbprint is taken as it is"],
    ListCertificates => certificates::list,
    GetCertificate => certificates::get,
    DeleteCertificate => certificates::delete,
    CancelCertificateDeletion => certificates::cancel_deletion,
    GetNodeRemoteDesktop => node_actions::remote_desktop ["canned: port 3389 of this machine; Azure has it for nodes of Cloud Services only"],
    ListNodeAgentSkus => images::list_node_agents,
};

/// Finds the route of a request, and the values of its placeholders as they stand in the path. The path is matched before it is
/// decoded, so that `%2F` in a file's path stays inside its segment.
pub(crate) fn find<'a>(
    method: &Method,
    path: &'a str,
    version: ApiVersion,
) -> Result<(&'static Route, Vec<&'a str>), Refusal> {
    let segments = segments(path);
    let mut known = false;
    for spec in every_operation().chain(retired_operations()).filter(|spec| spec.is_in(version)) {
        let Some(values) = spec.match_path(&segments) else { continue };
        if spec.method != *method {
            known = true;
            continue;
        }
        let route = ROUTES.iter().chain(RETIRED_ROUTES).find(|route| route.spec.name == spec.name);
        return route.map(|route| (route, values)).ok_or_else(|| not_implemented(spec));
    }
    let code = if known { ErrorCode::UNSUPPORTED_HTTP_VERB } else { ErrorCode::INVALID_URI };
    Err(Refusal::new(code).with("Path", path).with("ApiVersion", version.as_str()))
}

/// The segments of a path. What follows `files` is one, however many slashes it holds: so are the URLs written that listings give.
fn segments(path: &str) -> Vec<&str> {
    let path = path.trim_end_matches('/');
    let with_file: Vec<&str> = path.splitn(7, '/').skip(1).collect();
    if with_file.get(4).is_some_and(|segment| segment.eq_ignore_ascii_case("files")) {
        return with_file;
    }
    path.split('/').skip(1).collect()
}

fn not_implemented(spec: &OperationSpec) -> Refusal {
    Refusal::new(ErrorCode::NOT_IMPLEMENTED_BY_EMULATOR)
        .with("Operation", spec.name)
        .with("Reason", format!("the embedded Azure Batch does not do `{}`", spec.name))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_path_of_a_file_is_one_segment_with_its_slashes() {
        for path in ["/jobs/j/tasks/t/files/wd/a/b.txt", "/jobs/j/tasks/t/Files/wd%2Fa%2Fb.txt"] {
            let (route, values) = find(&Method::GET, path, ApiVersion::CURRENT).ok().unwrap();
            assert_eq!((route.spec.name, values.len()), ("Tasks_GetTaskFile", 3), "{path}");
        }
        let list = find(&Method::GET, "/pools/p/nodes/n/files/", ApiVersion::CURRENT).ok().unwrap();
        assert_eq!(list.0.spec.name, "Nodes_ListNodeFiles");
        assert!(find(&Method::GET, "/jobs/j/tasks/t/others/a/b", ApiVersion::CURRENT).is_err());
    }

    #[test]
    fn every_route_is_an_operation_of_the_contract_and_has_one_handler() {
        let operations: BTreeSet<_> = every_operation().map(|spec| spec.name).collect();
        let routes: BTreeSet<_> = ROUTES.iter().map(|route| route.spec.name).collect();
        assert_eq!(routes.len(), ROUTES.len());
        assert!(routes.is_subset(&operations));
        let retired: BTreeSet<_> = retired_operations().map(|spec| spec.name).collect();
        let routes: BTreeSet<_> = RETIRED_ROUTES.iter().map(|route| route.spec.name).collect();
        assert_eq!(routes.len(), RETIRED_ROUTES.len());
        assert!(routes.is_subset(&retired));
    }

    /// Azure has a store of its own to put the logs of nodes into; here there are none.
    #[test]
    fn the_only_operation_without_a_route_is_the_upload_of_the_logs_of_nodes() {
        let is_routed = |spec: &&OperationSpec| ROUTES.iter().any(|route| route.spec.name == spec.name);
        let missing: Vec<_> =
            every_operation().filter(|spec| !is_routed(spec)).map(|spec| spec.name).collect();
        assert_eq!(missing, [UploadNodeLogs::SPEC.name]);
    }

    #[test]
    fn paths_are_matched_before_they_are_decoded() {
        let (route, values) =
            find(&Method::GET, "/Jobs/j/Tasks/t/files/wd%2Fa%20b", ApiVersion::CURRENT).ok().unwrap();
        assert_eq!(route.spec.name, "Tasks_GetTaskFile");
        assert_eq!(values, ["j", "t", "wd%2Fa%20b"]);
    }

    fn refused(method: Method, path: &str, version: ApiVersion) -> Refusal {
        find(&method, path, version).err().unwrap()
    }

    #[test]
    fn what_has_no_route_is_told_apart() {
        let now = ApiVersion::CURRENT;
        let log = refused(Method::POST, "/pools/p/nodes/n/uploadbatchservicelogs", now);
        assert_eq!((log.status, log.detail("Operation")), (501, Some("Nodes_UploadNodeLogs")));
        assert_eq!(refused(Method::PUT, "/pools/p", now).status, 405);
        assert_eq!(refused(Method::GET, "/certificates", now).status, 400);
        assert_eq!(refused(Method::GET, "/", now).status, 400);
    }

    #[test]
    fn each_version_has_the_operations_of_its_time() {
        use ApiVersion as V;
        let found = |path, version| find(&Method::GET, path, version).map(|(route, _)| route.spec.name).ok();
        assert_eq!(found("/nodeagentskus", V::V2018_12_01), Some("Account_ListNodeAgentSkus"));
        assert_eq!(found("/supportedimages", V::V2018_12_01), None);
        assert_eq!(found("/nodeagentskus", V::V2019_06_01), None);
        assert_eq!(found("/supportedimages", V::V2019_06_01), Some("Pools_ListSupportedImages"));
        let certificate = "/certificates(thumbprintAlgorithm=sha1,thumbprint=ab)";
        assert_eq!(found(certificate, V::V2024_07_01), Some("Certificate_Get"));
        let statistics = refused(Method::GET, "/lifetimepoolstats", V::V2022_10_01);
        assert_eq!(
            (statistics.status, statistics.detail("Operation")),
            (501, Some("Pool_GetAllLifetimeStatistics"))
        );
        assert_eq!(refused(Method::GET, certificate, V::CURRENT).status, 400);
        assert_eq!(refused(Method::POST, "/pools/p/nodes/n/start", V::V2024_02_01).status, 400);
    }
}
