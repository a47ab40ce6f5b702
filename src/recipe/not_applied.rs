//! What can be written and is not carried out yet. Refused rather than dropped.

use super::codes;
use super::node::Node;
use crate::diagnostic::{Collector, Diagnostic};

/// Reports every key that applying a recipe would not carry out.
pub(super) fn refuse(tree: &Node, findings: &mut Collector) {
    refuse_keys(Some(tree), &["schedules"], findings);
}

fn refuse_keys(node: Option<&Node>, keys: &[&str], findings: &mut Collector) {
    let entries = node.map(Node::entries).unwrap_or_default();
    for entry in entries.iter().filter(|entry| keys.contains(&entry.key.as_str())) {
        let message = format!("`{}` can be written, but this version does not carry it out", entry.key);
        findings.push(Diagnostic::new(&codes::NOT_APPLIED, message).at(entry.key_span, ""));
    }
}
