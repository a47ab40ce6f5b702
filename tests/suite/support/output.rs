//! What a command printed, and what a test says about it.

use std::fmt;

use super::Redactions;

/// The result of a finished command. Every check returns the output again, so that checks read as one sentence, and
/// every failure shows both streams.
#[derive(Debug, Clone)]
pub struct Output {
    pub(super) command: String,
    /// The exit code; none when a signal ended the process.
    pub code: Option<i32>,
    /// Standard output, as printed.
    pub stdout: String,
    /// Standard error, as printed.
    pub stderr: String,
    pub(super) redactions: Redactions,
}

impl Output {
    /// The command did what it was asked to do.
    #[track_caller]
    pub fn success(&self) -> &Self {
        self.code(0)
    }

    /// The command ended with this exit code.
    #[track_caller]
    pub fn code(&self, expected: i32) -> &Self {
        assert!(self.code == Some(expected), "expected exit code {expected}\n{self}");
        self
    }

    /// Standard output holds `text`.
    #[track_caller]
    pub fn stdout_contains(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "expected on stdout: {text}\n{self}");
        self
    }

    /// Standard error holds `text`.
    #[track_caller]
    pub fn stderr_contains(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "expected on stderr: {text}\n{self}");
        self
    }

    /// Neither stream holds `text`: for secrets.
    #[track_caller]
    pub fn never_mentions(&self, text: &str) -> &Self {
        assert!(
            !self.stdout.contains(text) && !self.stderr.contains(text),
            "must not appear: {text}\n{self}"
        );
        self
    }

    /// Standard output, once redacted, is `expected`. Line breaks at either end of `expected` do not count, so that it
    /// can be written as a block.
    #[track_caller]
    pub fn stdout_is(&self, expected: &str) -> &Self {
        let (actual, expected) = (self.redacted_stdout(), expected.trim_matches('\n'));
        assert!(actual.trim_matches('\n') == expected, "expected on stdout:\n{}\n{self}", indent(expected));
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is no JSON: {error}\n{self}"))
    }

    /// Standard output as JSON lines.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse =
            |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in: {line}\n{self}"));
        self.stdout.lines().map(parse).collect()
    }

    /// Standard output without what changes from run to run: for snapshots.
    pub fn redacted_stdout(&self) -> String {
        self.redactions.apply(&self.stdout)
    }

    /// Standard error without what changes from run to run: for snapshots.
    pub fn redacted_stderr(&self) -> String {
        self.redactions.apply(&self.stderr)
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  command: {}", self.command)?;
        match self.code {
            Some(code) => writeln!(f, "  exit code: {code}")?,
            None => writeln!(f, "  exit code: none")?,
        }
        writeln!(f, "  stdout:\n{}", indent(&self.stdout))?;
        write!(f, "  stderr:\n{}", indent(&self.stderr))
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    | {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(code: i32, stdout: &str) -> Output {
        Output {
            command: "batchyard plan".to_owned(),
            code: Some(code),
            stdout: stdout.to_owned(),
            stderr: "warning: slow\n".to_owned(),
            redactions: Redactions::default(),
        }
    }

    #[test]
    fn checks_chain() {
        let output = output(2, "listening on 127.0.0.1:4711\n");
        output.code(2).stdout_contains("listening").stderr_contains("slow").never_mentions("hunter2");
        output.stdout_is("\nlistening on 127.0.0.1:[PORT]\n");
        assert_eq!(output.redacted_stderr(), "warning: slow\n");
    }

    #[test]
    fn json_is_read_whole_or_by_line() {
        assert_eq!(output(0, "{\"a\": 1}\n").json()["a"], 1);
        assert_eq!(output(0, "{\"a\": 1}\n{\"a\": 2}\n").json_lines()[1]["a"], 2);
    }

    #[test]
    #[should_panic(expected = "    | No changes\n  stderr:\n    | warning: slow")]
    fn a_failed_check_shows_both_streams() {
        output(1, "No changes\n").success();
    }
}
