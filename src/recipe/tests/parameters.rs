//! Where values of parameters come from, and what they must be.

use std::collections::BTreeMap;
use std::sync::Arc;

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
        overlays: Vec::new(),
        projects: Arc::default(),
        blobs: None,
        within: None,
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

/// A recipe with one parameter `a`, whose value its only task has as its argument.
fn with_parameter(declaration: &str, expression: &str) -> String {
    format!(
        "api_version: batchyard/v1\nname: x\nparameters:\n  a: {declaration}\njobs:\n  j:\n    pool: {{ id: p }}\n    tasks:\n      t: {{ command: [\"${{{{ {expression} }}}}\"] }}\n"
    )
}

/// The argument, or what is wrong.
fn bound(declaration: &str, expression: &str, value: Option<&str>) -> Result<String, Vec<String>> {
    let set: Vec<(&str, &str)> = value.map(|value| ("a", value)).into_iter().collect();
    let loaded =
        load_with(&with_parameter(declaration, expression), &set).map_err(|report| summary(&report))?;
    Ok(arguments(&loaded).join(" "))
}

#[test]
fn durations_and_sizes_have_limits_and_become_numbers() {
    let duration = "{ type: duration, default: 1h, minimum: 10m, maximum: 1d }";
    assert_eq!(bound(duration, "params.a", Some("1h30m")), Ok("1h30m".into()));
    assert_eq!(bound(duration, "params.a | seconds", Some("1h30m")), Ok("5400".into()));
    assert_eq!(bound(duration, "params.a | seconds", Some("PT15M")), Ok("900".into()));
    assert_eq!(bound(duration, "params.a", Some("9m")), Err(vec!["bad-parameter: 9m".into()]));
    assert_eq!(bound(duration, "params.a", Some("25h")), Err(vec!["bad-parameter: 25h".into()]));
    assert_eq!(bound(duration, "params.a", Some("soon")), Err(vec!["bad-parameter: soon".into()]));
    assert_eq!(bound(duration, "params.a", Some("1m1h")), Err(vec!["bad-parameter: 1m1h".into()]));
    let size = "{ type: size, default: 1GiB, minimum: 1MB, maximum: 2 GB }";
    assert_eq!(bound(size, "params.a | bytes", None), Ok("1073741824".into()));
    assert_eq!(bound(size, "params.a | bytes", Some("1000000")), Ok("1000000".into()));
    assert_eq!(bound(size, "params.a", Some("1.5 GB")), Ok("1.5 GB".into()));
    assert_eq!(bound(size, "params.a", Some("3GB")), Err(vec!["bad-parameter: 3GB".into()]));
    assert_eq!(bound(size, "params.a", Some("999999")), Err(vec!["bad-parameter: 999999".into()]));
    assert_eq!(bound(size, "params.a", Some("512M")), Err(vec!["bad-parameter: 512M".into()]));
    assert_eq!(
        bound("{ type: size, default: 5 }", "params.a", Some("-5")),
        Err(vec!["bad-parameter: -5".into()])
    );
}

#[test]
fn an_enum_is_one_of_its_values() {
    let versions = "{ type: enum, one_of: [\"3.10\", 4, true], default: 4 }";
    for (given, becomes) in [(None, "4"), (Some("3.10"), "3.10"), (Some("4"), "4"), (Some("true"), "true")] {
        assert_eq!(bound(versions, "params.a", given), Ok(becomes.into()));
    }
    assert_eq!(bound(versions, "params.a", Some("3.1")), Err(vec!["bad-parameter: 3.1".into()]));
    assert_eq!(
        bound("{ type: enum, default: x }", "params.a", None),
        Err(vec!["bad-parameter: enum".into()])
    );
}

#[test]
fn lengths_are_limited() {
    let text = "{ type: string, default: abc, min_length: 2, max_length: 3 }";
    assert_eq!(bound(text, "params.a", Some("a")), Err(vec!["bad-parameter: a".into()]));
    assert_eq!(bound(text, "params.a", Some("abcd")), Err(vec!["bad-parameter: abcd".into()]));
    let list = "{ type: array, items: duration, default: [1h], min_items: 1, max_items: 2, maximum: 2h }";
    assert_eq!(bound(list, "params.a | join('+')", Some("[1h, 90m]")), Ok("1h+90m".into()));
    assert_eq!(bound(list, "params.a", Some("[]")), Err(vec!["bad-parameter: []".into()]));
    assert_eq!(
        bound(list, "params.a", Some("[1h, 1h, 1h]")),
        Err(vec!["bad-parameter: [1h, 1h, 1h]".into()])
    );
    assert_eq!(
        bound(list, "params.a", Some("[3h, x]")),
        Err(vec!["bad-parameter: 3h".into(), "bad-parameter: x".into()])
    );
}

#[test]
fn declarations_that_contradict_themselves_are_refused() {
    let error = |declaration: &str| bound(declaration, "params.a", None).unwrap_err();
    assert_eq!(error("{ type: integer, default: 1, minimum: 2, maximum: 1 }")[0], "bad-parameter: 2");
    assert_eq!(error("{ type: duration, default: 1h, minimum: 5 }"), ["bad-parameter: 5"]);
    assert_eq!(error("{ type: integer, default: 1, minimum: 1h }"), ["bad-parameter: 1h"]);
    assert_eq!(error("{ type: string, default: x, min_items: 1 }"), ["bad-parameter: 1"]);
    assert_eq!(error("{ type: array, items: integer, default: [], pattern: x }"), ["bad-parameter: x"]);
    assert_eq!(error("{ type: boolean, default: true, max_length: 1 }"), ["bad-parameter: 1"]);
    assert_eq!(error("{ type: secret, default: { env: A }, one_of: [x] }"), ["bad-parameter: [x]"]);
}

#[test]
fn a_secret_is_a_reference_wherever_it_comes_from() {
    let text = "api_version: batchyard/v1\nname: x\nparameters:\n  token: { type: secret }\njobs:\n  j:\n    pool: { id: p }\n    tasks:\n      t: { command: x, environment: { TOKEN: \"${{ params.token }}\" } }\n";
    for given in ["env:CI_TOKEN", "{ env: CI_TOKEN }", "{\"env\": \"CI_TOKEN\"}"] {
        let loaded = load_with(text, &[("token", given)]).unwrap();
        let task = loaded.desired.jobs["j"].tasks.iter().next().unwrap().unwrap();
        assert_eq!(format!("{:?}", task.environment["TOKEN"]), "Secret(Env(\"CI_TOKEN\"))", "{given}");
    }
    for given in ["hunter2", "env: hunter2", "{ hunter2: }", "{ hunter2", "['hunter2']", "hunter2:env:X"] {
        let report = load_with(text, &[("token", given)]).unwrap_err();
        assert!(report.error_count() > 0);
        let shown = crate::view::diagnostics::human(&report, false);
        assert!(!shown.contains("hunter2") || given.starts_with("{ hunter2: }"), "{given}: {shown}");
    }
    let default = text.replace("{ type: secret }", "{ type: secret, default: hunter2 }");
    let report = load_with(&default, &[]).unwrap_err();
    assert_eq!(report.diagnostics[0].code.name, "plaintext-secret");
    assert!(!crate::view::diagnostics::human(&report, false).contains("hunter2"));
}

#[test]
fn a_secret_stands_where_secrets_belong() {
    let text = "api_version: batchyard/v1\nname: x\nparameters:\n  token: { type: secret, default: { env: A } }\n  plain: { type: string, default: hunter2 }\nregistries:\n  r: { server: r.io, username: u, password: \"${{ params.token }}\" }\n";
    assert!(load_with(text, &[]).is_ok());
    let report = load_with(&text.replace("params.token", "params.plain"), &[]).unwrap_err();
    assert_eq!(summary(&report), ["wrong-type: \"${{ params.plain }}\""]);
    let report = load_with(&text.replace("params.token", "params.token.env"), &[]).unwrap_err();
    assert_eq!(report.diagnostics[0].code.name, "plaintext-secret");
}

#[test]
fn a_secret_is_no_part_of_a_text() {
    let text = |command: &str| {
        format!(
            "api_version: batchyard/v1\nname: x\nparameters:\n  token: {{ type: secret, default: {{ env: A }} }}\njobs:\n  j:\n    pool: {{ id: p }}\n    tasks:\n      t: {{ command: [\"{command}\"] }}\n"
        )
    };
    let error = |command: &str| summary(&load_with(&text(command), &[]).unwrap_err());
    assert_eq!(error("--token=${{ params.token }}"), ["bad-expression: params.token"]);
    assert_eq!(error("${{ params.token | tojson }}"), ["bad-expression: params.token"]);
    assert_eq!(error("${{ params.token.env }}"), ["bad-expression: params.token"]);
    assert_eq!(error("${{ params.token }}"), ["wrong-type: \"${{ params.token }}\""]);
}

#[test]
fn a_finding_names_where_the_value_came_from() {
    let report = load_with(RECIPE, &[("count", "11"), ("rates", "[1, x]")]).unwrap_err();
    let shown = crate::view::diagnostics::human(&report, false);
    for line in ["--> <command line>:1:10", "-p count=11", "--> <command line>:1:14", "-p rates=[1, x]"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recipe.yaml");
    std::fs::write(&path, RECIPE).unwrap();
    let environment = BTreeMap::from([("count".to_owned(), "x".to_owned())]);
    let report = load(&LoadRequest { path, environment, ..LoadRequest::default() }).unwrap_err();
    let shown = crate::view::diagnostics::human(&report, false);
    assert!(shown.contains("--> <environment>:1:23") && shown.contains("BATCHYARD_PARAM_count=x"), "{shown}");
}
