//! Words and numbers, the same everywhere.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde_json::Value;

/// `1 task`, `2 tasks`, `10,000 tasks`.
pub fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(count))
}

/// `12.4 MiB`
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if bytes < 1_024 {
        return counted(bytes, "byte");
    }
    // Tenths are enough, and whole numbers are exact.
    let (mut tenths, mut unit) = (bytes.saturating_mul(10) / 1_024, 0);
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1_024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS.get(unit).unwrap_or(&"PiB"))
}

/// `10,000`
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}

/// `2026-11-30T10:00:00Z`: people read seconds.
pub fn instant(at: Timestamp) -> String {
    DateTimePrinter::new().precision(Some(0)).timestamp_to_string(&at)
}

/// A text from outside as it may be written to a terminal: control characters are shown escaped, and those that turn the direction
/// of writing around, so that nobody can drive the reader's terminal or show what is not there; line breaks become blanks.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.trim_end().chars() {
        match character {
            '\n' | '\t' => plain.push(' '),
            '\r' => {}
            _ if is_odd(character) => plain.extend(character.escape_default()),
            _ => plain.push(character),
        }
    }
    plain
}

/// The same for a text of several lines, which stay lines.
pub fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}

/// Whether a text has characters that show something else than they are: control characters, and those that turn the direction of
/// writing around.
pub fn is_deceptive(text: &str) -> bool {
    text.chars().any(is_odd)
}

fn is_odd(character: char) -> bool {
    let turns = matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || character.is_control()
}

/// The most items of a list, and the most characters of a text, that are shown in one line.
const MOST_ITEMS: usize = 6;
const MOST_CHARACTERS: usize = 120;
/// How many characters are shown on either side of where two texts part.
const AROUND: usize = 24;

/// A value of a recipe in one line. What is long is shortened.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) => quoted(text, 0),
        Value::Array(items) => {
            let mut shown: Vec<String> = items.iter().take(MOST_ITEMS).map(self::value).collect();
            let more = items.len().saturating_sub(MOST_ITEMS);
            if more > 0 {
                shown.push(format!("… and {} more", grouped(more as u64)));
            }
            format!("[{}]", shown.join(", "))
        }
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .filter(|(_, member)| !member.is_null())
                .map(|(name, member)| format!("{name}: {}", self::value(member)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// How one value becomes another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Both, as texts.
    Sides(String, String),
    /// What comes and what goes, for long lists.
    Words(String),
}

/// How one value becomes another. Long texts are shown from where they part.
pub fn difference(before: &Value, after: &Value) -> Difference {
    match (before, after) {
        (Value::String(before), Value::String(after)) => {
            let common = before.chars().zip(after.chars()).take_while(|(a, b)| a == b).count();
            Difference::Sides(quoted(before, common), quoted(after, common))
        }
        (Value::Array(before), Value::Array(after)) if before.len().max(after.len()) > MOST_ITEMS => {
            let only_in = |these: &[Value], those: &[Value]| {
                let those: std::collections::HashSet<String> = those.iter().map(Value::to_string).collect();
                Value::Array(
                    these.iter().filter(|item| !those.contains(&item.to_string())).cloned().collect(),
                )
            };
            let (gone, new) = (only_in(before, after), only_in(after, before));
            let words = [("without", gone), ("with", new)]
                .into_iter()
                .filter(|(_, items)| *items != Value::Array(vec![]));
            let words: Vec<_> = words.map(|(word, items)| format!("{word} {}", value(&items))).collect();
            Difference::Words(if words.is_empty() { "in another order".to_owned() } else { words.join(", ") })
        }
        _ => Difference::Sides(value(before), value(after)),
    }
}

/// A text in quotes; a long one from a little before `from`.
fn quoted(text: &str, from: usize) -> String {
    let length = text.chars().count();
    if length <= MOST_CHARACTERS {
        return format!("{text:?}");
    }
    let start = if from + AROUND < MOST_CHARACTERS { 0 } else { from - AROUND };
    let shown: String = text.chars().skip(start).take(MOST_CHARACTERS).collect();
    let head = if start > 0 { "…" } else { "" };
    let tail = if start + MOST_CHARACTERS < length { "…" } else { "" };
    format!("{head}{shown:?}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(counted(1, "task"), "1 task");
        assert_eq!(counted(10_000, "task"), "10,000 tasks");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(999), "999");
        assert_eq!([size(1), size(1_023), size(1_024)], ["1 byte", "1,023 bytes", "1.0 KiB"]);
        assert_eq!([size(13_003_000), size(1 << 40)], ["12.4 MiB", "1.0 TiB"]);
        assert_eq!(duration(Duration::from_millis(420)), "0.4 s");
        assert_eq!(duration(Duration::from_secs(200)), "3 min 20 s");
        assert_eq!(value(&serde_json::json!({"a": ["x", 1], "b": null})), r#"{ a: ["x", 1] }"#);
    }

    #[test]
    fn what_comes_from_outside_cannot_drive_the_terminal() {
        assert_eq!(plain("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(plain("first\r\nsecond\u{1b}[2J\u{7}\n"), "first second\\u{1b}[2J\\u{7}");
    }

    #[test]
    fn what_is_long_is_shortened_to_where_it_differs() {
        let long = |end: &str| serde_json::json!(format!("{}{end}", "x".repeat(200)));
        let around = |end: &str| format!("…{:?}", "x".repeat(24) + end);
        assert_eq!(difference(&long("a"), &long("b")), Difference::Sides(around("a"), around("b")));
        let list = |count: u32| serde_json::json!((0..count).collect::<Vec<_>>());
        assert_eq!(value(&list(8)), "[0, 1, 2, 3, 4, 5, … and 2 more]");
        assert_eq!(difference(&list(8), &list(9)), Difference::Words("with [8]".to_owned()));
        assert_eq!(difference(&list(2), &list(1)), Difference::Sides("[0, 1]".to_owned(), "[0]".to_owned()));
    }
}
