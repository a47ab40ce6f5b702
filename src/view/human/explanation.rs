//! What findings and fields are, for people.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::style::{BAD, BOLD, DIM, GOOD};
use crate::diagnostic::Code;
use crate::recipe::schema::{FieldDoc, Kind};
use crate::view::words::value;

/// Writes what a finding means, with the mistake and its correction.
///
/// # Errors
/// When `out` can't be written to; so with the other functions.
pub fn code(out: &mut dyn Write, code: &Code) -> io::Result<()> {
    writeln!(out, "{BOLD}{}[{code}]{BOLD:#}: {}\n", code.severity.as_str(), code.summary)?;
    writeln!(out, "{}", code.explanation)?;
    for example in code.examples {
        let (bad, mark) = example.marked();
        writeln!(out, "\n{BAD}Wrong:{BAD:#}\n")?;
        let snippet =
            Snippet::source(bad.trim_end()).fold(false).annotation(AnnotationKind::Primary.span(mark));
        let shown = Renderer::styled().render(&[Group::with_level(Level::ERROR).element(snippet)]);
        writeln!(out, "{shown}")?;
        writeln!(out, "\n{GOOD}Right:{GOOD:#}\n")?;
        for line in example.good.trim_end().lines() {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

/// Writes a line for each finding.
///
/// # Errors
/// As above.
pub fn codes(out: &mut dyn Write, codes: &[&Code]) -> io::Result<()> {
    let width = codes.iter().map(|code| code.name.len()).max().unwrap_or(0);
    for code in codes {
        writeln!(out, "{BOLD}{:width$}{BOLD:#}  {:7}  {}", code.name, code.severity.as_str(), code.summary)?;
    }
    Ok(())
}

/// Writes what a field is, and where else it is.
///
/// # Errors
/// As above.
pub fn field(out: &mut dyn Write, field: &FieldDoc, elsewhere: &[&FieldDoc]) -> io::Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#}\n\n{}\n", field.path, field.description)?;
    for note in &field.notes {
        writeln!(out, "{note}\n")?;
    }
    kinds(out, &field.kinds)?;
    let label = if field.kinds.is_empty() { "value" } else { "or" };
    let width = field.words.iter().map(|(word, _)| word.len()).max().unwrap_or(0);
    for (position, (word, meaning)) in field.words.iter().enumerate() {
        let label = if position == 0 { label } else { "" };
        let meaning = meaning.as_ref().map(|meaning| format!("  {DIM}{meaning}{DIM:#}")).unwrap_or_default();
        writeln!(out, "  {label:8}  {word:width$}{meaning}")?;
    }
    writeln!(out, "  required  {}", if field.is_required { "yes" } else { "no" })?;
    if let Some(default) = &field.default {
        writeln!(out, "  default   {}", value(default))?;
    }
    for example in &field.examples {
        writeln!(out, "  example   {}: {}", field.path.last_key(), value(example))?;
    }
    if !field.members.is_empty() {
        let place = if field.inside_each { "each of them" } else { "it" };
        writeln!(out, "\nInside {place} (* is required):")?;
        let width = field.members.iter().map(|member| member.key.len()).max().unwrap_or(0);
        for member in &field.members {
            let star = if member.is_required { "*" } else { " " };
            writeln!(
                out,
                " {star} {BOLD}{:width$}{BOLD:#}  {}",
                member.key,
                first_sentence(&member.description)
            )?;
        }
    }
    if !elsewhere.is_empty() {
        writeln!(out, "\nThe same at:")?;
        elsewhere.iter().try_for_each(|other| writeln!(out, "  {}", other.path))?;
    }
    Ok(())
}

/// The kinds of values: in one line, or, if they mean different things, in a line each.
fn kinds(out: &mut dyn Write, kinds: &[Kind]) -> io::Result<()> {
    if kinds.iter().all(|kind| kind.meaning.is_none()) {
        let names: Vec<&str> = kinds.iter().map(|kind| kind.name.as_str()).collect();
        return if names.is_empty() { Ok(()) } else { writeln!(out, "  value     {}", names.join(", or ")) };
    }
    for (position, Kind { name, meaning }) in kinds.iter().enumerate() {
        let label = if position == 0 { "value" } else { "or" };
        let meaning = meaning.as_ref().map(|meaning| format!(": {DIM}{meaning}{DIM:#}")).unwrap_or_default();
        writeln!(out, "  {label:8}  {name}{meaning}")?;
    }
    Ok(())
}

/// Writes a line for each of several fields of one name.
///
/// # Errors
/// As above.
pub fn fields(out: &mut dyn Write, name: &str, fields: &[&FieldDoc]) -> io::Result<()> {
    writeln!(out, "Several fields are called `{name}`:\n")?;
    let width = fields.iter().map(|field| field.path.to_string().len()).max().unwrap_or(0);
    for field in fields {
        let path = field.path.to_string();
        writeln!(out, "  {BOLD}{path:width$}{BOLD:#}  {}", first_sentence(&field.description))?;
    }
    Ok(())
}

fn first_sentence(text: &str) -> &str {
    text.split_inclusive(". ").next().unwrap_or_default().trim_end()
}
