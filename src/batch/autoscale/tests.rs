use proptest::prelude::*;

use super::*;

/// Formulas as they are in use.
const GOOD: &[&str] = &[
    "$TargetDedicatedNodes=0",
    "$TargetDedicated = 3;",
    "
    startingNumberOfVMs = 1;
    maxNumberofVMs = 25;
    pendingTaskSamplePercent = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);
    pendingTaskSamples = pendingTaskSamplePercent < 70 ? startingNumberOfVMs : avg($PendingTasks.GetSample(180 * TimeInterval_Second));
    $TargetDedicatedNodes=min(maxNumberofVMs, pendingTaskSamples);
    $NodeDeallocationOption = taskcompletion;",
    "
    $curTime = time();
    $workHours = $curTime.hour >= 8 && $curTime.hour < 18; // by the clock of the service
    $isWeekday = $curTime.weekday >= 1 && $curTime.weekday <= 5;
    $TargetDedicatedNodes = $workHours && $isWeekday ? 20:10;",
    "
    $samples = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 15);
    $tasks = $samples < 70 ? max(0,$ActiveTasks.GetSample(1)) : max( $ActiveTasks.GetSample(1), avg($ActiveTasks.GetSample(TimeInterval_Minute * 15)));
    $targetVMs = $tasks > 0? $tasks : max(0, $TargetDedicatedNodes/2) + 0.5;
    $TargetDedicatedNodes = max(0, min($targetVMs, 20));
    $NodeDeallocationOption = taskcompletion;",
    "
    lifespan = time() - time(\"Fri, 18 Nov 2022 12:00:00 GMT\");
    span=TimeInterval_Minute * 60;
    startup = TimeInterval_Minute * 10;
    ratio=50;
    $TargetLowPriorityNodes=(lifespan>startup?(max($RunningTasks.GetSample(span, ratio), $ActiveTasks.GetSample(span, ratio)) == 0 ? 0 : $TargetLowPriorityNodes):4);",
    "
    $totalNodes = (min($CPUPercent.GetSample(TimeInterval_Minute * 10)) > 0.7) ? ($CurrentDedicatedNodes * 1.1) : $CurrentDedicatedNodes;
    $totalNodes = (avg($CPUPercent.GetSample(TimeInterval_Minute*60)) < 0.2) ? ($CurrentDedicatedNodes * 0.9) : $totalNodes;
    $TargetDedicatedNodes = min(400, $totalNodes)",
    "
    x = $PreemptedNodeCount.GetSample(TimeInterval_Minute * 6, TimeInterval_Minute * 1, 75);
    v = vec(1, 2) * 2 + x;
    $TargetDedicatedNodes = percentile(v, 90) + val(v, 0) + len(v) + std(v, 1) + norm(v) + range(v) + sum(1, 2) + rand();
    $NodeDeallocationOption = time() > time(\"2030-01-01T00:00:00Z\") ? requeue : retaineddata;
    $TargetLowPriorityNodes = !(-1 < 0 || 2 >= 3) + ($ActiveTasks.Count() != 0) + ($ActiveTasks.HistoryBeginTime() < time());",
];

fn errors(text: &str) -> Vec<(String, String)> {
    let errors = match Formula::parse(text) {
        Ok(formula) => check(&formula).0,
        Err(errors) => errors,
    };
    let one = |error: FormulaError| (text.get(error.range).unwrap().to_owned(), error.kind.to_string());
    errors.into_iter().map(one).collect()
}

#[track_caller]
fn assert_error(text: &str, place: &str, message: &str) {
    let found = errors(text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), (place, message), "{text}");
}

#[test]
fn formulas_in_use_are_read_and_nothing_is_wrong_with_them() {
    for text in GOOD {
        assert_eq!(errors(text), [], "{text}");
        let (_, remarks) = check(&Formula::parse(text).unwrap());
        assert_eq!(remarks, [], "{text}");
    }
}

#[test]
fn operators_bind_as_in_c() {
    let printed = |text: &str| Formula::parse(text).unwrap().to_string();
    assert_eq!(printed("a=((1+2)*3-(4-(5)))/6;"), "a = ((1 + 2) * 3 - (4 - 5)) / 6;\n");
    assert_eq!(printed("a = (1 < 2) == (3 > 4) && (5 || 6)"), "a = 1 < 2 == 3 > 4 && (5 || 6);\n");
    assert_eq!(printed("a = (1 ? 2 : 3) ? 4 : (5 ? 6 : 7);;"), "a = (1 ? 2 : 3) ? 4 : 5 ? 6 : 7;\n");
    assert_eq!(printed("a = -(-1) * !(2 + 3)"), "a = --1 * !(2 + 3);\n");
    assert_eq!(
        printed("a = (time() - TimeInterval_Hour).hour; // now"),
        "a = (time() - TimeInterval_Hour).hour;\n"
    );
    assert_eq!(printed("a = 1 - 2 - 3 * .5e1"), "a = 1 - 2 - 3 * 5;\n");
    assert_eq!(printed("a = $ActiveTasks.Count; stop()"), "a = $ActiveTasks.Count();\nstop();\n");
}

#[test]
fn mistakes_of_syntax_are_told_with_their_place() {
    assert_error("$TargetDedicatedNodes = 1 +;", ";", "expected a value, found `;`");
    assert_error("$TargetDedicatedNodes = (1", "1", "expected `)`, found the end of the formula");
    assert_error("$TargetDedicatedNodes = 1 2;", "2", "expected `;` or an operator, found `2`");
    assert_error("$TargetDedicatedNodes = 1 ? 2;", ";", "expected `:` and the other value, found `;`");
    assert_error(
        "$TargetDedicatedNodes == 1;",
        "$TargetDedicatedNodes == 1",
        "a statement assigns a value to a variable: `$TargetDedicatedNodes = …;`",
    );
    assert_error("$TargetDedicatedNodes = 7 % 2;", "%", "`%` has no meaning in a formula");
    assert_error("a = \"x;\n$TargetDedicatedNodes = 1;", "\"x;", "the quote is never closed");
    assert_error("$TargetDedicatedNodes = 1.2.3;", ".3", "expected `;` or an operator, found `0.3`");
    assert_error("$TargetDedicatedNodes = 3nodes;", "3nodes", "`3nodes` is not a number");
    assert_error("$TargetDedicatedNodes = 1e999;", "1e999", "`1e999` is not a number");
    assert_error(
        "$TargetDedicatedNodes = avrg(1);",
        "avrg",
        "there is no function `avrg`; did you mean `avg`?",
    );
    assert_error("$TargetDedicatedNodes = xyzzy(1);", "xyzzy", "there is no function `xyzzy`");
    assert_error(
        "$TargetDedicatedNodes = avg($ActiveTasks.GetSamples(1));",
        "GetSamples",
        "there is no method or member `GetSamples`; did you mean `GetSample`?",
    );
    assert_error(
        "$TargetDedicatedNodes = percentile(1);",
        "percentile",
        "`percentile` takes 2 arguments, not 1",
    );
    assert_error(
        "$TargetDedicatedNodes = avg($ActiveTasks.GetSample());",
        "GetSample",
        "`GetSample` takes 1 to 3 arguments, not 0",
    );
}

#[test]
fn every_mistake_is_reported_at_once_and_none_twice() {
    let text = "a = 1 +;\nb = 2;\nc = # 3;\nd = foo(1;\n$TargetDedicatedNodes = b;";
    let places: Vec<String> = errors(text).into_iter().map(|(place, _)| place).collect();
    assert_eq!(places, [";", "#", "foo"]);
}

#[test]
fn limits_are_those_of_the_service() {
    let long = format!("$TargetDedicatedNodes = 1;{}", " ".repeat(8_192));
    assert_eq!(errors(&long)[0].1, "the formula has 8218 characters; the most is 8192");
    assert_eq!(errors(&"a = 1;".repeat(100)), []);
    assert_eq!(errors(&"a = 1;".repeat(101))[0].1, "the formula has 101 statements; the most is 100");
}

#[test]
fn names_are_known_before_they_are_used_and_service_variables_are_kept() {
    assert_error(
        "$TargetDedicatedNodes = $ActiveTask;",
        "$ActiveTask",
        "the variable `$ActiveTask` has no value at this place; did you mean `$ActiveTasks`?",
    );
    assert_error(
        "$TargetDedicatedNodes = cap + cap; cap = 3;",
        "cap",
        "the variable `cap` has no value at this place",
    );
    assert_error(
        "$ActiveTasks = 3; $TargetDedicatedNodes = 1;",
        "$ActiveTasks",
        "`$ActiveTasks` is set by the service and cannot be assigned",
    );
    assert_error(
        "requeue = 3; $TargetDedicatedNodes = 1;",
        "requeue",
        "`requeue` is set by the service and cannot be assigned",
    );
    assert_error(
        "$NodeDeallocationOption = taskcompleted;",
        "taskcompleted",
        "the variable `taskcompleted` has no value at this place; did you mean `taskcompletion`?",
    );
}

#[test]
fn values_of_different_kinds_are_not_mixed() {
    assert_error("a = 1 + \"x\";", "1 + \"x\"", "`+` cannot take a number and a string");
    assert_error(
        "a = time() + time();",
        "time() + time()",
        "`+` cannot take a point in time and a point in time",
    );
    assert_error("a = time() > 5;", "time() > 5", "`>` cannot take a point in time and a number");
    assert_error(
        "a = 5 + TimeInterval_Minute;",
        "5 + TimeInterval_Minute",
        "`+` cannot take a number and a length of time",
    );
    assert_error("a = !TimeInterval_Minute;", "!TimeInterval_Minute", "`!` cannot take a length of time");
    assert_error("a = avg(time());", "time()", "what `avg` is given must be numbers, not a point in time");
    assert_error("a = time(5);", "5", "what `time` is given must be a string, not a number");
    assert_error("a = (5).hour;", "(5)", "what stands before the dot must be a point in time, not a number");
    assert_error(
        "$NodeDeallocationOption = 1;",
        "1",
        "`$NodeDeallocationOption` must be requeue, terminate, taskcompletion or retaineddata, not a number",
    );
    assert_error(
        "$TargetDedicatedNodes = time();",
        "time()",
        "`$TargetDedicatedNodes` must be a number, not a point in time",
    );
    assert_error(
        "a = time() ? 1 : 2;",
        "time()",
        "what stands before `?` must be a number, not a point in time",
    );
    assert_error(
        "a = avg(1).GetSample(1);",
        "avg(1)",
        "what stands before `.GetSample` must be a variable with samples, such as `$ActiveTasks`, not a number",
    );
}

#[test]
fn retired_variables_and_missing_targets_are_remarked() {
    let remarks = |text: &str| check(&Formula::parse(text).unwrap()).1;
    assert_eq!(
        remarks("$TargetDedicatedNodes = avg($MemoryBytes.GetSample(1));"),
        [Remark { kind: RemarkKind::Retired(ServiceVariable::MemoryBytes), range: 28..40 }]
    );
    assert_eq!(remarks("a = 1;"), [Remark { kind: RemarkKind::NoTarget, range: 0..0 }]);
    assert_eq!(remarks("$TargetLowPriority = 1;"), []);
}

#[test]
fn nothing_that_can_be_nested_exhausts_the_stack() {
    for text in [
        format!("a = {}1{};", "(".repeat(4_000), ")".repeat(4_000)),
        format!("a = {}1;", "-".repeat(8_000)),
        format!("a = 1{};", "+1".repeat(4_000)),
        format!("a = {}1;", "1?1:".repeat(2_000)),
        format!("a = time(){};", ".hour".repeat(1_600)),
        format!("a = {}", "avg(".repeat(2_000)),
        format!("a = {}1{};", "(".repeat(2_000), "+1)".repeat(2_000)),
    ] {
        let found = errors(&text);
        assert!(!found.is_empty(), "{}", text.get(..40).unwrap());
    }
    assert_eq!(errors(&format!("a = 1{};", "+1".repeat(400))), []);
    assert_eq!(errors(&format!("a = {}1{};", "(".repeat(50), ")".repeat(50))), []);
}

fn expression(kind: ExpressionKind) -> Expression {
    Expression { kind, range: 0..0 }
}

fn any_of<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

fn any_name() -> impl Strategy<Value = String> {
    "\\$?[a-z][A-Za-z0-9_]{0,8}".prop_filter("a name of its own", |name| {
        ServiceVariable::by_name(name).is_none() && DeallocationOption::by_name(name).is_none()
    })
}

fn any_expression() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        (0.0..1.0e12_f64).prop_map(ExpressionKind::Number),
        (0_u32..100).prop_map(|number| ExpressionKind::Number(f64::from(number))),
        "[^\"\n]{0,8}".prop_map(ExpressionKind::Text),
        any_name().prop_map(ExpressionKind::Variable),
        any_of(ServiceVariable::ALL).prop_map(ExpressionKind::Service),
        any_of(TimeInterval::ALL).prop_map(ExpressionKind::Interval),
        any_of(DeallocationOption::ALL).prop_map(ExpressionKind::Deallocation),
    ];
    leaf.prop_map(expression).prop_recursive(6, 40, 3, |inner| {
        let boxed = || inner.clone().prop_map(Box::new);
        let arguments =
            |(least, most): (usize, usize)| prop::collection::vec(inner.clone(), least..=most.min(least + 2));
        let calls: Vec<_> = Function::ALL
            .iter()
            .map(|function| {
                let function = *function;
                arguments(function.arity())
                    .prop_map(move |given| ExpressionKind::Call(function, given))
                    .boxed()
            })
            .collect();
        let methods: Vec<_> = Method::ALL
            .iter()
            .map(|method| {
                let method = *method;
                (boxed(), arguments(method.arity()))
                    .prop_map(move |(value, given)| ExpressionKind::Method(value, method, given))
                    .boxed()
            })
            .collect();
        prop_oneof![
            prop::strategy::Union::new(calls),
            prop::strategy::Union::new(methods),
            (boxed(), any_of(TimestampMember::ALL))
                .prop_map(|(value, member)| ExpressionKind::Member(value, member)),
            (any_of(&[UnaryOperator::Negate, UnaryOperator::Not]), boxed())
                .prop_map(|(operator, operand)| ExpressionKind::Unary(operator, operand)),
            (any_of(BinaryOperator::ALL), boxed(), boxed())
                .prop_map(|(operator, left, right)| ExpressionKind::Binary(operator, left, right)),
            (boxed(), boxed(), boxed())
                .prop_map(|(condition, yes, no)| ExpressionKind::Conditional(condition, yes, no)),
        ]
        .prop_map(expression)
    })
}

fn any_formula() -> impl Strategy<Value = Formula> {
    let assign = (any_name(), any_expression()).prop_map(|(name, value)| Statement::Assign {
        name,
        name_range: 0..0,
        value,
    });
    let stop = Just(Statement::Call(expression(ExpressionKind::Call(Function::Stop, Vec::new()))));
    prop::collection::vec(prop_oneof![9 => assign, 1 => stop], 0..4)
        .prop_map(|statements| Formula { statements })
}

proptest! {
    #[test]
    fn a_printed_formula_is_the_same_formula(formula in any_formula()) {
        let text = formula.to_string();
        let parsed = Formula::parse(&text).map_err(|errors| TestCaseError::fail(format!("{text}\n{errors:?}")))?;
        prop_assert_eq!(&parsed, &formula, "{}", text);
        prop_assert_eq!(parsed.to_string(), text);
    }

    #[test]
    fn no_text_makes_parser_or_checker_panic(text in ".*") {
        let _ = errors(&text);
    }

    #[test]
    fn no_words_make_parser_or_checker_panic(words in prop::collection::vec(prop::sample::select(vec![
        "$ActiveTasks", "$TargetDedicatedNodes", "x", "=", "==", ";", "(", ")", ",", ".", "GetSample", "hour", "avg", "time",
        "\"", "\"a\"", "1", "0.5", "é", "?", ":", "-", "!", "&&", "//", "\n", "TimeInterval_Hour", "requeue", "stop",
    ]), 0..40)) {
        let text = words.join(" ");
        for error in errors(&text) {
            prop_assert!(!error.1.is_empty());
        }
    }
}
