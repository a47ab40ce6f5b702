//! Windows mounts Azure Files only.

use super::platform::{Platform, platform};
use super::rule::{Check, Rule};
use super::scope::PoolScope;
use crate::diagnostic::{Code, Collector, Example, Severity};
use crate::recipe::document::Field;

pub(super) static RULE: Rule = Rule {
    code: Code {
        name: "file-system-platform",
        severity: Severity::Warning,
        summary: "nodes of Windows are to mount what only Linux can",
        explanation: "Nodes of Windows mount shares of Azure Files. Containers of Blob Storage, NFS and CIFS are for \
                      nodes of Linux.",
        examples: &[Example {
            bad: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: { publisher: microsoftwindowsserver, offer: windowsserver, sku: 2022-datacenter-core }
    node_agent_sku: batch.node.windows amd64
    mounts: { data: { nfs: ⟦{ source: \"10.0.0.4:/data\" }⟧ } }
    nodes: { dedicated: 2 }
",
            good: "\
pools:
  workers:
    vm_size: Standard_D2s_v3
    image: ubuntu-24.04
    mounts: { data: { nfs: { source: \"10.0.0.4:/data\" } } }
    nodes: { dedicated: 2 }
",
        }],
    },
    checks: &[Check::Pool(check)],
};

fn check(scope: &PoolScope<'_>, findings: &mut Collector) {
    if platform(scope.pool) != Some(Platform::Windows) {
        return;
    }
    let file_systems = scope.pool.mounts.as_ref().and_then(Field::get);
    for entry in file_systems.into_iter().flat_map(|file_systems| file_systems.0.iter()) {
        let Some(file_system) = entry.value.get() else { continue };
        let places = [
            file_system.azure_blob.as_ref().map(Field::span),
            file_system.nfs.as_ref().map(Field::span),
            file_system.cifs.as_ref().map(Field::span),
        ];
        for span in places.into_iter().flatten() {
            findings.push(
                RULE.finding("nodes of Windows mount shares of Azure Files only")
                    .at(span, "")
                    .at(scope.pool.image.span(), "an image of Windows"),
            );
        }
    }
}
