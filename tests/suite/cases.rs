//! Plans, case by case: a recipe that was applied, what happened since, an edit, and the plan that it gives, for people and for programs.
//!
//! A folder of `tests/cases` holds a recipe; each folder in it is a case. It may hold
//!
//! - `edit.yaml`, an overlay: the recipe as it is planned;
//! - `account.yaml`, a merge patch (RFC 7386): what happened to the account since the recipe was applied;
//! - `options.yaml`: `allow`, `adopt`, `prune`, `destroy`, `from_nothing` (the recipe was never applied).
//!
//! and has `plan.txt` and `plan.json`, and the same with the name of an older API version where its plan is another one. With
//! `INSTA_UPDATE=always` they are written instead of compared.

mod account;
mod case;
mod coverage;
mod service;

use std::path::Path;

use batchyard::batch::ApiVersion;

use case::{Case, Outcome};
use coverage::Coverage;

const FOLDER: &str = "tests/cases";
const VERSIONS: [ApiVersion; 2] = [ApiVersion::V2025_06_01, ApiVersion::V2024_02_01];
const FEWEST: usize = 150;

#[tokio::test]
async fn every_case_gives_its_plan() {
    let cases = Case::all(Path::new(FOLDER));
    assert!(cases.len() >= FEWEST, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let plans = [case.plan(VERSIONS[0]).await, case.plan(VERSIONS[1]).await];
        wrong.extend(case.compare(&plans[0], None));
        let other = (plans[0] != plans[1]).then_some(&plans[1]);
        wrong.extend(case.compare_older(other, VERSIONS[1]));
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

#[tokio::test]
async fn what_was_applied_needs_no_change_in_any_version() {
    let mut recipes: Vec<_> = Case::all(Path::new(FOLDER)).into_iter().map(|case| case.recipe).collect();
    recipes.dedup();
    for recipe in recipes {
        for version in ApiVersion::SPOKEN {
            let Outcome { text, .. } = case::replan(&recipe, *version).await;
            assert!(text.contains("No changes."), "{} in {version}:\n{text}", recipe.display());
        }
    }
}

#[tokio::test]
async fn every_field_of_the_table_is_changed_by_a_case() {
    let mut coverage = Coverage::default();
    for case in Case::all(Path::new(FOLDER)) {
        for version in VERSIONS {
            coverage.observe(&case.plan(version).await.json, version);
        }
    }
    assert_eq!(coverage.missing(&VERSIONS), Vec::<String>::new());
}
