//! What expressions cannot change.

use crate::diagnostic::{Collector, Diagnostic};
use crate::recipe::codes;
use crate::recipe::node::{Node, NodeKind, Segment};

/// What expressions are evaluated with, or what decides which text is looked at.
const FIRST: [&str; 4] = ["api_version", "name", "extends", "parameters"];
/// Maps whose keys are the objects of a recipe.
const SECTIONS: [&str; 4] = ["registries", "pools", "jobs", "schedules"];

/// Refuses expressions in what expressions are evaluated with, and in what makes up the structure of the recipe.
pub(super) fn refuse_expressions(tree: &mut Node, findings: &mut Collector) {
    for key in FIRST {
        if let Some(section) = tree.find_mut(&[Segment::Key(key.to_owned())]) {
            let why =
                "expressions are evaluated with the parameters and the recipe's name, so these come first";
            refuse_inside(section, usize::MAX, key, why, findings);
        }
    }
    let why = "expressions stand for values; they cannot change which pools, jobs and tasks a recipe has";
    for key in SECTIONS {
        if let Some(section) = tree.find_mut(&[Segment::Key(key.to_owned())]) {
            refuse_inside(section, 1, key, why, findings);
        }
    }
    if let Some(defaults) = tree.find_mut(&[Segment::Key("defaults".to_owned())]) {
        refuse_inside(defaults, 0, "defaults", why, findings);
    }
    for (section, key, depth) in [("jobs", "tasks", 1), ("jobs", "defaults", 0), ("schedules", "job", 0)] {
        let members = tree.find_mut(&[Segment::Key(section.to_owned())]);
        let Some(NodeKind::Mapping(members)) = members.map(|members| &mut members.kind) else { continue };
        for member in members {
            if let Some(part) = member.value.find_mut(&[Segment::Key(key.to_owned())]) {
                refuse_inside(part, depth, key, why, findings);
            }
        }
    }
}

/// Refuses expressions in a node and down to `depth` levels inside it.
fn refuse_inside(node: &mut Node, depth: usize, section: &str, why: &str, findings: &mut Collector) {
    if node.is_template() {
        let message = format!("`{section}` cannot be made by an expression");
        findings.push(Diagnostic::new(&codes::BAD_EXPRESSION, message).at(node.span, "").note(why));
        *node = Node::damaged(node.span);
        return;
    }
    let Some(depth) = depth.checked_sub(1) else { return };
    match &mut node.kind {
        NodeKind::Sequence(items) => {
            items.iter_mut().for_each(|item| refuse_inside(item, depth, section, why, findings));
        }
        NodeKind::Mapping(entries) => {
            entries
                .iter_mut()
                .for_each(|entry| refuse_inside(&mut entry.value, depth, section, why, findings));
        }
        NodeKind::Scalar(_) | NodeKind::Damaged => {}
    }
}
