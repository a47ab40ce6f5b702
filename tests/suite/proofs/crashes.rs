//! `apply` killed with `kill -9` at random instants, and run again until it comes to its end: the account is what one undisturbed
//! apply makes of it, no task was added twice or lost, and no finished one has run again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use batchyard::batch::JobId;
use batchyard::batch::model::BatchTask;
use batchyard::client::BatchClient;
use batchyard::plan::Policy;
use batchyard::resource::OnChange;
use serde_json::{Value, json};

use super::account::{Account, says};
use super::dump::{difference, dump, tasks};
use super::edits::{Facts, edit};
use super::recipes;
use crate::support::{Cases, Chance, Emulator, Runtime, Sandbox};

/// How often `apply` is killed in a test run; `BATCHYARD_TEST_CASES=300` is the long form.
const KILLS: u64 = 20;
/// How often one apply is killed at most before it may come to its end.
const KILLS_IN_A_ROW: u64 = 3;

/// What is applied: a recipe, and then another edition of it.
struct Scenario {
    before: Value,
    after: Value,
    prune: bool,
    what: String,
}

/// A random recipe and a random edit.
fn any(chance: &mut Chance) -> Scenario {
    let before = recipes::recipe("proof", chance);
    let mut after = before.clone();
    let edited = edit(&mut after, chance, &Facts::default());
    let (before, after) = (recipes::calm(before), recipes::calm(after));
    Scenario { before, after, prune: edited.prune, what: edited.edits.join("; ") }
}

/// A live pool whose images change: its nodes go, it is changed, they come back, by number or by formula.
fn drained(chance: &mut Chance) -> Scenario {
    let mut before = recipes::calm(recipes::recipe("proof", chance));
    for pool in before["pools"].as_object_mut().unwrap().values_mut() {
        pool["on_change"] = json!("drain");
        if chance.percent(70) {
            pool["nodes"] = json!({"dedicated": 1 + chance.below(3)});
        }
    }
    let mut after = before.clone();
    for pool in after["pools"].as_object_mut().unwrap().values_mut() {
        pool["container"]["prefetch"] = json!([format!("changed:{}", chance.below(1_000))]);
    }
    Scenario { before, after, prune: false, what: "other images to prefetch".to_owned() }
}

/// A job of five thousand tasks, of which the edit changes some and adds some.
fn large(chance: &mut Chance) -> Scenario {
    let job = |count: usize, command: &str| {
        let task = |range: Value, command: &str| {
            json!({"for_each": {"range": range}, "container": {"image": "busybox:1.37"},
                "command": ["work", command, "${{ item }}"]})
        };
        json!({"pool": "p", "tasks": {"a": task(json!([1, count]), "same"), "b": task(json!([1, 50]), command)}})
    };
    let nodes = if chance.percent(80) { 0 } else { 3 };
    let recipe = |job: Value| {
        json!({"api_version": "batchyard/v1", "name": "proof", "jobs": {"j1": job},
            "pools": {"p": {"vm_size": "Standard_D4s_v5", "image": "ubuntu-22.04-container", "container": {},
                "slots_per_node": 8, "nodes": {"dedicated": nodes}}}})
    };
    let (before, after) = (recipe(job(4_500, "first")), recipe(job(4_950, "second")));
    Scenario { before, after, prune: false, what: "500 tasks more, 50 others".to_owned() }
}

/// What is known of each task, by the job that it is in (also when that was made), its id and what it is: when it was added, and
/// when it ended.
type Seen = BTreeMap<(String, String, String), (Option<String>, Option<String>)>;

async fn seen(client: &BatchClient, recipe: &Value) -> Seen {
    let mut seen = Seen::new();
    for key in recipe["jobs"].as_object().unwrap().keys() {
        let job = JobId::new(key.as_str()).unwrap();
        let request =
            batchyard::batch::operations::GetJob { job_id: job.clone(), select: Default::default() };
        let Some(there) = client.find(&request).await.unwrap() else { continue };
        let made = there.value.creation_time.map(|time| time.to_string()).unwrap_or_default();
        for task in tasks(client, &job).await {
            let BatchTask { id, display_name, creation_time, execution_info, .. } = task;
            let ended = execution_info.and_then(|info| info.end_time).map(|time| time.to_string());
            let what = (format!("{key} of {made}"), id.key(), display_name.unwrap_or_default());
            seen.insert(what, (creation_time.map(|time| time.to_string()), ended));
        }
    }
    seen
}

/// No task that was seen is another one now, and none that had ended has run again.
#[track_caller]
fn nothing_was_done_twice(before: &Seen, after: &Seen, story: &str) {
    for (task, (added, ended)) in before {
        let Some((added_now, ended_now)) = after.get(task) else { continue };
        assert_eq!(added_now, added, "{task:?} was added again{story}");
        if ended.is_some() {
            assert_eq!(ended_now, ended, "{task:?} had ended, and ran again{story}");
        }
    }
}

/// An emulator of its own process, programs that apply to it, and the account that no program is killed on.
struct Yard<'a> {
    sandbox: &'a Sandbox,
    client: BatchClient,
    undisturbed: Account,
    /// How long an apply takes that nobody kills, as far as is known.
    usual: Duration,
    kills: u64,
}

impl Yard<'_> {
    fn arguments(scenario: &Scenario) -> Vec<&'static str> {
        let mut arguments = vec!["apply", "recipe.yaml", "-y", "--no-wait", "--allow", "recreate", "--force"];
        arguments.extend(scenario.prune.then_some("--prune"));
        arguments
    }

    /// Applies with a program that is killed again and again, and comes to its end at last.
    async fn apply_under_fire(
        &mut self,
        scenario: &Scenario,
        recipe: &Value,
        chance: &mut Chance,
        story: &str,
    ) {
        self.sandbox.write("recipe.yaml", &recipes::text(recipe));
        let command = || {
            self.sandbox.command(Self::arguments(scenario)).env(recipes::SECRET, super::account::SECRET_VALUE)
        };
        let mut before = seen(&self.client, recipe).await;
        let mut kills = 0;
        loop {
            let mut running = command().timeout(Duration::from_secs(300)).start();
            let begin = Instant::now();
            let instant = self.usual.mul_f64(chance.below(1_000) as f64 / 1_000.0);
            let ended = if kills < KILLS_IN_A_ROW {
                running.ended_within(instant)
            } else {
                running.ended_within(Duration::from_secs(300))
            };
            if ended.is_some() {
                let output = running.wait(Duration::ZERO);
                // 7 says that all was applied, and that tasks of it have failed, as some of these do.
                assert!(matches!(output.code, Some(0 | 7)), "{output}{story}");
                let took = begin.elapsed();
                if kills == 0 || took < self.usual {
                    self.usual = self.usual.mul_f64(0.7) + took.mul_f64(0.3);
                }
            } else {
                running.kill();
                kills += 1;
                self.kills += 1;
                self.usual = self.usual.mul_f64(1.05);
            }
            let after = seen(&self.client, recipe).await;
            nothing_was_done_twice(&before, &after, story);
            before = after;
            if ended.is_some() {
                return;
            }
        }
    }

    async fn run(&mut self, scenario: Scenario, chance: &mut Chance) {
        let mut story = String::new();
        let mut policy = Policy { allow: [OnChange::Recreate].into(), ..Policy::default() };
        for (recipe, what) in [(&scenario.before, "the recipe"), (&scenario.after, &*scenario.what)] {
            let shown: String = recipes::text(recipe).chars().take(6_000).collect();
            story.push_str(&format!("\n--- {what} ---\n{shown}"));
            policy.prune = scenario.prune;
            let desired = self.undisturbed.desired(recipe);
            let plan = self.undisturbed.plan(&desired, &policy).await;
            assert!(self.undisturbed.apply(&plan).await.is_complete(), "{story}");
            self.undisturbed.settle(&desired).await;

            self.apply_under_fire(&scenario, recipe, chance, &story).await;
            super::account::settle(&self.client, &desired).await;
            let left = batchyard::pipeline::plan(&self.client, &desired, &Policy::default()).await.unwrap();
            assert!(left.is_empty(), "{:#?}{story}", says(&left));
            let (disturbed, undisturbed) = (dump(&self.client).await, dump(self.undisturbed.client()).await);
            assert_eq!(difference(&undisturbed, &disturbed), None, "{story}");
        }
        let desired = self.undisturbed.desired(&scenario.after);
        assert!(self.undisturbed.destroy(&desired).await.is_complete());
        self.sandbox.run(["destroy", "recipe.yaml", "-y", "--force"]).success();
        let left = dump(&self.client).await;
        assert_eq!(
            difference(&dump(self.undisturbed.client()).await, &left),
            None,
            "something is left{story}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_that_is_killed_at_any_instant_is_finished_by_the_next_one() {
    let sandbox = Sandbox::new();
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let client = super::account::client_at(emulator.endpoint(), emulator.account(), emulator.key());
    let undisturbed = Account::open().await;
    let usual = Duration::from_millis(800);
    let mut yard = Yard { sandbox: &sandbox, client, undisturbed, usual, kills: 0 };
    let wanted = Cases::or(KILLS).count();
    let mut scenarios = 0;
    for seed in Cases::or(wanted).seeds() {
        let mut chance = seed.chance();
        let scenario = match scenarios % 8 {
            0 | 4 => drained(&mut chance),
            3 => large(&mut chance),
            _ => any(&mut chance),
        };
        yard.run(scenario, &mut chance).await;
        scenarios += 1;
        if yard.kills >= wanted {
            break;
        }
    }
    eprintln!("killed {} times in {scenarios} scenarios; an apply takes {:?}", yard.kills, yard.usual);
    assert!(
        yard.kills >= wanted.min(KILLS),
        "only {} of {wanted} applies were killed before their end",
        yard.kills
    );
}
