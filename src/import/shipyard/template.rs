//! Texts of the configuration in recipes: Python's format strings become expressions, and what is none stays none.

/// A text with its fields replaced, and what was none that Python would have taken.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Converted {
    /// The text.
    pub(super) text: String,
    /// Parts in braces that are no fields of the factory. Batch Shipyard ended with a `KeyError` there; they are kept as they are.
    pub(super) literal: Vec<String>,
}

/// Converts a text. `field` knows the expression that a field stands for, by its name or its position.
pub(super) fn convert(text: &str, field: &dyn Fn(&str) -> Option<String>) -> Converted {
    let mut converted = Converted::default();
    let mut position = 0_usize;
    let mut rest = text;
    while let Some((before, brace, from)) = split_at_brace(rest) {
        converted.text.push_str(before);
        if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
            converted.text.push_str(brace);
            rest = after;
            continue;
        }
        let inside = from.strip_prefix('{').and_then(|inside| inside.split_once('}'));
        let Some((inside, after)) = inside else {
            converted.literal.push(brace.to_owned());
            converted.text.push_str(brace);
            rest = from.strip_prefix(brace).unwrap_or_default();
            continue;
        };
        let (name, format) = inside.split_once(':').unwrap_or((inside, ""));
        let numbered = position.to_string();
        let expression =
            field(if name.is_empty() { &numbered } else { name }).and_then(|value| formatted(&value, format));
        match expression {
            Some(expression) => {
                position += usize::from(name.is_empty());
                converted.text.push_str(&format!("${{{{ {expression} }}}}"));
            }
            None => {
                converted.literal.push(format!("{{{inside}}}"));
                converted.text.push_str(&format!("{{{inside}}}"));
            }
        }
        rest = after;
    }
    converted.text.push_str(rest);
    converted
}

/// What stands before the first brace, the brace, and all from it on.
fn split_at_brace(text: &str) -> Option<(&str, &'static str, &str)> {
    let (before, from) = text.split_at_checked(text.find(['{', '}'])?)?;
    Some((before, if from.starts_with('{') { "{" } else { "}" }, from))
}

/// A value in a format of Python, if it is one of those for numbers that `%` knows, too.
fn formatted(value: &str, format: &str) -> Option<String> {
    if format.is_empty() {
        return Some(value.to_owned());
    }
    let kind = format.chars().last().filter(|kind| "dfFeEgGxXo".contains(*kind));
    let (width, kind) = match kind {
        Some(kind) => (format.trim_end_matches(kind), kind),
        None if format.chars().all(|c| c.is_ascii_digit()) => (format, 'd'),
        None => return None,
    };
    let is_plain = width.len() <= 8 && width.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_plain.then(|| format!("'%{width}{kind}' | format({value})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(text: &str) -> Converted {
        convert(text, &|name| match name {
            "0" => Some("item.p0".to_owned()),
            "1" => Some("item.p1".to_owned()),
            "file_name" => Some("item.basename".to_owned()),
            _ => None,
        })
    }

    #[test]
    fn fields_become_expressions() {
        for (text, expected) in [
            ("run {} {}", "run ${{ item.p0 }} ${{ item.p1 }}"),
            ("run {1} {0}", "run ${{ item.p1 }} ${{ item.p0 }}"),
            ("{file_name}.txt", "${{ item.basename }}.txt"),
            ("{0:05d}", "${{ '%05d' | format(item.p0) }}"),
            ("{0:.3f}", "${{ '%.3f' | format(item.p0) }}"),
            ("a {{b}} $${{x}}", "a {b} $${x}"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(converted(text), Converted { text: expected.into(), literal: Vec::new() }, "{text}");
        }
    }

    #[test]
    fn braces_that_python_would_have_stumbled_over_stay() {
        for text in ["awk '{print $1}'", "{2}", "a } b", "{", "{0!r}", "{0:>10}", "{0[1]}", "é{ö}"] {
            let converted = converted(text);
            assert_eq!(converted.text, text);
            assert_eq!(converted.literal.len(), 1, "{text}");
        }
    }
}
