//! The account's objects on disk: one SQLite file, written by one thread.
//!
//! Every object is a row that holds the object as JSON, next to the few columns that queries ask for. The functions here run
//! inside the caller's transaction and know nothing of lifecycles.

mod certificates;
mod error;
mod job_schedules;
mod jobs;
mod listing;
mod nodes;
mod pools;
mod preemptible;
mod preparations;
mod readers;
mod rows;
mod runs;
mod samples;
mod schema;
mod subtasks;
mod tasks;
mod tokens;
mod version;

pub(crate) mod dependencies;

pub(crate) use certificates::{CertificateRecord, CertificateTable};
pub(crate) use error::StoreError;
pub(crate) use job_schedules::{JobScheduleRecord, JobScheduleTable};
pub(crate) use jobs::{JobRecord, JobTable, WaitingJob};
pub(crate) use listing::{Column, Kind, ListPage, condition};
pub(crate) use nodes::{FreeNode, NodeAddress, NodeRecord, NodeTable, NodeUse, affinity_id};
pub(crate) use pools::{Census, FormulaClock, PoolRecord, PoolTable};
pub(crate) use preemptible::{PreemptibleRun, PreemptibleRuns, Room};
pub(crate) use preparations::{PreparationRecord, PreparationTable, Standing};
pub(crate) use readers::Readers;
pub(crate) use rows::{CertificateRow, JobRow, JobScheduleRow, NodeRow, PoolRow, RunRow, TaskRow};
pub(crate) use runs::{RunRecord, RunStage, RunTable};
pub(crate) use samples::SampleTable;
pub(crate) use schema::open_for_writing;
pub(crate) use subtasks::{SubtaskRecord, SubtaskTable};
pub(crate) use tasks::{TaskLife, TaskPlace, TaskRecord, TaskTable};
pub(crate) use tokens::TokenTable;
pub(crate) use version::Version;
