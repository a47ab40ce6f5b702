//! A disk has a number of its own.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity, Span};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "duplicate-lun",
        severity: Severity::Error,
        summary: "two data disks have the same number",
        explanation: "`lun` tells the disks of a node apart.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    data_disks: [{ lun: 0, disk_size_gb: 128 }, { lun: ⟦0⟧, disk_size_gb: 256 }]
    nodes: { dedicated: 2 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    data_disks: [{ lun: 0, disk_size_gb: 128 }, { lun: 1, disk_size_gb: 256 }]
    nodes: { dedicated: 2 }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let disks = scope.pool.data_disks.as_ref().and_then(Field::get);
    let mut seen: Vec<(i32, Span)> = Vec::new();
    for lun in disks.into_iter().flatten().filter_map(|disk| Some(&disk.get()?.lun)) {
        let Some(number) = lun.get().copied() else { continue };
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == number) {
            findings.push(
                RULE.finding(format!("two disks have the number {number}"))
                    .at(lun.span(), "again here")
                    .at(*first, "first here"),
            );
        }
        seen.push((number, lun.span()));
    }
}
