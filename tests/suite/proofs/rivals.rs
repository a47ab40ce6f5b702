//! Two that apply at once: each object is won by one of them, whole; the other one stops, and says at which object and why.

use batchyard::apply::{ApplyReport, StepError};
use batchyard::plan::{Plan, Policy, Selection};
use batchyard::resource::OnChange;
use serde_json::{Value, json};

use super::account::{Account, says};
use super::dump::{difference, dump};
use super::edits::{Facts, edit};
use super::recipes;
use crate::support::{Cases, Emulator, Runtime, Sandbox};

/// How many cases a test run has; `BATCHYARD_TEST_CASES=300` is the long form.
const CASES: u64 = 10;

/// Applies both plans at once.
async fn at_once(account: &Account, one: &Plan, other: &Plan) -> [ApplyReport; 2] {
    let (one, other) = tokio::join!(account.apply(one), account.apply(other));
    [one, other]
}

/// All is done, or the first thing that was not was a conflict that names an object.
#[track_caller]
fn is_done_or_says_why(report: &ApplyReport, story: &str) -> bool {
    let failures: Vec<_> = report.failures().map(|(step, error)| (step.address.to_string(), error)).collect();
    for (address, error) in &failures {
        assert!(error.is_conflict(), "{address}: {error:?}{story}");
        assert!(
            matches!(error, StepError::Tasks { .. }) || error.to_string().contains(address),
            "{error}{story}"
        );
    }
    assert!(report.is_complete() || !failures.is_empty(), "half done, and nothing said: {report:#?}{story}");
    report.is_complete()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_applies_of_one_recipe_come_to_what_one_does() {
    let (account, alone) = (Account::open().await, Account::open().await);
    let (mut both, mut stopped) = (0, 0);
    for seed in Cases::or(CASES).seeds() {
        let mut chance = seed.chance();
        let mut recipe = recipes::calm(recipes::recipe("proof", &mut chance));
        let mut story = format!("\n{}", recipes::text(&recipe));
        let mut policy = Policy { allow: [OnChange::Recreate].into(), ..Policy::default() };
        for round in ["made", "edited"] {
            if round == "edited" {
                let edited = edit(&mut recipe, &mut chance, &Facts::default());
                recipe = recipes::calm(recipe);
                story.push_str(&format!("\n--- {} ---\n{}", edited.edits.join("; "), recipes::text(&recipe)));
                policy.prune = edited.prune;
            }
            let desired = account.desired(&recipe);
            let report = alone.apply(&alone.plan(&desired, &policy).await).await;
            assert!(report.is_complete(), "{report:#?}{story}");
            alone.settle(&desired).await;

            let plan = account.plan(&desired, &policy).await;
            let reports = at_once(&account, &plan, &plan).await;
            let done = reports.iter().filter(|report| is_done_or_says_why(report, &story)).count();
            both += usize::from(done == 2);
            stopped += 2 - done;
            if done == 0 {
                // Each has won an object: whoever comes next finishes.
                let report = account.apply(&account.plan(&desired, &policy).await).await;
                assert!(report.is_complete(), "{report:#?}{story}");
            }
            account.settle(&desired).await;
            let left = account.plan(&desired, &Policy::default()).await;
            assert!(left.is_empty(), "{round}: {:#?}{story}", says(&left));
            assert_eq!(
                difference(&dump(alone.client()).await, &dump(account.client()).await),
                None,
                "{round}{story}"
            );
        }
        for account in [&account, &alone] {
            assert!(account.destroy(&account.desired(&recipe)).await.is_complete(), "{story}");
            assert!(account.contents().await.is_empty(), "{story}");
        }
    }
    eprintln!("{} cases: both came to the end in {both} rounds, {stopped} stopped", Cases::or(CASES).count());
}

/// Whoever destroys while somebody else applies: nothing is done to what is not what was planned for without a word.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_and_a_destroy_at_once_do_what_they_say_or_say_why_not() {
    let account = Account::open().await;
    for seed in Cases::or(CASES).seeds() {
        let mut chance = seed.chance();
        let mut recipe = recipes::calm(recipes::recipe("proof", &mut chance));
        let mut story = format!("\n{}", recipes::text(&recipe));
        let policy = Policy { allow: [OnChange::Recreate].into(), ..Policy::default() };
        let desired = account.desired(&recipe);
        assert!(account.apply(&account.plan(&desired, &policy).await).await.is_complete(), "{story}");
        account.settle(&desired).await;
        let edited = edit(&mut recipe, &mut chance, &Facts::default());
        story.push_str(&format!("\n--- {} ---\n{}", edited.edits.join("; "), recipes::text(&recipe)));
        let desired = account.desired(&recipe);
        let change = account.plan(&desired, &policy).await;
        let destroy = batchyard::pipeline::plan_destroy(account.client(), &desired, &Selection::default())
            .await
            .unwrap();
        for report in at_once(&account, &change, &destroy).await {
            is_done_or_says_why(&report, &story);
        }
        // Whatever is left of it, the next apply makes whole, and the next destroy takes away.
        let report = account.apply(&account.plan(&desired, &policy).await).await;
        assert!(report.is_complete(), "{report:#?}{story}");
        account.settle(&desired).await;
        let left = account.plan(&desired, &Policy::default()).await;
        assert!(left.is_empty(), "{:#?}{story}", says(&left));
        assert!(account.destroy(&desired).await.is_complete(), "{story}");
        assert!(account.contents().await.is_empty(), "{story}");
    }
}

fn recipe(name: &str, pool: &Value, job: &Value) -> Value {
    json!({"api_version": "batchyard/v1", "name": name, "pools": {"p": pool}, "jobs": {"j": job}})
}

fn pool(nodes: i32, more: Value) -> Value {
    let mut pool = json!({"vm_size": "Standard_D2s_v3", "image": "ubuntu-22.04-container", "container": {},
        "nodes": {"dedicated": nodes}, "on_change": "drain"});
    pool.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    pool
}

fn job(command: &str, priority: i32) -> Value {
    json!({"pool": "p", "priority": priority,
        "tasks": {"t": {"for_each": {"range": [1, 300]}, "container": {"image": "busybox:1.37"},
            "command": ["work", command, "${{ item }}"]}}})
}

/// Two recipes that ask for objects of the same ids, and say the same of them: whose they are makes the difference.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_recipes_that_fight_over_objects_one_wins_each() {
    let account = Account::open().await;
    for (priority, command) in [(0, "one"), (5, "one"), (0, "other"), (5, "other")] {
        let mine = account.desired(&recipe("mine", &pool(1, json!({})), &job("one", 0)));
        let theirs = account.desired(&recipe("theirs", &pool(1, json!({})), &job(command, priority)));
        let policy = Policy::default();
        let (my_plan, their_plan) =
            (account.plan(&mine, &policy).await, account.plan(&theirs, &policy).await);
        let reports = at_once(&account, &my_plan, &their_plan).await;
        let done: Vec<bool> = reports.iter().map(|report| is_done_or_says_why(report, "")).collect();
        assert_eq!(done.iter().filter(|done| **done).count(), 1, "{reports:#?}");
        let (winner, loser) = if done[0] { ("mine", 1) } else { ("theirs", 0) };
        let (_, error) = reports[loser].failures().next().unwrap();
        assert!(error.to_string().contains(&format!("it belongs to the recipe `{winner}`")), "{error}");
        let contents = account.contents().await;
        let of_winner = |metadata: Option<&Vec<batchyard::batch::model::BatchMetadataItem>>| {
            metadata.is_some_and(|items| {
                items.iter().any(|it| it.name == "batchyard.recipe" && it.value == winner)
            })
        };
        assert!(contents.pools.iter().all(|pool| of_winner(pool.metadata.as_ref())), "{:#?}", contents.pools);
        assert!(contents.jobs.iter().all(|job| of_winner(job.metadata.as_ref())), "{:#?}", contents.jobs);
        let desired = if winner == "mine" { &mine } else { &theirs };
        account.settle(desired).await;
        assert!(account.plan(desired, &policy).await.is_empty());
        assert!(account.destroy(desired).await.is_complete());
        assert!(account.contents().await.is_empty());
    }
}

/// Two editions of one recipe: what they edit differently is won by one, and the other one names the field that moved.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_editions_of_a_recipe_one_wins_each_object_and_the_other_names_what_moved() {
    let account = Account::open().await;
    let policy = Policy::default();
    let before = || recipe("mine", &pool(1, json!({})), &job("before", 0));
    let drained = |image: &str| pool(1, json!({"container": {"prefetch": [image]}}));
    let editions = [
        (
            "metadata.owner",
            recipe("mine", &pool(1, json!({"metadata": {"owner": "a"}})), &job("before", 0)),
            recipe("mine", &pool(1, json!({"metadata": {"owner": "b"}})), &job("before", 0)),
        ),
        (
            "priority",
            recipe("mine", &pool(1, json!({})), &job("before", 1)),
            recipe("mine", &pool(1, json!({})), &job("before", 2)),
        ),
        (
            "nodes.dedicated",
            recipe("mine", &drained("a:1"), &job("before", 0)),
            recipe("mine", &drained("b:2"), &job("before", 0)),
        ),
    ];
    for (field, one, other) in editions {
        let first = account.desired(&before());
        assert!(account.apply(&account.plan(&first, &policy).await).await.is_complete());
        account.settle(&first).await;
        let (one, other) = (account.desired(&one), account.desired(&other));
        let (plan_one, plan_other) = (account.plan(&one, &policy).await, account.plan(&other, &policy).await);
        let reports = at_once(&account, &plan_one, &plan_other).await;
        let done: Vec<bool> = reports.iter().map(|report| is_done_or_says_why(report, field)).collect();
        assert_eq!(done.iter().filter(|done| **done).count(), 1, "{field}: {reports:#?}");
        let (winner, loser) = if done[0] { (&one, 1) } else { (&other, 0) };
        let (_, error) = reports[loser].failures().next().unwrap();
        assert!(error.to_string().contains(&format!("`{field}` was")), "{error}");
        account.settle(winner).await;
        let left = account.plan(winner, &policy).await;
        assert!(left.is_empty(), "{field}: {:#?}", says(&left));
        assert!(account.destroy(winner).await.is_complete());
    }
}

/// Tasks have no versions that a request that adds them could ask for: each is won by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_editions_of_tasks_each_task_is_won_by_one_and_the_other_names_it() {
    let account = Account::open().await;
    let policy = Policy::default();
    // Without nodes no task has ended when the next plan is made.
    let edition = |command| account.desired(&recipe("mine", &pool(0, json!({})), &job(command, 0)));
    let before = edition("before");
    assert!(account.apply(&account.plan(&before, &policy).await).await.is_complete());
    let (one, other) = (edition("one"), edition("other"));
    let (plan_one, plan_other) = (account.plan(&one, &policy).await, account.plan(&other, &policy).await);
    let reports = at_once(&account, &plan_one, &plan_other).await;
    let done = reports.iter().filter(|report| is_done_or_says_why(report, "")).count();
    assert!(done < 2, "both say that all tasks are theirs: {reports:#?}");
    let job = batchyard::batch::JobId::new("j").unwrap();
    assert_eq!(
        super::dump::tasks(account.client(), &job)
            .await
            .iter()
            .filter(|it| it.display_name.is_none())
            .count(),
        0
    );
    // Whoever applies again wins what is left.
    let plan = account.plan(&one, &policy).await;
    assert!(account.apply(&plan).await.is_complete());
    assert!(account.plan(&one, &policy).await.is_empty());
    assert_eq!(super::dump::tasks(account.client(), &job).await.len(), 300);
}

#[test]
fn two_programs_at_once_end_with_0_or_5_and_leave_nothing_to_do() {
    let sandbox = Sandbox::new();
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    for round in 0..4 {
        // Made, changed in place, drained, changed in place.
        let more = json!({"metadata": {"round": round.to_string()}, "container": {"prefetch": [format!("a:{}", round / 2)]}});
        sandbox.write("recipe.yaml", &recipes::text(&recipe("mine", &pool(1, more), &job("work", round))));
        let apply = || sandbox.command(["apply", "recipe.yaml", "-y", "--no-wait"]).start();
        let running = [apply(), apply()];
        for output in running.map(|running| running.wait(std::time::Duration::from_secs(120))) {
            if output.code == Some(5) {
                output.stdout_contains("since the plan was made");
            } else {
                output.success();
            }
        }
        let left = sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait"]);
        left.success();
        sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
    }
}
