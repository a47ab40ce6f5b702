//! A plan, for people.

use std::io::{self, Write};

use super::style::{self, BAD, BOLD, CHANGED, DIM};
use crate::plan::{Change, FieldChange, Plan, TaskSummary};
use crate::resource::{ChangeClass, OnChange, ResourceKind};
use crate::view::words::{counted, grouped, value};

/// Writes a plan.
///
/// # Errors
/// When `out` can't be written to.
pub fn plan(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    for change in plan.changes.iter().filter(|change| change.class != ChangeClass::Unchanged) {
        write_change(out, change)?;
    }
    for note in &plan.notes {
        writeln!(out, "{CHANGED}note{CHANGED:#}: {note}")?;
    }
    if !plan.notes.is_empty() {
        writeln!(out)?;
    }
    let kept_failures: u64 =
        plan.changes.iter().filter_map(|change| change.tasks.as_ref()).map(|tasks| tasks.failed).sum();
    if kept_failures > 0 {
        writeln!(
            out,
            "{CHANGED}note{CHANGED:#}: {} failed and stay as they are\n",
            counted(kept_failures, "task")
        )?;
    }
    write_summary(out, plan)
}

fn write_summary(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    if plan.is_empty() {
        let tasks: u64 =
            plan.changes.iter().filter_map(|change| change.tasks.as_ref()).map(|tasks| tasks.desired).sum();
        let count = |kind| plan.changes.iter().filter(|change| change.address.kind == kind).count() as u64;
        return writeln!(
            out,
            "{BOLD}No changes.{BOLD:#} The account has what the recipe asks for: {}, {}, {}.",
            counted(count(ResourceKind::Pool), "pool"),
            counted(count(ResourceKind::Job), "job"),
            counted(tasks, "task"),
        );
    }
    let words: Vec<String> = plan
        .tally()
        .into_iter()
        .map(|(class, count)| {
            let verb = match class {
                ChangeClass::Create => "to create",
                ChangeClass::UpdateLive | ChangeClass::UpdateLiveAfterReboot => "to update",
                ChangeClass::DrainAndUpdate => "to drain and update",
                ChangeClass::Replace => "to replace",
                ChangeClass::Destroy => "to destroy",
                ChangeClass::Conflict => "in conflict",
                ChangeClass::Unchanged => "unchanged",
            };
            format!("{count} {verb}")
        })
        .collect();
    writeln!(out, "{BOLD}Plan:{BOLD:#} {}.", words.join(", "))?;
    for change in plan.blocked() {
        let Some(needed) = change.needs else { continue };
        writeln!(out, "{BAD}Blocked:{BAD:#} {} {}", change.address, permission(change, needed))?;
    }
    Ok(())
}

fn permission(change: &Change, needed: OnChange) -> String {
    let word = match needed {
        OnChange::Stop => "stop",
        OnChange::Drain => "drain",
        OnChange::Recreate => "recreate",
    };
    let fields: Vec<_> = change.fields.iter().map(|field| format!("`{}`", field.path)).collect();
    let cause =
        if fields.is_empty() { String::new() } else { format!(" (because of {})", fields.join(", ")) };
    match change.address.kind {
        ResourceKind::Pool => {
            format!("needs `on_change: {word}` in the recipe, or --allow {word}{cause}")
        }
        ResourceKind::Job | ResourceKind::Tasks => format!("needs --allow {word}{cause}"),
    }
}

fn write_change(out: &mut dyn Write, change: &Change) -> io::Result<()> {
    let colour = style::of(change.class);
    let source = change.source.as_ref().map(|source| format!("  {DIM}{source}{DIM:#}")).unwrap_or_default();
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
    let width = change.fields.iter().map(|field| field.path.len()).max().unwrap_or(0);
    for field in &change.fields {
        write_field(out, change, field, width)?;
    }
    if let Some(tasks) = &change.tasks {
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
        (tasks.keep, "kept"),
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
    let source = field.source.as_ref().map(|source| format!("  {DIM}{source}{DIM:#}")).unwrap_or_default();
    writeln!(
        out,
        "      {:width$} : {BAD}{}{BAD:#} -> {}{source}",
        field.path,
        value(&field.before),
        value(&field.after)
    )
}

fn write_tasks(out: &mut dyn Write, tasks: &TaskSummary) -> io::Result<()> {
    let samples = &tasks.samples;
    for (glyph, count, ids) in [
        ("+", tasks.add, &samples.add),
        ("-/+", tasks.replace, &samples.replace),
        ("-", tasks.delete, &samples.delete),
    ] {
        for id in ids {
            writeln!(out, "    {glyph:>3} {id}")?;
        }
        let more = count.saturating_sub(ids.len() as u64);
        if more > 0 {
            writeln!(out, "        {DIM}… and {} more{DIM:#}", grouped(more))?;
        }
    }
    Ok(())
}
