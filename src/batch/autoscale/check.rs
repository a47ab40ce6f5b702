//! What can be known of a formula's names and types without evaluating it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::error::{FormulaError, FormulaErrorKind};
use super::names::{is_constant, nearest};
use super::{
    BinaryOperator, DeallocationOption, Expression, ExpressionKind, Formula, Function, Method,
    ServiceVariable, Statement, TimeInterval, UnaryOperator,
};

/// Something that works, but probably not as hoped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// What.
    pub kind: RemarkKind,
    /// Where, in bytes of the formula; empty if it is about all of it.
    pub range: Range<usize>,
}

/// What may be remarked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemarkKind {
    /// The service gives this variable no samples any more.
    Retired(ServiceVariable),
    /// Nothing says how many nodes the pool should have.
    NoTarget,
}

/// Checks a formula: its mistakes, in the order of the text, and what is to be remarked.
pub fn check(formula: &Formula) -> (Vec<FormulaError>, Vec<Remark>) {
    let mut checker = Checker::default();
    for statement in &formula.statements {
        checker.statement(statement);
    }
    if !checker.has_target {
        checker.remarks.push(Remark { kind: RemarkKind::NoTarget, range: 0..0 });
    }
    (checker.errors, checker.remarks)
}

/// What kind of value an expression has, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    /// A number, or a variable with samples, which stands for its latest one.
    Double,
    /// Numbers. Of one element it may pass for a number.
    DoubleVec,
    Text,
    Timestamp,
    Interval,
    Deallocation,
    /// Cannot be told, or has been complained about.
    Unknown,
}

impl Type {
    fn is_numeric(self) -> bool {
        matches!(self, Self::Double | Self::DoubleVec | Self::Unknown)
    }

    fn describe(self) -> &'static str {
        match self {
            Self::Double => "a number",
            Self::DoubleVec => "numbers",
            Self::Text => "a string",
            Self::Timestamp => "a point in time",
            Self::Interval => "a length of time",
            Self::Deallocation => "a deallocation option",
            Self::Unknown => "a value",
        }
    }
}

#[derive(Default)]
struct Checker<'a> {
    variables: BTreeMap<&'a str, Type>,
    errors: Vec<FormulaError>,
    remarks: Vec<Remark>,
    has_target: bool,
}

impl<'a> Checker<'a> {
    fn statement(&mut self, statement: &'a Statement) {
        match statement {
            Statement::Call(call) => {
                self.type_of(call);
            }
            Statement::Assign { name, name_range, value } => {
                let found = self.type_of(value);
                self.assign(name, name_range, value, found);
            }
        }
    }

    fn assign(&mut self, name: &'a str, name_range: &Range<usize>, value: &Expression, found: Type) {
        let Some(variable) = ServiceVariable::by_name(name) else {
            if is_constant(name) {
                self.error(FormulaErrorKind::ReadOnly { name: name.to_owned() }, name_range.clone());
            } else {
                self.variables.insert(name, found);
            }
            return;
        };
        self.has_target |= variable.is_target();
        let (fits, expected) = match variable {
            ServiceVariable::NodeDeallocationOption => (
                matches!(found, Type::Deallocation | Type::Unknown),
                "requeue, terminate, taskcompletion or retaineddata",
            ),
            _ => (found.is_numeric(), "a number"),
        };
        if !variable.is_writable() {
            self.error(FormulaErrorKind::ReadOnly { name: name.to_owned() }, name_range.clone());
        } else if !fits {
            self.wrong_type(format!("`{name}`"), expected, found, value.range.clone());
        }
    }

    fn error(&mut self, kind: FormulaErrorKind, range: Range<usize>) {
        self.errors.push(FormulaError::new(kind, range));
    }

    fn wrong_type(&mut self, place: String, expected: &'static str, found: Type, range: Range<usize>) {
        let found = found.describe();
        self.error(FormulaErrorKind::WrongType { place, expected, found }, range);
    }

    fn type_of(&mut self, expression: &'a Expression) -> Type {
        match &expression.kind {
            ExpressionKind::Number(_) => Type::Double,
            ExpressionKind::Text(_) => Type::Text,
            ExpressionKind::Interval(_) => Type::Interval,
            ExpressionKind::Deallocation(_) => Type::Deallocation,
            ExpressionKind::Service(variable) => self.service(*variable, &expression.range),
            ExpressionKind::Variable(name) => self.variable(name, &expression.range),
            ExpressionKind::Call(function, arguments) => self.call(*function, arguments),
            ExpressionKind::Method(value, method, arguments) => self.method(value, *method, arguments),
            ExpressionKind::Member(value, _) => {
                let found = self.type_of(value);
                if !matches!(found, Type::Timestamp | Type::Unknown) {
                    let place = "what stands before the dot".to_owned();
                    self.wrong_type(place, "a point in time", found, value.range.clone());
                }
                Type::Double
            }
            ExpressionKind::Unary(operator, operand) => self.unary(*operator, operand, &expression.range),
            ExpressionKind::Binary(operator, left, right) => {
                self.binary(*operator, left, right, &expression.range)
            }
            ExpressionKind::Conditional(condition, yes, no) => {
                let found = self.type_of(condition);
                if !found.is_numeric() {
                    let place = "what stands before `?`".to_owned();
                    self.wrong_type(place, "a number", found, condition.range.clone());
                }
                let (yes, no) = (self.type_of(yes), self.type_of(no));
                if yes == no { yes } else { Type::Unknown }
            }
        }
    }

    fn service(&mut self, variable: ServiceVariable, range: &Range<usize>) -> Type {
        if variable.is_retired() {
            self.remarks.push(Remark { kind: RemarkKind::Retired(variable), range: range.clone() });
        }
        if variable == ServiceVariable::NodeDeallocationOption { Type::Deallocation } else { Type::Double }
    }

    fn variable(&mut self, name: &'a str, range: &Range<usize>) -> Type {
        if let Some(known) = self.variables.get(name) {
            return *known;
        }
        let services = ServiceVariable::ALL.iter().map(|variable| variable.as_str());
        let intervals = TimeInterval::ALL.iter().map(|interval| interval.as_str());
        let options = DeallocationOption::ALL.iter().map(|option| option.as_str());
        let own = self.variables.keys().copied();
        let nearest = nearest(name, own.chain(services).chain(intervals).chain(options));
        self.error(FormulaErrorKind::Undefined { name: name.to_owned(), nearest }, range.clone());
        // One complaint is enough.
        self.variables.insert(name, Type::Unknown);
        Type::Unknown
    }

    fn call(&mut self, function: Function, arguments: &'a [Expression]) -> Type {
        let types: Vec<Type> = arguments.iter().map(|argument| self.type_of(argument)).collect();
        let expects_text = function == Function::Time;
        for (argument, found) in arguments.iter().zip(&types) {
            let fits = match expects_text {
                true => matches!(found, Type::Text | Type::Unknown),
                false => found.is_numeric(),
            };
            if !fits {
                let place = format!("what `{}` is given", function.as_str());
                let expected = if expects_text { "a string" } else { "numbers" };
                self.wrong_type(place, expected, *found, argument.range.clone());
            }
        }
        match function {
            Function::Time => Type::Timestamp,
            Function::Stop => Type::Unknown,
            Function::Vec => Type::DoubleVec,
            Function::Ceil
            | Function::Floor
            | Function::Round
            | Function::Lg
            | Function::Ln
            | Function::Log => match types.as_slice() {
                [only] => *only,
                _ => Type::DoubleVec,
            },
            _ => Type::Double,
        }
    }

    fn method(&mut self, value: &'a Expression, method: Method, arguments: &'a [Expression]) -> Type {
        let found = self.type_of(value);
        let has_samples = matches!(&value.kind, ExpressionKind::Service(variable) if !variable.is_writable());
        if !has_samples && found != Type::Unknown && !matches!(value.kind, ExpressionKind::Variable(_)) {
            let place = format!("what stands before `.{}`", method.as_str());
            let expected = "a variable with samples, such as `$ActiveTasks`";
            self.wrong_type(place, expected, found, value.range.clone());
        }
        for argument in arguments {
            let found = self.type_of(argument);
            if matches!(found, Type::Text | Type::Deallocation) {
                let place = format!("what `{}` is given", method.as_str());
                self.wrong_type(
                    place,
                    "a number, a length of time or a point in time",
                    found,
                    argument.range.clone(),
                );
            }
        }
        match method {
            Method::GetSample => Type::DoubleVec,
            Method::GetSamplePercent | Method::Count => Type::Double,
            Method::GetSamplePeriod => Type::Interval,
            Method::HistoryBeginTime => Type::Timestamp,
        }
    }

    fn unary(&mut self, operator: UnaryOperator, operand: &'a Expression, range: &Range<usize>) -> Type {
        let found = self.type_of(operand);
        match (operator, found) {
            (UnaryOperator::Negate, Type::Interval) => Type::Interval,
            (UnaryOperator::Negate, found) if found.is_numeric() => found,
            (UnaryOperator::Not, found) if found.is_numeric() => Type::Double,
            _ => {
                let operands = found.describe().to_owned();
                let operator = operator.as_str();
                self.error(FormulaErrorKind::Operands { operator, operands }, range.clone());
                Type::Unknown
            }
        }
    }

    fn binary(
        &mut self,
        operator: BinaryOperator,
        left: &'a Expression,
        right: &'a Expression,
        range: &Range<usize>,
    ) -> Type {
        let (left, right) = (self.type_of(left), self.type_of(right));
        if let Some(result) = result(operator, left, right) {
            return result;
        }
        let operands = format!("{} and {}", left.describe(), right.describe());
        let kind = FormulaErrorKind::Operands { operator: operator.as_str(), operands };
        self.error(kind, range.clone());
        Type::Unknown
    }
}

/// What an operator makes of two values. `None` if it cannot take them.
fn result(operator: BinaryOperator, left: Type, right: Type) -> Option<Type> {
    use BinaryOperator::{Add, And, Divide, Multiply, Or, Subtract};
    let is_logical = matches!(operator, And | Or);
    let is_arithmetic = matches!(operator, Add | Subtract | Multiply | Divide);
    match (left, right) {
        _ if is_logical => (left.is_numeric() && right.is_numeric()).then_some(Type::Double),
        (Type::Deallocation, _) | (_, Type::Deallocation) => None,
        (Type::Unknown, _) | (_, Type::Unknown) => {
            Some(if is_arithmetic { Type::Unknown } else { Type::Double })
        }
        (left, right) if !is_arithmetic => {
            (left == right || (left.is_numeric() && right.is_numeric())).then_some(Type::Double)
        }
        (Type::Double, Type::Double) => Some(Type::Double),
        (left, right) if left.is_numeric() && right.is_numeric() => Some(Type::DoubleVec),
        (Type::Interval, Type::Interval) => match operator {
            Add | Subtract => Some(Type::Interval),
            Divide => Some(Type::Double),
            _ => None,
        },
        (Type::Interval, number) if number.is_numeric() => {
            matches!(operator, Multiply | Divide).then_some(Type::Interval)
        }
        (number, Type::Interval) if number.is_numeric() => (operator == Multiply).then_some(Type::Interval),
        (Type::Timestamp, Type::Interval) => matches!(operator, Add | Subtract).then_some(Type::Timestamp),
        (Type::Interval, Type::Timestamp) => (operator == Add).then_some(Type::Timestamp),
        (Type::Timestamp, Type::Timestamp) => (operator == Subtract).then_some(Type::Interval),
        _ => None,
    }
}
