//! An image needs its node agent, and a container engine if the pool runs containers.

use super::rule::{Rule, members};
use crate::diagnostic::{Code, Collector, Diagnostic, Severity};
use crate::recipe::document::{Field, ImageAlias, ImageChoice, Pool, Recipe};
use crate::recipe::{codes, suggest};

const CODE: Code = Code {
    name: "image-without-containers",
    severity: Severity::Error,
    summary: "a container pool on an image without a container engine",
    explanation: "The nodes of a pool that runs containers need an image that brings a container engine. A plain \
                  operating system image does not.",
    examples: &[],
};

pub(super) struct PoolImage;

impl Rule for PoolImage {
    fn codes(&self) -> &'static [&'static Code] {
        &[&CODE]
    }

    fn check_recipe(&self, recipe: &Recipe, findings: &mut Collector) {
        let pools = members(recipe.pools.as_ref()).unwrap_or_default();
        for pool in pools.iter().filter_map(|entry| entry.value.get()) {
            check(pool, findings);
        }
    }
}

fn check(pool: &Pool, findings: &mut Collector) {
    let Some(image) = pool.image.get() else { return };
    match image.alias() {
        None if pool.node_agent_sku.is_none() && image.is_understood() => findings.push(
            Diagnostic::new(&codes::MISSING_KEY, "the key `node_agent_sku` is missing")
                .at(pool.image.span(), "the node agent that fits this image is not known")
                .help("for example `node_agent_sku: batch.node.ubuntu 22.04`"),
        ),
        Some(ImageAlias { name, containers: false, .. }) => {
            let Some(container) = &pool.container else { return };
            let fitting = ImageAlias::ALL.iter().filter(|alias| alias.containers);
            findings.push(
                Diagnostic::new(&CODE, format!("the image `{name}` has no container engine"))
                    .at(pool.image.span(), "")
                    .at(container.span(), "the pool runs containers")
                    .help(format!(
                        "images that have one: {}",
                        suggest::list(fitting.map(|alias| alias.name.to_owned()))
                    )),
            );
        }
        _ => {}
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
