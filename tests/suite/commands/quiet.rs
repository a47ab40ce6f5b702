//! `--quiet` is silent about what went well, and never about what did not.

use super::recipes::{FAILING, WITHOUT_POOL};
use crate::support::{Emulator, Runtime, Sandbox};

#[test]
fn success_is_silent() {
    let sandbox = Sandbox::new().file("recipe.yaml", &FAILING.replace("exit=3", "exit=0"));
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    for command in [
        &["plan", "recipe.yaml"][..],
        &["apply", "recipe.yaml", "-y"],
        &["apply", "recipe.yaml", "-y"],
        &["status", "recipe.yaml"],
        &["status", "recipe.yaml", "--watch"],
        &["logs", "j/ok", "--stderr"],
        &["logs", "--failed", "recipe.yaml"],
        &["destroy", "recipe.yaml", "-y"],
        &["new", "hello", "here"],
    ] {
        let output = sandbox.run(command.iter().chain(&["--quiet"]));
        output.success();
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("", ""), "{output}");
    }
}

#[test]
fn failure_is_told_on_standard_error() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING).file("homeless.yaml", WITHOUT_POOL);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let refused = sandbox.run(["apply", "recipe.yaml", "-q"]);
    refused.code(4).stderr_contains("--auto-approve");
    let failed = sandbox.run(["apply", "recipe.yaml", "-y", "-q"]);
    failed.code(7).stderr_contains("✗ j/bad: exit 3").stderr_contains("FailureExitCode");
    failed.stderr_contains("2 tasks can't run: a task that it depends on failed: bad");
    assert!(!failed.stderr.contains("j/ok"), "{failed}");
    assert_eq!(failed.stdout, "");
    sandbox.run(["apply", "recipe.yaml", "-y", "-q"]).code(7).stderr_contains("failed earlier");
    sandbox.run(["status", "recipe.yaml", "-q"]).code(7).stderr_contains("✗ j/bad: exit 3");
    sandbox.run(["logs", "j/after", "-q", "-f"]).code(7).stderr_contains("it can't run");
    sandbox
        .run(["apply", "homeless.yaml", "-y", "-q"])
        .code(7)
        .stderr_contains("pool not-there does not exist");
}
