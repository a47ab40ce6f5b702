//! A registry is logged in to in one way.

use super::rule::{Check, Rule};
use super::scope::members;
use crate::diagnostic::{Code, Collector, Diagnostic, Example, Severity};
use crate::recipe::document::{Recipe, Registry};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "registry-login",
        severity: Severity::Error,
        summary: "a registry has half a login, or two",
        explanation: "A registry is logged in to with user name and password, or with a managed identity of the pool, or \
                      not at all.",
        examples: &[
            Example {
                bad: "\
registries:
  acr: { server: myregistry.azurecr.io, username: ⟦ci⟧ }
",
                good: "\
registries:
  acr: { server: myregistry.azurecr.io, username: ci, password: { env: ACR_PASSWORD } }
",
            },
            Example {
                bad: "\
registries:
  acr:
    server: myregistry.azurecr.io
    username: ci
    password: { env: ACR_PASSWORD }
    identity: ⟦/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/pull⟧
",
                good: "\
registries:
  acr:
    server: myregistry.azurecr.io
    identity: /subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/pull
",
            },
        ],
    },
    checks: &[Check::Recipe(check)],
};

fn check(recipe: &Recipe, findings: &mut Collector) {
    for entry in members(recipe.registries.as_ref()).unwrap_or_default() {
        if let Some(finding) = entry.value.get().and_then(login) {
            findings.push(finding);
        }
    }
}

fn login(registry: &Registry) -> Option<Diagnostic> {
    match (&registry.identity, &registry.username, &registry.password) {
        (Some(identity), Some(_), _) | (Some(identity), _, Some(_)) => Some(
            RULE.finding("a managed identity and a password exclude each other")
                .at(identity.span(), "remove this, or remove user name and password"),
        ),
        (None, Some(username), None) => Some(
            RULE.finding("the user name has no password")
                .at(username.span(), "")
                .help("add `password: { env: NAME }`"),
        ),
        (None, None, Some(password)) => {
            Some(RULE.finding("the password has no user name").at(password.span(), "").help("add `username`"))
        }
        _ => None,
    }
}
