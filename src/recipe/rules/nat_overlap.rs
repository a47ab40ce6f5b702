//! A port leads to one place.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::{InboundNatPool, NamedEntry};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "nat-overlap",
        severity: Severity::Error,
        summary: "two ranges of ports overlap, or lead to the same port",
        explanation: "Ports outside lead to exactly one port of one node, so the ranges of a pool do not overlap, and \
                      each leads to a port of its own.",
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
          web: { protocol: tcp, backend_port: 8080, frontend_port_range_start: 15000, frontend_port_range_end: 15100 }
          api: { protocol: tcp, backend_port: 8081, frontend_port_range_start: ⟦15050⟧, frontend_port_range_end: 15150 }
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
          api: { protocol: tcp, backend_port: 8081, frontend_port_range_start: 15101, frontend_port_range_end: 15200 }
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
          web: { protocol: tcp, backend_port: 8080, frontend_port_range_start: 15000, frontend_port_range_end: 15100 }
          api: { protocol: tcp, backend_port: ⟦8080⟧, frontend_port_range_start: 15101, frontend_port_range_end: 15200 }
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
          api: { protocol: udp, backend_port: 8080, frontend_port_range_start: 15101, frontend_port_range_end: 15200 }
    nodes: { dedicated: 2 }
",
            }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let pools = scope.inbound_nat_pools();
    for (position, entry) in pools.iter().enumerate() {
        for earlier in pools.iter().take(position) {
            compare(entry, earlier, findings);
        }
    }
}

fn compare(
    later: &NamedEntry<InboundNatPool>,
    earlier: &NamedEntry<InboundNatPool>,
    findings: &mut Collector,
) {
    let (Some(pool), Some(other)) = (later.value.get(), earlier.value.get()) else { return };
    let port = pool.backend_port.get();
    if port.is_some() && port == other.backend_port.get() && pool.protocol.get() == other.protocol.get() {
        findings.push(
            RULE.finding("two ranges lead to the same port of a node")
                .at(pool.backend_port.span(), "")
                .at(other.backend_port.span(), "the other one"),
        );
    }
    let range = |pool: &InboundNatPool| {
        Some((*pool.frontend_port_range_start.get()?, *pool.frontend_port_range_end.get()?))
    };
    let (Some((start, end)), Some((first, last))) = (range(pool), range(other)) else { return };
    if first <= end && start <= last {
        findings.push(
            RULE.finding("two ranges of ports overlap")
                .at(pool.frontend_port_range_start.span(), "this range")
                .at(earlier.name_span, "and this one"),
        );
    }
}
