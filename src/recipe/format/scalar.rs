//! Scalars as they were written, at another indentation.

use granit_parser::ScalarStyle;

/// A scalar that is no block, as written; of several lines each but the first begins at `indentation`.
pub(super) fn inline(written: &str, style: ScalarStyle, indentation: usize) -> String {
    if written.contains('\n') {
        return lines(written, indentation);
    }
    match style {
        ScalarStyle::SingleQuoted => double_quoted(written).unwrap_or_else(|| written.to_owned()),
        _ => written.to_owned(),
    }
}

/// Blanks at both ends of a line mean nothing in a scalar of several lines, but for a blank behind a backslash.
fn lines(written: &str, indentation: usize) -> String {
    let mut text = String::new();
    for (number, line) in written.split('\n').enumerate() {
        let line = if number == 0 { line } else { line.trim_start_matches([' ', '\t']) };
        let trimmed = line.trim_end_matches([' ', '\t']);
        let line = if trimmed.ends_with('\\') { line } else { trimmed };
        if number > 0 {
            text.push('\n');
            if !line.is_empty() {
                text.push_str(&" ".repeat(indentation));
            }
        }
        text.push_str(line);
    }
    text
}

/// Double quotes in place of single ones, where no escape becomes necessary.
fn double_quoted(written: &str) -> Option<String> {
    let inside = written.strip_prefix('\'')?.strip_suffix('\'')?;
    (!inside.contains(['"', '\\'])).then(|| format!("\"{}\"", inside.replace("''", "'")))
}

/// A scalar in a block: its header, and the lines below it without indentation.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// `|` or `>`, whether the indentation must be said, and what happens to the last line breaks.
    pub(super) header: String,
    /// The lines; an empty one is written without indentation.
    pub(super) lines: Vec<String>,
    /// Whether blank lines behind it belong to it.
    pub(super) keeps_blank_lines: bool,
}

impl Block {
    /// Reads a block: its header as written, the lines below it up to its end, and its text.
    pub(super) fn read(header: &str, below: &str, text: &str) -> Self {
        let chomping = header.chars().find(|c| matches!(c, '+' | '-'));
        let keeps_blank_lines = chomping == Some('+');
        let base = indentation(below, text);
        let mut lines: Vec<String> = match base {
            Some(base) => below.lines().map(|line| line.get(base..).unwrap_or_default().to_owned()).collect(),
            None => Vec::new(),
        };
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        if keeps_blank_lines {
            let breaks = text.len() - text.trim_end_matches('\n').len();
            let blank = if lines.is_empty() { breaks } else { breaks.saturating_sub(1) };
            lines.extend(std::iter::repeat_n(String::new(), blank));
        }
        let first = lines.iter().position(|line| !line.trim_start_matches(' ').is_empty());
        let leading = first.map_or(lines.as_slice(), |first| lines.get(..=first).unwrap_or_default());
        let must_say = leading.iter().any(|line| line.starts_with(' '));
        let mut said = header.chars().take(1).collect::<String>();
        if must_say {
            said.push('2');
        }
        said.extend(chomping);
        Self { header: said, lines, keeps_blank_lines }
    }
}

/// How far the lines below a header are indented; `None` if all of them are blank.
fn indentation(below: &str, text: &str) -> Option<usize> {
    let spaces = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let written = below.lines().find(|line| !line.trim().is_empty());
    let meant = text.split('\n').find(|line| !line.trim().is_empty());
    match (written, meant) {
        (Some(written), Some(meant)) => spaces(written).checked_sub(spaces(meant)),
        // Nothing but blanks: the longest line tells how many of them are meant.
        _ => {
            let longest = |text: &str| text.split('\n').map(str::len).max().unwrap_or(0);
            let meant = longest(text);
            (meant > 0).then(|| longest(below).saturating_sub(meant))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_become_double_where_nothing_has_to_be_escaped() {
        let inline = |written| inline(written, ScalarStyle::SingleQuoted, 0);
        assert_eq!(inline("'a: b'"), "\"a: b\"");
        assert_eq!(inline("'it''s'"), "\"it's\"");
        assert_eq!(inline("'say \"x\"'"), "'say \"x\"'");
        assert_eq!(inline("'a\\b'"), "'a\\b'");
    }

    #[test]
    fn lines_of_a_scalar_are_moved_and_an_escaped_blank_is_kept() {
        let moved = inline("\"a  \n     b\\ \n\n  c\"", ScalarStyle::DoubleQuoted, 2);
        assert_eq!(moved, "\"a\n  b\\ \n\n  c\"");
    }

    fn block(header: &str, below: &str, text: &str) -> (String, Vec<String>) {
        let block = Block::read(header, below, text);
        (block.header, block.lines)
    }

    fn lines(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn a_block_loses_its_indentation_and_nothing_else() {
        let (header, read) = block("|", "    a\n      b\n\n    c  \n\n", "a\n  b\n\nc  \n");
        assert_eq!((header.as_str(), read), ("|", lines(&["a", "  b", "", "c  "])));
        let (header, read) = block("|4-", "      a\n    b\n", "  a\nb");
        assert_eq!((header.as_str(), read), ("|2-", lines(&["  a", "b"])));
        let (header, read) = block(">+", "  a\n\n\n", "a\n\n\n");
        assert_eq!((header.as_str(), read), (">+", lines(&["a", "", ""])));
        assert_eq!(block("|+", "\n\n", "\n\n").1, lines(&["", ""]));
        assert_eq!(block("|", "\n", "").1, lines(&[]));
    }
}
