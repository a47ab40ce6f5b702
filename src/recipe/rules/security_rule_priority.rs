//! Rules come one after the other.

use super::rule::{Check, Rule};
use super::scope::{PoolScope, members};
use crate::diagnostic::{Code, Collector, Example, Severity, Span};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "security-rule-priority",
        severity: Severity::Error,
        summary: "two security rules have the same priority",
        explanation: "Rules are looked at in the order of their priorities, so no two rules of a pool have the same.",
        examples: &[Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    network:
      endpoints:
        inbound_nat_pools:
          web: { protocol: tcp, backend_port: 8080, frontend_port_range_start: 15000, frontend_port_range_end: 15100, network_security_group_rules: [{ priority: 150, access: allow, source_address_prefix: 10.0.0.0/8 }, { priority: ⟦150⟧, access: deny, source_address_prefix: \"*\" }] }
    nodes: { dedicated: 2 }
",
                good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    network:
      endpoints:
        inbound_nat_pools:
          web: { protocol: tcp, backend_port: 8080, frontend_port_range_start: 15000, frontend_port_range_end: 15100, network_security_group_rules: [{ priority: 150, access: allow, source_address_prefix: 10.0.0.0/8 }, { priority: 160, access: deny, source_address_prefix: \"*\" }] }
    nodes: { dedicated: 2 }
",
            }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let network = scope.pool.network.as_ref().and_then(Field::get);
    let endpoints = network.and_then(|network| network.endpoints.as_ref()?.get());
    let pools =
        endpoints.and_then(|endpoints| members(Some(&endpoints.inbound_nat_pools))).unwrap_or_default();
    let rules =
        pools.iter().filter_map(|entry| entry.value.get()?.network_security_group_rules.as_ref()?.get());
    let mut seen: Vec<(i32, Span)> = Vec::new();
    for priority in rules.flatten().filter_map(|rule| Some(&rule.get()?.priority)) {
        let Some(number) = priority.get().copied() else { continue };
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == number) {
            findings.push(
                RULE.finding(format!("two rules have the priority {number}"))
                    .at(priority.span(), "again here")
                    .at(*first, "first here"),
            );
        }
        seen.push((number, priority.span()));
    }
}
