//! Operations on job schedules.

use super::declare::operations;
use crate::batch::model::{BatchJobSchedule, BatchJobScheduleCreateOptions, BatchJobScheduleUpdateOptions};
use crate::batch::odata::{ListQuery, Select};
use crate::batch::page::Page;
use crate::batch::{Conditions, JobScheduleId};

operations! {
    JobSchedules:

    /// Makes a job schedule.
    CreateJobSchedule: POST "/jobschedules" => 201 {
        /// The job schedule.
        body job_schedule: BatchJobScheduleCreateOptions,
    }

    /// Lists job schedules.
    ListJobSchedules: GET "/jobschedules" => 200 Page<BatchJobSchedule> {
        /// Filter, selection and page size.
        query query: ListQuery,
    }

    /// Asks whether a job schedule exists: 200 or 404.
    JobScheduleExists: HEAD "/jobschedules/{jobScheduleId}" => 200 {
        /// The job schedule.
        path job_schedule_id: JobScheduleId,
    }

    /// Reads a job schedule.
    GetJobSchedule: GET "/jobschedules/{jobScheduleId}" => 200 BatchJobSchedule {
        /// The job schedule.
        path job_schedule_id: JobScheduleId,
        /// The properties to return; empty means all.
        query select: Select,
    }

    /// Changes a job schedule; what the body leaves out stays as it is. Jobs that are there keep what they have.
    UpdateJobSchedule: PATCH "/jobschedules/{jobScheduleId}" => 200 {
        /// The job schedule.
        path job_schedule_id: JobScheduleId,
        /// The changes.
        body update: BatchJobScheduleUpdateOptions,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Replaces what can be changed of a job schedule; what the body leaves out becomes the default.
    ReplaceJobSchedule: PUT "/jobschedules/{jobScheduleId}" => 200 {
        /// The job schedule.
        path job_schedule_id: JobScheduleId,
        /// What it has from now on.
        body properties: BatchJobScheduleUpdateOptions,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Deletes a job schedule with its jobs and their tasks; it is `deleting` until they are gone.
    DeleteJobSchedule: DELETE "/jobschedules/{jobScheduleId}" => 202 {
        /// The job schedule.
        path job_schedule_id: JobScheduleId,
        /// Whether to go on although something of it can't be ended in order.
        flag force: bool,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Keeps a schedule from making jobs; the job that is there goes on.
    DisableJobSchedule: POST "/jobschedules/{jobScheduleId}/disable" => 204 {
        /// The job schedule.
        path job_schedule_id: JobScheduleId,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Lets a disabled schedule make jobs again.
    EnableJobSchedule: POST "/jobschedules/{jobScheduleId}/enable" => 204 {
        /// The job schedule.
        path job_schedule_id: JobScheduleId,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }

    /// Ends a schedule with its active job.
    TerminateJobSchedule: POST "/jobschedules/{jobScheduleId}/terminate" => 202 {
        /// The job schedule.
        path job_schedule_id: JobScheduleId,
        /// Whether to go on although something of it can't be ended in order.
        flag force: bool,
        /// What must hold for the request to be carried out.
        conditions conditions: Conditions,
    }
}
