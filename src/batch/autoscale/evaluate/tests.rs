use proptest::prelude::*;

use super::*;
use crate::batch::DateTime;
use crate::batch::autoscale::{DeallocationOption, Formula, check, line_and_column};

/// A Tuesday.
const NOW: &str = "2026-03-10T14:30:15Z";

fn now() -> DateTime {
    NOW.parse().unwrap()
}

/// Samples up to now, one each period, the latest last. Half as many tasks run as are ready.
fn samples(active: &[u32]) -> Vec<Sample> {
    let sample = |(periods, active): (u32, &u32)| Sample {
        time: DateTime(now().0 - SAMPLE_PERIOD * periods),
        active_tasks: *active,
        running_tasks: active / 2,
        succeeded_tasks: 7,
        failed_tasks: 2,
        dedicated_nodes: 3,
        low_priority_nodes: 2,
        preempted_nodes: 1,
        usable_nodes: 4,
    };
    let mut samples: Vec<Sample> = (0..).zip(active.iter().rev()).map(sample).collect();
    samples.reverse();
    samples
}

fn evaluate_with(formula: &str, samples: &[Sample]) -> Result<Evaluation, EvaluationError> {
    let inputs = Inputs { now: now(), seed: 1, dedicated: 2, low_priority: 5, slots_per_node: 4, samples };
    Formula::parse(formula).unwrap().evaluate(&inputs)
}

fn evaluate(formula: &str) -> Result<Evaluation, EvaluationError> {
    evaluate_with(formula, &samples(&[10, 20, 30, 40]))
}

/// What an expression comes to, printed.
#[track_caller]
fn is(expression: &str, expected: &str) {
    let evaluation =
        evaluate(&format!("x = {expression};")).unwrap_or_else(|error| panic!("{expression}: {error}"));
    assert_eq!(evaluation.variables["x"].to_string(), expected, "{expression}");
}

/// What is wrong with a formula, and where.
#[track_caller]
fn fails(formula: &str, place: &str, message: &str) {
    let error = evaluate(formula).unwrap_err();
    let found = (formula.get(error.range.clone()).unwrap(), error.to_string());
    assert_eq!((found.0, found.1.as_str()), (place, message), "{formula}");
}

#[test]
fn numbers_are_reckoned_as_in_c_and_zero_is_false() {
    is("1 + 2 * 3 - 4 / 8", "6.5");
    is("-(2 - 5)", "3");
    is("(1 < 2) + (2 <= 2) + (3 == 3) + (3 != 3) + (2 > 3) + (3 >= 3)", "4");
    is("!0 + !5", "1");
    is("2 && 0", "0");
    is("0 || 0.1", "1");
    is("0 ? 1 : 2 ? 3 : 4", "3");
    is("\"a\" < \"b\"", "1");
    is("1 / 0 > 5", "1");
}

#[test]
fn a_vector_is_reckoned_element_by_element_and_of_one_number_is_that_number() {
    is("vec(1, 2, 3) * 2 + 1", "[3,5,7]");
    is("10 - vec(1, 2)", "[9,8]");
    is("vec(6, 8) / vec(2, 4)", "[3,2]");
    is("-vec(1, -2)", "[-1,2]");
    is("vec(5) > 4 ? 1 : 0", "1");
    fails(
        "x = vec(1, 2) + vec(1, 2, 3);",
        "vec(1, 2) + vec(1, 2, 3)",
        "`+` cannot take 2 numbers and 3 numbers",
    );
    fails("x = vec(1, 2) > 1;", "vec(1, 2) > 1", "a number is needed here, not numbers");
}

#[test]
fn functions_take_numbers_and_vectors_in_any_order() {
    is("avg(1, vec(2, 3), 6)", "3");
    is("len(vec(1, 2), 3)", "3");
    is("max(1, vec(9, 3)) - min(vec(4, 5), 6)", "5");
    is("norm(3, 4)", "5");
    is("range(vec(3, 10), 5)", "7");
    is("sum(1, 2, vec(3, 4))", "10");
    is("std(2, 4, 4, 4, 5, 5, 7, 9) > 2.138 && std(2, 4, 4, 4, 5, 5, 7, 9) < 2.139", "1");
    is("std(5)", "0");
    is("lg(8) + ln(1) + log(1000)", "6");
    is("lg(vec(2, 4))", "[1,2]");
    is("round(2.5) + floor(-0.5) + ceil(0.2)", "3");
    is("percentile(vec(15, 20, 35, 40, 50), 30)", "20");
    is("percentile(vec(1, 2), 0) + percentile(vec(1, 2), 100)", "3");
    is("val(vec(4, 5, 6), 2)", "6");
    is("rand() >= 0 && rand() < 1 && rand() != rand()", "1");
    fails("x = val(vec(1), 1);", "val(vec(1), 1)", "there is no element 1 in 1 numbers; the first is 0");
    fails(
        "x = percentile(vec(1), 101);",
        "percentile(vec(1), 101)",
        "a percentage is from 0 to 100, not 101",
    );
    fails("x = avg(time());", "avg(time())", "a number is needed here, not a point in time");
}

#[test]
fn times_have_parts_by_utc_and_differ_by_lengths() {
    is("time()", "2026-03-10T14:30:15.000Z");
    is("time().year * 10000 + time().month * 100 + time().day", "20260310");
    is("time().hour * 10000 + time().minute * 100 + time().second", "143015");
    is("time().weekday", "2");
    is("time(\"2026-03-15\").weekday", "0");
    is("(time() + (-6 * TimeInterval_Hour)).hour", "8");
    is("time() - time(\"Tue, 10 Mar 2026 12:00:00 GMT\")", "PT2H30M15S");
    is("time(\"2026-03-10T15:00+01:00\") < time()", "1");
    is("time(\"2026\") == time(\"2026-01\") && time(\"\") == time()", "1");
    is("TimeInterval_Day * 2 - TimeInterval_Hour / 2", "P1DT23H30M");
    is("-TimeInterval_Minute", "-PT1M");
    is("TimeInterval_Week / TimeInterval_Day + TimeInterval_Year / TimeInterval_Day", "372");
    is("TimeInterval_Zero < TimeInterval_100ns && TimeInterval_Microsecond < TimeInterval_Millisecond", "1");
    is("TimeInterval_Second + time() > time()", "1");
    fails(
        "x = time(\"soon\");",
        "time(\"soon\")",
        "`soon` is not a point in time; write `2030-01-31T12:00:00Z` or `Thu, 31 Jan 2030 12:00:00 GMT`",
    );
    fails(
        "x = time() + TimeInterval_Year * 9000;",
        "time() + TimeInterval_Year * 9000",
        "the time is out of range",
    );
    fails("x = TimeInterval_Year * 1e300;", "TimeInterval_Year * 1e300", "the time is out of range");
    fails("x = TimeInterval_Year / 0;", "TimeInterval_Year / 0", "the time is out of range");
}

#[test]
fn samples_are_had_by_number_and_by_time() {
    is("$ActiveTasks.GetSample(1)", "[40]");
    is("$ActiveTasks.GetSample(3)", "[20,30,40]");
    is("$ActiveTasks.GetSample(100)", "[10,20,30,40]");
    is("$ActiveTasks.GetSample(TimeInterval_Minute)", "[30,40]");
    is("$ActiveTasks.GetSample(time() - TimeInterval_Minute)", "[30,40]");
    is("$ActiveTasks.GetSample(TimeInterval_Second * 30, TimeInterval_Second * 90)", "[20,30]");
    is("$ActiveTasks.GetSample(TimeInterval_Second * 90, TimeInterval_Second * 30)", "[20,30]");
    is("$ActiveTasks.GetSample(TimeInterval_Minute * 4, 50)", "[10,20,30,40]");
    is("$ActiveTasks.GetSamplePercent(TimeInterval_Minute * 4)", "50");
    is("$ActiveTasks.GetSamplePercent(TimeInterval_Minute, TimeInterval_Minute * 3)", "50");
    is("$ActiveTasks.GetSamplePeriod()", "PT30S");
    is("$ActiveTasks.Count() + $CPUPercent.Count()", "4");
    is("$ActiveTasks.HistoryBeginTime()", "2026-03-10T14:28:45.000Z");
    is("$PendingTasks * 1.5", "90");
    is("$CurrentDedicatedNodes + $CurrentLowPriorityNodes + $PreemptedNodeCount + $SampleNodeCount", "11");
    is("$UsableNodeCount * $TaskSlotsPerNode + $SucceededTasks - $FailedTasks", "21");
    is("$CPUPercent.GetSamplePercent(TimeInterval_Hour)", "0");
}

#[test]
fn too_few_samples_end_the_evaluation_in_the_words_of_the_service() {
    fails(
        "$TargetDedicatedNodes = avg($RunningTasks.GetSample(TimeInterval_Minute * 4, 70));",
        "$RunningTasks",
        "Insufficient data from data set: $RunningTasks wanted 70%, received 50%",
    );
    fails(
        "x = $CPUPercent.GetSample(TimeInterval_Minute * 10, 10);",
        "$CPUPercent",
        "Insufficient data from data set: $CPUPercent wanted 10%, received 0%",
    );
    fails(
        "x = min($CPUPercent.GetSample(1));",
        "$CPUPercent",
        "Insufficient data from data set: $CPUPercent wanted 1 sample, received 0",
    );
    fails(
        "x = $MemoryBytes;",
        "$MemoryBytes",
        "Insufficient data from data set: $MemoryBytes wanted 1 sample, received 0",
    );
    fails("x = $ActiveTasks.GetSample(0);", "$ActiveTasks", "a number of samples is at least 1, not 0");
    is("1 ? 5 : avg($CPUPercent.GetSample(1))", "5");
    is("0 && $CPUPercent", "0");
}

#[test]
fn targets_are_whole_and_the_pool_keeps_what_is_not_assigned() {
    let result = |formula: &str| evaluate(formula).unwrap().to_string();
    assert_eq!(
        result("$TargetDedicatedNodes=1;"),
        "$TargetDedicatedNodes=1;$TargetLowPriorityNodes=5;$NodeDeallocationOption=requeue"
    );
    assert_eq!(
        result("$TargetLowPriority = 4.9; $NodeDeallocationOption = taskcompletion; b = 1; $a = vec(1, 2);"),
        "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=4;$NodeDeallocationOption=taskcompletion;$a=[1,2];b=1"
    );
    // The newer name counts, wherever it stands.
    assert_eq!(evaluate("$TargetDedicatedNodes = 3; $TargetDedicated = 9;").unwrap().dedicated, 3);
    assert_eq!(
        evaluate("$TargetDedicatedNodes = $TargetDedicatedNodes * 4 + $TargetLowPriorityNodes;")
            .unwrap()
            .dedicated,
        13
    );
    assert_eq!(evaluate("$TargetDedicatedNodes = $PendingTasks.GetSample(1);").unwrap().dedicated, 60);
    assert_eq!(
        evaluate("$TargetDedicatedNodes = 3; stop(); $TargetDedicatedNodes = 8;").unwrap().dedicated,
        3
    );
    assert_eq!(
        evaluate("$TargetDedicatedNodes = 3; x = 1 ? stop() : 0; $TargetDedicatedNodes = 8;")
            .unwrap()
            .dedicated,
        3
    );
    fails(
        "$TargetDedicatedNodes = 3 - 5;",
        "3 - 5",
        "`$TargetDedicatedNodes` is a number of nodes, from 0 to 2147483647, and not -2",
    );
    fails(
        "$TargetDedicatedNodes = 1 / 0;",
        "1 / 0",
        "`$TargetDedicatedNodes` is a number of nodes, from 0 to 2147483647, and not inf",
    );
    fails(
        "$TargetDedicatedNodes = 0 / 0;",
        "0 / 0",
        "`$TargetDedicatedNodes` is a number of nodes, from 0 to 2147483647, and not NaN",
    );
    fails(
        "$TargetDedicatedNodes = 3e9;",
        "3e9",
        "`$TargetDedicatedNodes` is a number of nodes, from 0 to 2147483647, and not 3000000000",
    );
    fails("$TargetDedicatedNodes = x;", "x", "the variable `x` has no value");
    fails("$ActiveTasks = 1;", "$ActiveTasks", "`$ActiveTasks` is set by the service and cannot be assigned");
    fails("$NodeDeallocationOption = 1;", "1", "a deallocation option is needed here, not a number");
    fails(
        "x = avg(1).Count();",
        "avg(1)",
        "a variable with samples, such as `$ActiveTasks`, is needed here, not another value",
    );
    fails("x = \"a\" + 1;", "\"a\" + 1", "`+` cannot take a string and a number");
}

#[test]
fn a_pool_that_follows_its_pending_tasks_starts_small_and_is_capped() {
    let formula = "
        first = 1; most = 25;
        share = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);
        wanted = share < 70 ? first : avg($PendingTasks.GetSample(180 * TimeInterval_Second));
        $TargetDedicatedNodes = min(most, wanted);
        $NodeDeallocationOption = taskcompletion;";
    let nodes = |active: &[u32]| evaluate_with(formula, &samples(active)).unwrap();
    assert_eq!(nodes(&[9, 9]).dedicated, 1);
    assert_eq!(nodes(&[2, 2, 2, 2, 4, 8]).dedicated, 5);
    assert_eq!(nodes(&[90, 90, 90, 90, 90, 90]).dedicated, 25);
    assert_eq!(nodes(&[0, 0, 0, 0, 0, 0]).dedicated, 0);
    assert_eq!(nodes(&[]).deallocation, DeallocationOption::TaskCompletion);
}

#[test]
fn a_pool_that_follows_the_clock_is_larger_in_working_hours() {
    let formula = "
        $now = time();
        $inHours = $now.hour >= 8 && $now.hour < 18;
        $onWeekday = $now.weekday >= 1 && $now.weekday <= 5;
        $TargetDedicatedNodes = $inHours && $onWeekday ? 20 : 10;";
    assert_eq!(
        evaluate(formula).unwrap().to_string(),
        "$TargetDedicatedNodes=20;$TargetLowPriorityNodes=5;$NodeDeallocationOption=requeue;$inHours=1;\
         $now=2026-03-10T14:30:15.000Z;$onWeekday=1"
    );
}

#[test]
fn preempted_nodes_are_made_up_for_by_dedicated_ones() {
    let formula = "
        most = 25;
        $TargetDedicatedNodes = min(most, $PreemptedNodeCount.GetSample(180 * TimeInterval_Second));
        $TargetLowPriorityNodes = min(most, most - $TargetDedicatedNodes);";
    let evaluation = evaluate(formula).unwrap();
    assert_eq!((evaluation.dedicated, evaluation.low_priority), (1, 24));
}

#[test]
fn a_pool_with_several_slots_grows_by_what_its_slots_cannot_hold() {
    let formula = "
        share = $ActiveTasks.GetSamplePercent(TimeInterval_Minute * 15);
        tasks = share < 70 ? max(0, $ActiveTasks.GetSample(1)) : avg($ActiveTasks.GetSample(TimeInterval_Minute * 15));
        slots = $TargetDedicatedNodes * 4;
        more = ((tasks - slots) + 3) / 4;
        $TargetDedicatedNodes = max(0, min($TargetDedicatedNodes + more, 30));";
    assert_eq!(evaluate(formula).unwrap().dedicated, 10);
}

#[test]
fn a_hostile_formula_is_given_up() {
    let doubling = format!("v = vec({});{}", "1,".repeat(200) + "1", "v = vec(v, v);".repeat(90));
    let error = evaluate(&doubling).map(|_| ()).unwrap_err();
    assert_eq!(error.kind, EvaluationErrorKind::TooMuchWork);
    let wide = format!("v = $ActiveTasks.GetSample(1000000);{}", "w = sum(v) + sum(v) + sum(v);".repeat(90));
    let many = samples(&vec![1; 2_880]);
    assert_eq!(evaluate_with(&wide, &many).map(|_| ()).unwrap_err().kind, EvaluationErrorKind::TooMuchWork);
    let printed = evaluate_with("v = $ActiveTasks.GetSample(1000000);", &many).unwrap().to_string();
    assert!(printed.len() < 400 && printed.ends_with(",1,…]"), "{printed}");
}

#[test]
fn nothing_that_can_be_read_exhausts_the_stack() {
    for text in [
        format!("a = 1{};", "+1".repeat(499)),
        format!("a = 1{};", "&&1".repeat(499)),
        format!("a = {}1{};", "(1+".repeat(31), ")".repeat(31)),
        format!("a = {}1{};", "(".repeat(50), "+1+1+1+1+1+1+1+1+1)".repeat(50)),
        format!("a = {}1;", "-".repeat(60)),
        format!("a = {}1;", "1?1:".repeat(60)),
        format!("a = {}1{};", "avg(".repeat(60), ")".repeat(60)),
        format!("a = time(){};", ".hour".repeat(499)),
        format!("a = time(){};", ".Count".repeat(499)),
    ] {
        let formula = Formula::parse(&text).unwrap_or_else(|errors| panic!("{errors:?}: {text}"));
        let _ = check(&formula);
        let _ = evaluate(&text);
    }
}

#[test]
fn places_are_counted_in_lines_and_characters() {
    let text = "a = 1;\né = \"é\" b";
    assert_eq!(line_and_column(text, 0), (1, 1));
    assert_eq!(line_and_column(text, text.find('b').unwrap()), (2, 9));
}

proptest! {
    #[test]
    fn no_formula_makes_the_evaluation_panic(words in prop::collection::vec(prop::sample::select(vec![
        "$ActiveTasks", "$ActiveTasks.GetSample(2)", "$TargetDedicatedNodes", "x", "y", "vec(1,2)", "time()", "TimeInterval_Hour",
        "1e300", "0", "-1", "0.5", "\"a\"", "requeue", "(", ")", "+", "-", "*", "/", "<", "==", "&&", "||", "?", ":", "!",
        "sum(x)", "val(y, 1)", "percentile(x, 50)", "std(1, x)", "rand()", "stop()", ".hour", "time(\"2030\")",
    ]), 1..9)) {
        let text = format!("x = 1; y = vec(2, 3); x = {}; $TargetDedicatedNodes = x;", words.join(" "));
        if let Ok(formula) = Formula::parse(&text) {
            let inputs = Inputs { now: now(), seed: 1, dedicated: 2, low_priority: 5, slots_per_node: 4, samples: &samples(&[1, 2]) };
            if let Err(error) = formula.evaluate(&inputs) {
                prop_assert!(text.get(error.range.clone()).is_some(), "{:?}", error);
            }
        }
    }
}
