//! The instances of tasks that run on several nodes at once: the primary, which is number 0, and its subtasks.

use std::net::Ipv4Addr;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{RunRow, StoreError, TaskPlace, TaskRow};
use crate::batch::DateTime;
use crate::batch::model::{
    BatchSubtaskState, BatchTaskContainerExecutionInfo, BatchTaskExecutionResult, BatchTaskFailureInfo,
};

/// An instance of a task, as the service knows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SubtaskRecord {
    #[serde(skip)]
    pub(crate) task: TaskRow,
    #[serde(skip)]
    pub(crate) number: i32,
    /// The run that it is.
    #[serde(skip)]
    pub(crate) run: RunRow,
    /// Where it runs.
    pub(crate) place: TaskPlace,
    /// The address of its node.
    pub(crate) address: Ipv4Addr,
    pub(crate) state: BatchSubtaskState,
    pub(crate) since: DateTime,
    pub(crate) previous: Option<(BatchSubtaskState, DateTime)>,
    /// When it began; absent as long as it waits for nodes to be prepared for the job.
    pub(crate) started: Option<DateTime>,
    pub(crate) ended: Option<DateTime>,
    /// The exit code of its coordination command.
    pub(crate) exit_code: Option<i32>,
    pub(crate) container_info: Option<BatchTaskContainerExecutionInfo>,
    pub(crate) failure_info: Option<BatchTaskFailureInfo>,
    pub(crate) result: Option<BatchTaskExecutionResult>,
}

const COLUMNS: &str = "SELECT task, number, run, body FROM subtasks";

/// The table of instances.
pub(crate) struct SubtaskTable<'a>(pub(crate) &'a Connection);

impl SubtaskTable<'_> {
    /// Adds an instance, or writes one back.
    pub(crate) fn save(&self, record: &SubtaskRecord) -> Result<(), StoreError> {
        self.0
            .prepare_cached("INSERT OR REPLACE INTO subtasks (task, number, run, body) VALUES (?, ?, ?, ?)")?
            .execute(params![record.task, record.number, record.run, serde_json::to_string(record)?])?;
        Ok(())
    }

    /// Forgets all instances of a task.
    pub(crate) fn delete(&self, task: TaskRow) -> Result<(), StoreError> {
        self.0.prepare_cached("DELETE FROM subtasks WHERE task = ?")?.execute([task])?;
        Ok(())
    }

    /// The instances of a task, the primary first; none of a task that runs on one node.
    pub(crate) fn of_task(&self, task: TaskRow) -> Result<Vec<SubtaskRecord>, StoreError> {
        let mut statement = self.0.prepare_cached(&format!("{COLUMNS} WHERE task = ? ORDER BY number"))?;
        let rows = statement.query_map([task], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// The instance that a run is, if it is one.
    pub(crate) fn of_run(&self, run: RunRow) -> Result<Option<SubtaskRecord>, StoreError> {
        self.0
            .prepare_cached(&format!("{COLUMNS} WHERE run = ?"))?
            .query_row([run], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }
}

fn read(row: &Row<'_>) -> Result<SubtaskRecord, StoreError> {
    let mut record: SubtaskRecord =
        serde_json::from_str(row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?)?;
    (record.task, record.number, record.run) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok(record)
}
