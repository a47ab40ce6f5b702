//! Finds secrets that were written into a recipe, before anything else can quote them.

use super::codes;
use super::node::{Node, NodeKind, Scalar, Value};
use crate::diagnostic::{Collector, Diagnostic};

/// Reports every password that is a value instead of a reference, hides it from all excerpts, and marks it as damaged.
pub(super) fn refuse_plaintext(root: &mut Node, findings: &mut Collector) {
    let Some(NodeKind::Mapping(registries)) = root.find_mut(&[super::node::Segment::Key("registries".to_owned())]).map(|node| &mut node.kind) else {
        return;
    };
    for registry in registries {
        let NodeKind::Mapping(entries) = &mut registry.value.kind else { continue };
        for entry in entries.iter_mut().filter(|entry| entry.key == "password") {
            let NodeKind::Scalar(Scalar { value, .. }) = &entry.value.kind else { continue };
            if *value == Value::Null {
                continue;
            }
            let span = entry.value.span;
            findings.hide(span);
            findings.push(
                Diagnostic::error(&codes::PLAINTEXT_SECRET, "a password is written into the recipe")
                    .at(span, "this must be a reference to the password")
                    .note("recipes are shared and committed; whoever reads one must not learn its secrets")
                    .help("`password: { env: NAME }` takes it from the environment, `{ file: PATH }` from a file, `{ key_vault: URL }` from an Azure Key Vault")
                    .help("if this was the real password, consider it known and replace it"),
            );
            entry.value = Node::damaged(span);
        }
    }
}
