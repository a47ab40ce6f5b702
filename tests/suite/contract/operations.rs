//! Which of our operations an example is of, family by family.

use batchyard::batch::Conditions;
use batchyard::batch::model::*;
use batchyard::batch::odata::{ListQuery, Select};
use batchyard::batch::operations::*;

use super::example::Example;

/// Certificates; `false` if the example is of something else.
pub(super) fn certificates(e: &Example) -> bool {
    match e.operation.as_str() {
        "CertificateAdd" => e.check_request(&AddCertificate { certificate: e.sent() }),
        "CertificateList" => e.check(&ListCertificates { query: ListQuery::default() }),
        "CertificateGet" => e.check(&GetCertificate {
            thumbprint_algorithm: e.id("thumbprintAlgorithm"),
            thumbprint: e.id("thumbprint"),
            select: Select::default(),
        }),
        "CertificateDelete" => e.check_request(&DeleteCertificate {
            thumbprint_algorithm: e.id("thumbprintAlgorithm"),
            thumbprint: e.id("thumbprint"),
        }),
        "CertificateCancelDelete" => e.check_request(&CancelCertificateDeletion {
            thumbprint_algorithm: e.id("thumbprintAlgorithm"),
            thumbprint: e.id("thumbprint"),
        }),
        _ => return false,
    }
    true
}

/// Nodes; `false` if the example is of something else.
pub(super) fn nodes(e: &Example) -> bool {
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
        "NodeGetRemoteDesktop" => {
            e.check_request(&GetNodeRemoteDesktop { pool_id: e.id("poolId"), node_id: e.id("nodeId") });
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
pub(super) fn pools(e: &Example) -> bool {
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
        "PoolUpdate" => {
            e.check_request(&ReplacePoolProperties { pool_id: e.id("poolId"), properties: e.sent() });
        }
        _ => return false,
    }
    true
}

/// Files of nodes and tasks; `false` if the example is of something else.
pub(super) fn files(e: &Example) -> bool {
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
pub(super) fn jobs(e: &Example) -> bool {
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
pub(super) fn schedules(e: &Example) -> bool {
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
pub(super) fn tasks(e: &Example) -> bool {
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
