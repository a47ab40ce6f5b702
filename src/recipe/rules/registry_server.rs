//! A registry is named by its host.

use super::rule::{Check, Rule};
use super::scope::members;
use crate::batch::image_reference::server_name;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Recipe;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "registry-server",
        severity: Severity::Warning,
        summary: "the server of a registry is written as a URL",
        explanation: "`server` is host and, if need be, port: what stands before the first `/` in the names of the \
                      registry's images. The login for a URL is not found when an image of that host is fetched.",
        examples: &[Example {
            bad: "\
registries:
  acr: { server: ⟦https://myregistry.azurecr.io/v2/⟧, username: ci, password: { env: ACR_PASSWORD } }
",
            good: "\
registries:
  acr: { server: myregistry.azurecr.io, username: ci, password: { env: ACR_PASSWORD } }
",
        }],
    },
    checks: &[Check::Recipe(check)],
};

fn check(recipe: &Recipe, findings: &mut Collector) {
    for entry in members(recipe.registries.as_ref()).unwrap_or_default() {
        let Some(server) = entry.value.get().and_then(|registry| registry.server.as_ref()) else { continue };
        let Some(text) = server.get() else { continue };
        // Docker's own login takes this URL for Docker Hub.
        if text.contains('/') && text != "https://index.docker.io/v1/" {
            findings.push(
                RULE.finding("the server of a registry is a host, not a URL")
                    .at(server.span(), "")
                    .help(format!("write `server: {}`", server_name(text))),
            );
        }
    }
}
