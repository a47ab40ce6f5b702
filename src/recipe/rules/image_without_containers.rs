//! A pool that runs containers needs an image with a container engine.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::ImageAlias;
use crate::recipe::suggest;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "image-without-containers",
        severity: Severity::Error,
        summary: "a container pool on an image without a container engine",
        explanation: "The nodes of a pool that runs containers need an image that brings a container engine. A plain \
                      operating system image does not.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ⟦ubuntu-22.04⟧
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
    let alias = pool.image.get().and_then(|image| image.alias());
    let (Some(ImageAlias { name, containers: false, .. }), Some(container)) = (alias, &pool.container) else {
        return;
    };
    let fitting = ImageAlias::ALL.iter().filter(|alias| alias.containers);
    findings.push(
        RULE.finding(format!("the image `{name}` has no container engine"))
            .at(pool.image.span(), "")
            .at(container.span(), "the pool runs containers")
            .help(format!(
                "images that have one: {}",
                suggest::list(fitting.map(|alias| alias.name.to_owned()))
            )),
    );
}
