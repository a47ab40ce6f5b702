//! Tasks: what was asked for, written once, and how it has gone, written on every change of state.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::{JobRow, ListPage, RunRow, StoreError, TaskRow};
use crate::batch::model::{
    BatchTaskCounts, BatchTaskCountsResult, BatchTaskCreateOptions, BatchTaskExecutionInfo,
    BatchTaskExecutionResult, BatchTaskSlotCounts, BatchTaskState,
};
use crate::batch::{DateTime, NodeId, PoolId, TaskId};

/// How a task has gone so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TaskLife {
    /// The version of the object; changes of state leave it as it is.
    pub(crate) e_tag: String,
    /// When the task was added.
    pub(crate) created: DateTime,
    /// When its definition was last replaced, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replaced: Option<DateTime>,
    pub(crate) state: BatchTaskState,
    pub(crate) since: DateTime,
    pub(crate) previous: Option<(BatchTaskState, DateTime)>,
    pub(crate) execution: BatchTaskExecutionInfo,
    /// Where it runs, or ran last.
    pub(crate) place: Option<TaskPlace>,
    /// The run that it is in.
    pub(crate) run: Option<RunRow>,
    /// Whether it has completed in a way that lets the tasks run that depend on it.
    #[serde(default)]
    pub(crate) satisfies: bool,
}

/// A node that a task ran on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TaskPlace {
    pub(crate) pool_id: PoolId,
    pub(crate) node_id: NodeId,
}

/// A task, as the service knows it.
#[derive(Debug, Clone)]
pub(crate) struct TaskRecord {
    pub(crate) row: TaskRow,
    pub(crate) job: JobRow,
    /// What was asked for, with the service's defaults filled in.
    pub(crate) definition: BatchTaskCreateOptions,
    pub(crate) life: TaskLife,
}

impl TaskRecord {
    /// The slots that it takes.
    pub(crate) fn slots(&self) -> i32 {
        self.definition.required_slots.unwrap_or(1)
    }

    /// On how many nodes at once it runs, if it is a task that may run on several: also one that asks for a single one runs as those
    /// do. 0 for any other task.
    pub(crate) fn instances(&self) -> i32 {
        let settings = self.definition.multi_instance_settings.as_ref();
        settings.map_or(0, |settings| settings.number_of_instances.unwrap_or(1))
    }

    /// When its directory may go, in seconds since 1970: so long after its end as it asked for. Absent as long as it has not ended, and
    /// for one that is kept for ever.
    fn expires(&self) -> Option<i64> {
        let kept = self.definition.constraints.as_ref()?.retention_time?.limit()?;
        let due = self.life.execution.end_time?.0.checked_add(kept).ok()?;
        // Rounded up: it is kept at least that long.
        Some(due.as_second() + 1)
    }

    /// The id as a number, if it is one.
    pub(crate) fn number(&self) -> Option<i32> {
        number(&self.definition.id)
    }
}

/// A task id as a number, as ranges of dependencies see it: leading zeros mean nothing.
pub(crate) fn number(id: &TaskId) -> Option<i32> {
    Some(id.as_str()).filter(|id| id.bytes().all(|b| b.is_ascii_digit())).and_then(|id| id.parse().ok())
}

const COLUMNS: &str = "SELECT id, job, definition, life FROM tasks";

/// The table of tasks.
pub(crate) struct TaskTable<'a>(pub(crate) &'a Connection);

impl TaskTable<'_> {
    /// Adds a task that waits for `pending` dependencies, and gives it its row; `false` if its job has one of that id.
    pub(crate) fn insert(&self, record: &mut TaskRecord) -> Result<bool, StoreError> {
        let inserted = self
            .0
            .prepare_cached(
                "INSERT INTO tasks
                 (job, key, number, required_slots, instances, pending, state, state_time, created, definition, life)
                 VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                record.job,
                record.definition.id.key(),
                record.number(),
                record.slots(),
                record.instances(),
                record.life.state.as_str(),
                record.life.since.to_string(),
                record.life.created.to_string(),
                serde_json::to_string(&record.definition)?,
                serde_json::to_string(&record.life)?,
            ])?;
        record.row = TaskRow(self.0.last_insert_rowid());
        Ok(inserted == 1)
    }

    /// Sets how many dependencies a task waits for.
    pub(crate) fn set_pending(&self, row: TaskRow, pending: i64) -> Result<(), StoreError> {
        self.0.prepare_cached("UPDATE tasks SET pending = ? WHERE id = ?")?.execute(params![pending, row])?;
        Ok(())
    }

    /// One of the dependencies that a task waits for is satisfied.
    pub(crate) fn satisfy_one(&self, row: TaskRow) -> Result<(), StoreError> {
        self.0
            .prepare_cached("UPDATE tasks SET pending = pending - 1 WHERE id = ? AND pending > 0")?
            .execute([row])?;
        Ok(())
    }

    /// Writes back what was asked for.
    pub(crate) fn save_definition(&self, record: &TaskRecord) -> Result<(), StoreError> {
        self.0
            .prepare_cached("UPDATE tasks SET definition = ? WHERE id = ?")?
            .execute(params![serde_json::to_string(&record.definition)?, record.row])?;
        self.save_life(record)
    }

    /// Writes back how a task has gone.
    pub(crate) fn save_life(&self, record: &TaskRecord) -> Result<(), StoreError> {
        let life = &record.life;
        let execution = &life.execution;
        self.0
            .prepare_cached(
                "UPDATE tasks SET state = ?, result = ?, satisfies = ?, exit_code = ?, state_time = ?, start_time = ?,
                 end_time = ?, expires = ?, life = ? WHERE id = ?",
            )?
            .execute(params![
                life.state.as_str(),
                execution.result.as_ref().map(|result| result.as_str()),
                life.satisfies,
                execution.exit_code,
                life.since.to_string(),
                execution.start_time.map(|time| time.to_string()),
                execution.end_time.map(|time| time.to_string()),
                record.expires(),
                serde_json::to_string(life)?,
                record.row,
            ])?;
        Ok(())
    }

    /// The tasks, up to `limit` of them, whose directories may go: they have been kept as long as they asked to be, and nothing of the
    /// tasks runs any more.
    pub(crate) fn expired(&self, now: DateTime, limit: i32) -> Result<Vec<TaskRecord>, StoreError> {
        let mut statement = self.0.prepare_cached(&format!(
            "{COLUMNS} WHERE expires <= ? AND state = 'completed'
             AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.job = tasks.job AND runs.task_key = tasks.key)
             ORDER BY expires LIMIT ?"
        ))?;
        let rows = statement.query_map(params![now.0.as_second(), limit], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// Notes that a task's directory is removed.
    pub(crate) fn forget_expiry(&self, row: TaskRow) -> Result<(), StoreError> {
        self.0.prepare_cached("UPDATE tasks SET expires = NULL WHERE id = ?")?.execute([row])?;
        Ok(())
    }

    /// Removes a task and what it waits for.
    pub(crate) fn delete(&self, row: TaskRow) -> Result<(), StoreError> {
        for sql in [
            "DELETE FROM dependencies WHERE child = ?",
            "DELETE FROM range_dependencies WHERE child = ?",
            "DELETE FROM subtasks WHERE task = ?",
            "DELETE FROM tasks WHERE id = ?",
        ] {
            self.0.prepare_cached(sql)?.execute([row])?;
        }
        Ok(())
    }

    /// The task of that id in a job.
    pub(crate) fn find(&self, job: JobRow, id: &TaskId) -> Result<Option<TaskRecord>, StoreError> {
        self.find_key(job, &id.key())
    }

    /// The task of that id, in lower case, in a job.
    pub(crate) fn find_key(&self, job: JobRow, key: &str) -> Result<Option<TaskRecord>, StoreError> {
        self.0
            .prepare_cached(&format!("{COLUMNS} WHERE job = ? AND key = ?"))?
            .query_row(params![job, key], |row| Ok(read(row)))
            .optional()?
            .transpose()
    }

    /// A page of a job's tasks.
    pub(crate) fn page(&self, job: JobRow, page: &ListPage) -> Result<Vec<TaskRecord>, StoreError> {
        page.query(self.0, &format!("{COLUMNS} WHERE job = ?"), &[job.0], read)
    }

    /// The oldest tasks of a job that can run now, need at most `slots` on one node and `nodes` at once, and have nothing left over of
    /// an earlier run.
    pub(crate) fn ready(
        &self,
        job: JobRow,
        slots: i32,
        nodes: i32,
        limit: i32,
    ) -> Result<Vec<TaskRecord>, StoreError> {
        let mut statement = self.0.prepare_cached(&format!(
            "{COLUMNS} WHERE job = ? AND state = 'active' AND pending = 0 AND required_slots <= ? AND instances <= ?
             AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.job = tasks.job AND runs.task_key = tasks.key)
             ORDER BY id LIMIT ?"
        ))?;
        let rows = statement.query_map(params![job, slots, nodes, limit], |row| Ok(read(row)))?;
        rows.map(|row| row?).collect()
    }

    /// How many tasks of a job run, or wait for their node to be prepared.
    pub(crate) fn count_running(&self, job: JobRow) -> Result<i32, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT COUNT(*) FROM tasks WHERE job = ? AND state IN ('running', 'preparing')",
        )?;
        Ok(statement.query_row([job], |row| row.get(0))?)
    }

    /// How many tasks of a job are in which state.
    pub(crate) fn counts(&self, job: JobRow) -> Result<BatchTaskCountsResult, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT state, result, COUNT(*), SUM(required_slots) FROM tasks WHERE job = ? GROUP BY state, result",
        )?;
        let mut rows = statement.query([job])?;
        let (mut tasks, mut slots) = (BatchTaskCounts::default(), BatchTaskSlotCounts::default());
        while let Some(row) = rows.next()? {
            let state = BatchTaskState::from(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?);
            let result: Option<String> = row.get(1)?;
            let (count, taken): (u32, u32) = (row.get(2)?, row.get(3)?);
            match state {
                BatchTaskState::Completed => {
                    tasks.completed += count;
                    slots.completed += taken;
                    if result.as_deref() == Some(BatchTaskExecutionResult::Success.as_str()) {
                        tasks.succeeded += count;
                        slots.succeeded += taken;
                    } else {
                        tasks.failed += count;
                        slots.failed += taken;
                    }
                }
                BatchTaskState::Running | BatchTaskState::Preparing => {
                    tasks.running += count;
                    slots.running += taken;
                }
                BatchTaskState::Active | BatchTaskState::Other(_) => {
                    tasks.active += count;
                    slots.active += taken;
                }
            }
        }
        Ok(BatchTaskCountsResult { task_counts: tasks, task_slot_counts: slots })
    }
}

fn read(row: &Row<'_>) -> Result<TaskRecord, StoreError> {
    let text = |column: usize| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    Ok(TaskRecord {
        row: row.get(0)?,
        job: row.get(1)?,
        definition: serde_json::from_str(text(2)?)?,
        life: serde_json::from_str(text(3)?)?,
    })
}
