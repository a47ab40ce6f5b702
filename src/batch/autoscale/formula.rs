//! A formula as a tree.

use std::ops::Range;

use super::{DeallocationOption, Function, Method, ServiceVariable, TimeInterval, TimestampMember};

/// A formula. It prints as text that parses to the same formula.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Formula {
    /// Its statements, in the order of their evaluation.
    pub statements: Vec<Statement>,
}

/// A statement.
#[derive(Debug, Clone)]
pub enum Statement {
    /// Gives a variable its value.
    Assign {
        /// The variable, with its `$` if it has one.
        name: String,
        /// Where the variable's name stands.
        name_range: Range<usize>,
        /// Its value.
        value: Expression,
    },
    /// Calls a function for its effect: `stop()`.
    Call(Expression),
}

/// Where a statement stands does not matter to what it means.
impl PartialEq for Statement {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Assign { name, value, .. }, Self::Assign { name: other, value: other_value, .. }) => {
                name == other && value == other_value
            }
            (Self::Call(call), Self::Call(other)) => call == other,
            _ => false,
        }
    }
}

/// An expression and where it stands.
#[derive(Debug, Clone)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// Its bytes in the text of the formula.
    pub range: Range<usize>,
}

/// Where an expression stands does not matter to what it means.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ExpressionKind {
    /// A number; finite and not negative.
    Number(f64),
    /// A string, without its quotes.
    Text(String),
    /// A length of time.
    Interval(TimeInterval),
    /// What happens to running tasks when nodes go.
    Deallocation(DeallocationOption),
    /// A variable of the service.
    Service(ServiceVariable),
    /// A variable that the formula assigns.
    Variable(String),
    /// A function and its arguments.
    Call(Function, Vec<Expression>),
    /// A method of the value before it, and its arguments.
    Method(Box<Expression>, Method, Vec<Expression>),
    /// A part of a point in time.
    Member(Box<Expression>, TimestampMember),
    /// An operator before its operand.
    Unary(UnaryOperator, Box<Expression>),
    /// An operator between its operands.
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
    /// `condition ? if not zero : if zero`.
    Conditional(Box<Expression>, Box<Expression>, Box<Expression>),
}

/// An operator with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOperator {
    /// `-`
    Negate,
    /// `!`
    Not,
}

impl UnaryOperator {
    /// Its sign.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Negate => "-",
            Self::Not => "!",
        }
    }
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOperator {
    /// `||`
    Or,
    /// `&&`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

impl BinaryOperator {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Or,
        Self::And,
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
    ];

    /// Its sign.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
        }
    }

    /// How tightly it binds; a higher one binds tighter. All bind to the left.
    pub(super) fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal | Self::NotEqual => 3,
            Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual => 4,
            Self::Add | Self::Subtract => 5,
            Self::Multiply | Self::Divide => 6,
        }
    }
}
