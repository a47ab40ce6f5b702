//! Texts as people write them.

use std::time::Duration;

use crate::batch::{WireDuration, command_line};
use crate::import::expressions::inert;
use crate::import::yaml::Yaml;
use crate::recipe::document::DurationText;

/// A text that means itself.
pub(super) fn text(text: &str) -> Yaml {
    Yaml::text(inert(text))
}

/// Whether a recipe can have such a key.
pub(super) fn is_key(name: &str) -> bool {
    !name.is_empty() && !name.contains("${{")
}

/// A duration: `1d2h`, and as ISO 8601 writes it where that can't be said so.
pub(super) fn duration(duration: Duration) -> String {
    let mut rest = duration.as_millis();
    let mut text = String::new();
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if DurationText::parse(&text).is_some_and(|read| read.0 == duration) {
        return text;
    }
    WireDuration::from(duration).to_string()
}

/// A command: as a list where quoting the list gives the very line back and an argument would need quotes, else as the line.
pub(super) fn command(line: &str) -> Yaml {
    let arguments = command_line::split(line).unwrap_or_default();
    let needs_quotes =
        |argument: &String| argument.is_empty() || argument.contains([' ', '\t', '\n', '\'', '"', '\\']);
    let is_exact = command_line::join(&arguments) == line;
    let as_list = is_exact && (arguments.iter().any(needs_quotes) || line.trim() != line);
    if !as_list {
        return text(line);
    }
    if arguments.iter().any(|argument| argument.contains('\n')) {
        return Yaml::List(arguments.iter().map(|argument| text(argument)).collect());
    }
    Yaml::texts(arguments.iter().map(|argument| inert(argument)))
}

/// A text as the name of an environment variable: `MY_REGISTRY_PASSWORD`.
pub(super) fn variable(parts: &[&str]) -> String {
    let joined = parts.join("_");
    let mut name: String = joined
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
        .collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        name.insert(0, '_');
    }
    name
}

/// Whether a shell can set an environment variable of that name.
pub(super) fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A text as the key of a registry.
pub(super) fn key(text: &str) -> String {
    let key: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let key = key.trim_matches('-');
    if key.is_empty() { "registry".to_owned() } else { key.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::document::Command;
    use proptest::prelude::*;

    #[test]
    fn durations_are_short_and_exact() {
        let written = |millis| duration(Duration::from_millis(millis));
        assert_eq!(written(7_200_000), "2h");
        assert_eq!(written(93_784_005), "1d2h3m4s5ms");
        assert_eq!(
            duration(Duration::from_nanos(100)),
            WireDuration::from(Duration::from_nanos(100)).to_string()
        );
        assert_eq!(written(0), WireDuration::from(Duration::ZERO).to_string());
    }

    #[test]
    fn commands_are_lists_where_these_read_better() {
        let list = |texts: &[&str]| Yaml::texts(texts.iter().copied());
        assert_eq!(command("python train.py --lr=0.1"), Yaml::text("python train.py --lr=0.1"));
        assert_eq!(command("/bin/sh -c 'echo a'"), list(&["/bin/sh", "-c", "echo a"]));
        assert_eq!(
            command("/bin/sh -c \"echo a\""),
            Yaml::text("/bin/sh -c \"echo a\""),
            "joining would change it"
        );
        assert_eq!(command("echo 'open"), Yaml::text("echo 'open"));
        assert_eq!(command("echo ${{ x }}"), Yaml::text("echo ${{ '${{' }} x }}"));
    }

    proptest! {
        #[test]
        fn a_command_is_the_line_that_it_was(line in "[a-z '\"\\\\$-]{0,20}") {
            let read = match command(&line) {
                Yaml::Text(text) => Command::Line(text).line().unwrap(),
                _ => command_line::join(&command_line::split(&line).unwrap()),
            };
            prop_assert_eq!(read.trim(), line.trim());
        }
    }

    #[test]
    fn names_become_possible_ones() {
        assert_eq!(variable(&["my.registry:5000", "PASSWORD"]), "MY_REGISTRY_5000_PASSWORD");
        assert_eq!(variable(&["1st"]), "_1ST");
        assert_eq!(key("My.Registry:5000"), "my-registry-5000");
        assert!(is_variable("A_1") && !is_variable("1A") && !is_variable("A.B") && !is_variable(""));
    }
}
