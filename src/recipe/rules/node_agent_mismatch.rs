//! The node agent fits the image.

use super::platform::marketplace;
use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity, quote};
use crate::recipe::catalog::KnownImage;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "node-agent-mismatch",
        severity: Severity::Error,
        summary: "the node agent is not the one of the image",
        explanation: "Every node runs an agent that is built for its operating system; Batch refuses a pool whose \
                      image and agent do not belong together.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    node_agent_sku: ⟦batch.node.ubuntu 20.04⟧
    container: {}
    nodes: { dedicated: 1 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    nodes: { dedicated: 1 }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let pool = scope.pool;
    let known = pool.image.get().and_then(|image| {
        let (publisher, offer, sku) = marketplace(image)?;
        KnownImage::find(publisher, offer, sku)
    });
    let (Some(known), Some(field)) = (known, &pool.node_agent_sku) else { return };
    let Some(agent) = field.get().filter(|agent| !agent.eq_ignore_ascii_case(known.node_agent)) else {
        return;
    };
    findings.push(
        RULE.finding(format!("{} is not the node agent of this image", quote(agent)))
            .at(field.span(), "")
            .at(pool.image.span(), format!("its node agent is `{}`", known.node_agent)),
    );
}
