//! Scalars in YAML that every reader of YAML takes for what they are.

use std::fmt::Write as _;

use super::node::{Scalar, Value};

/// How a scalar is written.
#[derive(Debug, PartialEq, Eq)]
pub enum Written {
    /// On the line of its key.
    Inline(String),
    /// As a block behind `|`, with its lines.
    Block {
        /// What stands on the line of its key.
        header: &'static str,
        /// Its lines, without their indentation.
        lines: Vec<String>,
    },
}

/// Words that some reader takes for something else than text.
const WORDS: [&str; 12] = ["true", "false", "null", "~", "yes", "no", "on", "off", "y", "n", "=", "<<"];

/// A scalar.
pub fn written(scalar: &Scalar) -> Written {
    match scalar.value {
        Value::Null => Written::Inline("null".to_owned()),
        Value::Bool(value) => Written::Inline(value.to_string()),
        Value::Integer(value) => Written::Inline(value.to_string()),
        Value::Float(value) => Written::Inline(serde_json::Value::from(value).to_string()),
        Value::Text => text(&scalar.text),
    }
}

/// A key or a text, as a block if it has several lines.
pub fn text(text: &str) -> Written {
    if is_plain(text) {
        return Written::Inline(text.to_owned());
    }
    match block(text) {
        Some(block) => block,
        None => Written::Inline(quoted(text)),
    }
}

/// A text on one line, whatever is in it.
pub fn inline(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Whether a text means itself without quotes, also to readers of YAML 1.1.
fn is_plain(text: &str) -> bool {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || " _-./:=+@%^$()~;".contains(c);
    let is_like_a_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
        && text.chars().all(|c| c.is_ascii_hexdigit() || "_:.+-xoTZ ".contains(c));
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '$' | '.'))
        && text.chars().all(is_safe)
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        && !is_like_a_number
        && !WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
        && Scalar::plain(text.to_owned()).value == Value::Text
}

/// A text of several lines as a block, if a block can hold it.
fn block(text: &str) -> Option<Written> {
    let inside = text.strip_suffix('\n').unwrap_or(text);
    let lines: Vec<String> = inside.split('\n').map(str::to_owned).collect();
    let is_printable = |c: char| {
        c == '\n' || c == '\t' || !c.is_control() && !matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}')
    };
    let fits = inside.contains('\n')
        && text.chars().all(is_printable)
        && !inside.starts_with([' ', '\t', '\n'])
        && !inside.ends_with('\n')
        && lines.iter().all(|line| !line.ends_with([' ', '\t']));
    let header = if text.ends_with('\n') { "|" } else { "|-" };
    fits.then_some(Written::Block { header, lines })
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            _ if character.is_control() || matches!(character, '\u{feff}' | '\u{2028}' | '\u{2029}') => {
                let _ = write!(quoted, "\\u{:04x}", character as u32);
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::{Collector, Sources};
    use crate::recipe::node::NodeKind;
    use crate::recipe::parse::parse;

    fn read_again(text: &str) -> Option<Scalar> {
        let yaml = match super::text(text) {
            Written::Inline(inline) => format!("a: {inline}\n"),
            Written::Block { header, lines } => format!(
                "a: {header}\n{}",
                lines
                    .iter()
                    .map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") })
                    .collect::<String>()
            ),
        };
        let mut sources = Sources::default();
        let id = sources.add("", yaml);
        let tree = parse(id, &sources, &mut Collector::default())?;
        match tree.get("a")?.kind.clone() {
            NodeKind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    #[test]
    fn what_another_reader_would_take_for_something_else_is_quoted() {
        for text in [
            "yes",
            "No",
            "12",
            "1_000",
            "12:30",
            "2001-01-01",
            "0x1F",
            "~",
            "",
            " a",
            "a ",
            "a: b",
            "a #b",
            "- a",
            "*a",
            "é",
        ] {
            assert!(inline(text).starts_with('"'), "{text}");
        }
        for text in [
            "ubuntu-22.04-container",
            "Standard_D2s_v3",
            "$HOME/x",
            "a:b",
            "tensorflow/tensorflow:2.16.1-gpu",
            "22.04-lts",
            "nvidia-smi -L",
        ] {
            assert_eq!(inline(text), text);
        }
    }

    proptest! {
        #[test]
        fn every_text_is_read_again_as_it_was(text in "[ -~\n\té\u{85}\u{feff}\u{1b}]{0,20}") {
            let scalar = read_again(&text);
            prop_assert_eq!(scalar.as_ref().map(|scalar| (&scalar.value, &scalar.text)), Some((&Value::Text, &text)));
        }
    }
}
