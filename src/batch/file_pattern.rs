//! Which files of a task are kept: the patterns of output files. Source: REST reference, `OutputFile.filePattern`, and the names that
//! the service gives to blobs.

use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};

/// The longest pattern, in bytes.
const LONGEST: usize = 4_096;
/// Wildcards stay inside a folder, and pass over what begins with a dot unless they spell it.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// A pattern of paths on a node: one file, or a folder and what matches in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePattern {
    base: PathBuf,
    below: Option<Pattern>,
}

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilePatternError {
    /// It says nothing, or too much.
    #[error("a pattern has 1 to {LONGEST} bytes, and no NUL among them")]
    Text,
    /// It goes up where nobody knows from where.
    #[error("`..` behind a wildcard leads nowhere; write it before the first wildcard")]
    Up,
    /// It can't be read.
    #[error("{0}; a wildcard that is meant literally stands in brackets, as in `[*]`")]
    Syntax(&'static str),
}

impl FilePattern {
    /// Reads a pattern, whose variables have been replaced. A relative one begins at `working`.
    ///
    /// # Errors
    /// When it can't be a pattern.
    pub fn parse(text: &str, working: &Path) -> Result<Self, FilePatternError> {
        if text.is_empty() || text.len() > LONGEST || text.contains('\0') {
            return Err(FilePatternError::Text);
        }
        let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let literal = parts.iter().take_while(|part| !part.contains(['*', '?', '['])).count();
        let (literal, wild) = parts.split_at(literal);
        let mut base = if text.starts_with('/') { PathBuf::from("/") } else { plain(working) };
        for part in literal {
            match *part {
                ".." => drop(base.pop()),
                part => base.push(part),
            }
        }
        if wild.contains(&"..") {
            return Err(FilePatternError::Up);
        }
        let compile = |wild: &[&str]| Pattern::new(&wild.join("/"));
        let below = if wild.is_empty() { None } else { Some(compile(wild)) };
        let below = below.transpose().map_err(|error| FilePatternError::Syntax(error.msg))?;
        Ok(Self { base, below })
    }

    /// The one file, or the folder that all matching files are below.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// Whether the pattern has wildcards, so that more than one file may match.
    pub fn is_wild(&self) -> bool {
        self.below.is_some()
    }

    /// How many folders below the base matching files lie at most, themselves counted; `None` if however deep.
    pub fn depth(&self) -> Option<usize> {
        let Some(below) = &self.below else { return Some(0) };
        let parts = || below.as_str().split('/');
        if parts().any(|part| part == "**") { None } else { Some(parts().count()) }
    }

    /// Whether a file matches, by its path below the base.
    pub fn matches(&self, below: &str) -> bool {
        self.below.as_ref().is_some_and(|pattern| pattern.matches_with(below, OPTIONS))
    }

    /// The blob that a matching file becomes: with wildcards `destination` is the folder of the blobs, else it is the blob.
    pub fn blob_name(&self, destination: Option<&str>, below: &str) -> String {
        match destination.map(|path| path.trim_matches('/')).filter(|path| !path.is_empty()) {
            Some(folder) if self.is_wild() => format!("{folder}/{below}"),
            Some(blob) => blob.to_owned(),
            None => below.to_owned(),
        }
    }
}

/// A path without dots.
fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> FilePattern {
        FilePattern::parse(text, Path::new("/node/task/wd")).unwrap()
    }

    #[test]
    fn a_pattern_begins_where_its_first_wildcard_does() {
        for (text, base, depth) in [
            ("out.txt", "/node/task/wd/out.txt", Some(0)),
            ("./a//out.txt", "/node/task/wd/a/out.txt", Some(0)),
            ("../std*.txt", "/node/task", Some(1)),
            ("../stdout.txt", "/node/task/stdout.txt", Some(0)),
            ("model/**/*.bin", "/node/task/wd/model", None),
            ("model/*/v?/x", "/node/task/wd/model", Some(3)),
            ("**", "/node/task/wd", None),
            ("/node/shared/*.log", "/node/shared", Some(1)),
            ("../../../../../etc/passwd", "/etc/passwd", Some(0)),
            ("a[*]b", "/node/task/wd", Some(1)),
        ] {
            let pattern = parse(text);
            assert_eq!((pattern.base().to_str().unwrap(), pattern.depth()), (base, depth), "{text}");
            assert_eq!(pattern.is_wild(), depth != Some(0), "{text}");
        }
    }

    #[test]
    fn wildcards_match_as_the_reference_says() {
        for (text, matching, other) in [
            ("abc*", &["abc", "abcdef"][..], &["ab", "abc/d", "xabc"][..]),
            ("**/*.txt", &["a.txt", "x/a.txt", "x/y/a.txt"], &["a.text", ".a.txt", "x/.a.txt", ".x/a.txt"]),
            ("**", &["a", "x/y/a"], &[".a", "x/.a"]),
            ("?.log", &["a.log"], &["ab.log", ".log", "/.log"]),
            ("[abc].log", &["a.log", "c.log"], &["d.log", "ab.log"]),
            ("[a-c].log", &["b.log"], &["d.log"]),
            ("[!a-c].log", &["d.log"], &["b.log"]),
            ("*.gif", &["a.gif"], &[".a.gif"]),
            (".*.gif", &[".a.gif"], &["a.gif"]),
            ("abc[*]", &["abc*"], &["abcd"]),
            ("*/out.txt", &["x/out.txt"], &["out.txt", "x/y/out.txt"]),
            ("{a,b}*", &["{a,b}c"], &["a", "b"]),
        ] {
            let pattern = parse(text);
            for name in matching {
                assert!(pattern.matches(name), "{text} {name}");
            }
            for name in other {
                assert!(!pattern.matches(name), "{text} {name}");
            }
        }
    }

    #[test]
    fn a_blob_is_called_as_its_file_below_the_base_unless_it_is_told_its_name() {
        let wild = parse("logs/**/*.txt");
        assert_eq!(wild.blob_name(None, "a/b.txt"), "a/b.txt");
        assert_eq!(wild.blob_name(Some("run-7/"), "a/b.txt"), "run-7/a/b.txt");
        let one = parse("../stdout.txt");
        assert_eq!(one.blob_name(None, "stdout.txt"), "stdout.txt");
        assert_eq!(one.blob_name(Some("run-7/out.txt"), "stdout.txt"), "run-7/out.txt");
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let error = |text: &str| FilePattern::parse(text, Path::new("/wd")).unwrap_err();
        assert_eq!(error(""), FilePatternError::Text);
        assert_eq!(error("a\0b"), FilePatternError::Text);
        assert_eq!(error(&"a".repeat(LONGEST + 1)), FilePatternError::Text);
        assert_eq!(error("*/../b"), FilePatternError::Up);
        for text in ["a[b", "a**b", "***"] {
            assert!(matches!(error(text), FilePatternError::Syntax(_)), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}", name in ".{0,20}") {
            if let Ok(pattern) = FilePattern::parse(&text, Path::new("/wd")) {
                let _ = pattern.matches(&name);
                prop_assert!(pattern.base().is_absolute());
            }
        }
    }
}
