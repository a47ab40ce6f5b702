//! Mistakes in words.

use super::explain::{Mistake, MistakeKind};
use crate::diagnostic::{Diagnostic, Span, quote};
use crate::recipe::document::DurationText;
use crate::recipe::node::{Node, NodeKind, Scalar, Segment, Style, Value};
use crate::recipe::rest_names::{self, Removed};
use crate::recipe::{codes, suggest};

/// The finding for a mistake.
pub(super) fn render(mistake: &Mistake, root: &Node) -> Option<Diagnostic> {
    let node = root.find(&mistake.path)?;
    let place = Place::of(root, &mistake.path, node);
    Some(match &mistake.kind {
        MistakeKind::UnknownKey { key, known, models } => unknown_key(node, key, known, models),
        MistakeKind::MissingKey { key } => {
            Diagnostic::new(&codes::MISSING_KEY, format!("the key `{key}` is missing"))
                .at(place.key, place.says(&format!("needs `{key}`")))
        }
        MistakeKind::MisplacedKey { key, message } => {
            Diagnostic::new(&codes::INVALID_VALUE, format!("{} has no place here", quote(key)))
                .at(key_span(node, key), message.clone())
        }
        MistakeKind::InvalidKey { key, message } => {
            Diagnostic::new(&codes::INVALID_VALUE, format!("{} is no possible name", quote(key)))
                .at(key_span(node, key), message.clone())
        }
        MistakeKind::Type { expected, form } => wrong_type(node, &place, expected, form.as_deref()),
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

fn unknown_key(node: &Node, key: &str, known: &[String], models: &[String]) -> Diagnostic {
    let span = key_span(node, key);
    if let Some(Removed { name, exists, instead, .. }) = rest_names::removed(models, key) {
        return Diagnostic::new(&codes::REMOVED_PROPERTY, format!("{} cannot be set", quote(key)))
            .at(span, format!("`{name}` exists {exists}"))
            .help(instead);
    }
    let here = || known.iter().map(String::as_str);
    let from_rest = rest_names::recipe_name(models, key);
    let help = match (from_rest, suggest::nearest(key, here())) {
        (Some(name), near) if near != Some(name) => Some(format!("in a recipe this is `{name}`")),
        (_, Some(near)) => Some(format!("did you mean `{near}`?")),
        (_, None) if known.is_empty() => None,
        (_, None) => Some(format!("known here: {}", suggest::list(known.iter().cloned()))),
    };
    let finding = Diagnostic::new(&codes::UNKNOWN_KEY, format!("unknown key {}", quote(key)))
        .at(span, "")
        .maybe_help(help);
    let meant = match from_rest {
        Some(name) => here().find(|known| *known == name),
        None => suggest::only_near(key, here()),
    };
    match meant.filter(|meant| !node.computed && node.get(meant).is_none()) {
        Some(meant) => finding.fix(span, meant),
        None => finding,
    }
}

fn wrong_type(node: &Node, place: &Place, expected: &[&str], form: Option<&str>) -> Diagnostic {
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
    let NodeKind::Scalar(scalar) = &node.kind else { return diagnostic };
    if scalar.style == Style::Quoted && expected.contains(&Node::plain(node.span, &scalar.text).describe()) {
        return diagnostic
            .help("remove the quotes: in quotes it is a string")
            .fix(node.span, scalar.text.as_str());
    }
    if let Some(boolean) = old_boolean(&scalar.text).filter(|_| expected.contains(&"a boolean")) {
        let diagnostic = diagnostic.help("booleans are written `true` and `false`");
        return diagnostic.fix(node.span, boolean.to_string());
    }
    if let Some(form) = form.filter(|_| found != "nothing") {
        // Which unit is meant nobody can tell.
        let units = format!("say in which unit: `{0}s`, `{0}m` or `{0}h`", scalar.text);
        let is_number_of_units =
            form == DurationText::EXPECTED && matches!(scalar.value, Value::Integer(0..));
        return diagnostic.help(if is_number_of_units { units } else { form.to_owned() });
    }
    if expected == ["a string"] && found != "nothing" {
        let diagnostic = diagnostic.help("put the value in quotes to make it a string");
        return diagnostic.fix(node.span, format!("\"{}\"", scalar.text));
    }
    diagnostic
}

/// What a word meant that YAML 1.1 took for a boolean.
fn old_boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["yes", "on", "y"]) { Some(true) } else { is(["no", "off", "n"]).then_some(false) }
}

fn wrong_word(node: &Node, place: &Place, allowed: &[String]) -> Diagnostic {
    let word = match &node.kind {
        NodeKind::Scalar(scalar) => scalar.text.as_str(),
        _ => "",
    };
    let several = allowed.len() > 1;
    let allowed = || allowed.iter().map(String::as_str);
    let list = suggest::list(allowed().map(str::to_owned));
    let one_of = if several { format!("must be one of {list}") } else { format!("must be {list}") };
    let near = suggest::nearest(word, allowed()).filter(|_| several);
    let finding = Diagnostic::new(&codes::INVALID_VALUE, format!("{} {one_of}", place.subject()))
        .at(place.value, "")
        .maybe_help(near.map(|near| format!("did you mean `{near}`?")));
    // The word must read as text where it stands: in place of the whole value, without quotes.
    let meant = suggest::only_near(word, allowed())
        .filter(|meant| Scalar::plain((*meant).to_owned()).value == Value::Text);
    match meant.filter(|_| !node.computed) {
        Some(meant) => finding.fix(place.value, meant),
        None => finding,
    }
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
