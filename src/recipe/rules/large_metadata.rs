//! Metadata is for a few words.

use super::rule::{Check, Rule};
use super::scope::{JobScope, PoolScope, members};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::{Entries, Field, Text};

/// More characters than this are more than metadata is for. The service's own limit is not published.
const MOST: usize = 4_096;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "large-metadata",
        severity: Severity::Warning,
        summary: "metadata is large",
        explanation: "Azure Batch refuses metadata that is too large, and does not say what too large is. Lists of \
                      objects carry all of it with every request.",
        examples: &[Example {
            bad: "\
jobs:
  train:
    pool: { id: shared }
    metadata: ⟦{ notes: \"${{ range(2000) | join(' ') }}\" }⟧
    tasks:
      epoch: { command: train }
",
            good: "\
jobs:
  train:
    pool: { id: shared }
    metadata: { notes: \"see the wiki\" }
    tasks:
      epoch: { command: train }
",
        }],
    },
    checks: &[Check::Pool(check_pool), Check::Job(check_job)],
};

fn check_pool(scope: &PoolScope<'_>, findings: &mut Collector) {
    check(scope.pool.metadata.as_ref(), findings);
}

fn check_job(scope: &JobScope<'_>, findings: &mut Collector) {
    check(scope.job.and_then(|job| job.metadata.as_ref()), findings);
}

fn check(metadata: Option<&Field<Entries<Text>>>, findings: &mut Collector) {
    let Some(field) = metadata else { return };
    let entries = members(metadata).unwrap_or_default().iter();
    let size: usize =
        entries.map(|entry| entry.name.len() + entry.value.get().map_or(0, |text| text.0.len())).sum();
    if size > MOST {
        findings.push(RULE.finding(format!("the metadata has {size} characters")).at(field.span(), ""));
    }
}
