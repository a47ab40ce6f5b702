//! Scalars that are text for a program, however they look.

use super::place::Place;
use crate::recipe::node::{Node, NodeKind, Value};

/// Makes strings of the numbers and booleans that stand where a program's text does, so that nothing that reads the tree after
/// this takes them for anything else: `1.10` stays `1.10`.
pub(super) fn spell_out(node: &mut Node, place: Place) {
    if !place.leads_to_text() {
        return;
    }
    match &mut node.kind {
        NodeKind::Mapping(entries) => {
            entries.iter_mut().for_each(|entry| spell_out(&mut entry.value, place.member(&entry.key)));
        }
        NodeKind::Sequence(items) => items.iter_mut().for_each(|item| spell_out(item, place.item())),
        NodeKind::Scalar(scalar) if place.is_text() && scalar.value != Value::Null => {
            scalar.value = Value::Text;
        }
        NodeKind::Scalar(_) | NodeKind::Damaged => {}
    }
}
