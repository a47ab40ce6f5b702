//! What an import has to say: to people on a terminal, beside the recipe in Markdown, and to programs.

use serde_json::{Value, json};

use super::words::{counted, plain};
use crate::import::shipyard::Imported;
use crate::import::{Counts, Fate, Line, Variable};

/// How many keys are said of each fate in one line.
pub fn summary(counts: Counts) -> String {
    let parts = [
        (counts.kept, "kept"),
        (counts.changed, "changed"),
        (counts.dropped, "dropped"),
        (counts.unknown, "unknown"),
    ];
    let all: usize = parts.iter().map(|(count, _)| count).sum();
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, fate)| format!("{count} {fate}"));
    format!("{}: {}", counted(all as u64, "key"), parts.collect::<Vec<_>>().join(", "))
}

/// A line for every key, the files apart.
pub fn human(imported: &Imported) -> String {
    let mut text = String::new();
    let mut file = "";
    let width =
        imported.report.lines.iter().map(|line| name(line).chars().count()).max().unwrap_or(0).min(72);
    for line in &imported.report.lines {
        if line.file != file {
            file = &line.file;
            text.push_str(&format!("{}{}\n", if text.is_empty() { "" } else { "\n" }, plain(file)));
        }
        let sign = sign(line.fate);
        text.push_str(&format!(
            "  {sign} {:width$}  {:7}  {}\n",
            name(line),
            line.fate.as_str(),
            plain(&line.note)
        ));
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
        for line in &imported.to_do {
            text.push_str(&format!("  - {}\n", plain(line)));
        }
    }
    text
}

/// The report as a file of its own.
pub fn markdown(imported: &Imported) -> String {
    let mut text = format!(
        "# Import of `{}` from Batch Shipyard\n\n{}.\n",
        imported.name,
        summary(imported.report.counts())
    );
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
    let mut file = "";
    for line in &imported.report.lines {
        if line.file != file {
            file = &line.file;
            text.push_str(&format!("\n## {}\n\n| line | key | | |\n|---:|---|---|---|\n", plain(file)));
        }
        text.push_str(&format!(
            "| {} | `{}` | {} | {} |\n",
            line.line,
            cell(&name(line)),
            line.fate.as_str(),
            cell(&line.note)
        ));
    }
    text
}

/// All of it, for programs.
pub fn members(imported: &Imported) -> Value {
    json!({
        "name": imported.name,
        "recipe": imported.recipe,
        "counts": imported.report.counts(),
        "keys": imported.report.lines,
        "variables": imported.variables,
        "to_do": imported.to_do,
    })
}

fn name(line: &Line) -> String {
    let key = plain(&line.key);
    if line.count > 1 { format!("{key} and {} more", line.count - 1) } else { key }
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
    plain(text).replace('|', "\\|").replace('<', "\\<")
}
