//! Status, for people.

use std::io::{self, Write};

use super::events::{held_tasks, node_trouble, pool_trouble, task_end};
use super::style::{BOLD, DIM};
use crate::observe::{Status, TaskEnd};
use crate::view::words::{counted, grouped, instant, plain};

/// How many lines of what a failed task printed are shown, of either stream.
const SHOWN_LINES: usize = 5;

/// Writes how a recipe's objects are doing, and what is wrong with them.
///
/// # Errors
/// When `out` can't be written to.
pub fn status(out: &mut dyn Write, status: &Status) -> io::Result<()> {
    if status.is_empty() {
        return writeln!(out, "Nothing of this recipe is in the account.");
    }
    if let Some(applied) = &status.last_applied {
        writeln!(out, "{DIM}applied last at {} by {}{DIM:#}", instant(applied.at.0), plain(&applied.by))?;
    }
    for pool in &status.pools {
        let formula = if pool.autoscale { ", sized by a formula" } else { "" };
        let target = u64::try_from(pool.target_nodes).unwrap_or(0);
        writeln!(
            out,
            "{BOLD}pool {}{BOLD:#}  {}, {}{formula}; {} wanted, there: {}",
            pool.id,
            pool.state,
            pool.allocation_state,
            counted(target, "node"),
            pool.states()
        )?;
        pool.resize_errors.iter().try_for_each(|problem| pool_trouble(out, pool, problem))?;
        pool.node_troubles.iter().try_for_each(|trouble| node_trouble(out, trouble))?;
    }
    for schedule in &status.schedules {
        let next =
            schedule.next_run.map(|time| format!(", next job at {}", instant(time.0))).unwrap_or_default();
        let recent = schedule.recent_job.as_ref().map(|job| format!(", last one {job}")).unwrap_or_default();
        writeln!(out, "{BOLD}job schedule {}{BOLD:#}  {}{next}{recent}", schedule.id, schedule.state)?;
    }
    for job in &status.jobs {
        let tasks = &job.tasks;
        writeln!(
            out,
            "{BOLD}job {}{BOLD:#}  {}, on {}: {} succeeded, {} failed, {} running, {} waiting",
            job.id,
            job.state,
            job.pool.as_ref().map_or_else(|| "a pool of its own".to_owned(), |pool| format!("pool {pool}")),
            grouped(u64::from(tasks.succeeded)),
            grouped(u64::from(tasks.failed)),
            grouped(u64::from(tasks.running)),
            grouped(u64::from(tasks.active))
        )?;
        job.failures.iter().try_for_each(|end| task_end(out, &shortened(end)))?;
        let more = u64::from(tasks.failed).saturating_sub(job.failures.len() as u64);
        if more > 0 {
            writeln!(
                out,
                "  {DIM}… and {} that failed; `batchyard logs {} --failed` shows them all{DIM:#}",
                grouped(more),
                job.id
            )?;
        }
        held_tasks(out, &job.held)?;
    }
    Ok(())
}

/// The end of a task with the last lines of what it printed.
fn shortened(end: &TaskEnd) -> TaskEnd {
    let last_lines = |text: &String| {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let (dropped, kept) = lines.split_at(lines.len().saturating_sub(SHOWN_LINES));
        (kept.concat(), dropped.concat().len() as u64)
    };
    let (stdout, stdout_dropped) = end.stdout.as_ref().map(last_lines).unzip();
    let (stderr, stderr_dropped) = end.stderr.as_ref().map(last_lines).unzip();
    TaskEnd {
        stdout,
        stdout_left_out: end.stdout_left_out + stdout_dropped.unwrap_or(0),
        stderr,
        stderr_left_out: end.stderr_left_out + stderr_dropped.unwrap_or(0),
        ..end.clone()
    }
}
