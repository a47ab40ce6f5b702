//! What is wrong with a formula.

use std::ops::Range;

/// Something wrong with a formula, and the bytes of it that are wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct FormulaError {
    /// What.
    pub kind: FormulaErrorKind,
    /// Where, in bytes.
    pub range: Range<usize>,
}

impl FormulaError {
    pub(super) fn new(kind: FormulaErrorKind, range: Range<usize>) -> Self {
        Self { kind, range }
    }
}

/// What can be wrong with a formula.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormulaErrorKind {
    /// The formula is longer than the service takes.
    #[error("the formula has {characters} characters; the most is {most}")]
    TooLong {
        /// How many it has.
        characters: usize,
        /// How many it may have.
        most: usize,
    },
    /// The formula has more statements than the service takes.
    #[error("the formula has {statements} statements; the most is {most}")]
    TooManyStatements {
        /// How many it has.
        statements: usize,
        /// How many it may have.
        most: usize,
    },
    /// More parentheses inside each other, or more operators, than anyone could follow.
    #[error("the expression is too large to be read")]
    TooLarge,
    /// A character that formulas do not have.
    #[error("`{character}` has no meaning in a formula")]
    UnknownCharacter {
        /// The character.
        character: char,
    },
    /// A quote that is not closed in its line.
    #[error("the quote is never closed")]
    OpenQuote,
    /// Digits that are no number.
    #[error("`{text}` is not a number")]
    InvalidNumber {
        /// What was written.
        text: String,
    },
    /// Something else was expected.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What was expected.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A statement that assigns nothing.
    #[error("a statement assigns a value to a variable: `$TargetDedicatedNodes = …;`")]
    NoAssignment,
    /// A function that formulas do not have.
    #[error("there is no function `{name}`{}", hint(.nearest.as_deref()))]
    UnknownFunction {
        /// As it was written.
        name: String,
        /// The function that was probably meant.
        nearest: Option<String>,
    },
    /// A method or member that nothing has.
    #[error("there is no method or member `{name}`{}", hint(.nearest.as_deref()))]
    UnknownMember {
        /// As it was written.
        name: String,
        /// The one that was probably meant.
        nearest: Option<String>,
    },
    /// A function or method with too few or too many arguments.
    #[error("`{name}` takes {expected}, not {found}")]
    ArgumentCount {
        /// The function or method.
        name: &'static str,
        /// How many it takes, in words.
        expected: String,
        /// How many there are.
        found: usize,
    },
    /// A variable that has no value yet.
    #[error("the variable `{name}` has no value at this place{}", hint(.nearest.as_deref()))]
    Undefined {
        /// The variable.
        name: String,
        /// The variable that was probably meant.
        nearest: Option<String>,
    },
    /// An assignment to a name that the service gives its value.
    #[error("`{name}` is set by the service and cannot be assigned")]
    ReadOnly {
        /// The name.
        name: String,
    },
    /// Values that an operator cannot take.
    #[error("`{operator}` cannot take {operands}")]
    Operands {
        /// The operator.
        operator: &'static str,
        /// What it was given, in words.
        operands: String,
    },
    /// A value where another kind of value belongs.
    #[error("{place} must be {expected}, not {found}")]
    WrongType {
        /// What it was given to.
        place: String,
        /// What belongs there.
        expected: &'static str,
        /// What is there.
        found: &'static str,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean `{nearest}`?")).unwrap_or_default()
}

/// The line and the column of a byte of a text, both counted from 1, in characters.
pub fn line_and_column(text: &str, byte: usize) -> (usize, usize) {
    let before: String = text.char_indices().take_while(|(at, _)| *at < byte).map(|(_, c)| c).collect();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
