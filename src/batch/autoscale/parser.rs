//! From words to a tree. Behind a mistake the parser goes on at the next statement.

use std::ops::Range;

use super::error::{FormulaError, FormulaErrorKind};
use super::lexer::{self, Spanned, Token};
use super::names::nearest;
use super::{
    BinaryOperator, DeallocationOption, Expression, ExpressionKind, Formula, Function, Method,
    ServiceVariable, Statement, TimeInterval, TimestampMember, UnaryOperator,
};

/// The most characters of a formula.
pub const MOST_CHARACTERS: usize = 8_192;
/// The most statements of a formula.
const MOST_STATEMENTS: usize = 100;
/// The deepest nesting of an expression: far more than anyone writes, far less than a stack holds.
const DEEPEST: usize = 64;
/// The most operators of a statement. A chain of operators makes a tree as deep as the chain is long.
const MOST_OPERATORS: usize = 500;

impl Formula {
    /// Reads a formula.
    ///
    /// # Errors
    /// Every mistake, in the order of the text.
    pub fn parse(text: &str) -> Result<Self, Vec<FormulaError>> {
        let characters = text.chars().count();
        if characters > MOST_CHARACTERS {
            let kind = FormulaErrorKind::TooLong { characters, most: MOST_CHARACTERS };
            return Err(vec![FormulaError::new(kind, 0..text.len())]);
        }
        let (tokens, errors) = lexer::tokens(text);
        let mut parser = Parser { tokens, position: 0, end: text.len(), depth: 0, operators: 0, errors };
        let statements = parser.statements();
        let mut errors = parser.errors;
        if statements.len() > MOST_STATEMENTS {
            let kind =
                FormulaErrorKind::TooManyStatements { statements: statements.len(), most: MOST_STATEMENTS };
            errors.push(FormulaError::new(kind, 0..text.len()));
        }
        if errors.is_empty() {
            return Ok(Self { statements });
        }
        errors.sort_by_key(|error| error.range.start);
        Err(errors)
    }
}

type Parsed<T> = Result<T, FormulaError>;

struct Parser {
    tokens: Vec<Spanned>,
    position: usize,
    end: usize,
    depth: usize,
    operators: usize,
    errors: Vec<FormulaError>,
}

impl Parser {
    fn statements(&mut self) -> Vec<Statement> {
        let mut statements = Vec::new();
        while self.position < self.tokens.len() {
            if self.accept(";") {
                continue;
            }
            (self.depth, self.operators) = (0, 0);
            match self.statement() {
                Ok(statement) => statements.push(statement),
                Err(error) => {
                    // What the lexer could not read explains what the parser misses.
                    if !self.errors.iter().any(|known| self.in_statement(known)) {
                        self.errors.push(error);
                    }
                    self.skip_statement();
                }
            }
        }
        statements
    }

    /// Whether an earlier error is in the statement that is being read.
    fn in_statement(&self, error: &FormulaError) -> bool {
        let is_end = |(token, _): &&Spanned| *token == Token::Sign(";");
        let before = self.tokens.get(..self.position).unwrap_or_default();
        let after = self.tokens.get(self.position..).unwrap_or_default();
        let start = before.iter().rfind(is_end).map_or(0, |(_, range)| range.end);
        let end = after.iter().find(is_end).map_or(self.end, |(_, range)| range.start);
        (start..=end).contains(&error.range.start)
    }

    fn skip_statement(&mut self) {
        while self.position < self.tokens.len() && !self.accept(";") {
            self.position += 1;
        }
    }

    fn statement(&mut self) -> Parsed<Statement> {
        let assigned = match (self.peek(0), self.peek(1)) {
            (Some(Token::Name(name)), Some(Token::Sign("="))) => Some((name.clone(), self.range())),
            _ => None,
        };
        let statement = match assigned {
            Some((name, name_range)) => {
                self.position += 2;
                Statement::Assign { name, name_range, value: self.expression()? }
            }
            None => {
                let expression = self.expression()?;
                if !matches!(expression.kind, ExpressionKind::Call(Function::Stop, _)) {
                    return Err(FormulaError::new(FormulaErrorKind::NoAssignment, expression.range));
                }
                Statement::Call(expression)
            }
        };
        match self.position == self.tokens.len() || self.accept(";") {
            true => Ok(statement),
            false => Err(self.unexpected("`;` or an operator")),
        }
    }

    fn expression(&mut self) -> Parsed<Expression> {
        self.nested(|parser| {
            let condition = parser.binary(1)?;
            if !parser.accept("?") {
                return Ok(condition);
            }
            let yes = parser.expression()?;
            parser.expect(":", "`:` and the other value")?;
            let no = parser.expression()?;
            let range = condition.range.start..no.range.end;
            let kind = ExpressionKind::Conditional(Box::new(condition), Box::new(yes), Box::new(no));
            Ok(Expression { kind, range })
        })
    }

    /// Operators that bind at least as tightly as `least`.
    fn binary(&mut self, least: u8) -> Parsed<Expression> {
        let mut left = self.unary()?;
        while let Some(operator) = self.operator().filter(|operator| operator.precedence() >= least) {
            self.one_more_operator()?;
            self.position += 1;
            let right = self.nested(|parser| parser.binary(operator.precedence() + 1))?;
            let range = left.range.start..right.range.end;
            left =
                Expression { kind: ExpressionKind::Binary(operator, Box::new(left), Box::new(right)), range };
        }
        Ok(left)
    }

    fn operator(&self) -> Option<BinaryOperator> {
        let Token::Sign(sign) = self.peek(0)? else { return None };
        BinaryOperator::ALL.iter().copied().find(|operator| operator.as_str() == *sign)
    }

    fn unary(&mut self) -> Parsed<Expression> {
        let start = self.range().start;
        let operator = match self.peek(0) {
            Some(Token::Sign("-")) => UnaryOperator::Negate,
            Some(Token::Sign("!")) => UnaryOperator::Not,
            _ => return self.postfix(),
        };
        self.position += 1;
        let operand = self.nested(Self::unary)?;
        let range = start..operand.range.end;
        Ok(Expression { kind: ExpressionKind::Unary(operator, Box::new(operand)), range })
    }

    fn postfix(&mut self) -> Parsed<Expression> {
        let mut value = self.primary()?;
        while self.accept(".") {
            self.one_more_operator()?;
            value = self.member(value)?;
        }
        Ok(value)
    }

    fn member(&mut self, value: Expression) -> Parsed<Expression> {
        let name_range = self.range();
        let Some(Token::Name(name)) = self.peek(0).cloned() else {
            return Err(self.unexpected("the name of a method or member"));
        };
        self.position += 1;
        let start = value.range.start;
        let kind = if let Some(member) = TimestampMember::by_name(&name) {
            ExpressionKind::Member(Box::new(value), member)
        } else if let Some(method) = Method::by_name(&name) {
            let arguments = if self.accept("(") { self.arguments()? } else { Vec::new() };
            self.count(method.as_str(), method.arity(), arguments.len(), name_range);
            ExpressionKind::Method(Box::new(value), method, arguments)
        } else {
            let members = TimestampMember::ALL.iter().map(|member| member.as_str());
            let methods = Method::ALL.iter().map(|method| method.as_str());
            let nearest = nearest(&name, methods.chain(members));
            return Err(FormulaError::new(FormulaErrorKind::UnknownMember { name, nearest }, name_range));
        };
        Ok(Expression { kind, range: start..self.last_end() })
    }

    fn primary(&mut self) -> Parsed<Expression> {
        let range = self.range();
        let Some(token) = self.peek(0).cloned() else { return Err(self.unexpected("a value")) };
        if token == Token::Sign("(") {
            self.position += 1;
            let inner = self.expression()?;
            self.expect(")", "`)`")?;
            return Ok(Expression { kind: inner.kind, range: range.start..self.last_end() });
        }
        let kind = match token {
            Token::Number(number) => ExpressionKind::Number(number),
            Token::Text(text) => ExpressionKind::Text(text),
            Token::Name(name) => {
                self.position += 1;
                let kind = if self.accept("(") { self.call(name, range.clone())? } else { named(name) };
                return Ok(Expression { kind, range: range.start..self.last_end() });
            }
            Token::Sign(_) => return Err(self.unexpected("a value")),
        };
        self.position += 1;
        Ok(Expression { kind, range })
    }

    fn call(&mut self, name: String, name_range: Range<usize>) -> Parsed<ExpressionKind> {
        let Some(function) = Function::by_name(&name) else {
            let nearest = nearest(&name, Function::ALL.iter().map(|function| function.as_str()));
            return Err(FormulaError::new(FormulaErrorKind::UnknownFunction { name, nearest }, name_range));
        };
        let arguments = self.arguments()?;
        self.count(function.as_str(), function.arity(), arguments.len(), name_range);
        Ok(ExpressionKind::Call(function, arguments))
    }

    /// Arguments, behind the opening parenthesis.
    fn arguments(&mut self) -> Parsed<Vec<Expression>> {
        let mut arguments = Vec::new();
        if self.accept(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if self.accept(")") {
                return Ok(arguments);
            }
            self.expect(",", "`,` or `)`")?;
        }
    }

    fn count(&mut self, name: &'static str, arity: (usize, usize), found: usize, range: Range<usize>) {
        let (least, most) = arity;
        if (least..=most).contains(&found) {
            return;
        }
        let expected = match (least, most) {
            (0, 0) => "no arguments".to_owned(),
            (0, 1) => "at most one argument".to_owned(),
            (1, usize::MAX) => "at least one argument".to_owned(),
            (least, most) if least == most => format!("{least} arguments"),
            _ => format!("{least} to {most} arguments"),
        };
        self.errors.push(FormulaError::new(FormulaErrorKind::ArgumentCount { name, expected, found }, range));
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(FormulaError::new(FormulaErrorKind::TooLarge, self.range()));
        }
        let parsed = parse(self)?;
        self.depth -= 1;
        Ok(parsed)
    }

    fn one_more_operator(&mut self) -> Parsed<()> {
        self.operators += 1;
        match self.operators > MOST_OPERATORS {
            true => Err(FormulaError::new(FormulaErrorKind::TooLarge, self.range())),
            false => Ok(()),
        }
    }

    fn peek(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.position + ahead).map(|(token, _)| token)
    }

    /// The bytes of the next word; behind the last word, the end of the text.
    fn range(&self) -> Range<usize> {
        self.tokens.get(self.position).map_or(self.end..self.end, |(_, range)| range.clone())
    }

    /// The end of the last word that was taken.
    fn last_end(&self) -> usize {
        self.position.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(0, |(_, range)| range.end)
    }

    fn accept(&mut self, sign: &'static str) -> bool {
        let there = self.peek(0) == Some(&Token::Sign(sign));
        self.position += usize::from(there);
        there
    }

    fn expect(&mut self, sign: &'static str, expected: &'static str) -> Parsed<()> {
        if self.accept(sign) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn unexpected(&self, expected: &'static str) -> FormulaError {
        let found = self.peek(0).map_or_else(|| "the end of the formula".to_owned(), Token::describe);
        // The end has no bytes of its own: the last word is where it is missed.
        let range = match self.tokens.get(self.position) {
            Some((_, range)) => range.clone(),
            None => self.tokens.last().map_or(0..self.end, |(_, range)| range.clone()),
        };
        FormulaError::new(FormulaErrorKind::Unexpected { expected, found }, range)
    }
}

/// What a name without arguments stands for.
fn named(name: String) -> ExpressionKind {
    if let Some(variable) = ServiceVariable::by_name(&name) {
        ExpressionKind::Service(variable)
    } else if let Some(interval) = TimeInterval::by_name(&name) {
        ExpressionKind::Interval(interval)
    } else if let Some(option) = DeallocationOption::by_name(&name) {
        ExpressionKind::Deallocation(option)
    } else {
        ExpressionKind::Variable(name)
    }
}
