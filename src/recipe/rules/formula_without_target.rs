//! A formula says how many nodes there should be.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::batch::autoscale::{Formula, RemarkKind, check as check_formula};
use crate::diagnostic::{Code, Collector, Example, Severity};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "formula-without-target",
        severity: Severity::Warning,
        summary: "an autoscale formula does not set the number of nodes",
        explanation: "Batch reads `$TargetDedicatedNodes` and `$TargetLowPriorityNodes` when a formula has been \
                      evaluated. One that assigns neither never changes the pool.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: 
      autoscale: { formula: ⟦\"targetNodes = 4\"⟧ }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: 
      autoscale: { formula: \"$TargetDedicatedNodes = 4\" }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let autoscale = scope.pool.nodes.get().and_then(|nodes| nodes.autoscale.as_ref()?.get());
    let Some(field) = autoscale.map(|autoscale| &autoscale.formula) else { return };
    let Some(formula) = field.get().and_then(|text| Formula::parse(text).ok()) else { return };
    let (errors, remarks) = check_formula(&formula);
    if errors.is_empty() && remarks.iter().any(|remark| remark.kind == RemarkKind::NoTarget) {
        findings.push(
            RULE.finding("the formula does not say how many nodes the pool should have")
                .at(field.span(), "")
                .help("assign `$TargetDedicatedNodes`, `$TargetLowPriorityNodes` or both"),
        );
    }
}
