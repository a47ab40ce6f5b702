//! Runs: what nodes are doing. A run takes its slots from the moment a task is assigned until its node has reported back, so
//! a task that is ended or deleted frees them only once its process is really gone.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{JobRow, NodeRow, RunRow, StoreError, TaskRecord};
use crate::batch::TaskId;
use crate::batch::model::BatchTaskCreateOptions;
use crate::node::TaskRole;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunStage {
    /// The task waits for its node to be prepared for the job; its slots are taken already.
    Preparing,
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
            Self::Preparing => "preparing",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Cleaning => "cleaning",
        }
    }
}

impl FromSql for RunStage {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "preparing" => Ok(Self::Preparing),
            "running" => Ok(Self::Running),
            "stopping" => Ok(Self::Stopping),
            "cleaning" => Ok(Self::Cleaning),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

/// The roles that tasks have in their jobs, as they are stored.
const ROLES: [(TaskRole, &str); 3] =
    [(TaskRole::Task, "task"), (TaskRole::Preparation, "preparation"), (TaskRole::Release, "release")];

fn role_name(role: TaskRole) -> &'static str {
    ROLES.iter().find(|(known, _)| *known == role).map_or("task", |(_, name)| name)
}

/// A run of a task on a node.
#[derive(Debug, Clone)]
pub(crate) struct RunRecord {
    pub(crate) row: RunRow,
    pub(crate) node: NodeRow,
    pub(crate) job: JobRow,
    /// What the task is in its job.
    pub(crate) role: TaskRole,
    /// The task's id, in lower case.
    pub(crate) task_key: String,
    pub(crate) stage: RunStage,
    /// The task's definition, once the task itself is gone.
    pub(crate) orphan: Option<BatchTaskCreateOptions>,
}

impl RunRow {
    /// The number by which the node tells this run of a task from others. Runs are numbered through, so no two share one.
    pub(crate) fn attempt(self) -> u32 {
        u32::try_from(self.0).unwrap_or(u32::MAX)
    }
}

const COLUMNS: &str = "SELECT id, node, job, task_key, stage, orphan, role FROM runs";

/// The table of runs.
pub(crate) struct RunTable<'a>(pub(crate) &'a Connection);

impl RunTable<'_> {
    /// Notes that a task runs on a node, or will, and takes that many of its slots.
    pub(crate) fn start(
        &self,
        node: NodeRow,
        task: &TaskRecord,
        slots: i32,
        stage: RunStage,
    ) -> Result<RunRow, StoreError> {
        self.0
            .prepare_cached("INSERT INTO runs (node, job, task_key, slots, stage) VALUES (?, ?, ?, ?, ?)")?
            .execute(params![node, task.job, task.definition.id.key(), slots, stage.as_str()])?;
        Ok(RunRow(self.0.last_insert_rowid()))
    }

    /// Notes that a job's preparation or release task runs on a node. It takes none of the node's slots.
    pub(crate) fn start_beside(
        &self,
        node: NodeRow,
        job: JobRow,
        role: TaskRole,
        id: &TaskId,
    ) -> Result<RunRow, StoreError> {
        self.0
            .prepare_cached(
                "INSERT INTO runs (node, job, task_key, slots, stage, role) VALUES (?, ?, ?, 0, 'running', ?)",
            )?
            .execute(params![node, job, id.key(), role_name(role)])?;
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

    /// Removes a run, and its token.
    pub(crate) fn delete(&self, row: RunRow) -> Result<(), StoreError> {
        self.0.prepare_cached("DELETE FROM tokens WHERE run = ?")?.execute([row])?;
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
        role: role(row)?,
    })
}

fn role(row: &Row<'_>) -> rusqlite::Result<TaskRole> {
    let name = row.get_ref(6)?.as_str()?;
    let known = ROLES.iter().find(|(_, known)| *known == name);
    known.map(|(role, _)| *role).ok_or_else(|| FromSqlError::InvalidType.into())
}
