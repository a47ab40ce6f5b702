//! The secrets of a URL in what others say of it.

use percent_encoding::percent_decode_str;
use url::Url;

/// From this length on a secret is no part of a word that means something else.
const LONG: usize = 6;

/// A text without the secrets of a URL: the name and the password in it, and what is behind its question mark.
pub(super) fn hide(text: String, url: &str) -> String {
    let Ok(url) = Url::parse(url) else { return text };
    let (user, password) = (url.username(), url.password().unwrap_or_default());
    let mut text = text;
    for login in [format!("{user}:{password}@"), format!("{user}@")].iter().filter(|login| login.len() > 2) {
        text = text.replace(&format!("//{login}"), "//");
    }
    let query = url.query_pairs().map(|(_, value)| value.into_owned());
    let words = [user, password, url.query().unwrap_or_default()].map(str::to_owned);
    for word in words.into_iter().chain(query) {
        let decoded = percent_decode_str(&word).decode_utf8_lossy().into_owned();
        for word in [word, decoded].iter().filter(|word| !word.is_empty()) {
            text = if word.len() < LONG { without_word(&text, word) } else { text.replace(word, "***") };
        }
    }
    text
}

/// A text without a word where that stands by itself: a short one is part of many others.
fn without_word(text: &str, word: &str) -> String {
    let is_joined = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
    let (mut left, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(word) {
        left.push_str(before);
        let is_part = is_joined(left.chars().next_back()) || is_joined(after.chars().next());
        left.push_str(if is_part { word } else { "***" });
        rest = after;
    }
    left + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str, url: &str) -> String {
        hide(text.to_owned(), url)
    }

    #[test]
    fn a_short_name_does_not_maim_other_words() {
        let said = "fatal: unable to access 'https://u:x@example.org/r/': u is unknown";
        let url = "https://u:x@example.org/r";
        assert_eq!(hidden(said, url), "fatal: unable to access 'https://example.org/r/': *** is unknown");
    }

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let url = "https://me:hunter2%21@example.org/r?access_token=abc&x=tokentoken";
        for text in ["hunter2%21", "it is hunter2!", "xhunter2!x", "token abc.", "pre-tokentoken"] {
            let shown = hidden(text, url);
            assert!(shown.contains("***") && !shown.contains("hunter2") && !shown.contains("abc"), "{shown}");
        }
        assert_eq!(hidden("abcdef", url), "abcdef");
        assert_eq!(hidden("nothing", "https://example.org/r"), "nothing");
    }
}
