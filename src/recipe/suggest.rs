//! "Did you mean …?"

/// The least likeness of two words of which one may stand for the other.
const LIKELY: f64 = 0.6;
/// How much more like than any other a word must be to be the only one that can be meant.
const CLEARLY: f64 = 0.15;

/// The known word most like `word`, if one is close enough to be what was meant.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    ranked(word, known).first().map(|(_, candidate)| *candidate)
}

/// The known word that `word` can only be a misspelling of: close enough, and no other nearly as close.
pub(super) fn only_near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    match ranked(word, known).as_slice() {
        [(_, only)] => Some(only),
        [(best, only), (second, _), ..] if best - second >= CLEARLY => Some(only),
        _ => None,
    }
}

/// The known names that are like `word`, each once, the most like first.
pub fn similar_names<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, name) in ranked(word, known) {
        if !names.iter().any(|other| other == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The known words that are like `word`, the most like first. How words are joined, and their case, make no difference:
/// `vmSize` and `vm-size` are `vm_size`.
fn ranked<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<(f64, &'a str)> {
    let wanted = joined(word);
    let mut ranked: Vec<(f64, &str)> = known
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(&wanted, &joined(candidate)), candidate))
        .filter(|(likeness, _)| *likeness >= LIKELY)
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked
}

fn joined(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// Words in backquotes, separated by commas.
pub(super) fn list_all<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Words in backquotes, separated by commas; a long list is cut.
pub(super) fn list(words: impl IntoIterator<Item = String>) -> String {
    const MOST: usize = 12;
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    let mut text = words.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    if words.len() > MOST {
        text.push_str(", …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_likely_word_is_suggested() {
        let known = ["vm_size", "start_task", "nodes"];
        assert_eq!(nearest("vmSize", known), Some("vm_size"));
        assert_eq!(nearest("start-task", known), Some("start_task"));
        assert_eq!(nearest("node", known), Some("nodes"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn only_a_word_without_rivals_is_certain() {
        let known = ["retries", "retry_delay", "retention", "nodes"];
        assert_eq!(only_near("retires", known), Some("retries"));
        assert_eq!(only_near("retryDelay", known), Some("retry_delay"));
        assert_eq!(only_near("reties", ["retries", "retires"]), None);
        assert_eq!(only_near("colour", known), None);
    }
}
