//! What happens while sources are watched, for people.

use std::io::{self, Write};

use super::events::event as apply_event;
use super::plan::plan;
use super::style::{BAD, BOLD, CHANGED, DIM, GOOD};
use crate::view::words::{counted, duration, plain};
use crate::watch::WatchEvent;
use crate::watch::condition::{Condition, ConditionKind, Reason};
use crate::watch::outcome::WatchReport;

/// How much of a commit's name is shown.
const SHORT: usize = 10;

/// Whether an event is one that people want to read whatever else they don't.
pub fn is_bad_watch_event(event: &WatchEvent<'_>) -> bool {
    match event {
        WatchEvent::SourceFailed { .. } | WatchEvent::PruneHeld { .. } | WatchEvent::RecordIgnored { .. } => {
            true
        }
        WatchEvent::Turned { condition, .. } => {
            condition.status && !matches!(condition.kind, ConditionKind::Ready | ConditionKind::Reconciling)
        }
        WatchEvent::Apply { event, .. } => event.is_bad(),
        WatchEvent::Repaired { error, .. } => error.is_some(),
        _ => false,
    }
}

/// Writes what happened.
///
/// # Errors
/// When `out` can't be written to.
pub fn watch_event(out: &mut dyn Write, event: &WatchEvent<'_>) -> io::Result<()> {
    match event {
        WatchEvent::SourceRead { source, revision, recipes } => {
            let at = revision.map(|revision| format!(" at {}", short(revision))).unwrap_or_default();
            let found =
                if *recipes == 0 { "no recipe".to_owned() } else { counted(*recipes as u64, "recipe") };
            writeln!(out, "{DIM}·{DIM:#} {}: {found}{at}", plain(source))
        }
        WatchEvent::SourceFailed { source, error, retry } => {
            writeln!(out, "{BAD}✗{BAD:#} {}: {}", plain(source), plain(error))?;
            retry.map_or(Ok(()), |pause| writeln!(out, "  {DIM}tried again in {}{DIM:#}", duration(pause)))
        }
        WatchEvent::Turned { key, condition } => turned(out, &key.to_string(), condition),
        WatchEvent::Differs { recipe, plan: made, drifted, applied } => {
            if *drifted {
                let then = if *applied { "; it is taken back" } else { "" };
                writeln!(
                    out,
                    "{CHANGED}~{CHANGED:#} {BOLD}{recipe}{BOLD:#}: somebody changed what it had made{then}"
                )?;
            }
            if *applied { Ok(()) } else { plan(out, made) }
        }
        WatchEvent::Apply { recipe, event } => {
            let mut lines = Vec::new();
            apply_event(&mut lines, event)?;
            for line in String::from_utf8_lossy(&lines).lines() {
                writeln!(out, "{DIM}{recipe}{DIM:#} {line}")?;
            }
            Ok(())
        }
        WatchEvent::NotRecorded { recipe, error } => {
            writeln!(out, "{BAD}✗{BAD:#} {BOLD}{recipe}{BOLD:#}: the history was not kept: {}", plain(error))
        }
        WatchEvent::RecordIgnored { source, file } => writeln!(
            out,
            "{CHANGED}!{CHANGED:#} {}: the record that its {} names is not used: a repository does not choose where locks are kept; the \
             project file here does, or the one that --config names",
            plain(source),
            plain(file)
        ),
        WatchEvent::Repaired { recipe, trouble, remedy, error } => {
            let (pool, node, code) = (&trouble.pool, &trouble.node, plain(&trouble.code));
            match error {
                None => writeln!(
                    out,
                    "{CHANGED}+{CHANGED:#} {BOLD}{recipe}{BOLD:#}: {remedy} of node {node} of pool {pool}, which is {} ({code})",
                    trouble.state
                ),
                Some(error) => writeln!(
                    out,
                    "{BAD}✗{BAD:#} {BOLD}{recipe}{BOLD:#}: {remedy} of node {node} of pool {pool} failed: {}",
                    plain(error)
                ),
            }
        }
        WatchEvent::PruneHeld { source, recipes, because } => {
            let names: Vec<_> = recipes.iter().map(ToString::to_string).collect();
            let what = if names.len() == 1 { "what it made stays" } else { "what they made stays" };
            writeln!(
                out,
                "{CHANGED}!{CHANGED:#} {}: no longer there: {}; {what}: {because}",
                plain(source),
                names.join(", ")
            )
        }
        WatchEvent::Pruned { recipe } => {
            writeln!(
                out,
                "{GOOD}✓{GOOD:#} {BOLD}{recipe}{BOLD:#}: it left its source, and all that it made is destroyed"
            )
        }
        WatchEvent::Stopping => writeln!(out, "Stopping: what was begun is finished first."),
        WatchEvent::Stopped { left: [] } => writeln!(out, "Stopped. Nothing is left to do."),
        WatchEvent::Stopped { left } => {
            writeln!(out, "Stopped. Left for the next time: {}.", left.join(", "))
        }
    }
}

fn turned(out: &mut dyn Write, name: &str, condition: &Condition) -> io::Result<()> {
    let Condition { kind, status, reason, message, .. } = condition;
    let name = plain(name);
    let message = plain(message);
    match (kind, status) {
        (ConditionKind::Ready, true) => writeln!(out, "{GOOD}✓{GOOD:#} {BOLD}{name}{BOLD:#}: ready"),
        // What is applied is told step by step.
        (ConditionKind::Reconciling, true) if *reason == Reason::Applying => Ok(()),
        (ConditionKind::Reconciling | ConditionKind::Suspended, true) => {
            writeln!(out, "{CHANGED}…{CHANGED:#} {BOLD}{name}{BOLD:#}: {kind} ({reason}): {message}")
        }
        (_, true) => writeln!(out, "{BAD}✗{BAD:#} {BOLD}{name}{BOLD:#}: {kind} ({reason}): {message}"),
        (ConditionKind::Degraded, false) => {
            writeln!(out, "{GOOD}✓{GOOD:#} {BOLD}{name}{BOLD:#}: no longer degraded")
        }
        // Whatever holds instead is told.
        (_, false) => Ok(()),
    }
}

/// Writes how watching ended, once.
///
/// # Errors
/// When `out` can't be written to.
pub fn watch_summary(out: &mut dyn Write, report: &WatchReport) -> io::Result<()> {
    let all = report.state.recipes.len();
    let ready = report.state.holding(ConditionKind::Ready);
    let steps = counted(report.state.counts.writes, "step");
    writeln!(out, "{ready} of {} ready; {steps} done.", counted(all as u64, "recipe"))
}

fn short(revision: &str) -> String {
    revision.chars().take(SHORT).collect()
}
