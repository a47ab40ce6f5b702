//! What `logs` shows, and what it says where there is nothing.

use std::time::Duration;

use super::recipes::{FAILING, SLOW};
use super::stranger::Stranger;
use crate::support::{Emulator, Local, Runtime, Sandbox, Service};

#[test]
fn a_wrong_address_is_answered_with_near_ones() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox
        .run(["logs", "j/ok"])
        .code(1)
        .stderr_contains("no job `j`")
        .stderr_contains("there are none at all");
    sandbox.run(["apply", "recipe.yaml", "-y"]).code(7);
    let near = sandbox.run(["logs", "j/aftr"]);
    near.code(1).stderr_contains("job `j` has no task `aftr`").stderr_contains("did you mean `after`");
    sandbox.run(["logs", "k/ok"]).code(1).stderr_contains("no job `k`").stderr_contains("there are `j`");
    sandbox.run(["logs", "j/x*"]).code(1).stderr_contains("there are no tasks at `j/x*`");
    sandbox.run(["logs", "x*/y"]).code(1).stderr_contains("no job fits `x*`");
    sandbox.run(["logs", "j/.."]).code(64).stderr_contains("is not the address of a task");
}

#[test]
fn silence_is_explained_on_standard_error() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    let Some(emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y"]).code(7);
    let quiet = sandbox.run(["logs", "j/ok", "--stderr"]);
    quiet.success().stderr_contains("j/ok: it ended with exit code 0 and printed nothing to stderr");
    quiet.stderr_contains("--stdout shows them");
    assert_eq!(quiet.stdout, "");
    let blocked = sandbox.run(["logs", "j/later"]);
    blocked.success().stderr_contains("it can't run: a task that it depends on failed: bad");
    Stranger::of(&emulator).task("j", "running", "seconds=600");
    let running = sandbox.run(["logs", "j/running", "--stderr"]);
    running.success().stderr_contains("it is running and has printed nothing so far");
}

#[test]
fn a_task_that_never_ran_says_why() {
    let Some(local) = Local::new(Runtime::Oci) else { return };
    local.sandbox().write(
        "recipe.yaml",
        &FAILING.replace(
            "image: busybox }, command: [\"true\"] }\n      bad",
            "image: \"127.0.0.1:1/none:1\" } }\n      bad",
        ),
    );
    local.run(["apply", "recipe.yaml", "-y"]).code(7);
    let log = local.run(["logs", "j/ok"]);
    log.success()
        .stderr_contains("j/ok: it never ran: ContainerInvalidImage")
        .stderr_contains("127.0.0.1:1/none");
}

#[test]
fn several_tasks_are_shown_one_after_the_other_under_their_names() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y"]).code(7);
    let all = sandbox.run(["logs", "j"]);
    all.success().stdout_contains("==> j/ok <==\nsimulated: `true`").stdout_contains("==> j/bad <==\n");
    all.stderr_contains("j/after: it can't run");
    let some = sandbox.run(["logs", "jobs.?.tasks.B*"]);
    some.success().stdout_contains("==> j/bad <==\n(ended with exit code 3: FailureExitCode");
    assert!(!some.stdout.contains("j/ok"), "{some}");
    for named in [&["--failed", "recipe.yaml"][..], &["--failed", "j"], &["--failed", "j/*"]] {
        let failed = sandbox.run(["logs"].iter().chain(named));
        failed.success().stdout_contains("==> j/bad stdout <==\n(ended with exit code 3");
        assert!(!failed.stdout.contains("j/ok"), "{failed}");
    }
    let followed = sandbox.run(["logs", "recipe.yaml", "-f"]);
    followed
        .code(7)
        .stdout_contains("j/ok | simulated: `true`")
        .stdout_contains("j/bad | simulated: `false`");
    followed.stderr_contains("j/bad ended with exit code 3: FailureExitCode");
    sandbox.run(["logs", "--failed", "j/ok"]).success().stderr_contains("No task failed.");
}

#[test]
fn the_recipe_of_this_folder_is_meant_where_none_is_named() {
    let sandbox = Sandbox::new().file("recipe.yaml", FAILING);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "-y"]).code(7);
    sandbox.run(["logs", "--failed"]).success().stdout_contains("==> j/bad stdout <==");
    sandbox.run(["logs"]).success().stdout_contains("==> j/ok <==");
}

#[test]
fn output_comes_as_it_was_printed_byte_for_byte_and_as_it_grows() {
    let Some(registry) = Service::Registry.address() else { return };
    let Some(local) = Local::new(Runtime::Oci) else { return };
    local.sandbox().write(
        "recipe.yaml",
        &format!(
            r#"api_version: batchyard/v1
name: bytes
pools:
  p: {{ vm_size: Standard_D2s_v3, image: ubuntu-22.04-container, container: {{}}, nodes: {{ dedicated: 1 }} }}
jobs:
  j:
    pool: p
    tasks:
      colours:
        container: {{ image: "{registry}/busybox:latest" }}
        command: ["/bin/sh", "-c", "printf '\\033[31mred\\033[0m\\r\\n\\000end'; echo oops >&2"]
      steady:
        container: {{ image: "{registry}/busybox:latest" }}
        command: ["/bin/sh", "-c", "for i in 1 2 3; do echo line $i; sleep 1; done; exit 5"]
"#
        ),
    );
    let mut applying = local.command(["apply", "recipe.yaml", "-y"]).start();
    applying.wait_for_line(Duration::from_secs(60), |line| line.contains("record tasks").then_some(()));
    let followed = local.run(["logs", "j/steady", "-f"]);
    applying.wait(Duration::from_secs(60)).code(7);
    assert_eq!(followed.stdout, "line 1\nline 2\nline 3\n", "{followed}");
    followed.code(7).stderr_contains("j/steady ended with exit code 5");
    let log = local.run(["logs", "j/colours"]);
    assert_eq!(log.stdout, "\u{1b}[31mred\u{1b}[0m\r\n\0end");
    local.run(["logs", "j/colours", "--both"]).success().stdout_contains("==> j/colours stderr <==\noops\n");
}

#[test]
fn a_task_that_has_not_begun_shows_nothing_and_says_so() {
    let sandbox = Sandbox::new().file("recipe.yaml", SLOW);
    let Some(_emulator) = Emulator::start(&sandbox, Runtime::Simulated) else { return };
    sandbox.run(["apply", "recipe.yaml", "-y", "--no-wait"]).success();
    let log = sandbox.run(["logs", "j/next"]);
    log.success().stderr_contains("it has not run yet: tasks that it depends on have not ended: long");
}
