//! Every exit code of `docs/exit-codes.md` can be reached, and there are no others.

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::process::Signal;

use super::recipes::{FAILING, SLOW, WITHOUT_POOL, on_pool};
use crate::support::{Emulator, Output, Runtime, Sandbox};

/// The codes that the documentation lists.
fn documented() -> BTreeSet<i32> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/exit-codes.md")).unwrap();
    let cells = page.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" |"));
    cells.filter_map(|(code, _)| code.trim().parse().ok()).collect()
}

#[test]
fn each_documented_exit_code_is_what_a_command_ends_with() {
    let sandbox = Sandbox::new()
        .file("good.yaml", &on_pool("nodes: { dedicated: 1 }"))
        .file("theirs.yaml", &on_pool("nodes: { dedicated: 1 }").replace("name: waiting", "name: theirs"))
        .file("bad.yaml", "nmae: x\n")
        .file(
            "failing.yaml",
            &FAILING.replace("  p:", "  f:").replace("pool: p", "pool: f").replace("  j:", "  g:"),
        )
        .file(
            "slow.yaml",
            &SLOW.replace("  p:", "  s:").replace("pool: p", "pool: s").replace("  j:", "  t:"),
        )
        .file("homeless.yaml", WITHOUT_POOL);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    let mut reached = BTreeSet::new();
    let mut reach = |code: i32, args: &[&str]| {
        sandbox.run(args).code(code);
        reached.insert(code);
    };
    reach(2, &["plan", "good.yaml", "--detailed-exitcode"]);
    reach(4, &["apply", "good.yaml"]);
    reach(0, &["apply", "good.yaml", "-y"]);
    reach(0, &["plan", "good.yaml", "--detailed-exitcode"]);
    reach(3, &["apply", "bad.yaml", "-y"]);
    reach(5, &["apply", "theirs.yaml", "-y"]);
    reach(5, &["plan", "theirs.yaml"]);
    reach(7, &["apply", "failing.yaml", "-y"]);
    reach(7, &["apply", "homeless.yaml", "-y"]);
    reach(64, &["plan", "--no-such-flag"]);
    reach(1, &["logs", "no-such-job/t"]);
    sandbox.write("good.yaml", &on_pool("nodes: { dedicated: 1200 }"));
    reach(6, &["apply", "good.yaml", "-y"]);

    let mut waiting = sandbox.command(["apply", "slow.yaml", "-y"]).start();
    waiting.wait_for_line(Duration::from_secs(60), |line| line.contains("Applied.").then_some(()));
    waiting.signal(Signal::INT);
    waiting.wait(Duration::from_secs(30)).code(130);
    reached.insert(130);
    without_reader(&sandbox, &["plan", "good.yaml"]).code(141);
    reached.insert(141);
    assert_eq!(reached, documented());
}

/// Runs a command whose standard output nobody reads any more.
fn without_reader(sandbox: &Sandbox, args: &[&str]) -> Output {
    let script = "{ sleep 0.5; \"$0\" \"$@\"; } | true; exit ${PIPESTATUS[0]}";
    let program = ["-c", script, env!("CARGO_BIN_EXE_batchyard")];
    sandbox.program("bash").args(program.iter().chain(args)).run()
}

#[test]
fn changes_are_carried_through_though_nobody_reads_of_them() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    without_reader(&sandbox, &["apply", "recipe.yaml", "-y"]).code(7);
    sandbox.run(["plan", "recipe.yaml", "--detailed-exitcode"]).success();
    without_reader(&sandbox, &["destroy", "recipe.yaml", "-y", "--format", "json"]).success();
    sandbox.run(["status", "recipe.yaml"]).stdout_contains("Nothing of this recipe is in the account");
}
