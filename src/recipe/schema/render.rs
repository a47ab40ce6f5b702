//! Mistakes in words.

use super::explain::{Mistake, MistakeKind};
use crate::diagnostic::{Diagnostic, Span, quote};
use crate::recipe::node::{Node, NodeKind, Segment, Style};
use crate::recipe::{codes, suggest};

/// The finding for a mistake.
pub(super) fn render(mistake: &Mistake, root: &Node) -> Option<Diagnostic> {
    let node = root.find(&mistake.path)?;
    let place = Place::of(root, &mistake.path, node);
    Some(match &mistake.kind {
        MistakeKind::UnknownKey { key, known } => unknown_key(node, key, known),
        MistakeKind::MissingKey { key } => {
            Diagnostic::new(&codes::MISSING_KEY, format!("the key `{key}` is missing"))
                .at(place.key, place.says(&format!("needs `{key}`")))
        }
        MistakeKind::InvalidKey { key, message } => {
            Diagnostic::new(&codes::INVALID_VALUE, format!("{} is no possible name", quote(key)))
                .at(key_span(node, key), message.clone())
        }
        MistakeKind::Type { expected } => wrong_type(node, &place, expected),
        MistakeKind::Word { allowed } => wrong_word(node, &place, allowed),
        MistakeKind::Limit { message } => {
            Diagnostic::new(&codes::INVALID_VALUE, format!("{} {message}", place.subject()))
                .at(place.value, "")
        }
        MistakeKind::Form { message } => {
            Diagnostic::new(&codes::INVALID_VALUE, format!("{}: {message}", place.subject()))
                .at(place.value, "")
        }
    })
}

fn unknown_key(node: &Node, key: &str, known: &[String]) -> Diagnostic {
    let help = match suggest::nearest(key, known.iter().map(String::as_str)) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if known.is_empty() => None,
        None => Some(format!("known here: {}", suggest::list(known.iter().cloned()))),
    };
    Diagnostic::new(&codes::UNKNOWN_KEY, format!("unknown key {}", quote(key)))
        .at(key_span(node, key), "")
        .maybe_help(help)
}

fn wrong_type(node: &Node, place: &Place, expected: &[&str]) -> Diagnostic {
    let expected_text = match expected {
        [] => "something else".to_owned(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    };
    let found = node.describe();
    let message = format!("{} must be {expected_text}, not {found}", place.subject());
    let diagnostic = Diagnostic::new(&codes::WRONG_TYPE, message).at(place.value, format!("this is {found}"));
    if node.computed {
        return diagnostic.note("the value comes from the expression");
    }
    if let NodeKind::Scalar(scalar) = &node.kind
        && scalar.style == Style::Quoted
        && expected.contains(&Node::plain(node.span, &scalar.text).describe())
    {
        return diagnostic.help("remove the quotes: in quotes it is a string");
    }
    if expected.contains(&"a boolean")
        && matches!(&node.kind, NodeKind::Scalar(scalar) if is_old_boolean(&scalar.text))
    {
        return diagnostic.help("booleans are written `true` and `false`");
    }
    let wants_text =
        expected == ["a string"] && matches!(node.kind, NodeKind::Scalar(_)) && found != "nothing";
    diagnostic.maybe_help(wants_text.then(|| "put the value in quotes to make it a string".to_owned()))
}

/// Words that YAML 1.1 took for booleans.
fn is_old_boolean(text: &str) -> bool {
    ["yes", "no", "on", "off", "y", "n"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn wrong_word(node: &Node, place: &Place, allowed: &[String]) -> Diagnostic {
    let word = match &node.kind {
        NodeKind::Scalar(scalar) => scalar.text.as_str(),
        _ => "",
    };
    let near = suggest::nearest(word, allowed.iter().map(String::as_str));
    let list = suggest::list(allowed.iter().cloned());
    let one_of =
        if allowed.len() == 1 { format!("must be {list}") } else { format!("must be one of {list}") };
    Diagnostic::new(&codes::INVALID_VALUE, format!("{} {one_of}", place.subject()))
        .at(place.value, "")
        .maybe_help(near.filter(|_| allowed.len() > 1).map(|near| format!("did you mean `{near}`?")))
}

fn key_span(node: &Node, key: &str) -> Span {
    node.entries().iter().find(|entry| entry.key == key).map_or(node.span, |entry| entry.key_span)
}

/// A value, the key it stands under, and a name for it.
struct Place {
    value: Span,
    key: Span,
    name: Option<String>,
}

impl Place {
    fn of(root: &Node, path: &[Segment], node: &Node) -> Self {
        let mut place = Self { value: node.span, key: node.span, name: None };
        // An item of a list goes by the name of the list.
        let named = path.iter().rposition(|segment| matches!(segment, Segment::Key(_)));
        if let Some(position) = named
            && let Some((Segment::Key(key), parents)) =
                path.get(..=position).and_then(<[Segment]>::split_last)
            && let Some(entry) =
                root.find(parents).and_then(|parent| parent.entries().iter().find(|entry| entry.key == *key))
        {
            place.name = Some(key.clone());
            if position + 1 == path.len() {
                place.key = entry.key_span;
                // A value that is not there has no place of its own.
                if place.value.start == place.value.end {
                    place.value = entry.key_span;
                }
            }
        }
        place
    }

    fn subject(&self) -> String {
        self.name.as_ref().map_or_else(|| "the value".to_owned(), |name| quote(name))
    }

    fn says(&self, what: &str) -> String {
        self.name.as_ref().map_or_else(|| format!("this {what}"), |name| format!("{} {what}", quote(name)))
    }
}
