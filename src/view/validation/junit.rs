//! Verdicts as a JUnit report: every recipe is a test case.

use std::io::{self, Write};

use super::verdict::{Tally, Verdict};
use super::writer::VerdictWriter;
use crate::diagnostic::Severity;
use crate::view::diagnostics;

/// The report. It begins with the numbers of tests and failures, so it is written at the end.
pub struct Junit<W> {
    out: W,
    cases: Vec<String>,
}

impl<W: Write> Junit<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out, cases: Vec::new() }
    }
}

impl<W: Write> VerdictWriter for Junit<W> {
    fn verdict(&mut self, verdict: &Verdict) -> io::Result<()> {
        self.cases.push(case(verdict));
        Ok(())
    }

    fn end(&mut self, tally: &Tally) -> io::Result<()> {
        let counts = format!("tests=\"{}\" failures=\"{}\" errors=\"0\"", tally.recipes, tally.invalid);
        writeln!(self.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(self.out, "<testsuites name=\"batchyard validate\" {counts}>")?;
        writeln!(self.out, "  <testsuite name=\"recipes\" {counts} skipped=\"0\">")?;
        for case in self.cases.drain(..) {
            self.out.write_all(case.as_bytes())?;
        }
        writeln!(self.out, "  </testsuite>\n</testsuites>")?;
        self.out.flush()
    }
}

fn case(verdict: &Verdict) -> String {
    let path = escape(&verdict.path);
    let report = &verdict.report;
    let mut inside = String::new();
    if let Some(first) = report.diagnostics.iter().find(|finding| finding.severity() == Severity::Error) {
        let text = diagnostics::human_of(report, false, |severity| severity == Severity::Error);
        let (message, kind) = (escape(&format!("{report}: {}", first.message)), escape(first.code.name));
        let text = escape(text.trim_end());
        inside.push_str(&format!("      <failure message=\"{message}\" type=\"{kind}\">{text}</failure>\n"));
    }
    let others = diagnostics::human_of(report, false, |severity| severity != Severity::Error);
    if !others.is_empty() {
        inside.push_str(&format!("      <system-out>{}</system-out>\n", escape(others.trim_end())));
    }
    let case = format!("    <testcase name=\"{path}\" classname=\"recipe\" file=\"{path}\"");
    if inside.is_empty() { format!("{case}/>\n") } else { format!("{case}>\n{inside}    </testcase>\n") }
}

/// Text as XML can hold it: with entities, and without the characters that XML has none for.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_in_a_recipe_breaks_the_report() {
        assert_eq!(escape("a<b> & \"c\"\u{1b}\n"), "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}\n");
    }
}
