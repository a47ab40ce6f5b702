//! The history of a recipe, for people.

use std::io::{self, Write};

use super::style::{BAD, BOLD, CHANGED, DIM, GOOD};
use crate::record::{Changed, Ended, History};
use crate::resource::RecipeName;
use crate::view::words::{counted, grouped, instant, plain};

/// Writes what was done, the newest first.
///
/// # Errors
/// When `out` can't be written to.
pub fn history(out: &mut dyn Write, recipe: &RecipeName, history: &History) -> io::Result<()> {
    let History { entries, unreadable } = history;
    if *unreadable > 0 {
        let lines = counted(*unreadable, "line");
        writeln!(
            out,
            "{CHANGED}note{CHANGED:#}: {lines} of the history can't be read: not written by this program, or by a later one"
        )?;
    }
    if entries.is_empty() {
        return writeln!(out, "The record has nothing about the recipe `{recipe}` in this account.");
    }
    for entry in entries {
        let at = instant(entry.at.0);
        let (colour, ended) = match entry.ended {
            Ended::Complete => (GOOD, "done".to_owned()),
            Ended::Failed => {
                (BAD, format!("failed, {} of {} done", entry.done, counted(entry.steps as u64, "step")))
            }
            Ended::Interrupted => {
                (CHANGED, format!("stopped, {} of {} done", entry.done, counted(entry.steps as u64, "step")))
            }
        };
        let who = plain(&entry.who);
        writeln!(out, "{BOLD}{at}{BOLD:#}  {who}  {}  {colour}{ended}{colour:#}", entry.operation)?;
        for changed in &entry.changes {
            writeln!(out, "  {} {}{}", changed.change_class.glyph(), changed.address, tasks(changed))?;
        }
        for treated in &entry.nodes {
            let (remedy, node, pool) = (plain(&treated.remedy), plain(&treated.node), plain(&treated.pool));
            writeln!(out, "  {CHANGED}+{CHANGED:#} {remedy} of node {node} of pool {pool}")?;
        }
        if entry.more_changes > 0 {
            writeln!(out, "  {DIM}… and {} more{DIM:#}", grouped(entry.more_changes as u64))?;
        }
        if let Some(error) = &entry.error {
            writeln!(out, "  {BAD}✗{BAD:#} {}", plain(error))?;
        }
    }
    Ok(())
}

/// What became of how many tasks.
fn tasks(changed: &Changed) -> String {
    let Some(tasks) = changed.tasks else { return String::new() };
    let parts = [(tasks.add, "added"), (tasks.replace, "replaced"), (tasks.delete, "deleted")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", grouped(*count)))
        .collect();
    if parts.is_empty() { String::new() } else { format!("  {}", parts.join(", ")) }
}
