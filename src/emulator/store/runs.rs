//! Runs: what nodes are doing. A run takes its slots from the moment a task is assigned until its node has reported back, so
//! a task that is ended or deleted frees them only once its process is really gone.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{JobRow, NodeRow, RunRow, StoreError, TaskRecord};
use crate::batch::model::BatchTaskCreateOptions;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunStage {
    /// The task runs.
    Running,
    /// The task was taken off the node; its process is being ended.
    Stopping,
    /// The task was deleted; its folder is being removed.
    Cleaning,
}

impl RunStage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Cleaning => "cleaning",
        }
    }
}

impl FromSql for RunStage {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "running" => Ok(Self::Running),
            "stopping" => Ok(Self::Stopping),
            "cleaning" => Ok(Self::Cleaning),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// A run of a task on a node.
#[derive(Debug, Clone)]
pub(crate) struct RunRecord {
    pub(crate) row: RunRow,
    pub(crate) node: NodeRow,
    pub(crate) job: JobRow,
    /// The task's id, in lower case.
    pub(crate) task_key: String,
    pub(crate) stage: RunStage,
    /// The task's definition, once the task itself is gone.
    pub(crate) orphan: Option<BatchTaskCreateOptions>,
}

const COLUMNS: &str = "SELECT id, node, job, task_key, stage, orphan FROM runs";

/// The table of runs.
pub(crate) struct RunTable<'a>(pub(crate) &'a Connection);

impl RunTable<'_> {
    /// Notes that a task runs on a node and takes that many of its slots.
    pub(crate) fn start(&self, node: NodeRow, task: &TaskRecord, slots: i32) -> Result<RunRow, StoreError> {
        self.0
            .prepare_cached(
                "INSERT INTO runs (node, job, task_key, slots, stage) VALUES (?, ?, ?, ?, 'running')",
            )?
            .execute(params![node, task.job, task.definition.id.key(), slots])?;
        Ok(RunRow(self.0.last_insert_rowid()))
    }

    /// Notes that the folder of a task that has ended is to be removed from a node.
    pub(crate) fn clean(&self, node: NodeRow, task: &TaskRecord) -> Result<RunRow, StoreError> {
        self.0
            .prepare_cached(
                "INSERT INTO runs (node, job, task_key, slots, stage, orphan) VALUES (?, ?, ?, 0, 'cleaning', ?)",
            )?
            .execute(params![
                node,
                task.job,
                task.definition.id.key(),
                serde_json::to_string(&task.definition)?
            ])?;
        Ok(RunRow(self.0.last_insert_rowid()))
    }

    /// Moves a run on.
    pub(crate) fn set_stage(&self, row: RunRow, stage: RunStage) -> Result<(), StoreError> {
        self.0
            .prepare_cached("UPDATE runs SET stage = ? WHERE id = ?")?
            .execute(params![stage.as_str(), row])?;
        Ok(())
    }

    /// Notes that the task of these runs is deleted.
    pub(crate) fn orphan(&self, task: &TaskRecord) -> Result<usize, StoreError> {
        Ok(self
            .0
            .prepare_cached("UPDATE runs SET orphan = ? WHERE job = ? AND task_key = ? AND orphan IS NULL")?
            .execute(params![serde_json::to_string(&task.definition)?, task.job, task.definition.id.key()])?)
    }

    /// Removes a run.
    pub(crate) fn delete(&self, row: RunRow) -> Result<(), StoreError> {
        self.0.prepare_cached("DELETE FROM runs WHERE id = ?")?.execute([row])?;
        Ok(())
    }

    /// The run of that row.
    pub(crate) fn get(&self, row: RunRow) -> Result<Option<RunRecord>, StoreError> {
        self.0
            .prepare_cached(&format!("{COLUMNS} WHERE id = ?"))?
            .query_row([row], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// The runs on a node.
    pub(crate) fn of_node(&self, node: NodeRow) -> Result<Vec<RunRecord>, StoreError> {
        let mut statement = self.0.prepare_cached(&format!("{COLUMNS} WHERE node = ? ORDER BY id"))?;
        let rows = statement.query_map([node], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// The runs of a task, by its id in lower case.
    pub(crate) fn of_task(&self, job: JobRow, key: &str) -> Result<Vec<RunRecord>, StoreError> {
        let mut statement =
            self.0.prepare_cached(&format!("{COLUMNS} WHERE job = ? AND task_key = ? ORDER BY id"))?;
        let rows = statement.query_map(params![job, key], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// The runs of a job.
    pub(crate) fn of_job(&self, job: JobRow) -> Result<Vec<RunRecord>, StoreError> {
        let mut statement = self.0.prepare_cached(&format!("{COLUMNS} WHERE job = ? ORDER BY id"))?;
        let rows = statement.query_map([job], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }
}

fn read(row: &Row<'_>) -> Result<RunRecord, StoreError> {
    let orphan: Option<String> = row.get(5)?;
    Ok(RunRecord {
        row: row.get(0)?,
        node: row.get(1)?,
        job: row.get(2)?,
        task_key: row.get(3)?,
        stage: row.get(4)?,
        orphan: orphan.as_deref().map(serde_json::from_str).transpose()?,
    })
}
