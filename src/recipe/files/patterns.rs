//! Patterns of paths.

use glob::{MatchOptions, Pattern};

/// The longest pattern, in bytes.
const LONGEST_PATTERN: usize = 1_024;
/// The most patterns at once.
const MOST_PATTERNS: usize = 100;

/// Wildcards stay inside a folder, and pass over what begins with a dot unless they spell it.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// What paths must match: one of some patterns, and none of some others.
#[derive(Debug)]
pub struct PathPatterns {
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
    /// Where matching paths begin, as far as the patterns say so without wildcards, and how many folders deep they lie.
    pub(super) roots: Vec<(String, Option<usize>)>,
    /// Whether names that begin with a dot are looked at.
    pub(super) hidden: bool,
}

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It begins at the root of the machine.
    #[error("the pattern is absolute; paths begin at the recipe's folder")]
    Absolute,
    /// It goes up.
    #[error("`..` would leave the recipe's folder")]
    Up,
    /// It says nothing, or too much.
    #[error("a pattern has 1 to {LONGEST_PATTERN} characters, and there are at most {MOST_PATTERNS}")]
    Length,
    /// It cannot be read.
    #[error("{0}")]
    Syntax(String),
}

impl PathPatterns {
    /// Compiles patterns; without any to include, everything is. An error comes with the number of the pattern: those to
    /// exclude are counted behind those to include.
    ///
    /// # Errors
    /// The first pattern that is refused.
    pub fn new(include: &[&str], exclude: &[&str]) -> Result<Self, (usize, PatternError)> {
        if include.len() + exclude.len() > MOST_PATTERNS {
            return Err((MOST_PATTERNS, PatternError::Length));
        }
        let everything = ["**"];
        let wanted = if include.is_empty() { &everything[..] } else { include };
        let plain: Vec<&str> = wanted.iter().map(|pattern| without_here(pattern)).collect();
        let mut roots: Vec<_> = plain.iter().map(|pattern| root(pattern)).collect();
        roots.sort();
        roots.dedup();
        Ok(Self {
            include: compile(wanted, 0)?,
            exclude: compile(exclude, include.len())?,
            roots,
            hidden: plain.iter().any(|pattern| pattern.split('/').any(|part| part.starts_with('.'))),
        })
    }

    /// Whether a path matches.
    pub fn matches(&self, path: &str) -> bool {
        let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches_with(path, OPTIONS));
        any(&self.include) && !any(&self.exclude)
    }
}

fn compile(patterns: &[&str], first: usize) -> Result<Vec<Pattern>, (usize, PatternError)> {
    let compiled = (first..).zip(patterns).map(|(number, pattern)| {
        check(pattern).map_err(|error| (number, error))?;
        let syntax = |error: glob::PatternError| (number, PatternError::Syntax(error.msg.to_owned()));
        Pattern::new(without_here(pattern)).map_err(syntax)
    });
    compiled.collect()
}

fn check(pattern: &str) -> Result<(), PatternError> {
    if pattern.is_empty() || pattern.len() > LONGEST_PATTERN {
        return Err(PatternError::Length);
    }
    let drive = pattern.as_bytes().get(1) == Some(&b':');
    if pattern.starts_with(['/', '\\']) || drive {
        return Err(PatternError::Absolute);
    }
    if pattern.split(['/', '\\']).any(|part| part == "..") {
        return Err(PatternError::Up);
    }
    Ok(())
}

/// `./data` and `data` are the same.
fn without_here(pattern: &str) -> &str {
    let mut pattern = pattern;
    while let Some(rest) = pattern.strip_prefix("./") {
        pattern = rest;
    }
    pattern
}

/// The folder that all matching paths lie in, and how deep at most.
fn root(pattern: &str) -> (String, Option<usize>) {
    let parts: Vec<&str> = pattern.split('/').collect();
    let (_, folders) = parts.split_last().unwrap_or((&"", &[]));
    let literal = folders.iter().take_while(|part| !part.contains(['*', '?', '['])).count();
    let root = folders.get(..literal).unwrap_or_default().join("/");
    (root, (!parts.contains(&"**")).then(|| parts.len() - literal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stay_inside_a_folder_unless_there_are_two() {
        let matches = |pattern: &str, path: &str| PathPatterns::new(&[pattern], &[]).unwrap().matches(path);
        assert!(matches("data/*.csv", "data/a.csv") && !matches("data/*.csv", "data/x/a.csv"));
        assert!(matches("**/*.csv", "a.csv") && matches("**/*.csv", "x/y/a.csv"));
        assert!(matches("./[ab]/?.csv", "b/1.csv") && !matches("[ab]/?.csv", "c/1.csv"));
        assert!(!matches("**", ".git/config") && matches(".git/*", ".git/config"));
        let patterns = PathPatterns::new(&["**/*.csv"], &["old/**"]).unwrap();
        assert!(patterns.matches("new/a.csv") && !patterns.matches("old/x/a.csv"));
        assert!(PathPatterns::new(&[], &["b"]).unwrap().matches("x/a"));
    }

    #[test]
    fn patterns_that_leave_the_folder_are_refused() {
        let error = |pattern: &str| PathPatterns::new(&["a", pattern], &[]).unwrap_err();
        assert_eq!(error("/etc/*"), (1, PatternError::Absolute));
        assert_eq!(error("C:\\x"), (1, PatternError::Absolute));
        for up in ["../*", "a/../../b", "..", "a/.."] {
            assert_eq!(error(up), (1, PatternError::Up), "{up}");
        }
        assert_eq!(error(""), (1, PatternError::Length));
        assert!(matches!(error("a/***").1, PatternError::Syntax(_)));
        assert_eq!(PathPatterns::new(&["a"], &["b", "/c"]).unwrap_err(), (2, PatternError::Absolute));
    }

    #[test]
    fn only_the_part_that_can_match_is_walked() {
        let root = |pattern| (root(pattern).0, root(pattern).1);
        assert_eq!(root("data/x/*.csv"), ("data/x".to_owned(), Some(1)));
        assert_eq!(root("data/*/*.csv"), ("data".to_owned(), Some(2)));
        assert_eq!(root("*.csv"), (String::new(), Some(1)));
        assert_eq!(root("data/**"), ("data".to_owned(), None));
    }
}
