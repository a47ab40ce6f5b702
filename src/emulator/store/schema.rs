//! The file: its tables, and how it is opened.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// What each format has that the one before had not; the first is what the first format had. How many there are is the format
/// that this program writes, kept in `PRAGMA user_version`.
const FORMATS: &[&str] =
    &[TABLES, JOB_SCHEDULES, SAMPLES, SATISFIED, PREPARATIONS, CERTIFICATES, SUBTASKS, TOKENS, EXPIRY];

const JOB_SCHEDULES: &str = "
CREATE TABLE job_schedules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX job_schedules_by_state ON job_schedules (state);
";

/// What was counted in pools, one sample a period.
const SAMPLES: &str = "
CREATE TABLE samples (
    pool INTEGER NOT NULL,
    period INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (pool, period)
) WITHOUT ROWID;
";

/// Success is not all that lets the tasks run that depend on one.
const SATISFIED: &str = "
ALTER TABLE tasks ADD COLUMN satisfies INTEGER NOT NULL DEFAULT 0;
UPDATE tasks SET satisfies = 1 WHERE result = 'success';
DROP INDEX tasks_by_number;
CREATE INDEX tasks_by_number ON tasks (job, number, satisfies) WHERE number IS NOT NULL;
";

/// What nodes have done for jobs beside the jobs' tasks: `standing` says whether tasks of the job may run on the node.
const PREPARATIONS: &str = "
ALTER TABLE runs ADD COLUMN role TEXT NOT NULL DEFAULT 'task';
CREATE TABLE preparations (
    job INTEGER NOT NULL,
    node INTEGER NOT NULL,
    key TEXT NOT NULL,
    standing TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (job, node)
) WITHOUT ROWID;
CREATE INDEX preparations_by_node ON preparations (node);
";

/// What versions until 2024-07-01.20.0 have.
const CERTIFICATES: &str = "
CREATE TABLE certificates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    body TEXT NOT NULL
);
";

/// Tasks that run on several nodes at once, `instances` of them.
const SUBTASKS: &str = "
ALTER TABLE tasks ADD COLUMN instances INTEGER NOT NULL DEFAULT 0;
CREATE TABLE subtasks (
    task INTEGER NOT NULL,
    number INTEGER NOT NULL,
    run INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (task, number)
) WITHOUT ROWID;
CREATE UNIQUE INDEX subtasks_by_run ON subtasks (run);
";

/// By which running tasks reach the account; see `tokens`.
const TOKENS: &str = "
CREATE TABLE tokens (
    digest TEXT PRIMARY KEY,
    run INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX tokens_by_run ON tokens (run);
";

/// When the directories of tasks that have ended may go, in seconds since 1970. Those that ended before with a time other than the
/// default stay until their job or their node goes.
const EXPIRY: &str = "
ALTER TABLE tasks ADD COLUMN expires INTEGER;
UPDATE tasks SET expires = CAST(strftime('%s', end_time) AS INTEGER) + 7 * 86400
WHERE state = 'completed' AND json_extract(definition, '$.constraints.retentionTime') = 'P7D';
CREATE INDEX tasks_by_expiry ON tasks (expires) WHERE expires IS NOT NULL;
";

/// How long another process may keep the file to itself.
const BUSY: std::time::Duration = std::time::Duration::from_secs(5);

const TABLES: &str = "
CREATE TABLE pools (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL
);

CREATE TABLE nodes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pool INTEGER NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    dedicated INTEGER NOT NULL,
    tasks_run INTEGER NOT NULL DEFAULT 0,
    tasks_succeeded INTEGER NOT NULL DEFAULT 0,
    body TEXT NOT NULL
);
CREATE UNIQUE INDEX nodes_by_key ON nodes (pool, key);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    pool_key TEXT NOT NULL,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL,
    max_parallel INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX jobs_by_pool ON jobs (pool_key, state, priority DESC, id);
CREATE INDEX jobs_by_state ON jobs (state);

-- `number` is the id as an integer, if it is one; `pending` counts the dependencies that are not satisfied yet.
CREATE TABLE tasks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL,
    key TEXT NOT NULL,
    number INTEGER,
    required_slots INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    state TEXT NOT NULL,
    result TEXT,
    exit_code INTEGER,
    state_time TEXT NOT NULL,
    created TEXT NOT NULL,
    start_time TEXT,
    end_time TEXT,
    definition TEXT NOT NULL,
    life TEXT NOT NULL
);
CREATE UNIQUE INDEX tasks_by_key ON tasks (job, key);
CREATE INDEX tasks_by_state ON tasks (job, state, result, required_slots);
CREATE INDEX tasks_ready ON tasks (job, id, required_slots) WHERE state = 'active' AND pending = 0;
CREATE INDEX tasks_by_number ON tasks (job, number, result) WHERE number IS NOT NULL;

-- Dependencies that are not satisfied yet: on a task, and on a range of numbers of which `remaining` are missing.
CREATE TABLE dependencies (
    job INTEGER NOT NULL,
    parent TEXT NOT NULL,
    child INTEGER NOT NULL,
    PRIMARY KEY (job, parent, child)
) WITHOUT ROWID;
CREATE INDEX dependencies_by_child ON dependencies (child);
CREATE TABLE range_dependencies (
    id INTEGER PRIMARY KEY,
    job INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    remaining INTEGER NOT NULL,
    child INTEGER NOT NULL
);
CREATE INDEX range_dependencies_by_range ON range_dependencies (job, first, last);
CREATE INDEX range_dependencies_by_child ON range_dependencies (child);

-- What nodes are doing. `orphan` is the definition of a task that was deleted meanwhile.
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    node INTEGER NOT NULL,
    job INTEGER NOT NULL,
    task_key TEXT NOT NULL,
    slots INTEGER NOT NULL,
    stage TEXT NOT NULL,
    orphan TEXT
);
CREATE INDEX runs_by_node ON runs (node, slots);
CREATE INDEX runs_by_task ON runs (job, task_key);
";

/// Opens the file, makes it if there is none, readable by its owner only.
pub(crate) fn open_for_writing(path: &Path) -> Result<Connection, StoreError> {
    OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(|source| StoreError::Create { path: path.to_owned(), source })?;
    let connection = Connection::open(path).map_err(|source| opening(path, source))?;
    // A process that reads the account at rest may be closing the file.
    connection.busy_timeout(BUSY).map_err(|source| opening(path, source))?;
    // FULL: a commit is on disk before it is acknowledged, also when the machine itself goes down.
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384;")
        .map_err(|source| opening(path, source))?;
    connection.set_prepared_statement_cache_capacity(128);
    let found: u32 =
        connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(|e| opening(path, e))?;
    let known = FORMATS.len();
    let Some(missing) = FORMATS.get(found as usize..) else {
        return Err(StoreError::Newer { path: path.to_owned(), found, known });
    };
    if missing.is_empty() {
        return Ok(connection);
    }
    let missing = missing.concat();
    connection
        .execute_batch(&format!("BEGIN; {missing} PRAGMA user_version = {known}; COMMIT;"))
        .map_err(|source| opening(path, source))?;
    Ok(connection)
}

/// Opens the file for reading, next to the thread that writes it.
pub(super) fn open_for_reading(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|source| opening(path, source))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.busy_timeout(BUSY).map_err(|source| opening(path, source))?;
    Ok(connection)
}

fn opening(path: &Path, source: rusqlite::Error) -> StoreError {
    StoreError::Open { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_file_is_for_its_owner_only_and_of_a_known_format() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let connection = open_for_writing(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        connection.execute_batch("PRAGMA user_version = 77").unwrap();
        drop(connection);
        assert!(matches!(open_for_writing(&path), Err(StoreError::Newer { found: 77, .. })));
    }

    #[test]
    fn a_file_of_the_format_before_gets_what_it_lacks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(&format!(
            "{TABLES} PRAGMA user_version = 1; INSERT INTO pools (key, body) VALUES ('p', '{{}}');"
        ))
        .unwrap();
        for (key, state, kept) in
            [("kept", "completed", "P7D"), ("long", "completed", "P30D"), ("ready", "active", "P7D")]
        {
            old.execute(
                "INSERT INTO tasks (job, key, required_slots, pending, state, state_time, created, end_time, definition, life)
                 VALUES (1, ?, 1, 0, ?, '', '', '2026-01-01T00:00:00.1234567Z', ?, '{}')",
                [key, state, &format!(r#"{{"constraints": {{"retentionTime": "{kept}"}}}}"#)],
            )
            .unwrap();
        }
        drop(old);
        let connection = open_for_writing(&path).unwrap();
        let count = |table: &str| {
            let sql = format!("SELECT COUNT(*) FROM {table}");
            connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!((count("pools"), count("job_schedules"), count("samples")), (1, 0, 0));
        assert_eq!((count("certificates"), count("tokens")), (0, 0));
        assert_eq!(connection.query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0)), Ok(9));
        let mut statement = connection.prepare("SELECT key, expires FROM tasks ORDER BY id").unwrap();
        let expiry = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let expiry: Vec<(String, Option<i64>)> = expiry.map(Result::unwrap).collect();
        let names = ["kept", "long", "ready"].map(str::to_owned);
        let midnight_a_week_later = 1_767_830_400;
        assert_eq!(
            expiry,
            names.into_iter().zip([Some(midnight_a_week_later), None, None]).collect::<Vec<_>>()
        );
    }
}
