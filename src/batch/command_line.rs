//! The command line of a task: one string that the node agent splits into arguments, as no shell reads it.

/// Why a command line can't be split.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCommandLine {
    /// A quote is opened and not closed.
    #[error("the {quote} quote at character {position} is never closed")]
    OpenQuote {
        /// `'` or `"`.
        quote: char,
        /// Where it stands, counted from 1.
        position: usize,
    },
    /// The line ends in a lone backslash.
    #[error("the command line ends in a lone backslash")]
    TrailingBackslash,
}

/// Splits a command line into its arguments by the rules of POSIX shells for quotes and backslashes, and no others:
/// variables, pipes and globs stay text.
///
/// # Errors
/// When a quote is not closed, or the line ends in a lone backslash.
pub fn split(line: &str) -> Result<Vec<String>, InvalidCommandLine> {
    let mut arguments = Vec::new();
    let mut current: Option<String> = None;
    let mut characters = line.chars().enumerate().peekable();
    while let Some((index, character)) = characters.next() {
        match character {
            c if c.is_whitespace() => arguments.extend(current.take()),
            '\\' => {
                let (_, next) = characters.next().ok_or(InvalidCommandLine::TrailingBackslash)?;
                current.get_or_insert_default().push(next);
            }
            quote @ ('\'' | '"') => {
                let argument = current.get_or_insert_default();
                loop {
                    match characters.next() {
                        None => return Err(InvalidCommandLine::OpenQuote { quote, position: index + 1 }),
                        Some((_, c)) if c == quote => break,
                        Some((_, '\\')) if quote == '"' => match characters.next() {
                            Some((_, c @ ('"' | '\\' | '$' | '`'))) => argument.push(c),
                            Some((_, c)) => argument.extend(['\\', c]),
                            None => return Err(InvalidCommandLine::OpenQuote { quote, position: index + 1 }),
                        },
                        Some((_, c)) => argument.push(c),
                    }
                }
            }
            c => current.get_or_insert_default().push(c),
        }
    }
    arguments.extend(current);
    Ok(arguments)
}

/// Joins arguments into a command line that [`split`] takes apart into the same arguments.
pub fn join<S: AsRef<str>>(arguments: &[S]) -> String {
    arguments.iter().map(|argument| quote(argument.as_ref())).collect::<Vec<_>>().join(" ")
}

fn quote(argument: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_@%+=:,./-$".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_group_and_nothing_else_is_special() {
        let line =
            r#"/bin/sh -c "echo 'hello world' > $AZ_BATCH_TASK_WORKING_DIR/output.txt" a\ b '' "q\"q" *"#;
        assert_eq!(
            split(line).unwrap(),
            [
                "/bin/sh",
                "-c",
                "echo 'hello world' > $AZ_BATCH_TASK_WORKING_DIR/output.txt",
                "a b",
                "",
                "q\"q",
                "*"
            ]
        );
        assert_eq!(split("   ").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn open_quotes_are_refused_with_their_place() {
        assert_eq!(split("a 'b"), Err(InvalidCommandLine::OpenQuote { quote: '\'', position: 3 }));
        assert_eq!(split("a \"b\\"), Err(InvalidCommandLine::OpenQuote { quote: '"', position: 3 }));
        assert_eq!(split("a \\"), Err(InvalidCommandLine::TrailingBackslash));
    }

    proptest! {
        #[test]
        fn joining_and_splitting_gives_the_same_arguments(arguments in prop::collection::vec(".*", 0..6)) {
            prop_assert_eq!(split(&join(&arguments)).unwrap(), arguments);
        }

        #[test]
        fn splitting_never_panics(line in ".*") {
            let _ = split(&line);
        }
    }
}
