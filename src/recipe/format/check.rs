//! Makes sure that a new layout means what the old one did.

use super::layout::Layout;
use super::read::read;
use crate::diagnostic::{Collector, Sources};
use crate::recipe::node::{Node, NodeKind};
use crate::recipe::parse::parse;

/// Whether a text means the same as a tree, and has the comments of a layout, in the same order.
pub(super) fn is_equivalent(tree: &Node, old_text: &str, layout: &Layout, new_text: &str) -> bool {
    let mut sources = Sources::default();
    let mut findings = Collector::default();
    let id = sources.add("", new_text);
    let Some(new_tree) = parse(id, &sources, &mut findings).filter(|_| !findings.has_errors()) else {
        return false;
    };
    let Some(new_layout) = read(new_text) else { return false };
    means_the_same(tree, &new_tree) && comments(old_text, layout) == comments(new_text, &new_layout)
}

fn means_the_same(one: &Node, other: &Node) -> bool {
    match (&one.kind, &other.kind) {
        (NodeKind::Scalar(one), NodeKind::Scalar(other)) => {
            one.value == other.value && one.text == other.text
        }
        (NodeKind::Sequence(one), NodeKind::Sequence(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| means_the_same(one, other))
        }
        (NodeKind::Mapping(one), NodeKind::Mapping(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| one.key == other.key && means_the_same(&one.value, &other.value))
        }
        _ => false,
    }
}

fn comments<'a>(text: &'a str, layout: &Layout) -> Vec<&'a str> {
    let comments = layout.comments.iter();
    comments.filter_map(|comment| Some(text.get(comment.span.clone())?.trim_end())).collect()
}
