//! Jobs.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{JobRow, ListPage, StoreError};
use crate::batch::model::{BatchAutoPoolSpecification, BatchJob, BatchJobState};
use crate::batch::{JobId, JobScheduleId};

/// A job, as the service knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JobRecord {
    #[serde(skip)]
    pub(crate) row: JobRow,
    /// The job, without the properties that depend on who asks (`url`).
    pub(crate) job: BatchJob,
}

impl JobRecord {
    /// The id of its pool, in lower case: the one that it names, or that was made for it.
    pub(crate) fn pool_key(&self) -> String {
        let named = self.job.pool_info.as_ref().and_then(|info| info.pool_id.as_ref());
        let made = || self.job.execution_info.as_ref()?.pool_id.as_ref();
        named.or_else(made).map_or_else(String::new, |id| id.key())
    }

    /// What it says of the pool that was made for it.
    pub(crate) fn auto_pool(&self) -> Option<&BatchAutoPoolSpecification> {
        self.job.pool_info.as_ref()?.auto_pool_specification.as_ref()
    }

    /// Its state.
    pub(crate) fn state(&self) -> BatchJobState {
        self.job.state.clone().unwrap_or(BatchJobState::Active)
    }
}

/// A job that has tasks to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WaitingJob {
    pub(crate) row: JobRow,
    pub(crate) priority: i32,
    /// How many tasks it may run at once; negative means without limit.
    pub(crate) max_parallel: i32,
}

const COLUMNS: &str = "SELECT id, body FROM jobs";

/// The table of jobs.
pub(crate) struct JobTable<'a>(pub(crate) &'a Connection);

impl JobTable<'_> {
    /// Adds a job and gives it its row.
    pub(crate) fn insert(&self, record: &mut JobRecord) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "INSERT INTO jobs (pool_key, state, priority, max_parallel, body, key) VALUES (?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                record.pool_key(),
                record.state().as_str(),
                record.job.priority.unwrap_or_default(),
                record.job.max_parallel_tasks.unwrap_or(-1),
                serde_json::to_string(record)?,
                record.job.id.key(),
            ])?;
        record.row = JobRow(self.0.last_insert_rowid());
        Ok(())
    }

    /// Writes a job back.
    pub(crate) fn save(&self, record: &JobRecord) -> Result<(), StoreError> {
        self.0
            .prepare_cached(
                "UPDATE jobs SET pool_key = ?, state = ?, priority = ?, max_parallel = ?, body = ? WHERE id = ?",
            )?
            .execute(params![
                record.pool_key(),
                record.state().as_str(),
                record.job.priority.unwrap_or_default(),
                record.job.max_parallel_tasks.unwrap_or(-1),
                serde_json::to_string(record)?,
                record.row,
            ])?;
        Ok(())
    }

    /// Removes a job with its tasks and their dependencies.
    pub(crate) fn delete(&self, row: JobRow) -> Result<(), StoreError> {
        self.0
            .prepare_cached("DELETE FROM subtasks WHERE task IN (SELECT id FROM tasks WHERE job = ?)")?
            .execute([row])?;
        for table in ["tasks", "dependencies", "range_dependencies", "preparations"] {
            self.0.prepare_cached(&format!("DELETE FROM {table} WHERE job = ?"))?.execute([row])?;
        }
        self.0.prepare_cached("DELETE FROM jobs WHERE id = ?")?.execute([row])?;
        Ok(())
    }

    /// The job of that id.
    pub(crate) fn find(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        self.0
            .prepare_cached(&format!("{COLUMNS} WHERE key = ?"))?
            .query_row([id.key()], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// The job of that row.
    pub(crate) fn get(&self, row: JobRow) -> Result<Option<JobRecord>, StoreError> {
        self.0
            .prepare_cached(&format!("{COLUMNS} WHERE id = ?"))?
            .query_row([row], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// A page of jobs.
    pub(crate) fn page(&self, page: &ListPage) -> Result<Vec<JobRecord>, StoreError> {
        page.query(self.0, &format!("{COLUMNS} WHERE 1"), &[], read)
    }

    /// A page of the jobs of a schedule.
    pub(crate) fn page_of_schedule(
        &self,
        id: &JobScheduleId,
        page: &ListPage,
    ) -> Result<Vec<JobRecord>, StoreError> {
        let (from, to) = Self::keys_of_schedule(id);
        // An id has letters, digits, hyphens and underscores only.
        page.query(self.0, &format!("{COLUMNS} WHERE key > '{from}' AND key < '{to}'"), &[], read)
    }

    /// The keys between which those of a schedule's jobs lie: `;` is what follows `:`.
    pub(super) fn keys_of_schedule(id: &JobScheduleId) -> (String, String) {
        (format!("{}:", id.key()), format!("{};", id.key()))
    }

    /// Every job that has not completed.
    pub(crate) fn unfinished(&self) -> Result<Vec<JobRecord>, StoreError> {
        let mut statement =
            self.0.prepare_cached(&format!("{COLUMNS} WHERE state <> 'completed' ORDER BY id"))?;
        let rows = statement.query_map([], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// How many jobs and job schedules have not completed.
    pub(crate) fn count_unfinished(&self) -> Result<u32, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT (SELECT COUNT(*) FROM jobs WHERE state <> 'completed')
                  + (SELECT COUNT(*) FROM job_schedules WHERE state <> 'completed')",
        )?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    /// The active jobs of a pool that have tasks to run: the most important first, then the oldest.
    pub(crate) fn waiting(&self, pool_key: &str) -> Result<Vec<WaitingJob>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT id, max_parallel, priority FROM jobs WHERE pool_key = ? AND state = 'active'
             AND EXISTS (SELECT 1 FROM tasks INDEXED BY tasks_ready
                         WHERE job = jobs.id AND tasks.state = 'active' AND pending = 0)
             ORDER BY priority DESC, id",
        )?;
        let rows = statement.query_map([pool_key], |row| {
            Ok(WaitingJob { row: row.get(0)?, max_parallel: row.get(1)?, priority: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether anything of a job still takes place on a node.
    pub(crate) fn has_runs(&self, row: JobRow) -> Result<bool, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT EXISTS (SELECT 1 FROM runs WHERE job = ?)")?;
        Ok(statement.query_row([row], |row| row.get(0))?)
    }

    /// Whether a job has tasks that have not completed.
    pub(crate) fn has_unfinished_tasks(&self, row: JobRow) -> Result<bool, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM tasks WHERE job = ? AND state IN ('active', 'preparing', 'running'))",
        )?;
        Ok(statement.query_row([row], |row| row.get(0))?)
    }
}

fn read(row: &Row<'_>) -> Result<JobRecord, StoreError> {
    let mut record: JobRecord =
        serde_json::from_str(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
    record.row = row.get(0)?;
    Ok(record)
}
