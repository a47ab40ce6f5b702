//! What happens while a plan is applied, for people.

use std::io::{self, Write};

use super::output::indented;
use super::style::{BAD, BOLD, CHANGED, DIM, GOOD};
use crate::apply::{ApplyEvent, ApplyReport, NodeTrouble, Outcome, TaskEnd, WaitReport};
use crate::plan::Step;
use crate::view::words::{counted, duration, grouped};

/// How a step is called: `create pool hello`.
fn title(step: &Step) -> String {
    format!("{} {}", step.action.verb(), step.action.target())
}

/// Writes the lines of an event that stay; what only moves is [`progress`].
///
/// # Errors
/// When `out` can't be written to.
pub fn event(out: &mut dyn Write, event: &ApplyEvent<'_>) -> io::Result<()> {
    match event {
        ApplyEvent::StepEnded { step, outcome, took } => {
            let address = &step.address;
            let took = duration(*took);
            match outcome {
                Outcome::Done => {
                    writeln!(out, "{GOOD}✓{GOOD:#} {address}: {} {DIM}({took}){DIM:#}", title(step))
                }
                Outcome::AlreadyDone => {
                    writeln!(out, "{GOOD}✓{GOOD:#} {address}: {} {DIM}(already done){DIM:#}", title(step))
                }
                Outcome::Interrupted => {
                    writeln!(out, "{CHANGED}-{CHANGED:#} {address}: {} was interrupted", title(step))
                }
                Outcome::Failed(error) => {
                    writeln!(out, "{BAD}✗{BAD:#} {address}: {} failed: {}", title(step), chain(error))?;
                    error.hint().map_or(Ok(()), |hint| writeln!(out, "  {CHANGED}hint{CHANGED:#}: {hint}"))
                }
                Outcome::Skipped { .. } => Ok(()),
            }
        }
        ApplyEvent::TaskEnded(end) => task_end(out, end),
        ApplyEvent::NodeTrouble(trouble) => node_trouble(out, trouble),
        ApplyEvent::StepStarted(_)
        | ApplyEvent::StepProgress { .. }
        | ApplyEvent::PoolProgress { .. }
        | ApplyEvent::JobProgress { .. } => Ok(()),
    }
}

/// How something goes on: the one line that is overwritten by the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What it is about; a later one of the same subject takes its place.
    pub subject: String,
    /// What it is doing or waiting for.
    pub what: String,
    /// How many of how many, where that can be said.
    pub done: Option<(u64, u64)>,
}

/// How something goes on; `None` for events that are no progress.
pub fn progress(event: &ApplyEvent<'_>) -> Option<Progress> {
    let progress = |subject, what, done| Some(Progress { subject, what, done });
    match event {
        ApplyEvent::StepStarted(step) => progress(step.address.to_string(), title(step), None),
        ApplyEvent::StepProgress { step, what, done } => {
            progress(step.address.to_string(), format!("{}: {what}", title(step)), *done)
        }
        ApplyEvent::PoolProgress { pool, nodes } if !nodes.is_empty() => {
            progress(format!("pool {pool}"), format!("nodes: {nodes}"), None)
        }
        ApplyEvent::JobProgress { job, completed, running, total } => {
            let what = format!("{} running", grouped(*running));
            progress(format!("job {job}"), what, Some((*completed, *total)))
        }
        _ => None,
    }
}

fn task_end(out: &mut dyn Write, end: &TaskEnd) -> io::Result<()> {
    let took = end.took.map(|took| format!(" in {}", duration(took))).unwrap_or_default();
    let node = end.node.as_ref().map(|node| format!(" on {node}")).unwrap_or_default();
    let (mark, colour) = if end.succeeded() { ("✓", GOOD) } else { ("✗", BAD) };
    let exit = end.exit_code.map(|code| format!("exit {code}")).unwrap_or_else(|| "no exit code".to_owned());
    writeln!(
        out,
        "{colour}{mark}{colour:#} {BOLD}{}/{}{BOLD:#}: {exit} {DIM}{}{DIM:#}",
        end.job,
        end.task,
        format!("{took}{node}").trim()
    )?;
    if let Some(failure) = &end.failure {
        let code = failure.code.as_deref().unwrap_or_default();
        writeln!(out, "  {BAD}{code}{BAD:#}: {}", failure.message.as_deref().unwrap_or_default())?;
        for detail in failure.details.iter().flatten() {
            let (name, value) =
                (detail.name.as_deref().unwrap_or_default(), detail.value.as_deref().unwrap_or_default());
            if Some(value) != failure.message.as_deref() {
                writeln!(out, "    {name}: {value}")?;
            }
        }
    }
    if let Some(stdout) = &end.stdout {
        write!(out, "{}", indented(stdout, "  │ "))?;
    }
    if let Some(stderr) = &end.stderr {
        write!(out, "{}", indented(stderr, "  ┆ "))?;
    }
    Ok(())
}

/// Writes what is wrong with a node.
pub(super) fn node_trouble(out: &mut dyn Write, trouble: &NodeTrouble) -> io::Result<()> {
    let code = if trouble.code.is_empty() { String::new() } else { format!("{}: ", trouble.code) };
    writeln!(
        out,
        "{BAD}✗{BAD:#} node {} of pool {} is {BAD}{}{BAD:#}: {code}{}",
        trouble.node, trouble.pool, trouble.state, trouble.message
    )?;
    for (name, value) in &trouble.details {
        writeln!(out, "    {name}: {value}")?;
    }
    Ok(())
}

/// Writes how applying ended.
///
/// # Errors
/// When `out` can't be written to.
pub fn apply_summary(out: &mut dyn Write, report: &ApplyReport) -> io::Result<()> {
    if report.is_complete() {
        return writeln!(out, "{GOOD}Applied.{GOOD:#} {} done.", counted(report.done() as u64, "step"));
    }
    let word = if report.was_interrupted() { "Interrupted" } else { "Not wholly applied" };
    writeln!(
        out,
        "{BAD}{word}.{BAD:#} {} of {} done; applying again goes on from there.",
        report.done(),
        counted(report.steps.len() as u64, "step")
    )?;
    for step in
        report.steps.iter().filter(|step| !matches!(step.outcome, Outcome::Done | Outcome::AlreadyDone))
    {
        let why = match &step.outcome {
            Outcome::Failed(_) => "failed",
            Outcome::Interrupted => "interrupted",
            _ => "not begun",
        };
        writeln!(out, "  {}: {} {} ({why})", step.address, step.verb, step.target)?;
    }
    Ok(())
}

/// Writes how waiting ended.
///
/// # Errors
/// When `out` can't be written to.
pub fn wait_summary(out: &mut dyn Write, report: &WaitReport) -> io::Result<()> {
    for job in &report.jobs {
        let mut words = vec![format!("{GOOD}{} succeeded{GOOD:#}", grouped(job.succeeded))];
        for (count, what) in [
            (job.failed, "failed"),
            (job.blocked, "can't run, because a task that they depend on failed"),
            (job.starved, "can't run, because no node of their pool can work"),
        ] {
            if count > 0 {
                words.push(format!("{BAD}{} {what}{BAD:#}", grouped(count)));
            }
        }
        writeln!(out, "{BOLD}Job {}:{BOLD:#} {}.", job.job, words.join(", "))?;
    }
    Ok(())
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
