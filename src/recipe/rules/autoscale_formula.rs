//! An autoscale formula can be evaluated.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::batch::autoscale::{Formula, FormulaError, check as check_formula};
use crate::diagnostic::{Code, Collector, Diagnostic, Example, Severity};
use crate::recipe::document::Field;
use crate::recipe::template::locate_text;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "autoscale-formula",
        severity: Severity::Error,
        summary: "an autoscale formula cannot be evaluated",
        explanation: "A formula is a list of assignments separated by `;`, at most 100 of them in at most 8 KiB. Batch \
                      refuses a formula that it cannot read; one that fails when it is evaluated leaves the pool at \
                      the size that it has.",
        examples: &[
            Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: 
      autoscale: { formula: \"$TargetDedicatedNodes = ⟦avrg⟧($PendingTasks.GetSample(1))\" }
",
                good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: 
      autoscale: { formula: \"$TargetDedicatedNodes = avg($PendingTasks.GetSample(1))\" }
",
            },
            Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: 
      autoscale:
        formula: |
          cap = 10;
          $TargetDedicatedNodes = min(cap, ⟦$PendingTask⟧);
",
                good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: 
      autoscale:
        formula: |
          cap = 10;
          $TargetDedicatedNodes = min(cap, $PendingTasks);
",
            },
        ],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let autoscale = scope.pool.nodes.get().and_then(|nodes| nodes.autoscale.as_ref()?.get());
    let Some(field) = autoscale.map(|autoscale| &autoscale.formula) else { return };
    let Some(text) = field.get() else { return };
    let errors = match Formula::parse(text) {
        Ok(formula) => check_formula(&formula).0,
        Err(errors) => errors,
    };
    for error in errors {
        findings.push(finding(scope, field, text, &error));
    }
}

fn finding(scope: &PoolScope<'_>, field: &Field<String>, text: &str, error: &FormulaError) -> Diagnostic {
    let span = locate_text(text, field.span(), &error.range, scope.sources);
    RULE.finding(error.to_string()).at(span, "")
}
