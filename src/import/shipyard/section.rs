//! A place in the configuration: its value, its path, and what is noted of it.

use crate::import::log::Log;
use crate::import::report::Fate;
use crate::recipe::node::{Node, NodeKind, Value};

/// A value of the configuration, or a place where none is.
#[derive(Debug, Clone)]
pub(super) struct Section<'a> {
    node: Option<&'a Node>,
    path: String,
    log: &'a Log,
}

impl<'a> Section<'a> {
    /// The place of a root.
    pub(super) fn new(node: Option<&'a Node>, path: impl Into<String>, log: &'a Log) -> Self {
        Self { node: node.filter(|node| !node.is_null()), path: path.into(), log }
    }

    /// Whether there is a value.
    pub(super) fn is_present(&self) -> bool {
        self.node.is_some()
    }

    /// The keys that lead here, joined by dots.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Where notes go.
    pub(super) fn log(&self) -> &'a Log {
        self.log
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Self {
        if let Some(node) = self.node
            && !matches!(node.kind, NodeKind::Mapping(_) | NodeKind::Damaged)
        {
            self.misunderstood("a map");
        }
        Self::new(self.node.and_then(|node| node.get(key)), format!("{}.{key}", self.path), self.log)
    }

    /// The value at the end of a path of keys.
    pub(super) fn at(&self, path: &str) -> Self {
        path.split('.').fold(self.clone(), |section, key| section.get(key))
    }

    /// Whether it is a map.
    pub(super) fn is_map(&self) -> bool {
        matches!(self.node.map(|node| &node.kind), Some(NodeKind::Mapping(_)))
    }

    /// Whether it is a list.
    pub(super) fn is_list(&self) -> bool {
        matches!(self.node.map(|node| &node.kind), Some(NodeKind::Sequence(_)))
    }

    /// The values of a list; none if it is absent or something else, which is noted.
    pub(super) fn items(&self) -> Vec<Self> {
        match self.node.map(|node| &node.kind) {
            Some(NodeKind::Sequence(items)) => {
                let place = |index| format!("{}[{index}]", self.path);
                let items = items.iter().enumerate();
                items.map(|(index, item)| Self::new(Some(item), place(index), self.log)).collect()
            }
            Some(_) => {
                self.misunderstood("a list");
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// The keys and values of a map; none if it is absent or something else, which is noted.
    pub(super) fn entries(&self) -> Vec<(&'a str, Self)> {
        match self.node.map(|node| &node.kind) {
            Some(NodeKind::Mapping(entries)) => {
                let place = |key: &str| format!("{}.{key}", self.path);
                let entries = entries.iter();
                entries
                    .map(|entry| {
                        (entry.key.as_str(), Self::new(Some(&entry.value), place(&entry.key), self.log))
                    })
                    .collect()
            }
            Some(_) => {
                self.misunderstood("a map");
                Vec::new()
            }
            None => Vec::new(),
        }
    }

    /// A text; numbers and switches are texts, too.
    pub(super) fn text(&self) -> Option<String> {
        let node = self.node?;
        match &node.kind {
            NodeKind::Scalar(scalar) => Some(scalar.text.trim().to_owned()),
            _ => {
                self.misunderstood("a text");
                None
            }
        }
    }

    /// A text that is not empty.
    pub(super) fn word(&self) -> Option<String> {
        self.text().filter(|text| !text.is_empty())
    }

    /// A whole number.
    pub(super) fn integer(&self) -> Option<i64> {
        let node = self.node?;
        match &node.kind {
            NodeKind::Scalar(scalar) => match scalar.value {
                Value::Integer(value) => Some(value),
                _ => scalar.text.trim().parse().ok().or_else(|| self.refused("a whole number")),
            },
            _ => self.refused("a whole number"),
        }
    }

    /// A number.
    pub(super) fn number(&self) -> Option<f64> {
        let text = self.text()?;
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.or_else(|| self.refused("a number"))
    }

    /// A switch.
    pub(super) fn switch(&self) -> Option<bool> {
        let node = self.node?;
        match &node.kind {
            NodeKind::Scalar(scalar) => match scalar.value {
                Value::Bool(value) => Some(value),
                _ => self.refused("`true` or `false`"),
            },
            _ => self.refused("`true` or `false`"),
        }
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self) -> bool {
        self.switch() == Some(true)
    }

    /// One of some words, in lower case.
    pub(super) fn one_of(&self, words: &[&'static str]) -> Option<&'static str> {
        let text = self.word()?.to_ascii_lowercase();
        let expected = || words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        words
            .iter()
            .find(|word| **word == text)
            .copied()
            .or_else(|| self.refused(&format!("one of {}", expected())))
    }

    /// A length of time as `d.HH:mm:ss`, `HH:mm:ss` or in ISO 8601, as recipes write it.
    pub(super) fn duration(&self) -> Option<String> {
        let text = self.word()?;
        duration(&text).or_else(|| self.refused("a length of time such as `1.02:30:00`"))
    }

    /// Texts of a list. A text alone is a list of one.
    pub(super) fn texts(&self) -> Vec<String> {
        match self.node.map(|node| &node.kind) {
            Some(NodeKind::Scalar(_)) => self.word().into_iter().collect(),
            _ => self.items().iter().filter_map(Self::text).collect(),
        }
    }

    /// Notes that it changed, and how.
    pub(super) fn changed(&self, how: impl Into<String>) {
        self.note(Fate::Changed, how);
    }

    /// Notes that it is gone, and why.
    pub(super) fn dropped(&self, why: impl Into<String>) {
        self.note(Fate::Dropped, why);
    }

    /// Notes that it was kept, and as what.
    pub(super) fn kept(&self, how: impl Into<String>) {
        self.note(Fate::Kept, how);
    }

    fn note(&self, fate: Fate, note: impl Into<String>) {
        if self.is_present() {
            self.log.note(&self.path, fate, note);
        }
    }

    fn refused<T>(&self, expected: &str) -> Option<T> {
        self.misunderstood(expected);
        None
    }

    fn misunderstood(&self, expected: &str) {
        if let Some(node) = self.node
            && !matches!(node.kind, NodeKind::Damaged)
        {
            let found = match &node.kind {
                NodeKind::Scalar(scalar)
                    if scalar.text.chars().count() <= 40 && scalar.value != Value::Text =>
                {
                    format!("`{}`", scalar.text)
                }
                _ => node.describe().to_owned(),
            };
            self.dropped(format!("not understood: {expected} is expected here, and this is {found}"));
        }
    }
}

/// Reads `d.HH:mm:ss`, `HH:mm:ss` or ISO 8601.
fn duration(text: &str) -> Option<String> {
    use crate::recipe::document::DurationText;
    if text.starts_with('P') {
        return DurationText::parse(text).map(|_| text.to_owned());
    }
    let (days, rest) = match text.split_once('.') {
        Some((days, rest)) if rest.contains(':') => (days.parse::<u64>().ok()?, rest),
        _ => (0, text),
    };
    let parts: Vec<&str> = rest.split(':').collect();
    let [hours, minutes, seconds] = parts.as_slice() else { return None };
    let seconds = seconds.split('.').next()?;
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| *number <= 1_000_000);
    let total = days
        .checked_mul(86_400)?
        .checked_add(number(hours)? * 3_600 + number(minutes)? * 60 + number(seconds)?)?;
    // Longer than anything that Azure Batch takes: it means without limit.
    (total <= 365 * 100 * 86_400).then(|| in_words(total))
}

/// Seconds as `1d2h30m`.
pub(super) fn in_words(seconds: u64) -> String {
    let units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let mut rest = seconds;
    let mut words = String::new();
    for (unit, length) in units {
        if rest >= length {
            words.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if words.is_empty() { "0s".to_owned() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read() {
        for (text, expected) in [
            ("00:30:00", Some("30m")),
            ("1.02:30:05", Some("1d2h30m5s")),
            ("02:00:00", Some("2h")),
            ("24:00:00", Some("1d")),
            ("PT1H", Some("PT1H")),
            ("00:00:00", Some("0s")),
            ("3 hours", None),
            ("1:2", None),
            ("9999999999999999999.00:00:00", None),
        ] {
            assert_eq!(duration(text).as_deref(), expected, "{text}");
        }
    }
}
