//! Output of tasks.

use std::fmt::Write as _;

/// Text of a task, each line behind a bar. Control characters other than tabs are shown escaped, because a task must not be able
/// to drive the reader's terminal.
pub fn indented(text: &str, bar: &str) -> String {
    let mut shown = String::new();
    for line in text.lines() {
        shown.push_str(bar);
        for character in line.chars() {
            if character.is_control() && character != '\t' {
                let _ = write!(shown, "{}", character.escape_default());
            } else {
                shown.push(character);
            }
        }
        shown.push('\n');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_cannot_drive_the_terminal() {
        assert_eq!(indented("a\n\u{1b}[2Jb\tc", "| "), "| a\n| \\u{1b}[2Jb\tc\n");
    }
}
