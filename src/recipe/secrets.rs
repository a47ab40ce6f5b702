//! Finds secrets that were written into a recipe, before anything can quote them.

use super::codes;
use super::node::{Node, NodeKind, Scalar, Segment, Value};
use crate::diagnostic::{Collector, Diagnostic, SourceId, Sources, Span};

/// Reports every password that is a value instead of a reference, hides it from all excerpts, and marks it as damaged.
pub(super) fn refuse_plaintext(root: &mut Node, findings: &mut Collector) {
    let section = root.find_mut(&[Segment::Key("registries".to_owned())]);
    let Some(NodeKind::Mapping(registries)) = section.map(|node| &mut node.kind) else { return };
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
                Diagnostic::new(&codes::PLAINTEXT_SECRET, "a password is written into the recipe")
                    .at(span, "this must be a reference to the password")
                    .note("recipes are shared and committed; whoever reads one must not learn its secrets")
                    .help(
                        "`password: { env: NAME }` takes it from the environment, `{ file: PATH }` from a file, \
                         `{ key_vault: URL }` from an Azure Key Vault",
                    )
                    .help("if this was the real password, consider it known and replace it"),
            );
            entry.value = Node::damaged(span);
        }
    }
}

/// Hides whatever follows `password:` in a text that is no YAML, where nobody can say what is a value.
pub(super) fn hide_in_text(source: SourceId, sources: &Sources, findings: &mut Collector) {
    let Some(text) = sources.get(source).map(|source| source.text()) else { return };
    for (at, word) in text.match_indices("password") {
        let after = at + word.len();
        let rest = text.get(after..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let value = rest.trim_start_matches(['"', '\'', ' ', '\t']);
        let Some(value) = value.strip_prefix(':').map(str::trim_start) else { continue };
        if !value.is_empty() && !value.starts_with('{') {
            let start = after + rest.len() - value.len();
            findings.hide(Span::new(source, start, start + value.len()));
        }
    }
}
