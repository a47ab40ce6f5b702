//! Where a value comes from.

use crate::diagnostic::{Location, Sources, Span};
use crate::recipe::node::Node;

/// The longest expression that is shown, in characters.
const LONGEST: usize = 60;

/// Where a value is written, and the expression that made it, if one did.
pub(super) struct Origin {
    pub(super) place: Location,
    pub(super) expression: Option<String>,
}

impl Origin {
    /// Where a value under a key comes from: scalars have a place of their own, lists and maps begin at their key.
    pub(super) fn of(node: &Node, key: Option<Span>, sources: &Sources) -> Option<Self> {
        let is_scalar =
            node.entries().is_empty() && !matches!(node.kind, crate::recipe::node::NodeKind::Sequence(_));
        let own = node.computed || is_scalar && node.span.end > node.span.start;
        let span = key.filter(|_| !own).unwrap_or(node.span);
        let expression = node.computed.then(|| sources.slice(node.span).map(one_line)).flatten();
        Some(Self { place: sources.start(span)?, expression })
    }

    /// Where a key stands.
    pub(super) fn of_key(key: Span, sources: &Sources) -> Option<Self> {
        Some(Self { place: sources.start(key)?, expression: None })
    }

    /// `recipe.yaml:12:5`, and the expression behind it.
    pub(super) fn comment(&self) -> String {
        let Location { file, line, column } = &self.place;
        let expression = self.expression.as_ref().map(|text| format!(" from {text}")).unwrap_or_default();
        format!("{file}:{line}:{column}{expression}")
    }
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = words.join(" ");
    let cut: String = line.chars().take(LONGEST).filter(|c| !c.is_control()).collect();
    if cut.len() < line.len() { format!("{cut}…") } else { cut }
}
