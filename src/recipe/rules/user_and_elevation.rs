//! What an account may do is said once.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use crate::diagnostic::{Code, Collector, Example, Severity};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "user-and-elevation",
        severity: Severity::Error,
        summary: "a task says both which account it runs as and what a new one may do",
        explanation: "`user` names an account of the pool, with the rights that the account has; `elevation` is for \
                      the account that Batch makes by itself. Azure Batch refuses a task that has both.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    user_accounts: { solver: { password: { env: SOLVER_PASSWORD } } }
    nodes: { dedicated: 2 }
jobs:
  train:
    pool: workers
    tasks:
      solve: { container: { image: team/solver:2 }, user: solver, elevation: ⟦admin⟧ }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    user_accounts: { solver: { password: { env: SOLVER_PASSWORD }, elevation: admin } }
    nodes: { dedicated: 2 }
jobs:
  train:
    pool: workers
    tasks:
      solve: { container: { image: team/solver:2 }, user: solver }
",
        }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    if let (Some(user), Some(elevation)) = (task.user, task.elevation) {
        findings.push(
            RULE.finding("an account of the pool has rights of its own")
                .at(elevation.span(), "")
                .at(user.span(), "the account")
                .help("give the rights to the account: `user_accounts: { NAME: { elevation: … } }`"),
        );
    }
}
