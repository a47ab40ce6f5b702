//! A formula as text, with no more parentheses than it needs.

use std::fmt::{self, Display, Formatter};

use super::{Expression, ExpressionKind, Formula, Statement};

/// How tightly operators bind that are not [`super::BinaryOperator`]s.
const CONDITIONAL: u8 = 0;
const UNARY: u8 = 7;
const POSTFIX: u8 = 8;

impl Display for Formula {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.statements.iter().try_for_each(|statement| writeln!(f, "{statement};"))
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assign { name, value, .. } => write!(f, "{name} = {value}"),
            Self::Call(call) => write!(f, "{call}"),
        }
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExpressionKind::Number(number) => write!(f, "{number}"),
            ExpressionKind::Text(text) => write!(f, "\"{text}\""),
            ExpressionKind::Interval(interval) => f.write_str(interval.as_str()),
            ExpressionKind::Deallocation(option) => f.write_str(option.as_str()),
            ExpressionKind::Service(variable) => f.write_str(variable.as_str()),
            ExpressionKind::Variable(name) => f.write_str(name),
            ExpressionKind::Call(function, arguments) => {
                f.write_str(function.as_str())?;
                list(arguments, f)
            }
            ExpressionKind::Method(value, method, arguments) => {
                write!(f, "{}.{}", At(value, POSTFIX), method.as_str())?;
                list(arguments, f)
            }
            ExpressionKind::Member(value, member) => {
                write!(f, "{}.{}", At(value, POSTFIX), member.as_str())
            }
            ExpressionKind::Unary(operator, operand) => {
                write!(f, "{}{}", operator.as_str(), At(operand, UNARY))
            }
            ExpressionKind::Binary(operator, left, right) => {
                let precedence = operator.precedence();
                let (left, right) = (At(left, precedence), At(right, precedence + 1));
                write!(f, "{left} {} {right}", operator.as_str())
            }
            ExpressionKind::Conditional(condition, yes, no) => {
                write!(f, "{} ? {yes} : {no}", At(condition, CONDITIONAL + 1))
            }
        }
    }
}

/// An expression where only what binds at least so tightly needs no parentheses.
struct At<'a>(&'a Expression, u8);

impl Display for At<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self(expression, least) = self;
        let precedence = match &expression.kind {
            ExpressionKind::Conditional(..) => CONDITIONAL,
            ExpressionKind::Binary(operator, ..) => operator.precedence(),
            ExpressionKind::Unary(..) => UNARY,
            // `1.hour` would be a number and a name.
            ExpressionKind::Number(_) if *least == POSTFIX => CONDITIONAL,
            _ => POSTFIX,
        };
        if precedence < *least { write!(f, "({expression})") } else { write!(f, "{expression}") }
    }
}

fn list(arguments: &[Expression], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("(")?;
    for (position, argument) in arguments.iter().enumerate() {
        let comma = if position == 0 { "" } else { ", " };
        write!(f, "{comma}{argument}")?;
    }
    f.write_str(")")
}
