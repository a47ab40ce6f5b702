//! A registry is logged in to in one way.

use super::rule::{Rule, members};
use crate::diagnostic::{Code, Collector, Diagnostic, Severity};
use crate::recipe::document::{Recipe, Registry};

const CODE: Code = Code {
    name: "registry-login",
    severity: Severity::Error,
    summary: "a registry has half a login, or two",
    explanation: "A registry is logged in to with user name and password, or with a managed identity of the pool, or not \
                  at all.",
    examples: &[],
};

pub(super) struct RegistryLogin;

impl Rule for RegistryLogin {
    fn codes(&self) -> &'static [&'static Code] {
        &[&CODE]
    }

    fn check_recipe(&self, recipe: &Recipe, findings: &mut Collector) {
        for entry in members(recipe.registries.as_ref()).unwrap_or_default() {
            if let Some(finding) = entry.value.get().and_then(check) {
                findings.push(finding);
            }
        }
    }
}

fn check(registry: &Registry) -> Option<Diagnostic> {
    let error = |message: &str| Diagnostic::new(&CODE, message);
    match (&registry.identity, &registry.username, &registry.password) {
        (Some(identity), Some(_), _) | (Some(identity), _, Some(_)) => Some(
            error("a managed identity and a password exclude each other")
                .at(identity.span(), "remove this, or remove user name and password"),
        ),
        (None, Some(username), None) => Some(
            error("the user name has no password")
                .at(username.span(), "")
                .help("add `password: { env: NAME }`"),
        ),
        (None, None, Some(password)) => {
            Some(error("the password has no user name").at(password.span(), "").help("add `username`"))
        }
        _ => None,
    }
}
