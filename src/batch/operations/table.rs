//! The one table of routes: the client's methods, the emulator's routes and the page on what the emulator does all come from it.

use super::{applications, job_schedules, jobs, node_files, nodes, pools, task_files, tasks};
use crate::batch::operation::OperationSpec;

/// Every operation, once, by family.
pub const FAMILIES: &[&[OperationSpec]] = &[
    pools::SPECS,
    nodes::SPECS,
    node_files::SPECS,
    jobs::SPECS,
    job_schedules::SPECS,
    tasks::SPECS,
    task_files::SPECS,
    applications::SPECS,
];

/// Every operation, once.
pub fn every_operation() -> impl Iterator<Item = &'static OperationSpec> {
    FAMILIES.iter().copied().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_table_holds_the_72_operations_of_2025_06_01_once_each() {
        let names: BTreeSet<_> = every_operation().map(|spec| spec.name).collect();
        let routes: BTreeSet<_> = every_operation().map(|spec| (spec.method.as_str(), spec.path)).collect();
        assert_eq!((names.len(), routes.len(), every_operation().count()), (72, 72, 72));
    }
}
