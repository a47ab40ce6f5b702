//! Accounts have settings of their operating system.

use super::platform::{Platform, platform};
use super::rule::{Check, Rule};
use super::scope::{PoolScope, members};
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "user-platform",
        severity: Severity::Warning,
        summary: "an account has settings of another operating system than its pool",
        explanation: "Settings under `linux` belong to accounts of Linux nodes, and have no effect on Windows. Those \
                      under `windows` are refused by Azure Batch on Linux.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    user_accounts: { solver: { password: { env: SOLVER_PASSWORD }, windows: ⟦{ login_mode: batch }⟧ } }
    nodes: { dedicated: 2 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    user_accounts: { solver: { password: { env: SOLVER_PASSWORD }, linux: { uid: 2000, gid: 2000 } } }
    nodes: { dedicated: 2 }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let pool = scope.pool;
    let Some(platform) = platform(pool) else { return };
    for account in members(pool.user_accounts.as_ref()).unwrap_or_default() {
        let Some(account) = account.value.get() else { continue };
        let (wrong, system) = match platform {
            Platform::Linux => (account.windows.as_ref().map(Field::span), "Linux"),
            Platform::Windows => (account.linux.as_ref().map(Field::span), "Windows"),
        };
        if let Some(span) = wrong {
            findings.push(
                RULE.finding(format!("the nodes of the pool run {system}"))
                    .at(span, "")
                    .at(pool.image.span(), format!("an image of {system}")),
            );
        }
    }
}
