//! A plan, for people.

use std::io::{self, Write};

use super::style::{self, BAD, BOLD, CHANGED, DIM, GOOD};
use crate::plan::{ActionReason, Change, FieldChange, InputSummary, Plan, TaskSample, TaskSummary};
use crate::resource::{ChangeClass, OnChange, ResourceKind, SourceLocation};
use crate::view::words::{self, Difference, counted, grouped, size, value};

/// Writes a plan.
///
/// # Errors
/// When `out` can't be written to.
pub fn plan(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    for change in plan.changes.iter().filter(|change| change.class != ChangeClass::Unchanged) {
        write_change(out, change)?;
    }
    let notes = notes(plan);
    for note in &notes {
        writeln!(out, "{CHANGED}note{CHANGED:#}: {note}")?;
    }
    if !notes.is_empty() {
        writeln!(out)?;
    }
    write_summary(out, plan)
}

/// A plan in parts, as text without colours, for who puts them together otherwise.
pub struct PlanParts<'a> {
    /// What is said of each change, in lines that end.
    pub changes: Vec<(&'a Change, String)>,
    /// What is said beside.
    pub notes: Vec<String>,
    /// What it comes to.
    pub summary: String,
}

/// Takes a plan apart.
pub fn parts(plan: &Plan) -> PlanParts<'_> {
    // Writing to memory can't fail.
    let text = |write: &dyn Fn(&mut Vec<u8>) -> io::Result<()>| {
        let mut bytes = Vec::new();
        let _ = write(&mut bytes);
        anstream::adapter::strip_str(&String::from_utf8_lossy(&bytes)).to_string()
    };
    let changes = plan.changes.iter().filter(|change| change.class != ChangeClass::Unchanged);
    PlanParts {
        changes: changes.map(|change| (change, text(&|out| write_change(out, change)))).collect(),
        notes: notes(plan),
        summary: text(&|out| write_summary(out, plan)),
    }
}

/// Writes what became of tasks that had failed before a plan was made: nothing, and how that is changed.
///
/// # Errors
/// When `out` can't be written to.
pub fn failed_earlier(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    for change in &plan.changes {
        let Some(tasks) = change.tasks.as_ref().filter(|tasks| tasks.failed > 0) else { continue };
        writeln!(
            out,
            "{BAD}{} of job {} failed earlier{BAD:#} and will not run again by itself: {}",
            counted(tasks.failed, "task"),
            change.id,
            named(&tasks.samples.failed, tasks.failed)
        )?;
    }
    writeln!(
        out,
        "{CHANGED}hint{CHANGED:#}: a task that is changed in the recipe is run again; `--rerun failed` runs those again that failed"
    )
}

/// The plan's notes, and what stays as it is although somebody may want to know.
fn notes(plan: &Plan) -> Vec<String> {
    let mut notes = plan.notes.clone();
    for change in &plan.changes {
        let Some(tasks) = &change.tasks else { continue };
        let address = &change.address;
        if tasks.failed > 0 {
            let noun = if tasks.failed == 1 { "task has" } else { "tasks have" };
            let names = named(&tasks.samples.failed, tasks.failed);
            notes.push(format!(
                "{address}: {} {noun} failed and will not run again by itself: {names}",
                grouped(tasks.failed)
            ));
        }
        if tasks.foreign > 0 {
            let (noun, verb) = if tasks.foreign == 1 { ("task", "is") } else { ("tasks", "are") };
            let names = named(&tasks.samples.foreign, tasks.foreign);
            notes.push(format!(
                "{address}: {} {noun} that no recipe made {verb} left alone: {names}",
                grouped(tasks.foreign)
            ));
        }
    }
    notes
}

fn named(samples: &[TaskSample], count: u64) -> String {
    let ids: Vec<&str> = samples.iter().map(|sample| sample.id.as_str()).collect();
    match count.saturating_sub(ids.len() as u64) {
        0 => ids.join(", "),
        more => format!("{} and {} more", ids.join(", "), grouped(more)),
    }
}

fn write_summary(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    if plan.refresh_only {
        let drifted = plan.changes.iter().filter(|change| change.drifted).count() as u64;
        return match drifted {
            0 => writeln!(out, "{BOLD}No drift found.{BOLD:#}"),
            _ => writeln!(
                out,
                "{BOLD}Drift:{BOLD:#} {} changed since it was applied; applying sets it back.",
                counted(drifted, "object")
            ),
        };
    }
    if plan.is_empty() {
        let tasks: u64 =
            plan.changes.iter().filter_map(|change| change.tasks.as_ref()).map(|tasks| tasks.desired).sum();
        let count = |kind| plan.changes.iter().filter(|change| change.address.kind == kind).count() as u64;
        let mut there = vec![
            counted(count(ResourceKind::Pool), "pool"),
            counted(count(ResourceKind::Job), "job"),
            counted(tasks, "task"),
        ];
        let schedules = count(ResourceKind::Schedule);
        there.extend((schedules > 0).then(|| counted(schedules, "job schedule")));
        return writeln!(
            out,
            "{BOLD}No changes.{BOLD:#} The account has what the recipe asks for: {}.",
            there.join(", ")
        );
    }
    let mut verbs: Vec<(&str, usize)> = Vec::new();
    for (class, count) in plan.tally() {
        let verb = match class {
            ChangeClass::Create => "to create",
            ChangeClass::UpdateLive | ChangeClass::UpdateLiveAfterReboot => "to update",
            ChangeClass::UpdateWhileDisabled => "to disable, update and enable",
            ChangeClass::CreateFirst => "to create and take over",
            ChangeClass::DrainAndUpdate => "to drain and update",
            ChangeClass::Replace => "to replace",
            ChangeClass::Destroy => "to destroy",
            ChangeClass::Conflict => "in conflict",
            ChangeClass::Unchanged => "unchanged",
        };
        match verbs.last_mut().filter(|(last, _)| *last == verb) {
            Some((_, counted)) => *counted += count,
            None => verbs.push((verb, count)),
        }
    }
    let words: Vec<String> = verbs.iter().map(|(verb, count)| format!("{count} {verb}")).collect();
    writeln!(out, "{BOLD}Plan:{BOLD:#} {}.", words.join(", "))?;
    for change in plan.blocked() {
        let Some(needed) = change.needs else { continue };
        writeln!(out, "{BAD}Blocked:{BAD:#} {} {}", change.address, permission(change, needed))?;
    }
    for (change, obstacle) in plan.obstacles() {
        writeln!(out, "{BAD}Refused without --force:{BAD:#} {}: {obstacle}", change.address)?;
    }
    Ok(())
}

fn permission(change: &Change, needed: OnChange) -> String {
    let word = needed.as_str();
    let fields: Vec<_> = change.fields.iter().map(|field| format!("`{}`", field.path)).collect();
    let mut causes = if fields.is_empty() { Vec::new() } else { vec![format!("of {}", fields.join(", "))] };
    if change.reason == ActionReason::NewWorkForFinishedJob {
        causes.push("it is over and its tasks differ".to_owned());
    }
    let cause =
        if causes.is_empty() { String::new() } else { format!(" (because {})", causes.join(", and ")) };
    match change.address.kind {
        ResourceKind::Pool => {
            format!("needs `on_change: {word}` in the recipe, or --allow {word}{cause}")
        }
        ResourceKind::Job | ResourceKind::Tasks | ResourceKind::Schedule => {
            format!("needs --allow {word}{cause}")
        }
    }
}

fn write_change(out: &mut dyn Write, change: &Change) -> io::Result<()> {
    let colour = style::of(change.class);
    let source = place(change.source.as_ref());
    writeln!(
        out,
        "{colour}{:>3}{colour:#} {BOLD}{}{BOLD:#}  {}{source}",
        change.class.glyph(),
        change.address,
        headline(change),
    )?;
    for remark in &change.remarks {
        writeln!(out, "      {CHANGED}{remark}{CHANGED:#}")?;
    }
    for obstacle in &change.obstacles {
        writeln!(out, "      {BAD}{obstacle}{BAD:#}")?;
    }
    let width = change.fields.iter().map(|field| field.path.len()).max().unwrap_or(0);
    for field in &change.fields {
        write_field(out, change, field, width)?;
    }
    for tasks in change.tasks.iter().chain(&change.new_work) {
        write_tasks(out, tasks)?;
    }
    writeln!(out)
}

fn headline(change: &Change) -> String {
    match &change.tasks {
        Some(tasks) if change.class != ChangeClass::Conflict => task_headline(tasks),
        _ => format!("{} `{}` {}", change.address.kind, change.id, change.class),
    }
}

fn task_headline(tasks: &TaskSummary) -> String {
    let mut words = Vec::new();
    for (count, verb) in [
        (tasks.add, "to add"),
        (tasks.replace, "to replace"),
        (tasks.delete, "to delete"),
        (tasks.keep.saturating_sub(tasks.inherited), "kept"),
        (tasks.inherited, "done by an earlier job"),
    ] {
        if count > 0 {
            words.push(format!("{} {verb}", grouped(count)));
        }
    }
    format!("{}: {}", counted(tasks.desired, "task"), words.join(", "))
}

fn write_field(out: &mut dyn Write, change: &Change, field: &FieldChange, width: usize) -> io::Result<()> {
    if change.class == ChangeClass::Create {
        return writeln!(out, "      {:width$} = {}", field.path, value(&field.after));
    }
    write_difference(out, "      ", field, width)
}

/// The widest pair of values that stands in one line.
const ONE_LINE: usize = 80;

fn write_difference(out: &mut dyn Write, margin: &str, field: &FieldChange, width: usize) -> io::Result<()> {
    let (path, place) = (&field.path, place(field.source.as_ref()));
    match words::difference(&field.before, &field.after) {
        Difference::Words(words) => {
            writeln!(out, "{margin}{path:width$} : {CHANGED}{words}{CHANGED:#}{place}")
        }
        Difference::Sides(before, after) if before.chars().count() + after.chars().count() <= ONE_LINE => {
            writeln!(out, "{margin}{path:width$} : {BAD}{before}{BAD:#} -> {after}{place}")
        }
        Difference::Sides(before, after) => {
            writeln!(out, "{margin}{path:width$} :{place}")?;
            writeln!(out, "{margin}  - {BAD}{before}{BAD:#}")?;
            writeln!(out, "{margin}  + {GOOD}{after}{GOOD:#}")
        }
    }
}

/// Where something stands in the recipe, at the end of a line.
fn place(source: Option<&SourceLocation>) -> String {
    source.map(|source| format!("  {DIM}{source}{DIM:#}")).unwrap_or_default()
}

fn write_tasks(out: &mut dyn Write, tasks: &TaskSummary) -> io::Result<()> {
    let samples = &tasks.samples;
    let changed = tasks.replace.saturating_sub(tasks.rerun);
    write_samples(out, ("+", tasks.add), &samples.add, |_| None)?;
    let before = [
        (tasks.changed, "are others than in the job before"),
        (tasks.retried, "did not succeed in the job before"),
    ];
    for (count, what) in before.into_iter().filter(|(count, _)| *count > 0) {
        writeln!(out, "        {DIM}{} of them {what}{DIM:#}", grouped(count))?;
    }
    write_samples(out, ("-/+", changed), &samples.replace, why_nothing_differs)?;
    write_samples(out, ("-/+", tasks.rerun), &samples.rerun, why_it_runs_again)?;
    write_samples(out, ("-", tasks.delete), &samples.delete, |_| None)?;
    let Some(InputSummary { files, bytes }) = tasks.inputs else { return Ok(()) };
    let (files, bytes) = (counted(files, "local file"), size(bytes));
    writeln!(
        out,
        "        {DIM}with {files} ({bytes}); those that the recipe's storage lacks are uploaded{DIM:#}"
    )
}

/// Writes examples of so many tasks, each with what differs in it, or why that does not say it all.
fn write_samples(
    out: &mut dyn Write,
    (glyph, count): (&str, u64),
    samples: &[TaskSample],
    why: impl Fn(&TaskSample) -> Option<String>,
) -> io::Result<()> {
    for sample in samples {
        writeln!(out, "    {glyph:>3} {}{}", sample.id, place(sample.source.as_ref()))?;
        let width = sample.fields.iter().map(|field| field.path.len()).max().unwrap_or(0);
        for field in &sample.fields {
            write_difference(out, "          ", field, width)?;
        }
        if let Some(why) = why(sample) {
            writeln!(out, "          {DIM}{why}{DIM:#}")?;
        }
    }
    let more = count.saturating_sub(samples.len() as u64);
    if more > 0 {
        writeln!(out, "        {DIM}… and {} more{DIM:#}", grouped(more))?;
    }
    Ok(())
}

/// Why a task is replaced although none of its fields is known to differ.
fn why_nothing_differs(sample: &TaskSample) -> Option<String> {
    let why = "what differs is nothing that the service returns: a reference to a secret, or the version of this program that made it";
    sample.fields.is_empty().then(|| why.to_owned())
}

/// Why a task is replaced that is what it was.
fn why_it_runs_again(sample: &TaskSample) -> Option<String> {
    if sample.requested {
        return Some("because --rerun asks for it".to_owned());
    }
    Some(match &sample.after {
        Some(after) => format!("because `{after}`, which it waits for, is replaced"),
        None => "because tasks that it waits for are not those that it was made for".to_owned(),
    })
}
