//! "Did you mean …?"

/// The known word most like `word`, if one is close enough to be what was meant.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = word.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|candidate| {
            (
                strsim::normalized_damerau_levenshtein(&wanted, &candidate.to_lowercase().replace('-', "_")),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
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
}
