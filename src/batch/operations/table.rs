//! The one table of routes: the client's methods, the emulator's routes and the page on what the emulator does all come from it.

use http::Method;

use super::{
    applications, certificates, job_schedules, jobs, node_agents, node_files, nodes, pools, remote_desktop,
    task_files, tasks,
};
use crate::batch::ApiVersion;
use crate::batch::operation::OperationSpec;

/// Every operation of the present version, once, by family.
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

/// What versions since 2017-09-01.6.0 had and the present one has not, under the names of their time.
pub const RETIRED: &[&[OperationSpec]] =
    &[certificates::SPECS, remote_desktop::SPECS, node_agents::SPECS, UNDECLARED];

/// Operations that nobody here asks for and nobody carries out.
const UNDECLARED: &[OperationSpec] = &[
    OperationSpec {
        name: "Pool_UpgradeOS",
        method: Method::POST,
        path: "/pools/{poolId}/upgradeos",
        success: 202,
        until: Some(ApiVersion::V2018_08_01),
    },
    OperationSpec {
        name: "Pool_GetAllLifetimeStatistics",
        method: Method::GET,
        path: "/lifetimepoolstats",
        success: 200,
        until: Some(ApiVersion::V2022_10_01),
    },
    OperationSpec {
        name: "Job_GetAllLifetimeStatistics",
        method: Method::GET,
        path: "/lifetimejobstats",
        success: 200,
        until: Some(ApiVersion::V2022_10_01),
    },
];

/// Every operation that the present version has no more, once.
pub fn retired_operations() -> impl Iterator<Item = &'static OperationSpec> {
    RETIRED.iter().copied().flatten()
}

/// Every operation of the present version, once.
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
        assert!(every_operation().all(|spec| spec.until.is_none()));
    }

    #[test]
    fn what_is_retired_has_a_last_version_and_no_route_of_the_present() {
        for spec in retired_operations() {
            assert!(spec.until.is_some_and(|last| last < ApiVersion::CURRENT), "{}", spec.name);
            let again = every_operation().any(|now| now.method == spec.method && now.path == spec.path);
            assert!(!again, "{} is still there", spec.name);
        }
        let names: BTreeSet<_> = retired_operations().map(|spec| spec.name).collect();
        assert_eq!((names.len(), retired_operations().count()), (10, 10));
    }
}
