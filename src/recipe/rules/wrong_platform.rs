//! Linux has no `cmd`, and Windows no `/bin/sh`.

use super::any_task::AnyTask;
use super::platform::{Platform, platform};
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "wrong-platform",
        severity: Severity::Warning,
        summary: "a command of one operating system on nodes of the other",
        explanation: "The image of a pool decides whether its nodes, and the containers on them, are Linux or Windows.",
        examples: &[
            Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-24.04
    nodes: { dedicated: 1 }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { command: ⟦cmd /c train⟧ }
",
                good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-24.04
    nodes: { dedicated: 1 }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { command: /bin/sh -c train }
",
            },
            Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: { publisher: microsoftwindowsserver, offer: windowsserver, sku: 2022-datacenter-core }
    node_agent_sku: batch.node.windows amd64
    nodes: { dedicated: 1 }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { command: ⟦/bin/sh -c train⟧ }
",
                good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: { publisher: microsoftwindowsserver, offer: windowsserver, sku: 2022-datacenter-core }
    node_agent_sku: batch.node.windows amd64
    nodes: { dedicated: 1 }
jobs:
  train:
    pool: workers
    tasks:
      epoch: { command: cmd /c train }
",
            },
        ],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let Some(pool) = task.pool else { return };
    let (Some(platform), Some(command)) = (platform(pool), task.command) else { return };
    let Some(program) = task.program() else { return };
    let word = program.words.first().map(String::as_str).unwrap_or_default();
    let (wrong, expected) = match platform {
        Platform::Linux => (is_of_windows(word, &program.name()), "Linux"),
        Platform::Windows => (is_of_linux(word), "Windows"),
    };
    if wrong {
        findings.push(
            RULE.finding(format!("nodes of this pool run {expected}"))
                .at(command.span(), "")
                .at(pool.image.span(), format!("an image of {expected}")),
        );
    }
}

fn is_of_windows(word: &str, name: &str) -> bool {
    let has_drive = word.get(1..3).is_some_and(|start| start == ":\\" || start == ":/");
    has_drive || matches!(name, "cmd" | "powershell") || word.to_ascii_lowercase().ends_with(".exe")
}

fn is_of_linux(word: &str) -> bool {
    ["/bin/", "/usr/", "/sbin/", "/opt/"].iter().any(|folder| word.starts_with(folder))
}
