//! The page of the documentation that tells of all findings.

use std::fmt::Write as _;
use std::path::Path;

use crate::diagnostic::{Code, Example, Severity};
use crate::recipe::explain;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md");

const INTRODUCTION: &str = "# Findings

<!-- Written by the test `recipe::tests::page`; change the rules in src/recipe/rules instead. -->

Everything that `validate`, `plan` and `apply` can find in a recipe, with a mistake and its correction. The same text is shown by
`batchyard explain CODE`.

- An **error** would be refused by Azure Batch, or leaves something that can never run. Nothing is submitted.
- A **warning** works, though probably not as hoped.
- A **note** is worth knowing.

A comment allows a warning or a note, at the end of its line or on a line of its own above. The reason is for the next reader and
cannot be left out; a comment that allows nothing is told. Errors cannot be allowed.

```yaml
start_task:
  command: /opt/prepare
  wait: false # batchyard: allow start-task-not-awaited tasks look for what they need themselves
```
";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the variable that blesses snapshots, not a setting of the program"
)]
fn the_page_of_findings_is_current() {
    let page = page();
    if std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        std::fs::write(PAGE, &page).unwrap();
    }
    let written = std::fs::read_to_string(Path::new(PAGE)).unwrap_or_default();
    assert!(written == page, "docs/rules.md is out of date; write it anew with INSTA_UPDATE=always");
}

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (severity, heading) in
        [(Severity::Error, "Errors"), (Severity::Warning, "Warnings"), (Severity::Note, "Notes")]
    {
        let mut codes: Vec<&Code> = explain::all().filter(|code| code.severity == severity).collect();
        codes.sort_by_key(|code| code.name);
        writeln!(page, "\n## {heading}\n\n| code | |\n|---|---|").unwrap();
        for code in &codes {
            writeln!(page, "| [{0}](#{0}) | {1} |", code.name, code.summary.replace('|', "\\|")).unwrap();
        }
        codes.iter().for_each(|code| describe(code, &mut page));
    }
    page
}

fn describe(code: &Code, page: &mut String) {
    let mut summary = code.summary.chars();
    let first = summary.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    writeln!(page, "\n### {}\n\n**{first}{}.** {}", code.name, summary.as_str(), code.explanation).unwrap();
    for Example { good, .. } in code.examples.iter().take(1) {
        let bad = code.examples.first().map(underlined).unwrap_or_default();
        writeln!(page, "\n```yaml\n{bad}```\n\nCorrected:\n\n```yaml\n{good}```").unwrap();
    }
    for example in code.examples.iter().skip(1) {
        writeln!(page, "\nAlso:\n\n```yaml\n{}```", underlined(example)).unwrap();
    }
}

/// The mistake, with carets in a line below it.
fn underlined(example: &Example) -> String {
    let (text, marked) = example.marked();
    let mut lines = String::new();
    let mut position = 0;
    for line in text.split_inclusive('\n') {
        lines.push_str(line);
        let range = position..position + line.len();
        if range.contains(&marked.start) {
            let before = text.get(position..marked.start).unwrap();
            let column = before.chars().count();
            let length =
                text.get(marked.start..marked.end.min(range.end)).unwrap().trim_end().chars().count();
            let indentation = " ".repeat(column.saturating_sub(1));
            writeln!(lines, "#{indentation}{}", "^".repeat(length.max(1))).unwrap();
        }
        position = range.end;
    }
    lines
}
