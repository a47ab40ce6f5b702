//! The library, for people.

use std::io::{self, Write};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

use super::style::BOLD;
use crate::recipe::library::Group;

/// How many columns a line has at the most.
const WIDTH: u16 = 80;
/// What each line of a recipe begins with, and what stands between name, version and description.
const GAP: u16 = 2;

/// Writes the recipes of the library, each with its version and what it is for.
///
/// # Errors
/// When `out` can't be written to.
pub fn library(out: &mut dyn Write, groups: &[Group]) -> io::Result<()> {
    // One table for all of them, so that columns line up from group to group.
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    for recipe in groups.iter().flat_map(|group| &group.recipes) {
        table.add_row([recipe.name.to_owned(), recipe.version.to_string(), recipe.description()]);
    }
    for (position, column) in table.column_iter_mut().enumerate() {
        column.set_padding((GAP, 0));
        if position < 2 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let text = table.trim_fmt();
    let mut lines = text.lines().peekable();
    for (position, group) in groups.iter().enumerate() {
        if position > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{BOLD}{}{BOLD:#}", group.title)?;
        for _ in &group.recipes {
            if let Some(line) = lines.next() {
                writeln!(out, "{line}")?;
            }
            // The rest of a description, below its beginning.
            while let Some(line) = lines.next_if(|line| !begins_a_recipe(line)) {
                writeln!(out, "{line}")?;
            }
        }
    }
    Ok(())
}

/// Whether a name stands at the beginning of a line.
fn begins_a_recipe(line: &str) -> bool {
    line.chars().nth(usize::from(GAP)).is_some_and(|first| !first.is_whitespace())
}
