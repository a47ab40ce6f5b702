//! `# batchyard: allow CODE reason`: a comment that silences one finding.
//!
//! It stands at the end of the line that the finding points at, or on a line of its own above. Warnings and notes can be
//! allowed. Errors cannot: what they name would be refused by the service or could never run, so silence would only move
//! the failure to a later and more expensive moment.

use std::ops::RangeInclusive;

use super::parse::{Comment, comments};
use super::{codes, explain, suggest};
use crate::diagnostic::{Code, Collector, Diagnostic, Severity, Source, Sources, Span, quote};

/// What every comment for this program begins with.
const PREFIX: &str = "batchyard:";

/// A comment that allows what a finding is about.
#[derive(Debug)]
struct Allow {
    code: &'static Code,
    comment: Span,
    /// The lines whose findings it silences, counted from 0: one, or also the first line of the block that begins there.
    lines: RangeInclusive<usize>,
    used: bool,
}

/// Takes the findings away that comments allow; complains about comments that are wrong or silence nothing.
pub(super) fn apply(findings: &mut Collector, sources: &Sources) {
    let mut allows = Vec::new();
    for id in sources.ids() {
        let Some(source) = sources.get(id).filter(|source| source.text().contains(PREFIX)) else { continue };
        for comment in comments(id, sources) {
            match read(&comment, source) {
                None => {}
                Some(Ok(allow)) => allows.push(allow),
                Some(Err(finding)) => findings.push(*finding),
            }
        }
    }
    findings.retain(|finding| !silenced(finding, &mut allows, sources));
    // What has errors has not been looked at by every rule.
    if findings.has_errors() {
        return;
    }
    for allow in allows.into_iter().filter(|allow| !allow.used) {
        findings.push(
            Diagnostic::new(
                &codes::UNUSED_ALLOW,
                format!("nothing to allow here: `{}` is not found", allow.code),
            )
            .at(allow.comment, "this comment silences nothing")
            .help("remove the comment, or put it on the line of the finding or right above it"),
        );
    }
}

fn silenced(finding: &Diagnostic, allows: &mut [Allow], sources: &Sources) -> bool {
    let Some(span) = finding.primary_span() else { return false };
    let Some(line) = sources.get(span.source).map(|source| source.line_of(span.start as usize)) else {
        return false;
    };
    let fits = |allow: &Allow| {
        allow.code == finding.code && allow.comment.source == span.source && allow.lines.contains(&line)
    };
    let mut silenced = false;
    for allow in allows.iter_mut().filter(|allow| fits(allow)) {
        allow.used = true;
        silenced = true;
    }
    silenced
}

/// What a comment allows. `None` if it is a comment like any other.
fn read(comment: &Comment, source: &Source) -> Option<Result<Allow, Box<Diagnostic>>> {
    let directive = comment.text.trim().strip_prefix(PREFIX)?.trim();
    let (word, rest) = directive.split_once(char::is_whitespace).unwrap_or((directive, ""));
    if word != "allow" {
        suggest::nearest(word, ["allow"])?;
        return Some(Err(invalid(comment, "the comment is not understood")));
    }
    let (name, reason) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    Some(allow(name.trim_end_matches(':'), reason, comment, source))
}

fn allow(name: &str, reason: &str, comment: &Comment, source: &Source) -> Result<Allow, Box<Diagnostic>> {
    if name.is_empty() {
        return Err(invalid(comment, "the comment does not say what it allows"));
    }
    let Some(code) = explain(name) else {
        let near = suggest::nearest(name, explain::all().map(|code| code.name));
        let finding = *invalid(comment, &format!("there is no finding called {}", quote(name)));
        return Err(Box::new(finding.maybe_help(near.map(|near| format!("did you mean `{near}`?")))));
    };
    if code.severity == Severity::Error {
        let finding = *invalid(comment, &format!("`{code}` is an error, and errors cannot be allowed"));
        return Err(Box::new(finding.note(
            "what it names would be refused or could never run, so there is nothing to gain from silence",
        )));
    }
    if !reason.contains(char::is_alphanumeric) {
        return Err(invalid(comment, &format!("the comment does not say why `{code}` is allowed")));
    }
    Ok(Allow { code, comment: comment.span, lines: target(comment.span, source), used: false })
}

fn invalid(comment: &Comment, message: &str) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::new(&codes::INVALID_ALLOW, message)
            .at(comment.span, "this silences nothing")
            .help("write `# batchyard: allow CODE reason`"),
    )
}

/// The lines that a comment is about: its own, or, when it stands alone, the next one that is no comment.
fn target(comment: Span, source: &Source) -> RangeInclusive<usize> {
    let text = |line| source.text().get(source.line_range(line)).unwrap_or_default();
    let own = source.line_of(comment.start as usize);
    let start = source.line_range(own).start;
    let before = source.text().get(start..comment.start as usize).unwrap_or_default();
    let (line, content) = if before.trim().is_empty() {
        let is_comment = |line: &usize| text(*line).trim_start().starts_with('#');
        let next = (own + 1..source.line_count()).find(|line| !is_comment(line)).unwrap_or(own);
        (next, text(next))
    } else {
        (own, before)
    };
    let last = if begins_block(content) { line + 1 } else { line };
    line..=last
}

/// Whether a line ends in the sign of a block scalar, whose text stands on the next lines.
fn begins_block(line: &str) -> bool {
    let word = line.trim_end().rsplit([' ', '\t']).next().unwrap_or_default();
    word.strip_prefix(['|', '>'])
        .is_some_and(|rest| rest.chars().all(|c| matches!(c, '+' | '-') || c.is_ascii_digit()))
}
