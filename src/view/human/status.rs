//! Status, for people.

use std::io::{self, Write};

use super::events::node_trouble;
use super::style::{BAD, BOLD, DIM};
use crate::apply::NodeTrouble;
use crate::observe::Status;
use crate::view::words::{counted, grouped};

/// Writes how a recipe's objects are doing, and what is wrong with its nodes.
///
/// # Errors
/// When `out` can't be written to.
pub fn status(out: &mut dyn Write, status: &Status, troubles: &[NodeTrouble]) -> io::Result<()> {
    if status.pools.is_empty() && status.jobs.is_empty() {
        return writeln!(out, "Nothing of this recipe is in the account.");
    }
    for pool in &status.pools {
        let states: Vec<String> =
            pool.nodes.iter().map(|(state, count)| format!("{count} {state}")).collect();
        let states = if states.is_empty() { "none yet".to_owned() } else { states.join(", ") };
        let target = u64::try_from(pool.target_nodes).unwrap_or(0);
        writeln!(
            out,
            "{BOLD}pool {}{BOLD:#}  {}, {}; {} wanted, there: {states}",
            pool.id,
            pool.state,
            pool.allocation_state,
            counted(target, "node")
        )?;
        for trouble in troubles.iter().filter(|trouble| trouble.pool == pool.id) {
            node_trouble(out, trouble)?;
        }
    }
    for job in &status.jobs {
        let tasks = &job.tasks;
        writeln!(
            out,
            "{BOLD}job {}{BOLD:#}  {}, on pool {}: {} succeeded, {} failed, {} running, {} waiting",
            job.id,
            job.state,
            job.pool,
            grouped(u64::from(tasks.succeeded)),
            grouped(u64::from(tasks.failed)),
            grouped(u64::from(tasks.running)),
            grouped(u64::from(tasks.active))
        )?;
        for task in &job.failures {
            let info = task.execution_info.clone().unwrap_or_default();
            let failure = info.failure_info;
            let code = failure.as_ref().and_then(|failure| failure.code.clone()).unwrap_or_default();
            let exit = info.exit_code.map(|exit| format!(", exit {exit}")).unwrap_or_default();
            let message = failure.and_then(|failure| failure.message).unwrap_or_default();
            writeln!(out, "  {BAD}✗{BAD:#} {}: {code}{exit} {DIM}{message}{DIM:#}", task.id)?;
        }
        let more = u64::from(tasks.failed).saturating_sub(job.failures.len() as u64);
        if more > 0 {
            writeln!(out, "  {DIM}… and {} more failures{DIM:#}", grouped(more))?;
        }
    }
    Ok(())
}
