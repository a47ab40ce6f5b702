//! What every recipe of the library has, and how good it must be.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use batchyard::recipe::catalog;
use batchyard::view;
use regex::Regex;

use super::folder::{LIBRARY, RecipeFolder, all};
use crate::support::{Command, Sandbox};

/// What the headings of a README must speak of, and what for.
const SECTIONS: &[(&str, &str)] = &[
    ("show", "what it shows"),
    ("cost", "what it costs"),
    ("adapt", "how to adapt it"),
    ("real", "whether it has run for real, and on what"),
];
/// The longest description: two lines of `new --list`.
const LONGEST_DESCRIPTION: usize = 110;

#[test]
fn every_recipe_says_what_it_shows_what_it_costs_how_to_adapt_it_and_whether_it_ran() {
    for recipe in all() {
        let readme = recipe.text("README.md");
        assert_eq!(readme.lines().next(), Some(format!("# {}", recipe.name).as_str()), "{}", recipe.asked);
        let headings: Vec<String> =
            readme.lines().filter(|line| line.starts_with("## ")).map(str::to_lowercase).collect();
        for (word, subject) in SECTIONS {
            let is_there = headings.iter().any(|heading| heading.contains(word));
            assert!(is_there, "{}: no heading of README.md is about {subject}: {headings:?}", recipe.asked);
        }
        assert!(readme.contains("batchyard destroy"), "{}: README.md: how to stop paying", recipe.asked);
        links_lead_to_files_of_the_recipe(&recipe, &readme);
    }
}

/// A copy has the recipe's own files only.
fn links_lead_to_files_of_the_recipe(recipe: &RecipeFolder, readme: &str) {
    for link in Regex::new(r"\]\(([^)]+)\)").unwrap().captures_iter(readme) {
        let target = &link[1];
        let is_elsewhere = target.starts_with("https://") || target.starts_with('#');
        let is_own = !target.contains("..") && recipe.path().join(target).exists();
        assert!(
            is_elsewhere || is_own,
            "{}: README.md leads to {target}, which copies don't have",
            recipe.asked
        );
    }
}

#[test]
fn every_recipe_is_called_like_its_folder_and_described_in_two_lines_of_the_list() {
    for recipe in all() {
        let text = recipe.text("recipe.yaml");
        let first = text.lines().next().unwrap();
        let schema =
            first.strip_prefix("# yaml-language-server: $schema=").unwrap_or_else(|| panic!("{first}"));
        assert!(recipe.path().join(schema).exists(), "{}: {schema}", recipe.asked);
        let document: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
        assert_eq!(document["name"], recipe.name.as_str(), "{}", recipe.asked);
        let description = document["description"].as_str().unwrap_or_default();
        let is_fine = description.ends_with('.') && !description.contains('\n');
        assert!(
            is_fine && description.chars().count() <= LONGEST_DESCRIPTION,
            "{}: {description}",
            recipe.asked
        );
        for (name, parameter) in document["parameters"].as_mapping().into_iter().flatten() {
            let name = name.as_str().unwrap();
            assert!(parameter["description"].is_string(), "{}: what is `{name}` for?", recipe.asked);
            assert!(
                !parameter["default"].is_null(),
                "{}: `{name}` has no default to plan with",
                recipe.asked
            );
        }
    }
}

#[test]
fn no_recipe_gives_rise_to_a_finding_with_its_defaults_or_with_its_example_parameters() {
    for recipe in all() {
        for params in [vec![], vec![recipe.path().join("params.yaml")]] {
            let loaded = recipe.load(params);
            let findings = view::diagnostics::human(&loaded.warnings, false);
            assert!(loaded.warnings.diagnostics.is_empty(), "{}:\n{findings}", recipe.asked);
        }
    }
}

#[test]
fn no_recipe_is_for_machines_that_azure_is_to_retire() {
    for recipe in all() {
        for params in [vec![], vec![recipe.path().join("params.yaml")]] {
            for pool in recipe.load(params).desired.pools.values() {
                let end = catalog::vm_size(pool.spec.vm_size.as_str());
                assert_eq!(end, None, "{}: {}", recipe.asked, pool.spec.vm_size);
            }
        }
    }
}

#[test]
fn recipes_of_the_library_stand_side_by_side_in_one_account() {
    let mut owners: BTreeMap<(&str, String), String> = BTreeMap::new();
    let mut shared = Vec::new();
    for recipe in all().into_iter().filter(|recipe| recipe.below == recipe.name) {
        let desired = recipe.load(vec![]).desired;
        let pools = desired.pools.values().map(|pool| ("pool", pool.spec.id.to_string()));
        let jobs = desired.jobs.values().map(|job| ("job", job.spec.id.to_string()));
        let schedules = desired.schedules.values().map(|schedule| ("schedule", schedule.spec.id.to_string()));
        for (kind, id) in pools.chain(jobs).chain(schedules) {
            if let Some(owner) = owners.insert((kind, id.clone()), recipe.name.clone()) {
                shared.push(format!("{kind} `{id}` of {owner} and {}", recipe.name));
            }
        }
    }
    assert!(shared.is_empty(), "two recipes would take each other's objects: {}", shared.join(", "));
}

#[test]
fn every_recipe_is_laid_out() {
    let sandbox = Sandbox::new();
    sandbox.run(["fmt", "--check", LIBRARY]).success();
    sandbox.run(["validate", LIBRARY]).success();
}

#[test]
fn shells_understand_every_script() {
    let mut scripts = 0;
    for recipe in all() {
        for entry in fs::read_dir(recipe.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "sh") {
                Command::program("sh").args([Path::new("-n"), &path]).run().success();
                scripts += 1;
            }
        }
    }
    assert!(scripts >= 10, "{scripts} scripts");
}

#[test]
fn what_brings_the_containers_of_a_task_together_is_the_same_in_all_recipes() {
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for recipe in all().iter().filter(|recipe| recipe.path().join("coordinate.sh").exists()) {
        texts.entry(recipe.text("coordinate.sh")).or_default().push(recipe.asked.clone());
    }
    assert_eq!(texts.len(), 1, "{:?}", texts.values().collect::<Vec<_>>());
}
