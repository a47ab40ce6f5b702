//! What ails a machine or an image, for people.

use std::io::{self, Write};

use super::style::{BAD, BOLD, CHANGED, DIM, GOOD};
use crate::batch::command_line;
use crate::doctor::{
    Advice, Check, Examination, ExaminedRecipe, ExaminedUse, Place, Runner, Severity, State,
};
use crate::view::words::{counted, plain};

/// Writes what was found of this machine and the account: a line each.
///
/// # Errors
/// When `out` can't be written to; so with the other functions.
pub fn machine(out: &mut dyn Write, checks: &[Check]) -> io::Result<()> {
    let width = checks.iter().map(|check| check.subject.len()).max().unwrap_or(0);
    for check in checks {
        let (word, style) = match check.state {
            State::Good => ("ok  ", GOOD),
            State::Idle => ("none", DIM),
            State::Bad => ("bad ", BAD),
        };
        // Reasons that were put together are easier to read apart.
        let mut lines = check.found.lines().flat_map(|line| line.split("; ")).map(plain);
        let first = lines.next().unwrap_or_default();
        writeln!(out, "{style}{word}{style:#}  {:width$}  {first}", check.subject)?;
        for line in lines {
            writeln!(out, "      {:width$}  {line}", "")?;
        }
        if let Some(hint) = &check.hint {
            writeln!(out, "      {:width$}  {DIM}{}{DIM:#}", "", plain(hint))?;
        }
    }
    let bad = checks.iter().filter(|check| check.state == State::Bad).count();
    match bad {
        0 => writeln!(out, "\nAll that is needed is there."),
        bad => writeln!(out, "\n{} to see to.", counted(bad as u64, "thing")),
    }
}

/// Writes what an image is and what it means for tasks.
///
/// # Errors
/// As above.
pub fn image(out: &mut dyn Write, examination: &Examination) -> io::Result<()> {
    let Examination { image, user, report, advice, recipe } = examination;
    writeln!(out, "{BOLD}{}{BOLD:#}", plain(image))?;
    let config = &report.config;
    let others: Vec<String> = report.other_platforms.iter().map(ToString::to_string).collect();
    let others = if others.is_empty() { String::new() } else { format!(" (also {})", others.join(", ")) };
    let layers = counted(report.layers.len() as u64, "layer");
    let mut facts = vec![
        ("digest", report.digest.clone()),
        ("platform", format!("{}{others}", report.platform)),
        ("size", format!("{} in {layers}", bytes(report.size()))),
    ];
    facts.extend(report.created.iter().map(|created| ("created", created.clone())));
    facts.extend([
        ("ENTRYPOINT", or_none(command_line::join(&config.entrypoint))),
        ("CMD", or_none(command_line::join(&config.command))),
        ("WORKDIR", or_none(config.working_directory.clone())),
        ("USER", or_none(config.user.clone())),
    ]);
    let variables = config.environment.iter().enumerate();
    facts.extend(
        variables.map(|(position, variable)| (if position == 0 { "ENV" } else { "" }, variable.clone())),
    );
    facts.extend(user.iter().map(|user| ("logged in as", user.clone())));
    for (name, fact) in facts {
        writeln!(out, "  {DIM}{name:12}{DIM:#}  {}", plain(&fact))?;
    }
    writeln!(out, "\n{BOLD}On Azure Batch{BOLD:#}")?;
    advise(out, "  ", advice)?;
    match recipe {
        Some(recipe) => uses(out, recipe),
        None => Ok(()),
    }
}

fn uses(out: &mut dyn Write, recipe: &ExaminedRecipe) -> io::Result<()> {
    writeln!(out, "\n{BOLD}In the recipe {}{BOLD:#}", recipe.name)?;
    for pool in &recipe.prefetched_by {
        writeln!(out, "  {pool} prefetches it")?;
    }
    for used in &recipe.tasks {
        examined(out, used)?;
    }
    advise(out, "  ", &recipe.advice)
}

fn examined(out: &mut dyn Write, used: &ExaminedUse) -> io::Result<()> {
    let more = match used.count {
        1 => String::new(),
        count => format!(" ({}, such as {})", counted(count, "task"), used.example),
    };
    writeln!(out, "  {BOLD}{}{BOLD:#}{more}", used.address)?;
    if let Some(runs) = &used.runs {
        writeln!(out, "    {DIM}runs{DIM:#}  {}", plain(&command_line::join(&runs.arguments)))?;
        let place = match &runs.place {
            Place::Task => "the task's directory on the node".to_owned(),
            Place::Container(directory) => format!("{directory} of the container"),
        };
        writeln!(out, "    {DIM}in{DIM:#}    {}", plain(&place))?;
        let user = match &runs.user {
            Runner::Ordinary => "an ordinary user of the node".to_owned(),
            Runner::Administrator => "root".to_owned(),
            Runner::Account(name) => format!("the pool's user account {name}"),
            Runner::Container(name) => format!("user {name} of the container"),
        };
        writeln!(out, "    {DIM}as{DIM:#}    {}", plain(&user))?;
    }
    advise(out, "    ", &used.advice)
}

/// Writes pieces of advice, their topics in a column.
fn advise(out: &mut dyn Write, indent: &str, advice: &[Advice]) -> io::Result<()> {
    let width = advice.iter().map(|advice| advice.topic.len()).max().unwrap_or(0);
    for Advice { topic, severity, meaning, hint } in advice {
        let (word, style) = match severity {
            Severity::Note => ("", DIM),
            Severity::Warning => ("warning: ", CHANGED),
            Severity::Error => ("error: ", BAD),
        };
        writeln!(out, "{indent}{DIM}{topic:width$}{DIM:#}  {style}{word}{style:#}{}", plain(meaning))?;
        if let Some(hint) = hint {
            writeln!(out, "{indent}{:width$}  {DIM}{}{DIM:#}", "", plain(hint))?;
        }
    }
    Ok(())
}

fn or_none(text: String) -> String {
    if text.is_empty() { "(none)".to_owned() } else { text }
}

/// `1.4 GB`, in powers of ten, as registries and `docker images` have it.
fn bytes(count: u64) -> String {
    const UNITS: &[(u64, &str)] = &[(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match UNITS.iter().find(|(size, _)| count >= *size) {
        Some((size, unit)) => format!("{}.{} {unit}", count / size, count % size * 10 / size),
        None => format!("{count} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_people_know_them() {
        for (count, shown) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (77_640_000, "77.6 MB"),
            (1_430_000_000, "1.4 GB"),
        ] {
            assert_eq!(bytes(count), shown);
        }
    }

    #[test]
    fn an_image_cannot_drive_the_terminal() {
        let mut examination = Examination::new("i".to_owned(), None, Default::default(), None, None);
        examination.report.config.environment = vec!["A=\u{1b}[2J".to_owned()];
        let mut out = Vec::new();
        image(&mut out, &examination).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("A=\\u{1b}[2J"), "{text}");
    }
}
