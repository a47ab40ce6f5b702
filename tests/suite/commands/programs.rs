//! What programs read: `--format json`, as `docs/output.md` describes it.

use serde_json::Value;

use super::recipes::FAILING;
use crate::support::{Emulator, Output, Runtime, Sandbox};

fn kinds(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["type"].as_str().unwrap()).collect()
}

/// The error of a command, which is the last line of its standard output.
fn error(output: &Output) -> Value {
    let lines = output.json_lines();
    let last = lines.last().unwrap();
    assert_eq!((&last["type"], &last["format_version"]), (&"error".into(), &"1.0".into()), "{output}");
    assert_eq!(last["error"]["exit_code"], output.code.unwrap(), "{output}");
    last["error"].clone()
}

#[test]
fn apply_and_destroy_are_streams_with_a_result_at_their_end() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let applied = sandbox.run(["apply", "recipe.yaml", "-y", "--format", "json"]);
    applied.code(7);
    let lines = applied.json_lines();
    assert_eq!((&lines[0]["type"], &lines[0]["format_version"]), (&"begin".into(), &"1.0".into()));
    assert_eq!((&lines[0]["command"], &lines[1]["type"]), (&"apply".into(), &"plan".into()));
    let kinds = kinds(&lines);
    for (kind, count) in [("step_started", 4), ("step_ended", 4), ("task_ended", 2), ("result", 1)] {
        assert_eq!(kinds.iter().filter(|it| **it == kind).count(), count, "{kind}\n{applied}");
    }
    let step = lines.iter().find(|line| line["type"] == "step_ended").unwrap();
    assert_eq!((&step["address"], &step["action"]), (&"pools.p".into(), &"create pool".into()));
    assert_eq!((&step["outcome"], &step["error"]), (&"done".into(), &Value::Null));
    let bad = lines.iter().find(|line| line["task"] == "bad").unwrap();
    assert_eq!((&bad["exit_code"], &bad["failure"]["code"]), (&3.into(), &"FailureExitCode".into()));
    let result = lines.last().unwrap();
    assert_eq!((&result["exit_code"], &result["changed"]), (&7.into(), &true.into()));
    assert_eq!((&result["steps"]["done"], &result["waited"]), (&4.into(), &"nothing_more".into()));
    let job = &result["jobs"][0];
    assert_eq!((&job["job"], &job["succeeded"], &job["failed"]), (&"j".into(), &1.into(), &1.into()));
    assert_eq!((&job["held"][0]["kind"], &job["held"][0]["tasks"]), (&"blocked".into(), &2.into()));

    let again = sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait", "--format", "json"]);
    let result = again.code(7).json_lines().pop().unwrap();
    assert_eq!((&result["changed"], &result["failed_earlier"]), (&false.into(), &1.into()));
    assert_eq!((&result["steps"], &result["jobs"]), (&Value::Null, &Value::Null));

    let destroyed = sandbox.run(["destroy", "recipe.yaml", "-y", "--format", "json"]);
    let result = destroyed.success().json_lines().pop().unwrap();
    assert_eq!((&result["type"], &result["steps"]["total"]), (&"result".into(), &2.into()));
    let nothing = sandbox.run(["destroy", "recipe.yaml", "-y", "--format", "json"]);
    let result = nothing.success().json_lines().pop().unwrap();
    assert_eq!((&result["changed"], &result["steps"]), (&false.into(), &Value::Null));
}

#[test]
fn status_is_one_document() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y"]).code(7);
    let status = sandbox.run(["status", "recipe.yaml", "--format", "json"]);
    let status = status.code(7).json();
    assert_eq!((&status["type"], &status["format_version"]), (&"status".into(), &"1.0".into()));
    assert_eq!((&status["healthy"], &status["over"]), (&false.into(), &true.into()));
    assert_eq!((&status["pools"][0]["id"], &status["pools"][0]["nodes"]["idle"]), (&"p".into(), &1.into()));
    let job = &status["jobs"][0];
    assert_eq!((&job["tasks"]["failed"], &job["failures"][0]["task"]), (&1.into(), &"bad".into()));
    let held = &job["held"][0];
    assert_eq!((&held["is_final"], &held["failed"][0]), (&true.into(), &"bad".into()));
    assert!(held["message"].is_string() && held["hint"].is_string(), "{held}");
}

#[test]
fn logs_are_lines() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y"]).code(7);
    for more in [&["j/ok"][..], &["j/ok", "--follow"]] {
        let lines = sandbox.run(["logs", "--format", "json"].iter().chain(more)).success().json_lines();
        assert_eq!(kinds(&lines), ["begin", "log", "result"]);
        assert_eq!(
            (&lines[1]["job"], &lines[1]["task"], &lines[1]["stream"]),
            (&"j".into(), &"ok".into(), &"stdout".into())
        );
        assert!(lines[1]["line"].as_str().unwrap().starts_with("simulated: "));
    }
    let blocked = sandbox.run(["logs", "--format", "json", "j/later"]).success().json_lines();
    assert_eq!(kinds(&blocked), ["begin", "silent", "result"]);
    assert_eq!((&blocked[1]["task"], &blocked[1]["is_final"]), (&"later".into(), &true.into()));
}

#[test]
fn new_and_schema_are_documents() {
    let sandbox = Sandbox::new();
    let made = sandbox.run(["new", "hello", "here", "--format", "json"]).success().json();
    assert_eq!((&made["type"], &made["folder"]), (&"new".into(), &"here".into()));
    let files = ["here/README.md", "here/params.yaml", "here/recipe.yaml"];
    assert_eq!((&made["files"], &made["version"]), (&serde_json::json!(files), &1.into()));
    let library = sandbox.run(["new", "--list", "--format", "json"]).success().json();
    assert_eq!(library["type"], "library");
    assert!(library["recipes"].as_array().unwrap().iter().any(|recipe| recipe["name"] == "hello"));
    let schema = sandbox.run(["schema", "--format", "json"]).success().json();
    assert!(schema["$schema"].is_string());
}

#[test]
fn errors_are_documents_too() {
    let sandbox = Sandbox::new()
        .file("recipe.yaml", FAILING)
        .file("bad.yaml", "api_version: batchyard/v1\nname: [x]\nnmae: y\n");
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let json = |args: &[&str]| sandbox.run(args.iter().chain(&["--format", "json"]));

    let invalid = error(json(&["plan", "bad.yaml"]).code(3));
    assert_eq!(invalid["code"], "invalid-recipe");
    let finding = &invalid["findings"]["diagnostics"][0];
    assert_eq!((&finding["file"], &finding["line"]), (&"bad.yaml".into(), &2.into()));
    let usage = error(json(&["aply"]).code(64));
    assert_eq!(usage["code"], "usage");
    assert!(usage["hint"].as_str().unwrap().contains("'apply'"), "{usage}");
    let unconfirmed = error(json(&["apply", "recipe.yaml"]).code(4));
    assert_eq!(unconfirmed["code"], "blocked");
    assert!(unconfirmed["hint"].as_str().unwrap().contains("--auto-approve"));
    let missing = error(json(&["logs", "nowhere/t"]).code(1));
    assert_eq!((&missing["code"], &missing["service"]), (&"error".into(), &Value::Null));

    sandbox.run(["apply", "recipe.yaml", "-y"]).code(7);
    sandbox.write("other.yaml", &FAILING.replace("name: failing", "name: other"));
    let conflict = error(json(&["apply", "other.yaml", "-y"]).code(5));
    assert_eq!((&conflict["code"], &conflict["place"]["line"]), (&"conflict".into(), &4.into()));
    assert!(conflict["causes"][0].as_str().unwrap().contains("belongs to the recipe `failing`"));
    sandbox.write("recipe.yaml", &FAILING.replace("Standard_D2s_v3", "Standard_D4s_v3"));
    let blocked = error(json(&["apply", "recipe.yaml", "-y"]).code(4));
    assert_eq!((&blocked["code"], &blocked["place"]["column"]), (&"blocked".into(), &8.into()));
}

#[test]
fn an_account_that_says_no_is_quoted() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let output = sandbox
        .command(["plan", "recipe.yaml", "--account", emulator.endpoint(), "--format", "json"])
        .env("AZURE_BATCH_ACCOUNT", emulator.account())
        .env("AZURE_BATCH_ACCESS_KEY", "d3Jvbmc=")
        .run();
    let refused = error(output.code(1));
    assert_eq!(
        (&refused["service"]["code"], &refused["service"]["status"]),
        (&"AuthenticationFailed".into(), &403.into())
    );
    assert!(refused["service"]["request_id"].is_string());
}

#[test]
fn a_new_recipe_is_called_like_its_folder_and_names_no_schema_that_is_not_there() {
    let sandbox = Sandbox::new();
    sandbox.run(["new", "hello", "first"]).success();
    sandbox.run(["new", "hello", "deep/second"]).success();
    sandbox.run(["new", "hello", "No Name"]).success();
    for (folder, name) in [("first", "first"), ("deep/second", "second"), ("No Name", "hello")] {
        let text = sandbox.read(&format!("{folder}/recipe.yaml"));
        assert!(text.starts_with(&format!("api_version: batchyard/v1\nname: {name}\n")), "{text}");
        sandbox.run(["validate", folder]).success();
    }
    let unknown = sandbox.run(["new", "nope"]);
    unknown.code(64).never_mentions("did you mean").stderr_contains("batchyard new --list");
}
