//! What an import of an account has to say: to people on a terminal, beside the recipe in Markdown, and to programs.

use serde_json::{Value, json};

use super::words::{counted, plain};
use crate::import::live::{Imported, Line};
use crate::import::{Fate, Variable};

/// A line for every object, and for what of it the recipe says otherwise or not at all.
pub fn human(imported: &Imported) -> String {
    let width = imported.lines.iter().map(|line| place(line).chars().count()).max().unwrap_or(0).min(60);
    let mut text = String::new();
    for line in &imported.lines {
        let (place, fate, note) = (place(line), line.fate.as_str(), note(line));
        text.push_str(&format!("  {} {place:width$}  {fate:7}  {note}\n", sign(line.fate)));
    }
    text
}

/// What to set and what to do before the recipe is applied.
pub fn rest(imported: &Imported) -> String {
    let mut text = String::new();
    if !imported.variables.is_empty() {
        text.push_str("\nSet before `apply`:\n");
        for Variable { name, holds } in &imported.variables {
            text.push_str(&format!("  {} = {}\n", plain(name), plain(holds)));
        }
    }
    if !imported.to_do.is_empty() {
        text.push_str("\nLeft to you:\n");
        imported.to_do.iter().for_each(|line| text.push_str(&format!("  - {}\n", plain(line))));
    }
    text
}

/// How many objects are in the recipe, and of how much it does not say what the account says.
pub fn summary(imported: &Imported) -> String {
    let of = |fate: Fate| imported.lines.iter().filter(move |line| line.fate == fate);
    let kept = of(Fate::Kept).filter(|line| line.path.is_empty()).count();
    let changed: usize = of(Fate::Changed).map(|line| line.count).sum();
    let dropped: usize = of(Fate::Dropped).map(|line| line.count).sum();
    format!("{}, {changed} said otherwise, {dropped} left out", counted(kept as u64, "object"))
}

/// The report as a file of its own.
pub fn markdown(imported: &Imported) -> String {
    let mut text = format!("# Import of `{}` from an account\n\n{}.\n", imported.name, summary(imported));
    if !imported.to_do.is_empty() {
        text.push_str("\n## Left to you\n\n");
        imported.to_do.iter().for_each(|line| text.push_str(&format!("- {}\n", plain(line))));
    }
    if !imported.variables.is_empty() {
        text.push_str("\n## Variables to set before `apply`\n\n| variable | holds |\n|---|---|\n");
        for Variable { name, holds } in &imported.variables {
            text.push_str(&format!("| `{}` | {} |\n", cell(name), cell(holds)));
        }
    }
    text.push_str("\n## Objects\n\n| what | | |\n|---|---|---|\n");
    for line in &imported.lines {
        let (place, fate, note) = (cell(&place(line)), line.fate.as_str(), cell(&note(line)));
        text.push_str(&format!("| `{place}` | {fate} | {note} |\n"));
    }
    text
}

/// All of it, for programs.
pub fn members(imported: &Imported) -> Value {
    json!({
        "name": imported.name,
        "recipe": imported.recipe,
        "objects": imported.lines,
        "variables": imported.variables,
        "to_do": imported.to_do,
    })
}

fn place(line: &Line) -> String {
    let place =
        if line.path.is_empty() { line.address.clone() } else { format!("{}.{}", line.address, line.path) };
    plain(&place)
}

fn note(line: &Line) -> String {
    let note = plain(&line.note);
    if line.count > 1 { format!("{note} (and so of {} more)", line.count - 1) } else { note }
}

fn sign(fate: Fate) -> char {
    match fate {
        Fate::Kept => '=',
        Fate::Changed => '~',
        Fate::Dropped => '-',
        Fate::Unknown => '?',
    }
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    plain(text).replace('|', "\\|")
}
