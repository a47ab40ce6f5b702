//! A task runs as a user that is there.

use super::any_task::AnyTask;
use super::rule::{Check, Rule};
use super::scope::members;
use crate::diagnostic::{Code, Collector, Example, Severity, quote};
use crate::recipe::suggest;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "unknown-user",
        severity: Severity::Error,
        summary: "a task runs as a user that its pool does not have",
        explanation: "`user` is the name of an account under the pool's `user_accounts`. Without `user` Batch makes an \
                      account by itself.",
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
      solve: { container: { image: team/solver:2 }, user: ⟦sovler⟧ }
",
            good: "\
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
      solve: { container: { image: team/solver:2 }, user: solver }
",
        }],
    },
    checks: &[Check::AnyTask(check)],
};

fn check(task: &AnyTask<'_>, findings: &mut Collector) {
    let (Some(pool), Some(user)) = (task.pool, task.user) else { return };
    let (Some(accounts), Some(name)) = (members(pool.user_accounts.as_ref()), user.get()) else { return };
    if accounts.iter().any(|account| account.name.eq_ignore_ascii_case(name)) {
        return;
    }
    let names = || accounts.iter().map(|account| account.name.as_str());
    let near = suggest::nearest(name, names()).map(|near| format!("did you mean `{near}`?"));
    let finding = RULE.finding(format!("the pool has no user {}", quote(name))).at(user.span(), "");
    findings.push(match (near, accounts.is_empty()) {
        (Some(near), _) => finding.help(near),
        (None, true) => finding.help("declare it under the pool's `user_accounts`"),
        (None, false) => finding.help(format!("it has {}", suggest::list(names().map(str::to_owned)))),
    });
}
