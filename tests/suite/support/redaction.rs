//! Blotting out what changes from run to run, so that outputs can be compared.

use std::path::Path;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What is recognised anywhere, and what it becomes. Earlier rules win over later ones.
static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"(127\.0\.0\.1|localhost|\[::1\]):\d+", "$1:[PORT]"),
        (r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b", "[GUID]"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", "[TIME]"),
        (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", "[TIME]"),
        (r"\b0x[0-9A-F]{6,}\b", "[ETAG]"),
        (r"\b[0-9a-f]{64}\b", "[HASH]"),
        (r"\b(\d+(\.\d+)?(h|m|s|ms|µs) ?)*\d+(\.\d+)?(s|ms|µs)\b", "[DURATION]"),
    ]
    .map(|(pattern, replacement)| (Regex::new(pattern).expect("a pattern of this file"), replacement))
    .into()
});

/// A set of redactions: those that hold everywhere, and the paths of one sandbox.
#[derive(Debug, Clone, Default)]
pub struct Redactions(Vec<(String, &'static str)>);

impl Redactions {
    /// Also replaces `path` by `placeholder`.
    pub fn path(mut self, path: &Path, placeholder: &'static str) -> Self {
        self.0.push((path.display().to_string(), placeholder));
        self
    }

    /// The text with everything volatile replaced by its placeholder.
    pub fn apply(&self, text: &str) -> String {
        let text =
            self.0.iter().fold(text.to_owned(), |text, (path, placeholder)| text.replace(path, placeholder));
        RULES.iter().fold(text, |text, (pattern, replacement)| {
            pattern.replace_all(&text, |found: &Captures<'_>| expand(found, replacement)).into_owned()
        })
    }
}

fn expand(found: &Captures<'_>, replacement: &str) -> String {
    let mut expanded = String::new();
    found.expand(replacement, &mut expanded);
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn redacts(text: &str, expected: &str) {
        assert_eq!(Redactions::default().apply(text), expected);
    }

    #[test]
    fn ports_guids_etags_and_hashes() {
        redacts("http://127.0.0.1:40123/pools", "http://127.0.0.1:[PORT]/pools");
        redacts("request 0b1c2d3e-0000-4111-8222-333344445555 failed", "request [GUID] failed");
        redacts("etag 0x8DE2A1B4C5D6E7F", "etag [ETAG]");
        redacts(&format!("container {} exited", "0a".repeat(32)), "container [HASH] exited");
    }

    #[test]
    fn times_and_durations() {
        redacts("at 2026-01-02T03:04:05.1234567Z", "at [TIME]");
        redacts("Date: Tue, 29 Jul 2014 21:49:13 GMT", "Date: [TIME]");
        redacts("done in 1.2s, 350ms or 1m 30s", "done in [DURATION], [DURATION] or [DURATION]");
    }

    #[test]
    fn what_a_test_wants_to_see_stays() {
        redacts(
            "3 tasks, exit code 7, Standard_D2s_v3, 4 slots",
            "3 tasks, exit code 7, Standard_D2s_v3, 4 slots",
        );
        redacts("recipe.yaml:12:5", "recipe.yaml:12:5");
    }

    #[test]
    fn paths_of_the_sandbox() {
        let redactions = Redactions::default().path(Path::new("/somewhere/x1y2"), "[SANDBOX]");
        assert_eq!(redactions.apply("/somewhere/x1y2/recipe.yaml:1:1"), "[SANDBOX]/recipe.yaml:1:1");
    }
}
