//! The one table of routes: the client's methods, the emulator's routes and the page on what the emulator does all come from it.

use super::*;
use crate::batch::operation::{Operation, OperationSpec};

/// Every operation, once.
pub const ALL: &[OperationSpec] = &[
    CreatePool::SPEC,
    ListPools::SPEC,
    PoolExists::SPEC,
    GetPool::SPEC,
    UpdatePool::SPEC,
    DeletePool::SPEC,
    ResizePool::SPEC,
    StopPoolResize::SPEC,
    CreateJob::SPEC,
    ListJobs::SPEC,
    GetJob::SPEC,
    UpdateJob::SPEC,
    DeleteJob::SPEC,
    DisableJob::SPEC,
    EnableJob::SPEC,
    TerminateJob::SPEC,
    GetJobTaskCounts::SPEC,
    CreateTask::SPEC,
    CreateTaskCollection::SPEC,
    ListTasks::SPEC,
    GetTask::SPEC,
    DeleteTask::SPEC,
    TerminateTask::SPEC,
    ReactivateTask::SPEC,
    ListNodes::SPEC,
    GetNode::SPEC,
    ListTaskFiles::SPEC,
    GetTaskFile::SPEC,
    GetTaskFileProperties::SPEC,
    ListNodeFiles::SPEC,
    GetNodeFile::SPEC,
    GetNodeFileProperties::SPEC,
    ListSupportedImages::SPEC,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_operations_share_a_name_or_a_route() {
        let names: BTreeSet<_> = ALL.iter().map(|spec| spec.name).collect();
        let routes: BTreeSet<_> = ALL.iter().map(|spec| (spec.method.as_str(), spec.path)).collect();
        assert_eq!(names.len(), ALL.len());
        assert_eq!(routes.len(), ALL.len());
    }
}
