//! Errors with their causes.

use std::error::Error;

/// An error and its causes, from the outside in, in one line. A cause whose words stand at the end already is not repeated.
pub fn in_one_line(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Outer(&'static str, #[source] std::io::Error);

    #[test]
    fn causes_follow_unless_they_were_said() {
        let said = |text| in_one_line(&Outer(text, std::io::Error::other("no disk")));
        assert_eq!(said("it failed"), "it failed: no disk");
        assert_eq!(said("it failed: no disk"), "it failed: no disk");
    }
}
