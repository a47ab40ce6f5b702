//! A container is opened with one key.

use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "file-system-access",
        severity: Severity::Error,
        summary: "a container is mounted with no key, or with several",
        explanation: "A container of Azure Blob Storage is mounted with exactly one of `account_key`, `sas_key` and \
                      `identity`.",
        examples: &[Example {
                bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    mounts: { data: { azure_blob: ⟦{ account_name: data, container_name: in }⟧ } }
    nodes: { dedicated: 2 }
",
                good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-22.04-container
    container: {}
    mounts: { data: { azure_blob: { account_name: data, container_name: in, account_key: { env: DATA_KEY } } } }
    nodes: { dedicated: 2 }
",
            }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    let file_systems = scope.pool.mounts.as_ref().and_then(Field::get);
    for entry in file_systems.into_iter().flat_map(|file_systems| file_systems.0.iter()) {
        let Some(field) = entry.value.get().and_then(|file_system| file_system.azure_blob.as_ref()) else {
            continue;
        };
        let Some(blob) = field.get() else { continue };
        let keys = [blob.account_key.is_some(), blob.sas_key.is_some(), blob.identity.is_some()];
        let message = match keys.iter().filter(|there| **there).count() {
            0 => "nothing opens this container: add `account_key`, `sas_key` or `identity`",
            1 => continue,
            _ => "the container is opened with more than one key",
        };
        findings.push(RULE.finding(message).at(field.span(), ""));
    }
}
