//! An image needs its node agent.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::{Field, ImageChoice};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "missing-node-agent",
        severity: Severity::Error,
        summary: "the node agent that fits an image is not known",
        explanation: "Every node runs an agent that is built for its operating system. For images with a short name it is \
                      known; for any other the pool says it: `node_agent_sku`. The account lists images and their agents \
                      (`az batch pool supported-images list`); an image of your own has the agent of the one that it \
                      was made from.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ⟦{ publisher: almalinux, offer: almalinux-x86_64, sku: 9-gen2 }⟧
    nodes: { dedicated: 1 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: { publisher: almalinux, offer: almalinux-x86_64, sku: 9-gen2 }
    node_agent_sku: batch.node.el 9
    nodes: { dedicated: 1 }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let pool = scope.pool;
    let Some(image) = pool.image.get() else { return };
    if image.alias().is_none() && pool.node_agent_sku.is_none() && image.is_understood() {
        findings.push(
            RULE.finding("the node agent that fits this image is not known")
                .at(pool.image.span(), "the pool has no `node_agent_sku`")
                .help("for example `node_agent_sku: batch.node.ubuntu 22.04`"),
        );
    }
}

impl ImageChoice {
    /// Whether everything that identifies it could be understood.
    fn is_understood(&self) -> bool {
        match self {
            Self::Alias(_) => true,
            Self::Reference(image) => {
                let known =
                    |part: &Option<Field<String>>| part.as_ref().is_some_and(|part| part.get().is_some());
                known(&image.id) || [&image.publisher, &image.offer, &image.sku].into_iter().all(known)
            }
        }
    }
}
