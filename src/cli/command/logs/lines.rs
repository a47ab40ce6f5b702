//! Output by lines: with the task's name before each, or as documents.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::streams::Stream;
use super::targets::Target;

/// Cuts bytes into lines as they come; the rest waits for more.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<u8>);

/// A line that never ends is cut here.
const LONGEST: usize = 64 * 1024;

impl Lines {
    /// Takes bytes; hands out the lines that are whole now.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        mut line: impl FnMut(&str) -> io::Result<()>,
    ) -> io::Result<()> {
        self.0.extend_from_slice(bytes);
        let mut start = 0;
        while let Some(rest) = self.0.get(start..) {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let (length, step) = match end {
                Some(length) => (length, length + 1),
                None if rest.len() >= LONGEST => (LONGEST, LONGEST),
                None => break,
            };
            line(&text(rest.get(..length).unwrap_or_default()))?;
            start += step;
        }
        self.0.drain(..start);
        Ok(())
    }

    /// Hands out what is left.
    pub(super) fn finish(&mut self, mut line: impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
        let rest = std::mem::take(&mut self.0);
        if rest.is_empty() { Ok(()) } else { line(&text(&rest)) }
    }
}

fn text(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    String::from_utf8_lossy(line).into_owned()
}

/// A line for programs.
pub(super) fn document(target: &Target, stream: Stream, line: &str) -> Value {
    json!({ "type": "log", "job": target.job, "task": target.task.id, "stream": stream, "line": line })
}

/// A line for people who read several tasks at once.
pub(super) fn prefixed(out: &mut dyn Write, target: &Target, line: &str) -> io::Result<()> {
    writeln!(out, "{} | {line}", target.address())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_however_the_bytes_come() {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        let mut take = |line: &str| {
            seen.push(line.to_owned());
            Ok(())
        };
        for bytes in [b"a".as_slice(), b"b\r\n\nc", b"d\ne"] {
            lines.push(bytes, &mut take).unwrap();
        }
        lines.finish(&mut take).unwrap();
        lines.finish(&mut take).unwrap();
        assert_eq!(seen, ["ab", "", "cd", "e"]);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let mut lines = Lines::default();
        let mut seen = 0;
        let count = |_: &str| {
            seen += 1;
            Ok(())
        };
        lines.push(&vec![b'x'; LONGEST * 2 + 1], count).unwrap();
        assert_eq!((seen, lines.0.len()), (2, 1));
    }
}
