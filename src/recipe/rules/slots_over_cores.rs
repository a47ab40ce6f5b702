//! A node has at most four slots for each processor.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::catalog::VmSize;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "slots-over-cores",
        severity: Severity::Warning,
        summary: "a node has more slots than its size allows",
        explanation: "Batch allows four slots for each processor of a node, and at most 256. The number of processors \
                      is read from the name of the size.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    slots_per_node: ⟦16⟧
    nodes: { dedicated: 1 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    slots_per_node: 8
    nodes: { dedicated: 1 }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let pool = scope.pool;
    let processors = pool.vm_size.get().and_then(|name| VmSize::parse(name)?.processors());
    let (Some(field), Some(processors)) = (&pool.slots_per_node, processors) else { return };
    let most = i64::from(processors) * 4;
    if field.get().is_some_and(|slots| i64::from(*slots) > most) {
        findings.push(
            RULE.finding(format!("a node of this size may have {most} slots"))
                .at(field.span(), "")
                .at(pool.vm_size.span(), format!("{processors} processors, by its name")),
        );
    }
}
