//! Azure Batch ends its support for images of old systems.

use super::platform::marketplace;
use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Diagnostic, Example, Severity};
use crate::recipe::catalog::{self, KnownImage, Retirement};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "retired-image",
        severity: Severity::Warning,
        summary: "an image or node agent that Azure Batch supports no longer, or not for long",
        explanation: "Batch supports an operating system as long as its publisher does. Afterwards pools with its node \
                      agent can no longer be made or enlarged, and existing ones may be scaled to zero. The dates are \
                      those of the notices of Azure Batch on the day that the finding names.",
        examples: &[Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ⟦{ publisher: microsoft-azure-batch, offer: ubuntu-server-container, sku: 20-04-lts }⟧
    node_agent_sku: batch.node.ubuntu 20.04
    container: {}
    nodes: { dedicated: 1 }
",
                good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-24.04-container
    container: {}
    nodes: { dedicated: 1 }
",
            },
            Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: { id: /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/g/images/i/versions/1.0.0 }
    node_agent_sku: ⟦batch.node.centos 7⟧
    container: {}
    nodes: { dedicated: 1 }
",
                good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: { id: /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/galleries/g/images/i/versions/1.0.0 }
    node_agent_sku: batch.node.el 9
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
        KnownImage::find(publisher, offer, sku)?.retirement
    });
    let agent = pool.node_agent_sku.as_ref().and_then(|agent| catalog::node_agent(agent.get()?));
    let found = match (known, &pool.node_agent_sku) {
        (Some(end), _) => Some(("this image", end, pool.image.span())),
        (None, Some(field)) => agent.map(|end| ("this node agent", end, field.span())),
        (None, None) => None,
    };
    if let Some((what, end, span)) = found.filter(|(_, end, _)| end.is_past() || end.is_soon()) {
        findings.push(finding(what, end).at(span, ""));
    }
}

fn finding(what: &str, end: Retirement) -> Diagnostic {
    let verb = if end.is_past() { "ended" } else { "ends" };
    let finding = RULE
        .finding(format!("the support of Azure Batch for {what} {verb} on {}", end.date))
        .note(format!("as of {}", end.as_of));
    match end.replacement {
        "" => finding.help("choose an image of a newer version"),
        agent => finding.help(format!("choose an image for `{agent}`")),
    }
}
