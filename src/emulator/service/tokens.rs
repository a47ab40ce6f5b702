//! The tokens of tasks.

use rusqlite::Connection;

use super::{Failure, Unit};
use crate::batch::JobId;
use crate::batch::model::{AuthenticationTokenSettings, BatchTaskCreateOptions};
use crate::emulator::store::{JobTable, RunRow, TokenTable};
use crate::emulator::task_token;
use crate::secret::Secret;

impl Unit<'_> {
    /// A new token for a run, if its task asks for one. It is told to the run's node and nobody else.
    pub(super) fn token_for(
        &self,
        run: RunRow,
        task: &BatchTaskCreateOptions,
    ) -> Result<Option<Secret>, Failure> {
        if !AuthenticationTokenSettings::asks_for_job(&task.other) {
            return Ok(None);
        }
        let token = task_token::new_token();
        if let Some(digest) = task_token::digest(token.expose()) {
            TokenTable(self.store).insert(run, &digest)?;
        }
        Ok(Some(token))
    }
}

/// The job that the token of a running task gives access to.
pub(crate) fn job_of_token(store: &Connection, digest: &str) -> Result<Option<JobId>, Failure> {
    let Some(job) = TokenTable(store).job(digest)? else { return Ok(None) };
    Ok(JobTable(store).get(job)?.map(|record| record.job.id))
}
