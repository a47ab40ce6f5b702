//! Text of unknown origin inside a message.

/// The longest quotation, in characters.
const LONGEST: usize = 60;

/// Quotes text that somebody else wrote so that it cannot flood a message, break its line or steer a terminal.
pub fn quote(text: &str) -> String {
    let mut quoted = String::from("`");
    for (position, character) in text.chars().enumerate() {
        if position == LONGEST {
            quoted.push('…');
            break;
        }
        if character.is_control() {
            quoted.extend(character.escape_default());
        } else {
            quoted.push(character);
        }
    }
    quoted.push('`');
    quoted
}

#[cfg(test)]
mod tests {
    use super::quote;

    #[test]
    fn control_characters_are_spelled_out_and_long_texts_cut() {
        assert_eq!(quote("a\u{1b}[31m\nb"), "`a\\u{1b}[31m\\nb`");
        assert_eq!(quote(&"x".repeat(1_000)).chars().count(), 63);
    }
}
