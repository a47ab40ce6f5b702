//! The evaluation itself, statement by statement.

use std::collections::BTreeMap;
use std::ops::Range;

use super::error::{EvaluationError, EvaluationErrorKind};
use super::evaluation::Evaluation;
use super::inputs::Inputs;
use super::samples::Series;
use super::value::{Value, combine, length};
use super::{functions, moment};
use crate::batch::autoscale::names::is_constant;
use crate::batch::autoscale::{
    BinaryOperator, DeallocationOption, Expression, ExpressionKind, Formula, Function, Method,
    ServiceVariable, Statement, UnaryOperator,
};

/// The most work of an evaluation, in values looked at: an hour's trend of every variable takes some thousands.
const MOST_WORK: usize = 1_000_000;

impl Formula {
    /// Evaluates the formula. It ends at `stop()`, with what was assigned before.
    ///
    /// # Errors
    /// The first thing that goes wrong; the pool then stays as it is.
    pub fn evaluate(&self, inputs: &Inputs<'_>) -> Result<Evaluation, EvaluationError> {
        let mut machine = Machine {
            inputs,
            assigned: BTreeMap::new(),
            variables: BTreeMap::new(),
            work: 0,
            random: inputs.seed,
        };
        for statement in &self.statements {
            match machine.statement(statement) {
                Ok(()) => {}
                Err(Interrupt::Stop) => break,
                Err(Interrupt::Failed(error)) => return Err(error),
            }
        }
        machine.finish()
    }
}

/// Why an evaluation does not go on.
enum Interrupt {
    /// It called `stop()`.
    Stop,
    /// Something is wrong.
    Failed(EvaluationError),
}

type Step<T> = Result<T, Interrupt>;

/// Says where something went wrong.
fn at<T>(range: &Range<usize>, result: Result<T, EvaluationErrorKind>) -> Step<T> {
    result.map_err(|kind| Interrupt::Failed(EvaluationError { kind, range: range.clone() }))
}

struct Machine<'a> {
    inputs: &'a Inputs<'a>,
    /// The service's variables that the formula has assigned, and where it did.
    assigned: BTreeMap<ServiceVariable, (Value, Range<usize>)>,
    variables: BTreeMap<&'a str, Value>,
    work: usize,
    random: u64,
}

impl<'a> Machine<'a> {
    fn finish(self) -> Result<Evaluation, EvaluationError> {
        let unchanged = Evaluation::unchanged(self.inputs.dedicated, self.inputs.low_priority);
        let deallocation = match self.assigned.get(&ServiceVariable::NodeDeallocationOption) {
            Some((Value::Deallocation(option), _)) => *option,
            _ => unchanged.deallocation,
        };
        Ok(Evaluation {
            dedicated: self.nodes(ServiceVariable::TargetDedicatedNodes, unchanged.dedicated)?,
            low_priority: self.nodes(ServiceVariable::TargetLowPriorityNodes, unchanged.low_priority)?,
            deallocation,
            variables: self.variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        })
    }

    /// How many nodes the formula asks for: whole ones.
    fn nodes(&self, target: ServiceVariable, otherwise: i32) -> Result<i32, EvaluationError> {
        let Some((value, range)) = self.target(target) else { return Ok(otherwise) };
        let failed = |kind| EvaluationError { kind, range: range.clone() };
        let value = value.number().map_err(failed)?.trunc();
        if !(0.0..=f64::from(i32::MAX)).contains(&value) {
            return Err(failed(EvaluationErrorKind::NodeCount { name: target.as_str(), value }));
        }
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
        Ok(value as i32)
    }

    /// What the formula has assigned to a target, or to its older name.
    fn target(&self, target: ServiceVariable) -> Option<&(Value, Range<usize>)> {
        let older = match target {
            ServiceVariable::TargetDedicatedNodes => ServiceVariable::TargetDedicated,
            _ => ServiceVariable::TargetLowPriority,
        };
        self.assigned.get(&target).or_else(|| self.assigned.get(&older))
    }

    fn statement(&mut self, statement: &'a Statement) -> Step<()> {
        match statement {
            Statement::Call(call) => self.value(call).map(drop),
            Statement::Assign { name, name_range, value: expression } => {
                let value = self.value(expression)?;
                at(&expression.range, self.spend(value.size()))?;
                self.assign(name, name_range, value, &expression.range)
            }
        }
    }

    fn assign(
        &mut self,
        name: &'a str,
        name_range: &Range<usize>,
        value: Value,
        range: &Range<usize>,
    ) -> Step<()> {
        let read_only = || Err(EvaluationErrorKind::ReadOnly { name: name.to_owned() });
        match ServiceVariable::by_name(name) {
            None if is_constant(name) => at(name_range, read_only()),
            Some(variable) if !variable.is_writable() => at(name_range, read_only()),
            None => {
                self.variables.insert(name, value);
                Ok(())
            }
            Some(variable) => {
                let fits = match (variable, &value) {
                    (ServiceVariable::NodeDeallocationOption, Value::Deallocation(_)) => Ok(()),
                    (ServiceVariable::NodeDeallocationOption, other) => {
                        Err(other.is_not("a deallocation option"))
                    }
                    (_, number) => number.number().map(drop),
                };
                at(range, fits)?;
                self.assigned.insert(variable, (value, range.clone()));
                Ok(())
            }
        }
    }

    fn spend(&mut self, work: usize) -> Result<(), EvaluationErrorKind> {
        self.work = self.work.saturating_add(work);
        if self.work > MOST_WORK { Err(EvaluationErrorKind::TooMuchWork) } else { Ok(()) }
    }

    fn value(&mut self, expression: &'a Expression) -> Step<Value> {
        let range = &expression.range;
        at(range, self.spend(1))?;
        match &expression.kind {
            ExpressionKind::Number(number) => Ok(Value::Number(*number)),
            ExpressionKind::Text(text) => Ok(Value::Text(text.clone())),
            ExpressionKind::Interval(interval) => Ok(Value::Interval(length(*interval))),
            ExpressionKind::Deallocation(option) => Ok(Value::Deallocation(*option)),
            ExpressionKind::Service(variable) => at(range, self.service(*variable)),
            ExpressionKind::Variable(name) => {
                let found = self.variables.get(name.as_str()).cloned();
                let value = at(range, found.ok_or_else(|| undefined(name)))?;
                at(range, self.spend(value.size()))?;
                Ok(value)
            }
            ExpressionKind::Call(function, arguments) => self.call(*function, arguments, range),
            ExpressionKind::Method(series, method, arguments) => self.method(series, *method, arguments),
            // The parts of a point in time are numbers, which have none.
            ExpressionKind::Member(part, _) if matches!(part.kind, ExpressionKind::Member(..)) => {
                at(&part.range, Err(Value::Number(0.0).is_not("a point in time")))
            }
            ExpressionKind::Member(value, member) => match self.value(value)? {
                Value::Moment(time) => Ok(Value::Number(moment::member(time, *member))),
                other => at(&value.range, Err(other.is_not("a point in time"))),
            },
            ExpressionKind::Unary(UnaryOperator::Negate, operand) => {
                let operand = self.value(operand)?;
                at(range, self.spend(operand.size()))?;
                at(range, operand.negated())
            }
            ExpressionKind::Unary(UnaryOperator::Not, operand) => Ok(Value::truth(!self.truth(operand)?)),
            ExpressionKind::Binary(..) => self.chain(expression),
            // Only the branch that counts: the other one may ask for samples that are not there.
            ExpressionKind::Conditional(condition, yes, no) => {
                let chosen = if self.truth(condition)? { yes } else { no };
                self.value(chosen)
            }
        }
    }

    fn truth(&mut self, expression: &'a Expression) -> Step<bool> {
        let value = self.value(expression)?;
        Ok(at(&expression.range, value.number())? != 0.0)
    }

    /// Operators one after the other, as `a + b + c`: from the left, and without going deeper for each of them.
    fn chain(&mut self, last: &'a Expression) -> Step<Value> {
        let mut links = Vec::new();
        let mut first = last;
        while let ExpressionKind::Binary(operator, left, right) = &first.kind {
            links.push((*operator, right, &first.range, left));
            first = left;
        }
        let mut value = self.value(first)?;
        for (operator, right, range, left) in links.into_iter().rev() {
            let truth = |value: &Value| at(&left.range, value.number()).map(|number| number != 0.0);
            value = match operator {
                BinaryOperator::And => Value::truth(truth(&value)? && self.truth(right)?),
                BinaryOperator::Or => Value::truth(truth(&value)? || self.truth(right)?),
                _ => {
                    let right = self.value(right)?;
                    at(range, self.spend(value.size() + right.size()))?;
                    at(range, combine(operator, value, right))?
                }
            };
        }
        Ok(value)
    }

    fn service(&self, variable: ServiceVariable) -> Result<Value, EvaluationErrorKind> {
        use ServiceVariable as Variable;
        let target = |target, otherwise: i32| match self.target(target) {
            Some((value, _)) => value.clone(),
            None => Value::Number(f64::from(otherwise)),
        };
        Ok(match variable {
            Variable::TargetDedicatedNodes | Variable::TargetDedicated => {
                target(Variable::TargetDedicatedNodes, self.inputs.dedicated)
            }
            Variable::TargetLowPriorityNodes | Variable::TargetLowPriority => {
                target(Variable::TargetLowPriorityNodes, self.inputs.low_priority)
            }
            Variable::NodeDeallocationOption => match self.assigned.get(&variable) {
                Some((option, _)) => option.clone(),
                None => Value::Deallocation(DeallocationOption::Requeue),
            },
            Variable::TaskSlotsPerNode => Value::Number(f64::from(self.inputs.slots_per_node)),
            _ => Value::Number(Series::new(self.inputs, variable).latest()?),
        })
    }

    fn arguments(&mut self, arguments: &'a [Expression]) -> Step<Vec<Value>> {
        arguments.iter().map(|argument| self.value(argument)).collect()
    }

    fn call(&mut self, function: Function, arguments: &'a [Expression], range: &Range<usize>) -> Step<Value> {
        let values = self.arguments(arguments)?;
        at(range, self.spend(values.iter().map(Value::size).sum()))?;
        match (function, values.as_slice()) {
            (Function::Stop, _) => Err(Interrupt::Stop),
            (Function::Rand, _) => Ok(Value::Number(self.next_random())),
            (Function::Time, []) => Ok(Value::Moment(self.inputs.now.0)),
            (Function::Time, [Value::Text(text)]) if text.trim().is_empty() => {
                Ok(Value::Moment(self.inputs.now.0))
            }
            (Function::Time, [Value::Text(text)]) => {
                let found = moment::parse(text).map(Value::Moment);
                at(range, found.ok_or_else(|| EvaluationErrorKind::NoMoment { text: text.clone() }))
            }
            (Function::Time, [other, ..]) => at(range, Err(other.is_not("a string"))),
            _ => at(range, functions::call(function, &values)),
        }
    }

    fn method(&mut self, series: &'a Expression, method: Method, arguments: &'a [Expression]) -> Step<Value> {
        let values = self.arguments(arguments)?;
        at(&series.range, self.spend(self.inputs.samples.len()))?;
        match &series.kind {
            ExpressionKind::Service(variable) if !variable.is_writable() => {
                at(&series.range, Series::new(self.inputs, *variable).call(method, &values))
            }
            _ => {
                let expected = "a variable with samples, such as `$ActiveTasks`,";
                at(&series.range, Err(EvaluationErrorKind::WrongType { expected, found: "another value" }))
            }
        }
    }

    /// A number from 0 to 1, by SplitMix64.
    fn next_random(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn undefined(name: &str) -> EvaluationErrorKind {
    EvaluationErrorKind::Undefined { name: name.to_owned() }
}
