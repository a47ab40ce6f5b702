//! Plans that are kept in files, looked at, and applied if they still hold.

use crate::support::{Emulator, Runtime, Sandbox};

const RECIPE: &str = r#"api_version: batchyard/v1
name: kept
parameters:
  nodes: { type: integer, default: 1 }
  word: { type: string, default: first }
pools:
  p: { vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {}, nodes: { dedicated: "${{ params.nodes }}" } }
jobs:
  j:
    pool: p
    priority: 5
    tasks:
      t: { container: { image: busybox }, command: [echo, "${{ params.word }}"], environment: { TOKEN: { env: TOKEN } } }
"#;

fn apply(sandbox: &Sandbox, args: &[&str]) -> crate::support::Output {
    sandbox.command(["apply", "--no-wait"].iter().chain(args)).env("TOKEN", "hunter2").run()
}

#[test]
fn a_kept_plan_does_what_it_says_and_nobody_is_asked_again() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let made = sandbox.command(["plan", "recipe.yaml", "-p", "nodes=2", "--out", "my.plan"]);
    let made = made.env("TOKEN", "hunter2").run();
    made.success().stdout_contains("Kept in my.plan; `batchyard apply my.plan` does it.");
    assert!(!sandbox.read("my.plan").contains("hunter2"));
    let shown = sandbox.run(["show", "my.plan"]);
    shown.success().stdout_contains("nodes.dedicated = 2").stdout_contains("Plan: 3 to create.");
    let json = sandbox.run(["show", "my.plan", "--format", "json"]).json();
    assert_eq!(json["resource_changes"][0]["change"]["actions"], serde_json::json!(["create"]));
    let markdown = sandbox.run(["show", "my.plan", "--format", "markdown"]);
    markdown.success().stdout_contains("### Plan for `kept`").stdout_contains("```text\n  + pools.p");
    apply(&sandbox, &["my.plan", "--no-input"]).success().stdout_contains("Applied.");
    sandbox.run(["plan", "recipe.yaml", "-p", "nodes=2"]).success().stdout_contains("No changes.");
}

#[test]
fn a_plan_that_no_longer_holds_is_refused_with_what_moved() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox, &["recipe.yaml", "-y"]).success();
    sandbox.run(["plan", "recipe.yaml", "-p", "nodes=3", "--out", "my.plan"]).success();
    // Somebody else resizes the pool meanwhile.
    apply(&sandbox, &["recipe.yaml", "-y", "-p", "nodes=2"]).success();
    let refused = apply(&sandbox, &["my.plan"]);
    refused.code(5).stderr_contains("the plan no longer holds; nothing was changed");
    refused.stderr_contains("pools.p: `nodes.dedicated` was 1 when the plan was made, and is 2 now");
    sandbox.run(["plan", "recipe.yaml", "-p", "nodes=2"]).success().stdout_contains("No changes.");
    // The recipe says something else meanwhile.
    sandbox.run(["plan", "recipe.yaml", "-p", "nodes=2", "--out", "my.plan"]).success();
    sandbox.write("recipe.yaml", &RECIPE.replace("priority: 5", "priority: 9"));
    let refused = apply(&sandbox, &["my.plan"]);
    refused.code(5).stderr_contains("jobs.j: the recipe asked for `priority` 5, and asks for 9 now");
    // A task was added meanwhile.
    sandbox.write("recipe.yaml", &RECIPE.replace("priority: 5", "priority: 6"));
    sandbox.run(["plan", "recipe.yaml", "-p", "nodes=2", "--out", "my.plan"]).success();
    let task = "      u: { container: { image: busybox }, command: [echo, u] }\n";
    sandbox.write("recipe.yaml", &format!("{}{task}", RECIPE.replace("priority: 5", "priority: 6")));
    let refused = apply(&sandbox, &["my.plan"]);
    refused.code(5).stderr_contains("the plan counts 0 for `tasks.add`, and it would be 1 now");
}

#[test]
fn nothing_is_applied_that_was_not_looked_at_although_the_plan_shows_too_little_to_tell() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["plan", "recipe.yaml", "--out", "my.plan"]).success();
    // As many tasks of the same names, and a pool and a job of the same fields.
    sandbox.write("recipe.yaml", &RECIPE.replace("[echo,", "[rm,"));
    let refused = apply(&sandbox, &["my.plan"]);
    refused.code(5).stderr_contains("jobs.j.tasks: the recipe asks for something else there");
    sandbox.run(["plan", "recipe.yaml"]).success().stdout_contains("Plan: 3 to create.");
    sandbox.write("recipe.yaml", RECIPE);
    apply(&sandbox, &["my.plan"]).success();
}

#[test]
fn a_kept_plan_takes_no_other_parameters_and_bad_files_are_named() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["plan", "recipe.yaml", "--out", "my.plan"]).success();
    apply(&sandbox, &["my.plan", "-p", "nodes=2"]).code(64).stderr_contains("takes no others");
    apply(&sandbox, &["my.plan", "--prune"]).code(64).stderr_contains("takes no others");
    sandbox.run(["show", "recipe.yaml"]).code(64).stderr_contains("recipe.yaml holds no plan");
    sandbox.run(["show", "missing.plan"]).code(64).stderr_contains("missing.plan can't be read");
    let text = sandbox.read("my.plan");
    let half: String = text.chars().take(text.len() / 2).collect();
    sandbox.write("cut.plan", &half);
    sandbox.run(["show", "cut.plan"]).code(64).stderr_contains("cut.plan is a plan that can't be read");
    apply(&sandbox, &["cut.plan"]).code(64).stderr_contains("cut.plan is a plan that can't be read");
    for command in ["plan", "destroy"] {
        let slip = sandbox.run([command, "my.plan"]);
        slip.code(64).stderr_contains("my.plan is a plan that was kept, and no recipe");
    }
    sandbox
        .write("new.plan", &text.replacen("\"format_version\": \"1.0\"", "\"format_version\": \"2.0\"", 1));
    sandbox.run(["show", "new.plan"]).code(64).stderr_contains("is a plan in the form 2.0");
    sandbox.write("odd.plan", &text.replacen("\"adopt\": false", "\"adopt\": 7", 1));
    apply(&sandbox, &["odd.plan"]).code(64).stderr_contains("odd.plan is a plan that can't be read");
    let hostile = text.replacen("\"id\": \"p\"", "\"id\": \"p\\u001b[2J\"", 1);
    assert_ne!(hostile, text);
    sandbox.write("hostile.plan", &hostile);
    let refused = sandbox.run(["show", "hostile.plan"]);
    refused.code(64).stderr_contains("holds characters that no plan has").never_mentions("\u{1b}");
    // A slip must not cost a recipe.
    let slip = sandbox.run(["plan", "recipe.yaml", "--out", "recipe.yaml"]);
    slip.code(64).stderr_contains("recipe.yaml is there already, and holds no plan; nothing was written");
    assert_eq!(sandbox.read("recipe.yaml"), RECIPE);
    sandbox.run(["plan", "recipe.yaml", "--out", "/dev/null"]).code(64);
    sandbox.run(["plan", "recipe.yaml", "--out", "my.plan"]).success();
    let unwritable = sandbox.run(["plan", "recipe.yaml", "--out", "nowhere/my.plan"]);
    unwritable.code(1).stderr_contains("the plan can't be kept in nowhere/my.plan");
}

#[test]
fn a_kept_plan_can_be_to_destroy() {
    let sandbox = Sandbox::new().file("recipe.yaml", RECIPE);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    apply(&sandbox, &["recipe.yaml", "-y"]).success();
    sandbox.run(["plan", "recipe.yaml", "--destroy", "--out", "my.plan"]).success();
    apply(&sandbox, &["my.plan", "--force"]).success();
    sandbox.run(["plan", "recipe.yaml", "--destroy"]).success().stdout_contains("No changes.");
}
