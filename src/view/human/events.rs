//! What happens while a plan is applied, for people.

use std::io::{self, Write};

use super::output::indented;
use super::style::{BAD, BOLD, CHANGED, DIM, GOOD};
use crate::apply::{ApplyEvent, ApplyReport, Outcome, WaitReport};
use crate::batch::JobId;
use crate::error_chain;
use crate::observe::{Detail, Held, NodeTrouble, PoolStatus, Problem, TaskEnd};
use crate::plan::{Plan, Step};
use crate::resource::ChangeClass;
use crate::view::words::{counted, duration, grouped, plain};

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
                    writeln!(
                        out,
                        "{BAD}✗{BAD:#} {address}: {} failed: {}",
                        title(step),
                        error_chain::in_one_line(error)
                    )?;
                    error.hint().map_or(Ok(()), |hint| writeln!(out, "  {CHANGED}hint{CHANGED:#}: {hint}"))
                }
                Outcome::Skipped { .. } => Ok(()),
            }
        }
        ApplyEvent::TaskRefused { step, task, reason, source } => {
            writeln!(out, "{BAD}✗{BAD:#} {}: task {task} was refused: {}", step.address, plain(reason))?;
            source.map_or(Ok(()), |source| writeln!(out, "  {DIM}at{DIM:#} {source}"))
        }
        ApplyEvent::TaskEnded(end) => task_end(out, end),
        ApplyEvent::NodeTrouble(trouble) => node_trouble(out, trouble),
        ApplyEvent::PoolTrouble { pool, problem } => pool_trouble(out, pool, problem),
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

impl Progress {
    /// Whether it is worth a line again although nothing has changed: a pool whose nodes are what they are is not.
    pub fn is_worth_repeating(&self) -> bool {
        !self.subject.starts_with("pool ")
    }
}

/// Writes how something goes on as a line that stays, for where no bars are shown.
///
/// # Errors
/// When `out` can't be written to.
pub fn progress_line(out: &mut dyn Write, progress: &Progress) -> io::Result<()> {
    let Progress { subject, what, done } = progress;
    let done = done.map(|(done, total)| format!("{} of {} done, ", grouped(done), grouped(total)));
    writeln!(out, "{DIM}… {subject}: {}{what}{DIM:#}", done.unwrap_or_default())
}

/// How something goes on; `None` for events that are no progress.
pub fn progress(event: &ApplyEvent<'_>) -> Option<Progress> {
    let progress = |subject, what, done| Some(Progress { subject, what, done });
    match event {
        ApplyEvent::StepStarted(step) => progress(step.address.to_string(), title(step), None),
        ApplyEvent::StepProgress { step, what, done } => {
            progress(step.address.to_string(), format!("{}: {what}", title(step)), *done)
        }
        ApplyEvent::PoolProgress { pool, nodes } => {
            progress(format!("pool {pool}"), format!("nodes: {nodes}"), None)
        }
        ApplyEvent::JobProgress { job, completed, running, total, held } => {
            let what = match held.iter().max_by_key(|held| held.tasks) {
                Some(held) => waiting(held),
                None => format!("{} running", grouped(*running)),
            };
            progress(format!("job {job}"), what, Some((*completed, *total)))
        }
        _ => None,
    }
}

/// How a task ended: one line, then why it failed, then what it printed.
pub(super) fn task_end(out: &mut dyn Write, end: &TaskEnd) -> io::Result<()> {
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
    task_failure(out, end)?;
    for (text, left_out, bar, flag) in [
        (&end.stdout, end.stdout_left_out, "  │ ", ""),
        (&end.stderr, end.stderr_left_out, "  ┆ ", " --stderr"),
    ] {
        let Some(text) = text else { continue };
        if left_out > 0 {
            let (left_out, TaskEnd { job, task, .. }) = (counted(left_out, "byte"), end);
            writeln!(
                out,
                "{bar}{DIM}… {left_out} left out; `batchyard logs {job}/{task}{flag}` shows all{DIM:#}"
            )?;
        }
        write!(out, "{}", indented(text, bar))?;
    }
    Ok(())
}

/// Why a task failed, if it did: code, message and details.
fn task_failure(out: &mut dyn Write, end: &TaskEnd) -> io::Result<()> {
    let Some(failure) = &end.failure else { return Ok(()) };
    let code = failure.code.as_deref().unwrap_or_default();
    writeln!(
        out,
        "  {BAD}{}{BAD:#}: {}",
        plain(code),
        plain(failure.message.as_deref().unwrap_or_default())
    )?;
    for detail in failure.details.iter().flatten() {
        let (name, value) =
            (detail.name.as_deref().unwrap_or_default(), detail.value.as_deref().unwrap_or_default());
        if Some(value) != failure.message.as_deref() {
            writeln!(out, "    {}: {}", plain(name), plain(value))?;
        }
    }
    Ok(())
}

/// How many tasks wait, and why, as `2 tasks wait: pool p does not exist`.
fn waiting(held: &Held) -> String {
    let verb = match (held.why.is_final(), held.tasks) {
        (true, _) => "can't run",
        (false, 1) => "waits",
        (false, _) => "wait",
    };
    format!("{} {verb}: {}", counted(held.tasks, "task"), plain(&held.why.to_string()))
}

/// Writes why tasks wait, and what to try where nothing will change by itself.
pub(super) fn held_tasks(out: &mut dyn Write, held: &[Held]) -> io::Result<()> {
    for held in held {
        let colour = if held.why.is_final() { BAD } else { CHANGED };
        writeln!(out, "  {colour}{}{colour:#}", waiting(held))?;
        if let Some(hint) = held.why.hint() {
            writeln!(out, "    {CHANGED}hint{CHANGED:#}: {hint}")?;
        }
    }
    Ok(())
}

/// Writes why a pool does not have as many nodes as it should.
pub(super) fn pool_trouble(out: &mut dyn Write, pool: &PoolStatus, problem: &Problem) -> io::Result<()> {
    let there: usize = pool.nodes.values().sum();
    let wanted = u64::try_from(pool.target_nodes).unwrap_or(0);
    writeln!(out, "{BAD}✗{BAD:#} pool {} has {there} of {}: {problem}", pool.id, counted(wanted, "node"),)
}

/// Writes what is wrong with a node.
pub(super) fn node_trouble(out: &mut dyn Write, trouble: &NodeTrouble) -> io::Result<()> {
    let code = if trouble.code.is_empty() { String::new() } else { format!("{}: ", plain(&trouble.code)) };
    writeln!(
        out,
        "{BAD}✗{BAD:#} node {} of pool {} is {BAD}{}{BAD:#}: {code}{}",
        trouble.node,
        trouble.pool,
        trouble.state,
        plain(&trouble.message)
    )?;
    for Detail { name, value } in &trouble.details {
        writeln!(out, "    {}: {}", plain(name), plain(value))?;
    }
    if let Some(words) = &trouble.last_words {
        writeln!(out, "    its start task wrote last: {}", plain(words))?;
    }
    if let Some(cause) = trouble.cause {
        writeln!(out, "    {}: {}", cause.why, cause.remedy)?;
    }
    Ok(())
}

/// What the steps of a plan were taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// To bring about what a recipe asks for.
    Apply,
    /// To remove what a recipe made.
    Destroy,
}

/// Writes how the steps of a plan ended.
///
/// # Errors
/// When `out` can't be written to.
pub fn apply_summary(out: &mut dyn Write, report: &ApplyReport, deed: Deed) -> io::Result<()> {
    let (done, wholly, again) = match deed {
        Deed::Apply => ("Applied", "Not wholly applied", "applying"),
        Deed::Destroy => ("Destroyed", "Not wholly destroyed", "destroying"),
    };
    if report.is_complete() {
        return writeln!(out, "{GOOD}{done}.{GOOD:#} {} done.", counted(report.done() as u64, "step"));
    }
    let word = if report.was_interrupted() { "Interrupted" } else { wholly };
    writeln!(
        out,
        "{BAD}{word}.{BAD:#} {} of {} done; {again} again goes on from there.",
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
pub fn wait_summary(out: &mut dyn Write, report: &WaitReport, plan: &Plan) -> io::Result<()> {
    for job in &report.jobs {
        let mut words = vec![format!("{GOOD}{} succeeded{GOOD:#}", grouped(job.succeeded))];
        if job.failed > 0 {
            words.push(format!("{BAD}{} failed{BAD:#}", grouped(job.failed)));
        }
        if job.running > 0 {
            words.push(format!("{CHANGED}{} still running{CHANGED:#}", grouped(job.running)));
        }
        if job.waiting > 0 && job.held.is_empty() {
            words.push(format!("{CHANGED}{} still waiting{CHANGED:#}", grouped(job.waiting)));
        }
        let kept = match kept(plan, &job.job) {
            0 => String::new(),
            1 => " 1 kept as it was.".to_owned(),
            kept => format!(" {} kept as they were.", grouped(kept)),
        };
        writeln!(out, "{BOLD}Job {}:{BOLD:#} {}.{kept}", job.job, words.join(", "))?;
        held_tasks(out, &job.held)?;
    }
    Ok(())
}

/// How many tasks of a job whose tasks changed did not.
fn kept(plan: &Plan, job: &JobId) -> u64 {
    let changed = plan.changes.iter().filter(|change| change.class != ChangeClass::Unchanged);
    let tasks = changed.filter(|change| change.id == job.as_str()).filter_map(|change| change.tasks.as_ref());
    tasks.map(|tasks| tasks.keep).sum()
}
