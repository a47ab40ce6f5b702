//! Installing needs the rights of an administrator.

use super::any_task::{AnyTask, TaskKind};
use super::program::Program;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};

/// Programs that only root can use to any effect.
const ROOT: &[&str] = &[
    "apt",
    "apt-get",
    "dnf",
    "dpkg",
    "groupadd",
    "insmod",
    "modprobe",
    "mount",
    "service",
    "sysctl",
    "systemctl",
    "tdnf",
    "useradd",
    "yum",
    "zypper",
];

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "needs-admin",
        severity: Severity::Warning,
        summary: "a start task installs or configures something as an ordinary user",
        explanation: "Start tasks run as an ordinary user unless they say `elevation: admin`; as such they can neither \
                      install packages nor mount file systems.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    start_task: { command: ⟦apt-get install -y nfs-common⟧ }
    nodes: { dedicated: 1 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    start_task: { command: apt-get install -y nfs-common, elevation: admin }
    nodes: { dedicated: 1 }
",
        }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    if task.kind != TaskKind::Start || task.container.is_some() || task.is_admin() != Some(false) {
        return;
    }
    let Some(command) = task.command else { return };
    let Some(program) = task.program() else { return };
    let Some(tool) = needs_root(program) else { return };
    findings.push(
        RULE.finding(format!("`{tool}` needs the rights of an administrator"))
            .at(command.span(), "")
            .help("add `elevation: admin`"),
    );
}

/// The program, or the first one of a line of the shell, that only root can use.
fn needs_root(program: &Program) -> Option<&'static str> {
    let name = program.name();
    let listed = |name: &str| ROOT.iter().find(|tool| **tool == name).copied();
    if !matches!(name.as_str(), "sh" | "bash") {
        return listed(&name);
    }
    let script = program.words.last()?;
    let mut lines = script.split(['\n', ';', '&', '|']);
    lines.find_map(|line| listed(line.split_whitespace().next()?))
}
