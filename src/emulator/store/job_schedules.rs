//! Job schedules.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{JobRow, JobScheduleRow, JobTable, ListPage, StoreError};
use crate::batch::model::{BatchJobSchedule, BatchJobScheduleState};
use crate::batch::{JobScheduleId, PoolId};

/// A job schedule, as the service knows it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct JobScheduleRecord {
    #[serde(skip)]
    pub(crate) row: JobScheduleRow,
    /// The schedule, without the properties that depend on who asks (`url`).
    pub(crate) schedule: BatchJobSchedule,
    /// How many jobs it has made: the number of the last one.
    pub(crate) jobs_made: u32,
    /// Tells the wait for its next job from earlier ones, which a change has overtaken.
    #[serde(default)]
    pub(crate) turn: u64,
    /// The pool that was made for all of its jobs together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) auto_pool: Option<PoolId>,
}

impl JobScheduleRecord {
    /// Its state.
    pub(crate) fn state(&self) -> BatchJobScheduleState {
        self.schedule.state.clone().unwrap_or(BatchJobScheduleState::Active)
    }
}

const COLUMNS: &str = "SELECT id, body FROM job_schedules";

/// The table of job schedules.
pub(crate) struct JobScheduleTable<'a>(pub(crate) &'a Connection);

impl JobScheduleTable<'_> {
    /// Adds a schedule and gives it its row.
    pub(crate) fn insert(&self, record: &mut JobScheduleRecord) -> Result<(), StoreError> {
        self.0.prepare_cached("INSERT INTO job_schedules (key, state, body) VALUES (?, ?, ?)")?.execute(
            params![record.schedule.id.key(), record.state().as_str(), serde_json::to_string(record)?],
        )?;
        record.row = JobScheduleRow(self.0.last_insert_rowid());
        Ok(())
    }

    /// Writes a schedule back.
    pub(crate) fn save(&self, record: &JobScheduleRecord) -> Result<(), StoreError> {
        self.0
            .prepare_cached("UPDATE job_schedules SET state = ?, body = ? WHERE id = ?")?
            .execute(params![record.state().as_str(), serde_json::to_string(record)?, record.row])?;
        Ok(())
    }

    /// Removes a schedule.
    pub(crate) fn delete(&self, row: JobScheduleRow) -> Result<(), StoreError> {
        self.0.prepare_cached("DELETE FROM job_schedules WHERE id = ?")?.execute([row])?;
        Ok(())
    }

    /// The schedule of that id.
    pub(crate) fn find(&self, id: &JobScheduleId) -> Result<Option<JobScheduleRecord>, StoreError> {
        self.0
            .prepare_cached(&format!("{COLUMNS} WHERE key = ?"))?
            .query_row([id.key()], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// The schedule of that row.
    pub(crate) fn get(&self, row: JobScheduleRow) -> Result<Option<JobScheduleRecord>, StoreError> {
        self.0
            .prepare_cached(&format!("{COLUMNS} WHERE id = ?"))?
            .query_row([row], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// The row of the schedule of that id.
    pub(crate) fn row_of(&self, id: &JobScheduleId) -> Result<Option<JobScheduleRow>, StoreError> {
        let mut statement = self.0.prepare_cached("SELECT id FROM job_schedules WHERE key = ?")?;
        Ok(statement.query_row([id.key()], |row| row.get(0)).optional()?)
    }

    /// A page of schedules.
    pub(crate) fn page(&self, page: &ListPage) -> Result<Vec<JobScheduleRecord>, StoreError> {
        page.query(self.0, &format!("{COLUMNS} WHERE 1"), &[], read)
    }

    /// Every schedule that has not completed.
    pub(crate) fn unfinished(&self) -> Result<Vec<JobScheduleRow>, StoreError> {
        let mut statement =
            self.0.prepare_cached("SELECT id FROM job_schedules WHERE state <> 'completed' ORDER BY id")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The jobs of a schedule. Only schedules make jobs with a colon in their id, so the id says whose a job is.
    pub(crate) fn jobs(&self, id: &JobScheduleId) -> Result<Vec<JobRow>, StoreError> {
        let (from, to) = JobTable::keys_of_schedule(id);
        let mut statement =
            self.0.prepare_cached("SELECT id FROM jobs WHERE key > ? AND key < ? ORDER BY id")?;
        let rows = statement.query_map([from, to], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many jobs a schedule has, and how many of them have not completed.
    pub(crate) fn count_jobs(&self, id: &JobScheduleId) -> Result<(i64, i64), StoreError> {
        let (from, to) = JobTable::keys_of_schedule(id);
        let mut statement = self.0.prepare_cached(
            "SELECT COUNT(*), COALESCE(SUM(state <> 'completed'), 0) FROM jobs WHERE key > ? AND key < ?",
        )?;
        Ok(statement.query_row([from, to], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }
}

fn read(row: &Row<'_>) -> Result<JobScheduleRecord, StoreError> {
    let mut record: JobScheduleRecord =
        serde_json::from_str(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
    record.row = row.get(0)?;
    Ok(record)
}
