//! Operations on jobs.

use http::Method;

use crate::batch::model::{
    BatchJob, BatchJobCreateOptions, BatchJobDisableOptions, BatchJobTerminateOptions, BatchJobUpdateOptions,
    BatchTaskCountsResult,
};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::operation::{Nothing, Operation, OperationSpec, Query};
use crate::batch::page::Page;
use crate::batch::{Conditions, JobId};

/// Makes a job. Its pool need not exist yet.
#[derive(Debug, Clone)]
pub struct CreateJob {
    /// The job.
    pub job: BatchJobCreateOptions,
}

impl Operation for CreateJob {
    const SPEC: OperationSpec =
        OperationSpec { name: "Jobs_CreateJob", method: Method::POST, path: "/jobs", success: 201 };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![]
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(&self.job).map(Some)
    }
}

/// Lists jobs.
#[derive(Debug, Clone)]
pub struct ListJobs {
    /// Filter, selection and page size.
    pub query: ListQuery,
}

impl Operation for ListJobs {
    const SPEC: OperationSpec =
        OperationSpec { name: "Jobs_ListJobs", method: Method::GET, path: "/jobs", success: 200 };
    type Output = Page<BatchJob>;

    fn path_parameters(&self) -> Vec<&str> {
        vec![]
    }

    fn query(&self) -> Query {
        self.query.parameters()
    }
}

/// Reads a job.
#[derive(Debug, Clone)]
pub struct GetJob {
    /// The job.
    pub job_id: JobId,
    /// The properties to return; empty means all.
    pub select: Select,
}

impl Operation for GetJob {
    const SPEC: OperationSpec =
        OperationSpec { name: "Jobs_GetJob", method: Method::GET, path: "/jobs/{jobId}", success: 200 };
    type Output = BatchJob;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str()]
    }

    fn query(&self) -> Query {
        self.select.parameters()
    }
}

/// Changes a job; what the body leaves out stays as it is.
#[derive(Debug, Clone)]
pub struct UpdateJob {
    /// The job.
    pub job_id: JobId,
    /// The changes.
    pub update: BatchJobUpdateOptions,
    /// What must hold for the request to be carried out.
    pub conditions: Conditions,
}

impl Operation for UpdateJob {
    const SPEC: OperationSpec =
        OperationSpec { name: "Jobs_UpdateJob", method: Method::PATCH, path: "/jobs/{jobId}", success: 200 };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str()]
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(&self.update).map(Some)
    }

    fn conditions(&self) -> Conditions {
        self.conditions.clone()
    }
}

/// Deletes a job with its tasks and their files; it is `deleting` until they are gone.
#[derive(Debug, Clone)]
pub struct DeleteJob {
    /// The job.
    pub job_id: JobId,
    /// What must hold for the request to be carried out.
    pub conditions: Conditions,
}

impl Operation for DeleteJob {
    const SPEC: OperationSpec =
        OperationSpec { name: "Jobs_DeleteJob", method: Method::DELETE, path: "/jobs/{jobId}", success: 202 };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str()]
    }

    fn conditions(&self) -> Conditions {
        self.conditions.clone()
    }
}

/// Keeps the tasks of a job from running.
#[derive(Debug, Clone)]
pub struct DisableJob {
    /// The job.
    pub job_id: JobId,
    /// What happens to running tasks.
    pub disable: BatchJobDisableOptions,
    /// What must hold for the request to be carried out.
    pub conditions: Conditions,
}

impl Operation for DisableJob {
    const SPEC: OperationSpec = OperationSpec {
        name: "Jobs_DisableJob",
        method: Method::POST,
        path: "/jobs/{jobId}/disable",
        success: 202,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str()]
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(&self.disable).map(Some)
    }

    fn conditions(&self) -> Conditions {
        self.conditions.clone()
    }
}

/// Lets the tasks of a disabled job run again.
#[derive(Debug, Clone)]
pub struct EnableJob {
    /// The job.
    pub job_id: JobId,
    /// What must hold for the request to be carried out.
    pub conditions: Conditions,
}

impl Operation for EnableJob {
    const SPEC: OperationSpec = OperationSpec {
        name: "Jobs_EnableJob",
        method: Method::POST,
        path: "/jobs/{jobId}/enable",
        success: 202,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str()]
    }

    fn conditions(&self) -> Conditions {
        self.conditions.clone()
    }
}

/// Ends a job: running tasks are ended, waiting tasks stay `active` for ever.
#[derive(Debug, Clone)]
pub struct TerminateJob {
    /// The job.
    pub job_id: JobId,
    /// Why.
    pub terminate: BatchJobTerminateOptions,
    /// What must hold for the request to be carried out.
    pub conditions: Conditions,
}

impl Operation for TerminateJob {
    const SPEC: OperationSpec = OperationSpec {
        name: "Jobs_TerminateJob",
        method: Method::POST,
        path: "/jobs/{jobId}/terminate",
        success: 202,
    };
    type Output = Nothing;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str()]
    }

    fn body(&self) -> Result<Option<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(&self.terminate).map(Some)
    }

    fn conditions(&self) -> Conditions {
        self.conditions.clone()
    }
}

/// Counts the tasks of a job by state. Eventually consistent.
#[derive(Debug, Clone)]
pub struct GetJobTaskCounts {
    /// The job.
    pub job_id: JobId,
}

impl Operation for GetJobTaskCounts {
    const SPEC: OperationSpec = OperationSpec {
        name: "Jobs_GetJobTaskCounts",
        method: Method::GET,
        path: "/jobs/{jobId}/taskcounts",
        success: 200,
    };
    type Output = BatchTaskCountsResult;

    fn path_parameters(&self) -> Vec<&str> {
        vec![self.job_id.as_str()]
    }
}
