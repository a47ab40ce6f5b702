//! Properties that others may change.

use schemars::JsonSchema;
use serde::Deserialize;

/// Names of properties, each with its path in plans.
macro_rules! properties {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident => $path:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $path)] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The path in plans: of the property itself, or of what all that belongs to it begins with.
            pub fn path(self) -> &'static str {
                match self { $(Self::$variant => $path,)* }
            }
        }
    };
}

properties! {
    /// A property of a pool that others may change.
    PoolProperty {
        /// How many nodes there are, and by which formula.
        Nodes => "nodes",
        /// How long an allocation may take.
        ResizeTimeout => "resize_timeout",
        /// The start task.
        StartTask => "start_task",
        /// The name for people.
        DisplayName => "display_name",
        /// The size of the virtual machines.
        VmSize => "vm_size",
        /// The image of the virtual machines.
        Image => "image",
        /// What nodes prepare for containers.
        Container => "container",
        /// How many tasks a node runs at once.
        SlotsPerNode => "slots_per_node",
        /// How tasks are placed on the nodes.
        SchedulingPolicy => "scheduling_policy",
        /// The application packages.
        ApplicationPackages => "application_packages",
        /// The network.
        Network => "network",
        /// The file systems.
        Mounts => "mounts",
        /// The user accounts.
        UserAccounts => "user_accounts",
        /// The extensions.
        Extensions => "extensions",
        /// How the operating system is upgraded.
        UpgradePolicy => "upgrade_policy",
    }
}

properties! {
    /// A property of a job that others may change.
    JobProperty {
        /// The priority among the jobs of a pool.
        Priority => "priority",
        /// How often tasks are run again.
        Retries => "retries",
        /// How long the job may run.
        MaxWallTime => "max_wall_time",
        /// How many tasks run at once.
        MaxParallelTasks => "max_parallel_tasks",
        /// Whether running tasks may be put back in the queue.
        AllowTaskPreemption => "allow_task_preemption",
        /// The network.
        Network => "network",
        /// The environment variables.
        Environment => "environment",
    }
}

properties! {
    /// A property of a job schedule that others may change.
    ScheduleProperty {
        /// When jobs are made.
        Recurrence => "recurrence",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::ApiVersion;
    use crate::resource::MutabilityTable;

    #[test]
    fn every_property_is_one_that_can_differ() {
        let version = ApiVersion::CURRENT;
        let known = |table: MutabilityTable, path: &str| {
            table.rows().any(|(row, _)| row == path || row.split('.').next() == Some(path))
        };
        let pools =
            PoolProperty::ALL.iter().map(|property| (MutabilityTable::of_pools(version), property.path()));
        let jobs =
            JobProperty::ALL.iter().map(|property| (MutabilityTable::of_jobs(version), property.path()));
        let schedules = ScheduleProperty::ALL.iter();
        let schedules = schedules.map(|property| (MutabilityTable::of_schedules(version), property.path()));
        for (table, path) in pools.chain(jobs).chain(schedules) {
            assert!(known(table, path), "{path}");
        }
    }
}
