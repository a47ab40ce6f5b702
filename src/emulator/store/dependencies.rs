//! Dependencies between tasks: a task is ready once all of its dependencies are satisfied, by success unless their
//! exit conditions say otherwise.
//!
//! Each task counts the dependencies that are missing; an end finds by index the few tasks that wait for it. So nothing is
//! ever searched, and a task that depends on a hundred thousand others costs one row.

use rusqlite::{Connection, params};

use super::{JobRow, StoreError, TaskRecord, TaskRow, TaskTable};
use crate::batch::model::BatchTaskDependencies;

/// Notes what a new task waits for.
pub(crate) fn add(
    store: &Connection,
    task: &TaskRecord,
    on: &BatchTaskDependencies,
) -> Result<(), StoreError> {
    let mut pending = 0;
    let mut parents: Vec<String> = on.task_ids.iter().flatten().map(|id| id.key()).collect();
    parents.sort();
    parents.dedup();
    for parent in parents {
        if !is_satisfied(store, task.job, &parent)? {
            store
                .prepare_cached("INSERT INTO dependencies (job, parent, child) VALUES (?, ?, ?)")?
                .execute(params![task.job, parent, task.row])?;
            pending += 1;
        }
    }
    for range in on.task_id_ranges.iter().flatten() {
        let size = i64::from(range.end) - i64::from(range.start) + 1;
        let remaining = size - satisfied_between(store, task.job, range.start, range.end)?;
        if remaining > 0 {
            store
                .prepare_cached(
                    "INSERT INTO range_dependencies (job, first, last, remaining, child) VALUES (?, ?, ?, ?, ?)",
                )?
                .execute(params![task.job, range.start, range.end, remaining, task.row])?;
            pending += 1;
        }
    }
    if pending > 0 { TaskTable(store).set_pending(task.row, pending) } else { Ok(()) }
}

/// Tells the tasks that wait for `task` that it has ended as they need it.
pub(crate) fn satisfy(store: &Connection, task: &TaskRecord) -> Result<(), StoreError> {
    let key = task.definition.id.key();
    let children: Vec<TaskRow> = store
        .prepare_cached("SELECT child FROM dependencies WHERE job = ? AND parent = ?")?
        .query_map(params![task.job, key], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for child in children {
        TaskTable(store).satisfy_one(child)?;
    }
    store
        .prepare_cached("DELETE FROM dependencies WHERE job = ? AND parent = ?")?
        .execute(params![task.job, key])?;
    match task.number() {
        Some(number) => satisfy_ranges(store, task.job, number),
        None => Ok(()),
    }
}

fn satisfy_ranges(store: &Connection, job: JobRow, number: i32) -> Result<(), StoreError> {
    // `4` and `04` are one number: only the first of them to end well counts.
    let namesakes: i64 = store
        .prepare_cached("SELECT COUNT(*) FROM tasks WHERE job = ? AND number = ? AND satisfies")?
        .query_row(params![job, number], |row| row.get(0))?;
    if namesakes > 1 {
        return Ok(());
    }
    let due: Vec<(i64, i32, i32, TaskRow)> = store
        .prepare_cached(
            "UPDATE range_dependencies SET remaining = remaining - 1 WHERE job = ?1 AND first <= ?2 AND last >= ?2
             RETURNING id, first, last, child, remaining",
        )?
        .query_map(params![job, number], |row| {
            Ok((row.get::<_, i64>(4)?, (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        })?
        .filter_map(|row| match row {
            Ok((remaining, found)) => (remaining <= 0).then_some(Ok(found)),
            Err(error) => Some(Err(error)),
        })
        .collect::<Result<_, _>>()?;
    for (id, first, last, child) in due {
        // The count only says when to look: a task that ended well, was deleted and ended well again was counted twice.
        let size = i64::from(last) - i64::from(first) + 1;
        let remaining = size - satisfied_between(store, job, first, last)?;
        if remaining > 0 {
            store
                .prepare_cached("UPDATE range_dependencies SET remaining = ? WHERE id = ?")?
                .execute(params![remaining, id])?;
        } else {
            store.prepare_cached("DELETE FROM range_dependencies WHERE id = ?")?.execute([id])?;
            TaskTable(store).satisfy_one(child)?;
        }
    }
    Ok(())
}

fn is_satisfied(store: &Connection, job: JobRow, key: &str) -> Result<bool, StoreError> {
    let mut statement = store
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM tasks WHERE job = ? AND key = ? AND satisfies)")?;
    Ok(statement.query_row(params![job, key], |row| row.get(0))?)
}

fn satisfied_between(store: &Connection, job: JobRow, first: i32, last: i32) -> Result<i64, StoreError> {
    let mut statement = store.prepare_cached(
        "SELECT COUNT(DISTINCT number) FROM tasks WHERE job = ? AND number BETWEEN ? AND ? AND satisfies",
    )?;
    Ok(statement.query_row(params![job, first, last], |row| row.get(0))?)
}
