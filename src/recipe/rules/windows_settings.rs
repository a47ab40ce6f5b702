//! Settings of Windows are for Windows.

use super::platform::{Platform, platform};
use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "windows-settings",
        severity: Severity::Error,
        summary: "a pool of Linux nodes has settings of Windows",
        explanation: "`windows` and `license_type` are for pools on images of Windows; Azure Batch refuses them on \
                      others.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    windows: ⟦{ enable_automatic_updates: false }⟧
    nodes: { dedicated: 2 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 2 }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let pool = scope.pool;
    if platform(pool) != Some(Platform::Linux) {
        return;
    }
    let places = [pool.windows.as_ref().map(Field::span), pool.license_type.as_ref().map(Field::span)];
    for span in places.into_iter().flatten() {
        findings.push(
            RULE.finding("the nodes of the pool run Linux")
                .at(span, "")
                .at(pool.image.span(), "an image of Linux"),
        );
    }
}
