//! Looks up what a code means.

use super::{codes, lower, rules};
use crate::diagnostic::Code;

/// Every code that loading a recipe can raise.
pub fn all() -> impl Iterator<Item = &'static Code> {
    let of_rules = rules::ALL.iter().map(|rule| &rule.code);
    codes::ALL.iter().chain(lower::CODES).copied().chain(of_rules)
}

/// The code with a name: what it means and what to do about it.
pub fn explain(name: &str) -> Option<&'static Code> {
    all().find(|code| code.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_well_formed_and_explained() {
        let mut names = BTreeSet::new();
        for code in all() {
            assert!(names.insert(code.name), "{code} is there twice");
            assert!(code.name.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{code}");
            assert!(!code.summary.is_empty() && code.explanation.ends_with('.'), "{code}");
        }
        assert!(names.len() > 25);
        assert_eq!(explain("unknown-key").map(|code| code.name), Some("unknown-key"));
        assert_eq!(explain("no-such-code"), None);
    }
}
