//! Names that recipes take.

use std::collections::HashSet;

/// The most characters of a name.
const LONGEST: usize = 64;

/// A text as the name of a pool, job or task: letters, digits, hyphens and underscores. `None` if nothing of it is left.
pub(super) fn slug(text: &str) -> Option<String> {
    let mut slug = String::new();
    for character in text.chars() {
        let is_allowed = character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
        if is_allowed {
            slug.push(character);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.len() == LONGEST {
            break;
        }
    }
    let trimmed = slug.trim_end_matches('-');
    let trimmed = if text.starts_with('-') { trimmed } else { trimmed.trim_start_matches('-') };
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

/// A text as the name of a recipe: lower-case letters, digits and hyphens.
pub(super) fn recipe_name(text: &str) -> Option<String> {
    let lower = slug(text)?.to_ascii_lowercase().replace('_', "-");
    let name = lower.trim_matches('-');
    (!name.is_empty()).then(|| name.to_owned())
}

/// Texts as the name of an environment variable.
pub(super) fn variable(parts: &[&str]) -> String {
    let words = parts.iter().filter_map(|part| slug(part));
    let name = words.collect::<Vec<_>>().join("_").to_ascii_uppercase().replace('-', "_");
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// A name that is not taken yet: the name itself, or with a number behind it. Takes it.
pub(super) fn unique(name: &str, taken: &mut HashSet<String>) -> String {
    let mut candidate = name.to_owned();
    let mut number = 1_usize;
    while taken.contains(&candidate) {
        number += 1;
        let end = format!("-{number}");
        let room = LONGEST.saturating_sub(end.len());
        candidate = format!("{}{end}", name.chars().take(room).collect::<String>());
    }
    taken.insert(candidate.clone());
    candidate
}

/// Whether a value of a configuration is only there to be replaced: `<storage account name>`.
pub(super) fn is_placeholder(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_possible_ones() {
        assert_eq!(slug("task-00000").as_deref(), Some("task-00000"));
        assert_eq!(slug("<pool id>").as_deref(), Some("pool-id"));
        assert_eq!(slug("ä ö"), None);
        assert_eq!(slug(&"x".repeat(100)).map(|slug| slug.len()), Some(64));
        assert_eq!(recipe_name("My_Pool").as_deref(), Some("my-pool"));
        assert_eq!(recipe_name("__"), None);
        assert_eq!(variable(&["my-storage", "KEY"]), "MY_STORAGE_KEY");
        assert_eq!(variable(&["1st"]), "_1ST");
        let mut taken = HashSet::from(["a".to_owned()]);
        assert_eq!(unique("a", &mut taken), "a-2");
        assert_eq!(unique("a", &mut taken), "a-3");
    }
}
