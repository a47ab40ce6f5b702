//! Some variables of formulas have no values any more.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::batch::autoscale::{Formula, RemarkKind, check as check_formula};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::template::locate_text;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "retired-variable",
        severity: Severity::Warning,
        summary: "an autoscale formula uses a variable that Batch does not fill any more",
        explanation: "Batch stopped sampling memory, disks and networks of nodes on 31 March 2024: formulas that use \
                      their variables get no samples. The variables of tasks and nodes remain.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: 
      autoscale: { formula: \"$TargetDedicatedNodes = max(⟦$MemoryBytes⟧.GetSample(1)) > 0 ? 4 : 0\" }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: 
      autoscale: { formula: \"$TargetDedicatedNodes = max($RunningTasks.GetSample(1)) > 0 ? 4 : 0\" }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let autoscale = scope.pool.nodes.get().and_then(|nodes| nodes.autoscale.as_ref()?.get());
    let Some(field) = autoscale.map(|autoscale| &autoscale.formula) else { return };
    let Some(text) = field.get() else { return };
    let Ok(formula) = Formula::parse(text) else { return };
    for remark in check_formula(&formula).1 {
        if let RemarkKind::Retired(variable) = remark.kind {
            let span = locate_text(text, field.span(), &remark.range, scope.sources);
            findings.push(
                RULE.finding(format!("Batch takes no samples of `{}` any more", variable.as_str()))
                    .at(span, ""),
            );
        }
    }
}
