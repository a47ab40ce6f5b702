//! What was applied needs no change; an edit is planned as what it is, applied, and then needs no change; and nothing is left when
//! all is destroyed. For any recipe and any edit.

use std::collections::{BTreeMap, BTreeSet};

use batchyard::batch::model::{BatchAllTasksCompleteMode, BatchJob};
use batchyard::plan::{Plan, Policy, check};
use batchyard::resource::{ChangeClass, OnChange, OnComplete};
use serde_json::Value;

use super::account::{Account, says};
use super::edits::{Expected, Facts, TaskCounts, edit};
use super::recipes;
use crate::support::{Cases, Seed};

/// How many cases a test run has; `BATCHYARD_TEST_CASES=2000` is the long form.
const CASES: u64 = 100;

/// One case, told as it goes for the message of a failure.
struct Case<'a> {
    account: &'a Account,
    story: String,
}

impl Case<'_> {
    fn tell(&mut self, what: &str, recipe: &Value) {
        self.story.push_str(&format!("\n--- {what} ---\n{}", recipes::text(recipe)));
    }

    /// The account has exactly what the recipe wants.
    async fn needs_nothing(&self, recipe: &Value, when: &str) {
        let plan = self.account.plan(&self.account.desired(recipe), &Policy::default()).await;
        assert!(plan.is_empty(), "{when} there is something to do: {:#?}{}", says(&plan), self.story);
        assert!(plan.steps.is_empty(), "{when} there are steps{}", self.story);
    }

    async fn apply(&self, plan: &Plan, recipe: &Value) {
        let report = self.account.apply(plan).await;
        let failures: Vec<_> = report
            .failures()
            .map(|(step, error)| format!("{} {}: {error:?}", step.verb, step.target))
            .collect();
        assert!(report.is_complete(), "{failures:#?}\n{:#?}{}", says(plan), self.story);
        self.account.settle(&self.account.desired(recipe)).await;
    }

    async fn facts(&self, recipe: &Value) -> Facts {
        let contents = self.account.contents().await;
        let is = |state: Option<&str>, over: &[&str]| state.is_some_and(|state| over.contains(&state));
        let jobs: Vec<_> = contents
            .jobs
            .iter()
            .filter(|job| is(job.state.as_ref().map(|state| state.as_str()), &["completed", "terminating"]))
            .collect();
        let says_no_end =
            |job: &&&BatchJob| job.on_all_tasks_complete != Some(BatchAllTasksCompleteMode::TerminateJob);
        let ended_early = jobs.iter().filter(says_no_end).map(|job| job.id.to_string()).collect();
        let schedules = contents.schedules.iter().filter(|schedule| {
            is(schedule.state.as_ref().map(|state| state.as_str()), &["completed", "terminating"])
        });
        let over = jobs
            .iter()
            .map(|job| job.id.to_string())
            .chain(schedules.map(|schedule| schedule.id.to_string()));
        let pools = recipe["pools"].as_object().unwrap().iter().filter(|(_, pool)| !recipes::is_idle(pool));
        let populated = pools.map(|(key, _)| key.clone()).collect();
        let (over, mut waiting) = (over.collect::<BTreeSet<_>>(), BTreeMap::new());
        for (key, job) in &self.account.desired(recipe).jobs {
            if job.spec.on_complete == OnComplete::Terminate && !over.contains(key) {
                waiting.insert(key.clone(), self.account.waiting_tasks(job).await);
            }
        }
        Facts { over, ended_early, populated, waiting }
    }

    /// The plan says what was edited, and nothing else.
    fn says_what_is_expected(&self, plan: &Plan, expected: &Expected, needs: &BTreeMap<String, OnChange>) {
        let changed = || plan.changes.iter().filter(|change| change.class != ChangeClass::Unchanged);
        let classes: BTreeMap<String, ChangeClass> =
            changed().map(|change| (change.address.to_string(), change.class)).collect();
        // What is blocked says nothing of what would become of the tasks.
        let blocked =
            |address: &str| address.strip_suffix(".tasks").is_some_and(|job| needs.contains_key(job));
        let wanted: BTreeMap<String, ChangeClass> = expected
            .classes
            .iter()
            .filter(|(address, _)| !blocked(address))
            .map(|(address, class)| (address.clone(), *class))
            .collect();
        assert_eq!(classes, wanted, "{:#?}{}", says(plan), self.story);
        let missing: BTreeMap<String, OnChange> =
            changed().filter_map(|change| Some((change.address.to_string(), change.needs?))).collect();
        assert_eq!(missing, *needs, "{:#?}{}", says(plan), self.story);
        for change in changed() {
            let address = change.address.to_string();
            let begins = &expected.fields[&address];
            let paths: BTreeSet<&str> = change.fields.iter().map(|field| field.path.as_str()).collect();
            let known = paths.iter().all(|path| begins.iter().any(|begin| path.starts_with(begin)));
            assert!(known, "{address}: {paths:?} for {begins:?}{}", self.story);
            if let Some(counts) = expected.tasks.get(&address) {
                let said = change.tasks.clone().unwrap_or_default();
                let said = TaskCounts {
                    add: said.add,
                    replace: said.replace,
                    rerun: said.rerun,
                    delete: said.delete,
                };
                assert_eq!(said, *counts, "{address}{}", self.story);
            }
        }
        assert_eq!(check(plan), [], "{}", self.story);
        for step in &plan.steps {
            assert!(
                !needs.contains_key(&step.address.to_string()),
                "a step of what is blocked: {step:?}{}",
                self.story
            );
        }
    }

    async fn run(mut self, seed: &Seed) {
        let mut chance = seed.chance();
        let mut recipe = recipes::recipe("proof", &mut chance);
        self.tell("the recipe", &recipe);
        let plan = self.account.plan(&self.account.desired(&recipe), &Policy::default()).await;
        let creates = |class: ChangeClass| class == ChangeClass::Create;
        assert!(plan.changes.iter().all(|change| creates(change.class)), "{:#?}{}", says(&plan), self.story);
        self.apply(&plan, &recipe).await;
        self.needs_nothing(&recipe, "after the recipe was applied").await;

        let facts = self.facts(&recipe).await;
        let expected = edit(&mut recipe, &mut chance, &facts);
        self.tell(&expected.edits.join("; "), &recipe);
        let desired = self.account.desired(&recipe);
        let policy = Policy { prune: expected.prune, ..Policy::default() };
        let mut plan = self.account.plan(&desired, &policy).await;
        self.says_what_is_expected(&plan, &expected, &expected.needs);
        if !expected.needs.is_empty() {
            let allow = expected.needs.values().copied().collect();
            plan = self.account.plan(&desired, &Policy { allow, ..policy }).await;
            self.says_what_is_expected(&plan, &expected, &BTreeMap::new());
        }
        self.apply(&plan, &recipe).await;
        self.needs_nothing(&recipe, "after the edit was applied").await;

        let report = self.account.destroy(&desired).await;
        assert!(report.is_complete(), "{report:#?}{}", self.story);
        assert!(self.account.contents().await.is_empty(), "something is left{}", self.story);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_recipe_and_any_edit_are_planned_as_what_they_are() {
    let account = Account::open().await;
    let mut edits = BTreeSet::new();
    for seed in Cases::or(CASES).seeds() {
        Case { account: &account, story: String::new() }.run(&seed).await;
        edits.insert(seed.to_string());
    }
    eprintln!("{} cases", edits.len());
}
