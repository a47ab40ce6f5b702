//! The numbers of a user and of its group come together.

use super::rule::{Check, Rule};
use super::scope::{PoolScope, members};
use crate::diagnostic::{Code, Collector, Example, Severity};

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "uid-without-gid",
        severity: Severity::Error,
        summary: "an account has a number for the user and none for the group, or the reverse",
        explanation: "Azure Batch takes `uid` and `gid` together, or chooses both.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    user_accounts: { solver: { password: { env: SOLVER_PASSWORD }, linux: { uid: ⟦2000⟧ } } }
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
    for account in members(scope.pool.user_accounts.as_ref()).unwrap_or_default() {
        let Some(linux) = account.value.get().and_then(|account| account.linux.as_ref()?.get()) else {
            continue;
        };
        let alone = match (&linux.uid, &linux.gid) {
            (Some(uid), None) => Some((uid.span(), "gid")),
            (None, Some(gid)) => Some((gid.span(), "uid")),
            _ => None,
        };
        if let Some((span, missing)) = alone {
            findings
                .push(RULE.finding(format!("`{missing}` is missing")).at(span, "these two come together"));
        }
    }
}
