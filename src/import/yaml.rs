//! A recipe as it is going to be written: values in the order in which a person would read them, with comments.

use std::fmt::Write as _;

use super::expressions;
use crate::recipe::written::{self, Written};

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Yaml {
    /// A number, `true` or `false`, as it is written.
    Plain(String),
    /// A text.
    Text(String),
    /// A list with a value a line.
    List(Vec<Self>),
    /// A map with a key a line.
    Map(Map),
    /// A list or map on one line.
    Short(Box<Self>),
}

/// A map in the order in which it is written.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Map {
    members: Vec<Member>,
}

/// A key, its value, and what is said about it.
#[derive(Debug, Clone, PartialEq)]
struct Member {
    above: Vec<String>,
    key: String,
    value: Yaml,
    beside: Option<String>,
}

impl Yaml {
    /// A text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A number or a switch.
    pub(super) fn plain(value: impl std::fmt::Display) -> Self {
        Self::Plain(value.to_string())
    }

    /// Texts on one line.
    pub(super) fn texts<S: Into<String>>(texts: impl IntoIterator<Item = S>) -> Self {
        Self::Short(Box::new(Self::List(texts.into_iter().map(Self::text).collect())))
    }

    /// A map on one line.
    pub(super) fn short<const N: usize>(members: [(&str, Self); N]) -> Self {
        let mut map = Map::default();
        for (key, value) in members {
            map.put(key, value);
        }
        Self::Short(Box::new(Self::Map(map)))
    }

    /// A reference to an environment variable.
    pub(super) fn env(name: &str) -> Self {
        Self::short([("env", Self::text(name))])
    }

    /// Changes every text, comments included.
    pub(super) fn change_texts(&mut self, change: &impl Fn(&mut String)) {
        match self {
            Self::Plain(_) => {}
            Self::Text(text) => change(text),
            Self::List(items) => items.iter_mut().for_each(|item| item.change_texts(change)),
            Self::Map(map) => map.change_texts(change),
            Self::Short(value) => value.change_texts(change),
        }
    }
}

impl Map {
    /// Adds a key, or gives it another value.
    pub(super) fn put(&mut self, key: &str, value: Yaml) -> &mut Self {
        self.add(key, value, None)
    }

    /// Adds a key if there is a value for it.
    pub(super) fn put_some(&mut self, key: &str, value: Option<Yaml>) -> &mut Self {
        if let Some(value) = value {
            self.put(key, value);
        }
        self
    }

    /// Adds a key with a comment behind it.
    pub(super) fn add(&mut self, key: &str, value: Yaml, beside: Option<String>) -> &mut Self {
        self.members.retain(|member| member.key != key);
        self.members.push(Member { above: Vec::new(), key: key.to_owned(), value, beside });
        self
    }

    /// Adds a key that is not there yet.
    pub(super) fn push(&mut self, key: &str, value: Yaml) {
        self.members.push(Member { above: Vec::new(), key: key.to_owned(), value, beside: None });
    }

    /// Adds all keys of another map, with what is said about them.
    pub(super) fn extend(&mut self, other: Self) {
        self.members.extend(other.members);
    }

    /// Takes keys away.
    pub(super) fn remove(&mut self, keys: &[&str]) {
        self.members.retain(|member| !keys.contains(&member.key.as_str()));
    }

    /// Says something above the key that was added last.
    pub(super) fn above(&mut self, comment: impl Into<String>) -> &mut Self {
        if let Some(last) = self.members.last_mut() {
            last.above.push(comment.into());
        }
        self
    }

    /// The value of a key.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Yaml> {
        self.members.iter_mut().find(|member| member.key == key).map(|member| &mut member.value)
    }

    /// Its keys.
    pub(super) fn keys(&self) -> Vec<String> {
        self.members.iter().map(|member| member.key.clone()).collect()
    }

    /// Whether it has no keys.
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Changes every text, comments included.
    pub(super) fn change_texts(&mut self, change: &impl Fn(&mut String)) {
        for member in &mut self.members {
            member.above.iter_mut().for_each(change);
            if let Some(beside) = &mut member.beside {
                change(beside);
            }
            member.value.change_texts(change);
        }
    }

    /// The text of a document. Between the keys of the outermost map are empty lines.
    pub(super) fn document(&self) -> String {
        let mut tree = self.clone();
        tree.change_texts(&|text| *text = expressions::only_own(text));
        let mut out = String::new();
        let mut was_long = false;
        for member in &tree.members {
            let is_long = matches!(member.value, Yaml::List(_) | Yaml::Map(_));
            if !out.is_empty() && (is_long || was_long) {
                out.push('\n');
            }
            was_long = is_long;
            write_member(&mut out, member, 0);
        }
        out
    }

    /// The map as a value.
    pub(super) fn long(self) -> Yaml {
        Yaml::Map(self)
    }

    /// The map as a value on one line.
    pub(super) fn in_short(self) -> Yaml {
        Yaml::Short(Box::new(Yaml::Map(self)))
    }
}

fn write_member(out: &mut String, member: &Member, depth: usize) {
    for comment in &member.above {
        write_comment(out, comment, depth);
    }
    indent(out, depth);
    let _ = write!(out, "{}:", inline(&member.key));
    write_value(out, &member.value, member.beside.as_deref(), depth);
}

/// What follows a key or a dash, to the end of the line and of all that belongs to it.
fn write_value(out: &mut String, value: &Yaml, beside: Option<&str>, depth: usize) {
    let beside = beside.map(|comment| format!(" # {}", one_line(comment))).unwrap_or_default();
    match value {
        Yaml::Map(map) if !map.is_empty() => {
            let _ = writeln!(out, "{beside}");
            map.members.iter().for_each(|member| write_member(out, member, depth + 1));
        }
        Yaml::List(items) if !items.is_empty() => {
            let _ = writeln!(out, "{beside}");
            items.iter().for_each(|item| write_item(out, item, depth + 1));
        }
        Yaml::Text(content) => match text(content) {
            Written::Inline(line) => {
                let _ = writeln!(out, " {line}{beside}");
            }
            Written::Block { header, lines } => {
                let _ = writeln!(out, " {header}{beside}");
                for line in lines {
                    if !line.is_empty() {
                        indent(out, depth + 1);
                    }
                    let _ = writeln!(out, "{line}");
                }
            }
        },
        _ => {
            let _ = writeln!(out, " {}{beside}", on_one_line(value));
        }
    }
}

fn write_item(out: &mut String, item: &Yaml, depth: usize) {
    indent(out, depth);
    out.push('-');
    match item {
        Yaml::Map(map) if !map.is_empty() => {
            let mut inside = String::new();
            map.members.iter().for_each(|member| write_member(&mut inside, member, depth + 1));
            out.push(' ');
            out.push_str(inside.trim_start());
        }
        _ => write_value(out, item, None, depth),
    }
}

/// A value in brackets. A comment in it has no room there and is left out.
fn on_one_line(value: &Yaml) -> String {
    let joined = |parts: Vec<String>| parts.join(", ");
    match value {
        Yaml::Plain(plain) => plain.clone(),
        Yaml::Text(text) => in_brackets(text),
        Yaml::Short(value) => on_one_line(value),
        Yaml::List(items) => format!("[{}]", joined(items.iter().map(on_one_line).collect())),
        Yaml::Map(map) if map.is_empty() => "{}".to_owned(),
        Yaml::Map(map) => {
            let member = |member: &Member| format!("{}: {}", inline(&member.key), on_one_line(&member.value));
            format!("{{ {} }}", joined(map.members.iter().map(member).collect()))
        }
    }
}

/// A text as it is written where there is room for several lines.
fn text(content: &str) -> Written {
    match written::text(content) {
        Written::Inline(_) => Written::Inline(inline(content)),
        block @ Written::Block { .. } => block,
    }
}

/// A text on one line.
fn inline(content: &str) -> String {
    if is_option(content) {
        return content.to_owned();
    }
    let written = written::inline(content);
    let is_better_in_single_quotes =
        content.contains('"') && !content.contains('\'') && !content.chars().any(char::is_control);
    if written.starts_with('"') && is_better_in_single_quotes { format!("'{content}'") } else { written }
}

/// Whether a text is nothing but options of a command, which people write without quotes: `--rm`, `-c`.
fn is_option(content: &str) -> bool {
    let behind = content.trim_start_matches('-');
    let dashes = content.len() - behind.len();
    let is_word = behind.starts_with(|c: char| c.is_ascii_alphabetic());
    // Behind the dashes it must need no quotes, and no other reader may take it for something else.
    (1..=2).contains(&dashes)
        && is_word
        && !behind.contains(':')
        && written::inline(&format!("x{behind}")) == format!("x{behind}")
}

/// A text inside brackets, where some characters mean more.
fn in_brackets(text: &str) -> String {
    let written = inline(text);
    let is_quoted = written.starts_with(['"', '\'']);
    if !is_quoted && written.contains([',', '[', ']', '{', '}', ':', '#']) {
        return serde_json::Value::from(text).to_string();
    }
    written
}

fn write_comment(out: &mut String, comment: &str, depth: usize) {
    for line in comment.lines() {
        indent(out, depth);
        let _ = writeln!(out, "{}", format!("# {}", one_line(line)).trim_end());
    }
}

/// A comment ends with its line, whatever it quotes.
fn one_line(comment: &str) -> String {
    comment.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}
