//! Expressions and `for_each`.

use super::support::{findings, load_with, loaded, tasks, with_tasks};
use crate::resource::TaskDigest;

fn ids(text: &str) -> Vec<String> {
    tasks(&loaded(text)).into_iter().map(|task| task.id.to_string()).collect()
}

#[test]
fn the_product_of_all_keys_is_made() {
    let text = with_tasks(
        "t:\n  for_each: { m: [a, b], s: { range: [1, 3, 2] } }\n  id: \"${{ item.m }}-${{ item.s }}\"\n  container: { image: b:1 }",
    );
    assert_eq!(ids(&text), ["a-1", "a-3", "b-1", "b-3"]);
}

#[test]
fn an_absent_id_is_made_from_name_and_values() {
    let text = with_tasks(
        "t: { for_each: { m: [a.b, 0.5, true], s: { range: [1, 1] } }, container: { image: b:1 } }",
    );
    assert_eq!(ids(&text), ["t-a-b-1", "t-0-5-1", "t-true-1"]);
    assert_eq!(ids(&with_tasks("t: { container: { image: b:1 } }")), ["t"]);
    // Values that say nothing in an id, or too much, give way to numbers: for all tasks alike.
    let maps = with_tasks("t: { for_each: { m: [a, { a: 1 }] }, container: { image: b:1 } }");
    assert_eq!(ids(&maps), ["t-00001", "t-00002"]);
    let long = with_tasks(&format!(
        "t: {{ for_each: {{ m: [a, {}] }}, container: {{ image: b:1 }} }}",
        "x".repeat(63)
    ));
    assert_eq!(ids(&long), ["t-00001", "t-00002"]);
}

#[test]
fn expressions_know_the_item_the_task_the_recipe_and_parameters() {
    let text = with_tasks(
        "t:\n  for_each: { m: [{ name: small, size: 2 }] }\n  id: \"${{ recipe.name }}-${{ item.m.name }}\"\n  container: { image: b:1 }\n  slots: 1\n  command: [\"${{ task.id }}\", \"${{ task.name }}\", \"${{ item.m.size * params.n }}\"]",
    );
    assert_eq!(tasks(&loaded(&text))[0].arguments(), ["test-small", "t", "6"]);
}

#[test]
fn a_range_may_be_empty() {
    let text =
        with_tasks("t: { for_each: { s: { range: [1, \"${{ params.n }}\"] } }, container: { image: b:1 } }");
    let loaded = load_with(&text, &[("n", "0")]).unwrap();
    assert_eq!(loaded.desired.jobs["j"].tasks.count(), 0);
}

#[test]
fn a_list_may_come_from_a_parameter() {
    let text = with_tasks(
        "t: { for_each: { s: \"${{ range(params.n) }}\" }, id: \"${{ item.s }}\", container: { image: b:1 } }",
    );
    assert_eq!(ids(&text), ["0", "1", "2"]);
    assert_eq!(findings(&text.replace("range(params.n)", "params.n")), ["wrong-type: \"${{ params.n }}\""]);
}

#[test]
fn ids_are_unique_without_regard_to_case() {
    let text = with_tasks(
        "Train-1: { container: { image: b:1 } }\ntrain: { for_each: { s: [1, 2] }, container: { image: b:1 } }",
    );
    assert_eq!(findings(&text), ["duplicate-id: train"]);
    let text = with_tasks("t: { for_each: { s: [1, 2] }, id: same, container: { image: b:1 } }");
    assert_eq!(findings(&text), ["duplicate-id: same"]);
}

#[test]
fn a_product_beyond_all_measure_is_refused_at_once() {
    let text = with_tasks(
        "t: { for_each: { a: { range: [1, 1000000] }, b: { range: [1, 1000000] } }, container: { image: b:1 } }",
    );
    assert_eq!(
        findings(&text),
        ["too-many-tasks: { a: { range: [1, 1000000] }, b: { range: [1, 1000000] } }"]
    );
}

#[test]
fn tasks_are_made_lazily_and_the_same_every_time() {
    let text = with_tasks(
        "t: { for_each: { s: { range: [1, 3000] } }, id: \"${{ item.s }}\", container: { image: b:1 } }",
    );
    let loaded = loaded(&text);
    let stream = &loaded.desired.jobs["j"].tasks;
    assert_eq!(stream.count(), 3000);
    let first: Vec<_> = stream.iter().take(2).map(|task| task.unwrap().digest()).collect();
    let again: Vec<_> = stream.iter().take(2).map(|task| task.unwrap().digest()).collect();
    assert_eq!(first, again);
    assert_ne!(first[0], first[1]);
    assert_eq!(stream.iter().count(), 3000);
}

/// The digests of the tasks of a recipe, by their ids in the order in which they are made.
fn digests(tasks: &str) -> Vec<(String, TaskDigest)> {
    let loaded = loaded(&with_tasks(tasks));
    let stream = loaded.desired.jobs["j"].tasks.iter();
    stream.map(|task| task.unwrap()).map(|task| (task.id.to_string(), task.digest())).collect()
}

/// The ids whose digests differ between two recipes, with which part of them.
fn differing(tasks: &str, other: &str) -> Vec<String> {
    let pairs = digests(tasks).into_iter().zip(digests(other));
    let differing = pairs.filter(|(before, after)| before != after);
    let named = differing.map(|((id, before), (_, after))| {
        let part = if before.own == after.own { "inputs" } else { "own" };
        format!("{id}: {part}")
    });
    named.collect()
}

#[test]
fn what_a_task_waits_for_is_part_of_its_digest_however_far_away() {
    let tasks = "
report: { container: { image: b:1 }, command: report, depends_on: [merge] }
merge: { container: { image: b:1 }, command: merge, depends_on: [number] }
number: { for_each: { n: { range: [1, 5] } }, id: \"${{ item.n }}\", container: { image: b:1 }, depends_on: [count.each] }
count: { for_each: { n: { range: [1, 5] } }, container: { image: b:1 }, command: \"count ${{ item.n }}\" }
apart: { container: { image: b:1 }, command: apart }";
    let ids: Vec<String> = digests(tasks).into_iter().map(|(id, _)| id).collect();
    let counts = (1..=5).map(|n| format!("count-{n}"));
    let expected: Vec<String> = counts
        .chain((1..=5).map(|n| n.to_string()))
        .chain(["merge", "report", "apart"].map(str::to_owned))
        .collect();
    assert_eq!(ids, expected, "tasks come after those that they wait for");
    assert_eq!(digests(tasks), digests(tasks));
    let apart = digests(tasks).pop().unwrap().1;
    assert_eq!(apart.inputs, None);

    let changed = tasks.replace("count ${{ item.n }}", "count ${{ item.n if item.n != 3 else 33 }}");
    assert_eq!(differing(tasks, &changed), ["count-3: own", "3: inputs", "merge: inputs", "report: inputs"]);
    let merge_changed = tasks.replace("command: merge", "command: mix");
    assert_eq!(differing(tasks, &merge_changed), ["merge: own", "report: inputs"]);
    let last_changed = tasks.replace("command: report", "command: tell");
    assert_eq!(differing(tasks, &last_changed), ["report: own"]);
}

#[test]
fn a_long_chain_of_tasks_needs_no_deep_stack() {
    let mut tasks = String::new();
    for n in (1..3000).rev() {
        let before = n - 1;
        tasks.push_str(&format!("t{n}: {{ container: {{ image: b:1 }}, depends_on: [t{before}.each] }}\n"));
    }
    tasks.push_str("t0: { container: { image: b:1 } }");
    let made = digests(&tasks);
    assert_eq!((made.len(), made[0].0.as_str(), made[2999].0.as_str()), (3000, "t0", "t2999"));
    let changed = tasks.replace("t0: { container: { image: b:1 }", "t0: { container: { image: b:2 }");
    assert_eq!(differing(&tasks, &changed).len(), 3000);
}

#[test]
fn an_expression_in_depends_on_names_whole_tasks() {
    let text = with_tasks(
        "a: { container: { image: b:1 } }\nt: { for_each: { s: [1] }, container: { image: b:1 }, depends_on: [\"${{ item.s }}\"] }",
    );
    assert_eq!(findings(&text), ["undefined-name: item.s"]);
}
