//! A service of whose answers three in ten are errors or never come, also after it has done what was asked: applying comes to the
//! same end as without, adds nothing twice and loses nothing silently.

use std::collections::BTreeMap;
use std::sync::Mutex;

use batchyard::apply::{ApplyEvent, ApplyReport, Observer, StepError, apply};
use batchyard::batch::JobId;
use batchyard::client::BatchClient;
use batchyard::pipeline;
use batchyard::plan::{Plan, Policy, Selection};
use batchyard::resource::{DesiredState, OnChange, SourceLocation};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::account::{Account, apply_options, says};
use super::dump::{difference, dump, tasks};
use super::edits::{Facts, edit};
use super::faulty::{Tally, Trouble};
use super::recipes;
use crate::support::{Cases, Chance, Emulator, Runtime, Sandbox};

/// How many of a hundred requests fail.
const PERCENT: usize = 30;
/// How often a recipe is applied at most until all of it is done: each of thousands of requests is tried eight times only.
const APPLIES: usize = 4;
/// How many cases a test run has; `BATCHYARD_TEST_CASES=200` is the long form.
const CASES: u64 = 12;

/// Keeps what was refused: task, reason, place.
#[derive(Default)]
struct Refusals(Mutex<BTreeMap<String, (String, Option<SourceLocation>)>>);

impl Observer for Refusals {
    fn on(&self, event: ApplyEvent<'_>) {
        if let ApplyEvent::TaskRefused { task, reason, source, .. } = event {
            let refusal = (reason.to_owned(), source.cloned());
            self.0.lock().unwrap().insert(task.to_string(), refusal);
        }
    }
}

async fn run(plan: &Plan, client: &BatchClient, observer: &dyn Observer) -> ApplyReport {
    apply(plan, client, &apply_options(), observer, &CancellationToken::new()).await
}

/// Applies until all is done, and fails if that does not come about, or if anything that was not done was not said.
async fn converge(client: &BatchClient, desired: &DesiredState, policy: &Policy, story: &str) {
    for _ in 0..APPLIES {
        let Ok(plan) = pipeline::plan(client, desired, policy).await else { continue };
        let report = run(&plan, client, &Refusals::default()).await;
        if report.is_complete() {
            return;
        }
        let failures: Vec<_> = report
            .failures()
            .map(|(step, error)| format!("{} {}: {error}", step.verb, step.target))
            .collect();
        assert!(!failures.is_empty(), "not done, and nothing said of it{story}");
        let conflicts = report.failures().filter(|(_, error)| error.is_conflict()).count();
        assert_eq!(conflicts, 0, "nobody else is at work here: {failures:#?}\n{:#?}{story}", says(&plan));
    }
    panic!("not done in {APPLIES} applies{story}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_failing_service_ends_up_with_is_what_a_sound_one_does() {
    let (failing, sound) = (Account::open().await, Account::open().await);
    let mut all = Tally::default();
    for seed in Cases::or(CASES).seeds() {
        let mut chance = seed.chance();
        let trouble = Trouble::of(&failing, PERCENT, Chance::of(chance.next()));
        let mut recipe = recipes::calm(recipes::recipe("proof", &mut chance));
        let mut story = format!("\n{}", recipes::text(&recipe));
        let desired = sound.desired(&recipe);
        converge(&sound.client().clone(), &desired, &Policy::default(), &story).await;
        converge(&trouble.client, &desired, &Policy::default(), &story).await;
        for account in [&sound, &failing] {
            account.settle(&desired).await;
        }
        assert_eq!(difference(&dump(sound.client()).await, &dump(failing.client()).await), None, "{story}");

        let edited = edit(&mut recipe, &mut chance, &Facts::default());
        recipe = recipes::calm(recipe);
        story.push_str(&format!("\n--- {} ---\n{}", edited.edits.join("; "), recipes::text(&recipe)));
        let desired = sound.desired(&recipe);
        let policy = Policy { allow: [OnChange::Recreate].into(), prune: edited.prune, ..Policy::default() };
        converge(&sound.client().clone(), &desired, &policy, &story).await;
        converge(&trouble.client, &desired, &policy, &story).await;
        for account in [&sound, &failing] {
            account.settle(&desired).await;
        }
        assert_eq!(difference(&dump(sound.client()).await, &dump(failing.client()).await), None, "{story}");

        for (account, client) in [(&sound, sound.client()), (&failing, &trouble.client)] {
            for _ in 0..APPLIES {
                let Ok(plan) = pipeline::plan_destroy(client, &desired, &Selection::default()).await else {
                    continue;
                };
                if run(&plan, client, &Refusals::default()).await.is_complete() {
                    break;
                }
            }
            assert!(account.contents().await.is_empty(), "something is left{story}");
        }
        let tally = trouble.tally();
        all.requests += tally.requests;
        all.refused += tally.refused;
        all.reset += tally.reset;
        all.lost += tally.lost;
        all.lost_writes += tally.lost_writes;
    }
    eprintln!("{} cases: {all:?}", Cases::or(CASES).count());
    assert!(all.lost_writes > 10, "hardly anything went wrong: {all:?}");
}

/// A thousand tasks, of which the service refuses two: one is larger than a request may be, the other asks for what it does not do.
fn thousand() -> Value {
    let mut recipe = json!({
        "api_version": "batchyard/v1", "name": "thousand",
        "pools": {"p": {"vm_size": "Standard_D2s_v3", "image": "ubuntu-22.04-container", "container": {},
            "nodes": {"dedicated": 0}}},
        "jobs": {"j": {"pool": "p", "tasks": {
            "many": {"for_each": {"range": [1, 1000]}, "container": {"image": "busybox:1.37"},
                "command": ["work", "${{ item }}"]},
            "huge": {"container": {"image": "busybox:1.37"}, "command": ["work", "x".repeat(1_100_000)]},
            "odd": {"container": {"image": "busybox:1.37"}, "command": ["work"],
                "resource_files": [{"auto_storage_container_name": "in"}]},
        }}},
    });
    recipe["jobs"]["j"]["tasks"]["taken"] =
        json!({"container": {"image": "busybox:1.37"}, "command": ["work", "mine"]});
    recipe
}

/// The line on which a task of a recipe begins.
fn line_of(text: &str, task: &str) -> u32 {
    let line = text.lines().position(|line| line.trim() == format!("{task}:")).unwrap();
    u32::try_from(line).unwrap() + 1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_thousand_tasks_those_that_are_refused_are_named_with_their_lines_and_all_others_are_there_once()
{
    let mut lost_writes = 0;
    for seed in 1..=4 {
        lost_writes += add_a_thousand(Chance::of(seed)).await.lost_writes;
    }
    assert!(lost_writes > 0, "no answer was lost");
}

async fn add_a_thousand(chance: Chance) -> Tally {
    let account = Account::open().await;
    let trouble = Trouble::of(&account, PERCENT, chance);
    let recipe = thousand();
    let text = recipes::text(&recipe);
    let desired = account.desired(&recipe);
    // Somebody takes an id of ours after the plan was made.
    let plan = account.plan(&desired, &Policy::default()).await;
    let pool_and_job = Plan { steps: plan.steps[..2].to_vec(), ..plan.clone() };
    assert!(account.apply(&pool_and_job).await.is_complete());
    let job = JobId::new("j").unwrap();
    let foreign = serde_json::from_value(json!({"id": "taken", "commandLine": "theirs"})).unwrap();
    let request = batchyard::batch::operations::CreateTask { job_id: job.clone(), task: foreign };
    account.client().send(&request).await.unwrap();

    let refusals = Refusals::default();
    let report = run(&plan, &trouble.client, &refusals).await;
    let failures: Vec<_> = report.failures().collect();
    let [(_, error @ StepError::Tasks { refused: 3, taken: 1, total: 1003, .. })] = failures[..] else {
        panic!("{failures:#?}");
    };
    assert!(!error.is_conflict() && error.is_partly_done());
    let told = refusals.0.into_inner().unwrap();
    assert_eq!(told.keys().collect::<Vec<_>>(), ["huge", "odd", "taken"]);
    for (task, (reason, source)) in &told {
        assert_eq!(source.as_ref().map(|source| source.line), Some(line_of(&text, task)), "{task}: {reason}");
    }
    assert!(told["huge"].0.contains("RequestBodyTooLarge"), "{told:?}");
    assert!(told["odd"].0.contains("autoStorageContainerName"), "{told:?}");
    assert!(told["taken"].0.contains("another task of that id exists"), "{told:?}");
    let there = tasks(account.client(), &job).await;
    assert_eq!(there.len(), 1001, "a thousand of ours, and theirs");
    let theirs = there.iter().find(|task| task.id.as_str() == "taken").unwrap();
    assert_eq!(theirs.command_line.as_deref(), Some("theirs"), "it was left alone");
    // What was said is what is left to do.
    let again = account.plan(&desired, &Policy::default()).await;
    let change = again.changes.iter().find(|change| change.address.to_string() == "jobs.j.tasks").unwrap();
    assert_eq!(change.tasks.as_ref().map(|tasks| (tasks.add, tasks.keep)), Some((2, 1000)));
    trouble.tally()
}

#[test]
fn a_refused_task_is_shown_with_its_line_and_the_exit_code_says_partly() {
    let text = recipes::text(&json!({
        "api_version": "batchyard/v1", "name": "refused",
        "pools": {"p": {"vm_size": "Standard_D2s_v3", "image": "ubuntu-22.04-container", "container": {},
            "nodes": {"dedicated": 0}}},
        "jobs": {"j": {"pool": "p", "tasks": {
            "fine": {"container": {"image": "busybox:1.37"}, "command": ["work"]},
            "odd": {"container": {"image": "busybox:1.37"}, "command": ["work"],
                "resource_files": [{"auto_storage_container_name": "in"}]},
        }}},
    }));
    let sandbox = Sandbox::new().file("recipe.yaml", &text);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let applied = sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait"]);
    applied.code(6).stdout_contains("task odd was refused");
    applied.stdout_contains(&format!("at recipe.yaml:{}:", line_of(&text, "odd")));
    // Nothing but the refused task is left, and that is no error of its own kind either.
    let again = sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait", "--format", "json"]);
    let lines = again.code(6).json_lines();
    let refused: Vec<_> = lines.iter().filter(|line| line["type"] == "task_refused").collect();
    assert_eq!(refused.len(), 1, "{lines:#?}");
    assert_eq!(
        (&refused[0]["task"], &refused[0]["source"]["line"]),
        (&json!("odd"), &json!(line_of(&text, "odd")))
    );
}

/// The program itself, over sockets: requests are refused, connections end without an answer, before and after the request took
/// effect.
#[test]
fn the_program_comes_to_its_end_over_connections_that_break() {
    let rules = json!({"seed": 5, "requests": [
        {"answer": "none", "carriedOut": true, "share": 0.08},
        {"answer": "none", "share": 0.08},
        {"answer": 429, "share": 0.05, "retryAfterSeconds": 0},
        {"answer": 500, "carriedOut": true, "share": 0.05},
        {"answer": 503, "share": 0.05},
    ]});
    let edition = |image: &str, tasks: u32, command: &str| {
        recipes::text(&json!({
            "api_version": "batchyard/v1", "name": "broken",
            "pools": {"p": {"vm_size": "Standard_D2s_v3", "image": "ubuntu-22.04-container",
                "container": {"prefetch": [image]}, "nodes": {"dedicated": 2}, "on_change": "drain"}},
            "jobs": {"j": {"pool": "p", "tasks": {
                "many": {"for_each": {"range": [1, tasks]}, "container": {"image": "busybox:1.37"},
                    "command": ["work", "${{ item }}"]},
                "edited": {"for_each": {"range": [1, 5]}, "container": {"image": "busybox:1.37"},
                    "command": ["work", command, "${{ item }}"]},
            }}},
        }))
    };
    let sandbox = Sandbox::new().file("faults.json", &rules.to_string());
    let faults = sandbox.path("faults.json");
    let flags = ["--faults", faults.to_str().unwrap()];
    let Some(_emulator) = Emulator::start_with(&sandbox, Runtime::Simulated, &flags) else { return };
    for text in [edition("a:1", 400, "first"), edition("b:2", 500, "second")] {
        sandbox.write("recipe.yaml", &text);
        sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait"]).success();
        sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
    }
    sandbox.run(["destroy", "recipe.yaml", "-y", "--force"]).success();
}
