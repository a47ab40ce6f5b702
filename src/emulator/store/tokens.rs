//! The tokens of running tasks: of each only a digest, by which it is known again and can't be made.

use rusqlite::{Connection, OptionalExtension, params};

use super::{JobRow, RunRow, StoreError};

/// The table of tokens. They go with their runs.
pub(crate) struct TokenTable<'a>(pub(crate) &'a Connection);

impl TokenTable<'_> {
    /// Notes the token of a run.
    pub(crate) fn insert(&self, run: RunRow, digest: &str) -> Result<(), StoreError> {
        self.0
            .prepare_cached("INSERT INTO tokens (digest, run) VALUES (?, ?)")?
            .execute(params![digest, run])?;
        Ok(())
    }

    /// The job of the task that has the token, as long as it runs.
    pub(crate) fn job(&self, digest: &str) -> Result<Option<JobRow>, StoreError> {
        let mut statement = self.0.prepare_cached(
            "SELECT runs.job FROM tokens JOIN runs ON runs.id = tokens.run \
             WHERE tokens.digest = ? AND runs.stage = 'running' AND runs.orphan IS NULL",
        )?;
        Ok(statement.query_row([digest], |row| row.get(0)).optional()?)
    }
}
