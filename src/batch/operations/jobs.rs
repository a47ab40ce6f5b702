//! Operations on jobs.

use super::declare::operations;
use crate::batch::model::{
    BatchJob, BatchJobCreateOptions, BatchJobDisableOptions, BatchJobPreparationAndReleaseTaskStatus,
    BatchJobReplaceOptions, BatchJobTerminateOptions, BatchJobUpdateOptions, BatchTaskCountsResult,
};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::page::Page;
use crate::batch::{Conditions, JobId, JobScheduleId};

operations! {
    Jobs:

    /// Makes a job. Its pool need not exist yet.
    CreateJob: POST "/jobs" => 201 {
        /// The job.
        body job: BatchJobCreateOptions,
    }

    /// Lists jobs.
    ListJobs: GET "/jobs" => 200 Page<BatchJob> {
        /// Filter, selection and page size.
        query query: ListQuery,
    }

    /// Lists the jobs that a schedule has made.
    ListJobsFromSchedule: GET "/jobschedules/{jobScheduleId}/jobs" => 200 Page<BatchJob> {
        /// The job schedule.
        path job_schedule_id: JobScheduleId,
        /// Filter, selection and page size.
        query query: ListQuery,
    }

    /// Reads a job.
    GetJob: GET "/jobs/{jobId}" => 200 BatchJob {
        /// The job.
        path job_id: JobId,
        /// The properties to return; empty means all.
        query select: Select,
    }

    /// Changes a job; what the body leaves out stays as it is.
    UpdateJob: PATCH "/jobs/{jobId}" => 200 {
        /// The job.
        path job_id: JobId,
        /// The changes.
        body update: BatchJobUpdateOptions,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Replaces what can be changed of a job; what the body leaves out becomes the default. The pool must be named.
    ReplaceJob: PUT "/jobs/{jobId}" => 200 {
        /// The job.
        path job_id: JobId,
        /// What it has from now on.
        body properties: BatchJobReplaceOptions,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Deletes a job with its tasks and their files; it is `deleting` until they are gone.
    DeleteJob: DELETE "/jobs/{jobId}" => 202 {
        /// The job.
        path job_id: JobId,
        /// Whether to go on although something of it can't be ended in order.
        flag force: bool,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Keeps the tasks of a job from running.
    DisableJob: POST "/jobs/{jobId}/disable" => 202 {
        /// The job.
        path job_id: JobId,
        /// What happens to running tasks.
        body disable: BatchJobDisableOptions,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Lets the tasks of a disabled job run again.
    EnableJob: POST "/jobs/{jobId}/enable" => 202 {
        /// The job.
        path job_id: JobId,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Ends a job: running tasks are ended, waiting tasks stay `active` for ever.
    TerminateJob: POST "/jobs/{jobId}/terminate" => 202 {
        /// The job.
        path job_id: JobId,
        /// Why.
        body terminate: BatchJobTerminateOptions,
        /// Whether to go on although something of it can't be ended in order.
        flag force: bool,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Tells how the preparation and release tasks of a job have run, node by node.
    ListJobPreparationAndReleaseTaskStatus: GET "/jobs/{jobId}/jobpreparationandreleasetaskstatus" => 200 Page<BatchJobPreparationAndReleaseTaskStatus> {
        /// The job.
        path job_id: JobId,
        /// Filter, selection and page size.
        query query: ListQuery,
    }

    /// Counts the tasks of a job by state. Eventually consistent.
    GetJobTaskCounts: GET "/jobs/{jobId}/taskcounts" => 200 BatchTaskCountsResult {
        /// The job.
        path job_id: JobId,
    }
}
