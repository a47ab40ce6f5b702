//! What may have to make way: the tasks that run of jobs that let theirs be preempted.

use rusqlite::{Connection, params};

use super::{NodeRow, PoolRow, RunRow, StoreError};

/// A run of a job that lets its tasks be preempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PreemptibleRun {
    pub(crate) row: RunRow,
    pub(crate) node: NodeRow,
    /// How many slots it has.
    pub(crate) slots: i32,
    /// Its job's priority.
    pub(crate) priority: i32,
    /// Whether it was taken off its node already, and its process is being ended.
    pub(crate) is_ending: bool,
}

/// A node that takes tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) node: NodeRow,
    pub(crate) is_dedicated: bool,
    /// The slots that are free, or will be once what is being ended there has ended.
    pub(crate) free: i32,
}

/// The tables of jobs, runs and nodes, as far as tasks may be preempted.
pub(crate) struct PreemptibleRuns<'a>(pub(crate) &'a Connection);

impl PreemptibleRuns<'_> {
    /// Whether a job of a pool that is less important lets its tasks be preempted. Quick where none is less important.
    pub(crate) fn may_be(&self, pool_key: &str, priority: i32) -> Result<bool, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE pool_key = ? AND state = 'active' AND priority < ?
                            AND json_extract(body, '$.job.allowTaskPreemption'))",
        )?;
        Ok(statement.query_row(params![pool_key, priority], |row| row.get(0))?)
    }

    /// The runs on a pool's nodes of jobs that are less important and let theirs be preempted: the least important first, and of
    /// equals the youngest.
    pub(crate) fn of_pool(&self, pool: PoolRow, priority: i32) -> Result<Vec<PreemptibleRun>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT runs.id, runs.node, runs.slots, jobs.priority, runs.stage NOT IN ('preparing', 'running')
             FROM nodes JOIN runs ON runs.node = nodes.id JOIN jobs ON jobs.id = runs.job
             WHERE nodes.pool = ? AND runs.role = 'task' AND runs.slots > 0 AND jobs.state = 'active'
             AND jobs.priority < ? AND json_extract(jobs.body, '$.job.allowTaskPreemption')
             ORDER BY jobs.priority, runs.id DESC",
        )?;
        let rows = statement.query_map(params![pool, priority], |row| {
            Ok(PreemptibleRun {
                row: row.get(0)?,
                node: row.get(1)?,
                slots: row.get(2)?,
                priority: row.get(3)?,
                is_ending: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The nodes of a pool that take tasks, of `slots` slots each.
    pub(crate) fn rooms(&self, pool: PoolRow, slots: i32) -> Result<Vec<Room>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT id, dedicated, ?2 - COALESCE((SELECT SUM(slots) FROM runs
                                                  WHERE node = nodes.id AND stage IN ('preparing', 'running')), 0)
             FROM nodes WHERE pool = ?1 AND state IN ('idle', 'running')
             AND json_extract(body, '$.node.schedulingState') IS NOT 'disabled' ORDER BY id",
        )?;
        let rows = statement.query_map(params![pool, slots], |row| {
            Ok(Room { node: row.get(0)?, is_dedicated: row.get(1)?, free: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
