//! Where values of parameters come from, and what they must be.

use std::collections::BTreeMap;

use super::support::{load_with, summary};
use crate::diagnostic::Report;
use crate::recipe::{LoadRequest, Loaded, load};

const RECIPE: &str = r#"api_version: batchyard/v1
name: x
parameters:
  count: { type: integer, default: 1, minimum: 1, maximum: 10 }
  rate: { type: number, default: 0.5 }
  image: { type: string, default: "busybox:1", pattern: "[a-z]+:[0-9]+" }
  size: { type: string, default: small, one_of: [small, large] }
  on: { type: boolean, default: false }
  rates: { type: array, items: number, default: [1, 2.5] }
  extra: { type: object, default: {} }
jobs:
  j:
    pool: { id: p }
    tasks:
      t:
        command: ["${{ params.count }}", "${{ params.rate }}", "${{ params.image }}", "${{ params.size }}", "${{ params.on }}", "${{ params.rates | length }}", "${{ params.extra | length }}"]
"#;

fn arguments(loaded: &Loaded) -> Vec<String> {
    loaded.desired.jobs["j"].tasks.iter().next().unwrap().unwrap().arguments()
}

#[test]
fn text_from_outside_is_read_by_the_declared_type() {
    assert_eq!(
        arguments(&load_with(RECIPE, &[]).unwrap()),
        ["1", "0.5", "busybox:1", "small", "false", "2", "0"]
    );
    let set = [
        ("count", "7"),
        ("rate", "2"),
        ("image", "a:2"),
        ("size", "large"),
        ("on", "true"),
        ("rates", "[1, 2, 3]"),
        ("extra", "{ a: 1 }"),
    ];
    assert_eq!(arguments(&load_with(RECIPE, &set).unwrap()), ["7", "2", "a:2", "large", "true", "3", "1"]);
}

#[test]
fn every_violation_is_reported_at_the_place_of_the_value() {
    let set = [
        ("count", "11"),
        ("rate", "fast"),
        ("image", "Busybox"),
        ("size", "huge"),
        ("on", "yes"),
        ("rates", "[a]"),
        ("extra", "[]"),
        ("cuont", "1"),
    ];
    let report = load_with(RECIPE, &set).unwrap_err();
    let mut found = summary(&report);
    found.sort();
    assert_eq!(
        found,
        [
            "bad-parameter: 11",
            "bad-parameter: Busybox",
            "bad-parameter: []",
            "bad-parameter: a",
            "bad-parameter: fast",
            "bad-parameter: huge",
            "bad-parameter: yes",
            "unknown-parameter: cuont",
        ]
    );
}

#[test]
fn the_command_line_wins_over_files_over_the_environment_over_defaults() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let environment = [("count", "2"), ("rate", "2"), ("size", "large"), ("other", "x")];
    let request = LoadRequest {
        path: file("recipe.yaml", RECIPE),
        set: vec![("count".into(), "9".into()), ("count".into(), "4".into())],
        params_files: vec![file("a.yaml", "count: 3\nrate: 3\n"), file("b.json", r#"{ "rate": 3.5 }"#)],
        environment: environment
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect::<BTreeMap<_, _>>(),
        blobs: None,
    };
    let loaded = load(&request).unwrap();
    assert_eq!(arguments(&loaded)[..4], ["4", "3.5", "busybox:1", "large"]);
}

#[test]
fn a_parameter_file_is_checked_like_the_recipe() {
    let folder = tempfile::tempdir().unwrap();
    let params = folder.path().join("params.yaml");
    let errors = |text: &str| -> Report {
        let path = folder.path().join("recipe.yaml");
        std::fs::write(&path, RECIPE).unwrap();
        std::fs::write(&params, text).unwrap();
        load(&LoadRequest { path, params_files: vec![params.clone()], ..LoadRequest::default() }).unwrap_err()
    };
    assert_eq!(summary(&errors("count: 0\nsise: large\n")), ["bad-parameter: 0", "unknown-parameter: sise"]);
    assert_eq!(summary(&errors("- 1\n")), ["wrong-type: - 1"]);
    assert_eq!(summary(&errors("a: [\n")), ["syntax: ["]);
}

#[test]
fn a_parameter_needs_a_value_and_sensible_constraints() {
    let errors = |parameters: &str| {
        let text = format!("api_version: batchyard/v1\nname: x\nparameters:\n{parameters}");
        load_with(&text, &[]).map_or_else(|report| summary(&report), |_| Vec::new())
    };
    assert_eq!(errors("  a: { type: string }\n"), ["missing-parameter: a"]);
    assert_eq!(errors("  a: { type: string, default: x, minimum: 1 }\n"), ["bad-parameter: 1"]);
    assert_eq!(errors("  a: { type: string, default: x, pattern: '(' }\n"), ["bad-parameter: '('"]);
    assert_eq!(errors("  a: { type: integer, default: 1, items: string }\n"), ["bad-parameter: string"]);
    assert_eq!(errors("  a: { type: text, default: 1 }\n"), ["invalid-value: text"]);
    assert_eq!(errors("  a-b: { type: string, default: x }\n"), ["invalid-value: a-b"]);
    assert_eq!(
        errors("  a: { type: string, default: \"${{ params.a }}\" }\n"),
        ["bad-expression: \"${{ params.a }}\""]
    );
}

#[test]
fn a_default_is_checked_even_if_another_value_wins() {
    let text =
        "api_version: batchyard/v1\nname: x\nparameters:\n  a: { type: integer, default: 0, minimum: 1 }\n";
    assert_eq!(summary(&load_with(text, &[("a", "5")]).unwrap_err()), ["bad-parameter: 0"]);
}
