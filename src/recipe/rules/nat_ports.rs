//! Some ports are Azure's own.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::InboundNatPool;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "nat-ports",
        severity: Severity::Error,
        summary: "ports that Azure Batch does not give away",
        explanation: "On a node the ports 22, 3389, 29876 and 29877 are taken. Outside, ports from 50000 to 55000 are \
                      reserved, and a range needs at least 40 ports.",
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
          web: { protocol: tcp, backend_port: ⟦29876⟧, frontend_port_range_start: 15000, frontend_port_range_end: 15100 }
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
          web: { protocol: tcp, backend_port: 8080, frontend_port_range_start: 15000, frontend_port_range_end: 15100 }
    nodes: { dedicated: 2 }
",
            },
            Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    network:
      endpoints:
        inbound_nat_pools:
          web: { protocol: tcp, backend_port: 8080, frontend_port_range_start: 15000, frontend_port_range_end: ⟦15010⟧ }
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
          web: { protocol: tcp, backend_port: 8080, frontend_port_range_start: 15000, frontend_port_range_end: 15039 }
    nodes: { dedicated: 2 }
",
            },
            Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    network:
      endpoints:
        inbound_nat_pools:
          web: { protocol: tcp, backend_port: 8080, frontend_port_range_start: 49990, frontend_port_range_end: ⟦50040⟧ }
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
          web: { protocol: tcp, backend_port: 8080, frontend_port_range_start: 49950, frontend_port_range_end: 49999 }
    nodes: { dedicated: 2 }
",
            }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    for pool in scope.inbound_nat_pools().iter().filter_map(|entry| entry.value.get()) {
        check_pool(pool, findings);
    }
}

fn check_pool(pool: &InboundNatPool, findings: &mut Collector) {
    if pool.backend_port.get().is_some_and(|port| matches!(port, 22 | 3389 | 29_876 | 29_877)) {
        findings.push(
            RULE.finding("Azure Batch keeps this port of the node for itself")
                .at(pool.backend_port.span(), ""),
        );
    }
    let (first, last) = (&pool.frontend_port_range_start, &pool.frontend_port_range_end);
    let (Some(start), Some(end)) = (first.get(), last.get()) else { return };
    let problem = if *end - *start + 1 < 40 {
        "a range has at least 40 ports"
    } else if *start <= 55_000 && *end >= 50_000 {
        "ports from 50000 to 55000 are reserved"
    } else {
        return;
    };
    findings.push(RULE.finding(problem).at(last.span(), "").at(first.span(), "the range begins here"));
}
