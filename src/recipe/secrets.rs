//! Finds secrets that were written into a recipe, before anything can quote them.

use super::codes;
use super::node::{EXPRESSION_START, Node, NodeKind, Value};
use super::schema::{Place, Shape};
use crate::diagnostic::{Collector, Diagnostic, SourceId, Sources, Span};

/// Keys whose values are secrets, and what these are called.
const SECRETS: [(&str, &str); 4] = [
    ("password", "a password"),
    ("ssh_private_key", "a private key"),
    ("account_key", "the key of an account"),
    ("sas_key", "a shared access signature"),
];

/// Reports every secret that is a value instead of a reference, hides it from all excerpts, and marks it as damaged. What
/// stands where the language knows no such key may be a secret in a wrong place.
pub(super) fn refuse_plaintext(root: &mut Node, shape: Shape, findings: &mut Collector) {
    refuse_inside(root, "", Place::of(shape), findings);
}

/// The same for one key of every member of a map, where that key is a secret only there.
pub(super) fn refuse_plaintext_under(map: &mut Node, key: &str, what: &str, findings: &mut Collector) {
    let NodeKind::Mapping(members) = &mut map.kind else { return };
    for member in members {
        let NodeKind::Mapping(entries) = &mut member.value.kind else { continue };
        for entry in entries.iter_mut().filter(|entry| entry.key == key) {
            if matches!(&entry.value.kind, NodeKind::Scalar(scalar) if scalar.value != Value::Null) {
                refuse(&mut entry.value, key, what, findings);
            }
        }
    }
}

/// `key` is the one that the value stands under.
fn refuse_inside(node: &mut Node, key: &str, place: Place, findings: &mut Collector) {
    match &mut node.kind {
        NodeKind::Mapping(entries) => {
            for entry in entries {
                let is_free = place.is_free_key(&entry.key);
                let secret = SECRETS.iter().find(|(key, _)| !is_free && entry.key == *key);
                let is_written = matches!(
                    &entry.value.kind,
                    NodeKind::Scalar(scalar) if scalar.value != Value::Null && !is_parameter(&scalar.text)
                );
                match secret {
                    Some((key, what)) if is_written => refuse(&mut entry.value, key, what, findings),
                    _ => {
                        let inside = place.member(&entry.key);
                        refuse_inside(&mut entry.value, &entry.key, inside, findings);
                    }
                }
            }
        }
        NodeKind::Sequence(items) => {
            items.iter_mut().for_each(|item| refuse_inside(item, key, place.item(), findings));
        }
        NodeKind::Scalar(scalar) if is_signed_url(&scalar.text) => {
            refuse(node, key, "a URL with a signature", findings);
        }
        NodeKind::Scalar(_) | NodeKind::Damaged => {}
    }
}

/// Whether a text is nothing but a parameter, `${{ params.token }}`: if that is a secret, it is a reference to one, and if
/// it is none, it has the wrong type.
fn is_parameter(text: &str) -> bool {
    let inside = text.trim().strip_prefix(EXPRESSION_START).and_then(|rest| rest.strip_suffix("}}"));
    let name = inside.and_then(|inside| inside.trim().strip_prefix("params."));
    name.is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
}

/// Whether whoever reads a URL can use what it leads to: it has the `sig` of a shared access signature.
fn is_signed_url(text: &str) -> bool {
    let query = text.split_once("://").and_then(|(_, rest)| rest.split_once('?')).map(|(_, query)| query);
    query.is_some_and(|query| query.split('&').any(|part| part.starts_with("sig=")))
}

fn refuse(value: &mut Node, key: &str, what: &str, findings: &mut Collector) {
    let span = value.span;
    findings.hide(span);
    let message = format!("{what} is written into the recipe");
    findings.push(
        Diagnostic::new(&codes::PLAINTEXT_SECRET, message)
            .at(span, "this must be a reference to the secret")
            .note("recipes are shared and committed; whoever reads one must not learn its secrets")
            .help(reference_in_place_of(key))
            .help("if this was the real secret, consider it known and replace it"),
    );
    *value = Node::damaged(span);
}

fn reference_in_place_of(key: &str) -> String {
    match key {
        "env" => "`env: NAME` names an environment variable that holds it".to_owned(),
        "file" => "`file: PATH` names a file that holds it".to_owned(),
        _ => format!(
            "`{key}: {{ env: NAME }}` takes it from the environment, `{{ file: PATH }}` from a file, \
             `{{ key_vault: URL }}` from an Azure Key Vault"
        ),
    }
}

/// Hides whatever follows the key of a secret in a text that is no YAML, where nobody can say what is a value.
pub(super) fn hide_in_text(source: SourceId, sources: &Sources, findings: &mut Collector) {
    let Some(text) = sources.get(source).map(|source| source.text()) else { return };
    let keys = SECRETS.iter().flat_map(|(key, _)| text.match_indices(key));
    for (at, word) in keys {
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
