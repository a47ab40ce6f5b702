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

/// Finds the route of a request, and the values of its placeholders as they stand in the path. The path is matched before it is
/// decoded, so that `%2F` in a file's path stays inside its segment.
pub(crate) fn find<'a>(method: &Method, path: &'a str) -> Result<(&'static Route, Vec<&'a str>), Refusal> {
    let segments: Vec<&str> = path.trim_end_matches('/').split('/').skip(1).collect();
    let mut known = false;
    for spec in every_operation() {
        let Some(values) = spec.match_path(&segments) else { continue };
        if spec.method != *method {
            known = true;
            continue;
        }
        let route = ROUTES.iter().find(|route| route.spec.name == spec.name);
        return route.map(|route| (route, values)).ok_or_else(|| not_implemented(spec));
    }
    let code = if known { ErrorCode::UNSUPPORTED_HTTP_VERB } else { ErrorCode::INVALID_URI };
    Err(Refusal::new(code).with("Path", path))
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
    fn every_route_is_an_operation_of_the_contract_and_has_one_handler() {
        let operations: BTreeSet<_> = every_operation().map(|spec| spec.name).collect();
        let routes: BTreeSet<_> = ROUTES.iter().map(|route| route.spec.name).collect();
        assert_eq!(routes.len(), ROUTES.len());
        assert!(routes.is_subset(&operations));
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
