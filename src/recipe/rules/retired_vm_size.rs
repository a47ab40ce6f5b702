//! Azure retires sizes of virtual machines.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity, quote};
use crate::recipe::catalog;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "retired-vm-size",
        severity: Severity::Warning,
        summary: "a size of virtual machines that is retired, or soon will be",
        explanation: "Nodes of a retired size cannot be allocated any more, and existing ones are stopped. The dates \
                      are those of Azure's announcements on the day that the finding names; your region may differ.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: ⟦Standard_NC6⟧
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_NC4as_T4_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let Some(size) = scope.pool.vm_size.get() else { return };
    let Some(end) = catalog::vm_size(size).filter(|end| end.is_past() || end.is_soon()) else { return };
    let verb = if end.is_past() { "was" } else { "will be" };
    findings.push(
        RULE.finding(format!("{} {verb} retired on {}", quote(size), end.date))
            .at(scope.pool.vm_size.span(), "")
            .note(format!("as of {}", end.as_of))
            .help(format!("its place is taken by sizes such as {}", end.replacement)),
    );
}
