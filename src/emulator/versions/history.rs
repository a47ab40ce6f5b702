//! Which versions of the API have which properties.
//!
//! Compiled from the official OpenAPI documents of 2017-09-01.6.0, 2018-12-01.8.0, 2022-10-01.16.0, 2024-02-01.19.0 and
//! 2025-06-01, and from the change logs of the SDKs for the versions between; a test compares the two where
//! the documents are at hand.

use crate::batch::{ApiVersion, ApiVersion as V};

/// A property that not every version has.
#[derive(Debug)]
pub(super) struct Property {
    /// The objects that have it: the name of the property that holds them, or of a root (see `place`).
    of: &'static [&'static str],
    /// Its name in the present version, or in the last one that had it.
    pub(super) name: &'static str,
    life: Life,
}

/// In which versions a property is known, and by which name.
#[derive(Debug, Clone, Copy)]
enum Life {
    /// From this version on.
    Since(ApiVersion),
    /// Up to this version.
    Until(ApiVersion),
    /// From one version to another.
    Between(ApiVersion, ApiVersion),
    /// In all but the versions after the first and before the second.
    Except(ApiVersion, ApiVersion),
    /// By another name before this version.
    Renamed { from: &'static str, at: ApiVersion },
}

/// What a version knows of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// As the present version.
    AsNow,
    /// By this older name.
    As(&'static str),
    /// Not at all; the text says which versions do.
    No,
}

const POOL: &[&str] = &["pools", "pool"];
const POOL_PROPERTIES: &[&str] = &["pools", "pool", "PATCH pools", "updateproperties"];
const JOB: &[&str] = &["jobs", "jobSpecification"];
const JOB_CHANGES: &[&str] = &["jobs", "PATCH jobs", "jobSpecification"];
const MACHINE: &[&str] = &["virtualMachineConfiguration"];
const RESOURCE_FILES: &[&str] = &["resourceFiles", "commonResourceFiles"];
const PATCHED: &[&str] = &["PATCH pools"];

const fn property(of: &'static [&'static str], name: &'static str, life: Life) -> Property {
    Property { of, name, life }
}

use Life::{Between, Except, Renamed, Since, Until};

/// The properties that not every version since 2017-09-01.6.0 has.
pub(super) const PROPERTIES: &[Property] = &[
    // Pools.
    property(POOL, "taskSlotsPerNode", Renamed { from: "maxTasksPerNode", at: V::V2020_09_01 }),
    property(POOL, "mountConfiguration", Since(V::V2019_08_01)),
    property(POOL, "identity", Since(V::V2021_06_01)),
    property(POOL, "upgradePolicy", Since(V::V2024_02_01)),
    property(POOL_PROPERTIES, "resourceTags", Between(V::V2023_11_01, V::V2024_07_01)),
    property(POOL_PROPERTIES, "targetNodeCommunicationMode", Between(V::V2022_10_01, V::V2024_07_01)),
    property(POOL, "currentNodeCommunicationMode", Between(V::V2022_10_01, V::V2024_07_01)),
    property(POOL_PROPERTIES, "certificateReferences", Until(V::V2024_07_01)),
    property(POOL, "cloudServiceConfiguration", Until(V::V2024_02_01)),
    property(POOL, "applicationLicenses", Until(V::V2024_02_01)),
    // What a change of a pool may touch.
    property(PATCHED, "displayName", Since(V::V2024_07_01)),
    property(PATCHED, "vmSize", Since(V::V2024_07_01)),
    property(PATCHED, "virtualMachineConfiguration", Since(V::V2024_07_01)),
    property(PATCHED, "taskSlotsPerNode", Since(V::V2024_07_01)),
    property(PATCHED, "taskSchedulingPolicy", Since(V::V2024_07_01)),
    property(PATCHED, "enableInterNodeCommunication", Since(V::V2024_07_01)),
    property(PATCHED, "networkConfiguration", Since(V::V2024_07_01)),
    property(PATCHED, "userAccounts", Since(V::V2024_07_01)),
    property(PATCHED, "mountConfiguration", Since(V::V2024_07_01)),
    property(PATCHED, "upgradePolicy", Since(V::V2024_07_01)),
    // Virtual machines.
    property(MACHINE, "osDisk", Except(V::V2018_08_01, V::V2021_06_01)),
    property(MACHINE, "diskEncryptionConfiguration", Since(V::V2020_03_01)),
    property(MACHINE, "nodePlacementConfiguration", Since(V::V2021_06_01)),
    property(MACHINE, "extensions", Since(V::V2021_06_01)),
    property(MACHINE, "securityProfile", Since(V::V2023_11_01)),
    property(MACHINE, "serviceArtifactReference", Since(V::V2023_11_01)),
    property(&["imageReference"], "exactVersion", Since(V::V2021_06_01)),
    property(&["imageReference"], "sharedGalleryImageId", Since(V::V2024_07_01)),
    property(&["imageReference"], "communityGalleryImageId", Since(V::V2024_07_01)),
    property(&["securityProfile"], "proxyAgentSettings", Since(V::V2025_06_01)),
    property(&["dataDisks"], "managedDisk", Since(V::V2025_06_01)),
    property(&["dataDisks"], "storageAccountType", Until(V::V2024_07_01)),
    property(&["osDisk"], "ephemeralOSDiskSettings", Since(V::V2021_06_01)),
    property(&["osDisk"], "caching", Except(V::V2018_08_01, V::V2023_11_01)),
    property(&["osDisk"], "diskSizeGB", Since(V::V2023_11_01)),
    property(&["osDisk"], "managedDisk", Since(V::V2023_11_01)),
    property(&["osDisk"], "writeAcceleratorEnabled", Since(V::V2023_11_01)),
    property(&["managedDisk"], "securityProfile", Since(V::V2024_07_01)),
    property(&["managedDisk"], "diskEncryptionSet", Since(V::V2025_06_01)),
    property(&["diskEncryptionConfiguration"], "customerManagedKey", Since(V::V2025_06_01)),
    property(&["extensions", "vmExtension"], "enableAutomaticUpgrade", Since(V::V2023_05_01)),
    property(&["userAccounts"], "windowsUserConfiguration", Since(V::V2018_12_01)),
    property(&["taskSchedulingPolicy"], "jobDefaultOrder", Since(V::V2025_06_01)),
    // Networks. A job's network is young itself, so one table serves both.
    property(&["networkConfiguration"], "dynamicVNetAssignmentScope", Since(V::V2018_12_01)),
    property(&["networkConfiguration"], "publicIPs", Between(V::V2019_08_01, V::V2019_08_01)),
    property(&["networkConfiguration"], "publicIPAddressConfiguration", Since(V::V2020_03_01)),
    property(&["networkConfiguration"], "enableAcceleratedNetworking", Since(V::V2023_05_01)),
    property(&["networkConfiguration"], "skipWithdrawFromVNet", Since(V::V2024_07_01)),
    property(&["networkSecurityGroupRules"], "sourcePortRanges", Since(V::V2019_06_01)),
    property(&["publicIPAddressConfiguration"], "ipFamilies", Since(V::V2025_06_01)),
    property(&["publicIPAddressConfiguration"], "ipTags", Since(V::V2025_06_01)),
    // Containers and files.
    property(&["containerRegistries", "registry"], "identityReference", Since(V::V2021_06_01)),
    property(&["containerSettings"], "workingDirectory", Since(V::V2019_06_01)),
    property(&["containerSettings"], "containerHostBatchBindMounts", Since(V::V2024_07_01)),
    property(RESOURCE_FILES, "httpUrl", Renamed { from: "blobSource", at: V::V2018_12_01 }),
    property(RESOURCE_FILES, "autoStorageContainerName", Since(V::V2018_12_01)),
    property(RESOURCE_FILES, "storageContainerUrl", Since(V::V2018_12_01)),
    property(RESOURCE_FILES, "blobPrefix", Since(V::V2018_12_01)),
    property(RESOURCE_FILES, "identityReference", Since(V::V2021_06_01)),
    property(&["container", "azureBlobFileSystemConfiguration"], "identityReference", Since(V::V2021_06_01)),
    property(&["container"], "uploadHeaders", Since(V::V2022_01_01)),
    // Jobs and tasks.
    property(JOB, "networkConfiguration", Since(V::V2018_12_01)),
    property(&["PATCH jobs"], "networkConfiguration", Since(V::V2024_07_01)),
    property(JOB_CHANGES, "maxParallelTasks", Since(V::V2021_06_01)),
    property(JOB_CHANGES, "allowTaskPreemption", Since(V::V2022_01_01)),
    property(&["tasks", "jobManagerTask"], "requiredSlots", Since(V::V2020_09_01)),
    property(&["tasks", "jobManagerTask"], "authenticationTokenSettings", Until(V::V2024_07_01)),
    // Nodes.
    property(&["nodes"], "nodeAgentInfo", Since(V::V2018_08_01)),
    property(&["nodes"], "runningTaskSlotsCount", Since(V::V2020_09_01)),
    property(&["nodes"], "virtualMachineInfo", Since(V::V2021_06_01)),
    property(&["virtualMachineInfo"], "scaleSetVmResourceId", Since(V::V2023_11_01)),
    property(&["nodes"], "ipv6Address", Since(V::V2025_06_01)),
    property(&["nodes"], "certificateReferences", Until(V::V2024_07_01)),
    property(&["dedicated", "lowPriority"], "upgradingOS", Since(V::V2024_02_01)),
    property(&["dedicated", "lowPriority"], "deallocated", Since(V::V2024_07_01)),
    property(&["dedicated", "lowPriority"], "deallocating", Since(V::V2024_07_01)),
    property(&["remoteloginsettings"], "ipv6RemoteLoginIPAddress", Since(V::V2025_06_01)),
    property(&["remoteloginsettings"], "ipv6RemoteLoginPort", Since(V::V2025_06_01)),
];

impl Property {
    /// Whether objects called `parent` have it.
    pub(super) fn is_of(&self, parent: &str) -> bool {
        self.of.contains(&parent)
    }

    /// What `version` knows of it.
    pub(super) fn known_to(&self, version: ApiVersion) -> Known {
        let known = match self.life {
            Renamed { from, at } => return if version < at { Known::As(from) } else { Known::AsNow },
            Since(first) => version >= first,
            Until(last) => version <= last,
            Between(first, last) => (first..=last).contains(&version),
            Except(last, first) => version <= last || version >= first,
        };
        if known { Known::AsNow } else { Known::No }
    }

    /// For people: which versions have it.
    pub(super) fn versions(&self) -> String {
        match self.life {
            Since(first) => format!("it is there since {first}"),
            Until(last) => format!("it was there until {last}"),
            Between(first, last) => format!("it was there from {first} to {last}"),
            Except(last, first) => format!("it was there until {last} and is since {first}"),
            Renamed { from, at } => format!("it was called `{from}` before {at}"),
        }
    }

    /// The name that it had before, if it had one.
    pub(super) fn old_name(&self) -> Option<&'static str> {
        match self.life {
            Renamed { from, .. } => Some(from),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_know_what_was_there_in_their_time() {
        let known = |name: &str, version| {
            PROPERTIES.iter().find(|property| property.name == name).unwrap().known_to(version)
        };
        assert_eq!(known("taskSlotsPerNode", V::V2020_03_01), Known::As("maxTasksPerNode"));
        assert_eq!(known("taskSlotsPerNode", V::V2020_09_01), Known::AsNow);
        assert_eq!(known("upgradePolicy", V::V2023_11_01), Known::No);
        assert_eq!(known("resourceTags", V::V2025_06_01), Known::No);
        assert_eq!(known("resourceTags", V::V2024_02_01), Known::AsNow);
        assert_eq!(known("osDisk", V::V2017_09_01), Known::AsNow);
        assert_eq!(known("osDisk", V::V2018_12_01), Known::No);
    }

    /// The official documents, by version; the tests that want them skip without.
    fn document(version: ApiVersion) -> Option<serde_json::Value> {
        let (folder, file) = match version {
            V::V2025_06_01 => ("2025-06-01-derived", "BatchService.derived.json"),
            _ => (version.as_str(), "BatchService.json"),
        };
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/spec");
        let text = std::fs::read_to_string(root.join(folder).join(file)).ok()?;
        Some(serde_json::from_str(&text).unwrap())
    }

    /// Root objects: what they are called here, their model in the older documents, their model in the present one.
    const MODELS: &[(&str, &str, &str)] = &[
        ("pools", "PoolAddParameter", "BatchPoolCreateOptions"),
        ("pools", "CloudPool", "BatchPool"),
        ("PATCH pools", "PoolPatchParameter", "BatchPoolUpdateOptions"),
        ("updateproperties", "PoolUpdatePropertiesParameter", "BatchPoolReplaceOptions"),
        ("resize", "PoolResizeParameter", "BatchPoolResizeOptions"),
        ("removenodes", "NodeRemoveParameter", "BatchNodeRemoveOptions"),
        ("jobs", "JobAddParameter", "BatchJobCreateOptions"),
        ("jobs", "CloudJob", "BatchJob"),
        ("PATCH jobs", "JobPatchParameter", "BatchJobUpdateOptions"),
        ("jobschedules", "CloudJobSchedule", "BatchJobSchedule"),
        ("jobschedules", "JobScheduleAddParameter", "BatchJobScheduleCreateOptions"),
        ("tasks", "TaskAddParameter", "BatchTaskCreateOptions"),
        ("tasks", "CloudTask", "BatchTask"),
        ("nodes", "ComputeNode", "BatchNode"),
        ("users", "ComputeNodeUser", "BatchNodeUserCreateOptions"),
        ("nodecounts", "PoolNodeCounts", "BatchPoolNodeCounts"),
        ("extensions", "NodeVMExtension", "BatchNodeVMExtension"),
        ("remoteloginsettings", "ComputeNodeGetRemoteLoginSettingsResult", "BatchNodeRemoteLoginSettings"),
        ("files", "NodeFile", "BatchNodeFile"),
    ];

    struct Comparison {
        version: ApiVersion,
        then: serde_json::Value,
        now: serde_json::Value,
        differences: std::collections::BTreeSet<String>,
        compared: std::collections::BTreeSet<(String, String, String)>,
    }

    impl Comparison {
        fn properties(
            document: &serde_json::Value,
            model: &str,
        ) -> serde_json::Map<String, serde_json::Value> {
            let found = document["definitions"][model]["properties"].as_object();
            found.cloned().unwrap_or_default()
        }

        fn model_of(schema: &serde_json::Value) -> Option<String> {
            let target = schema.get("$ref").or_else(|| schema.get("items")?.get("$ref"))?.as_str()?;
            Some(target.rsplit('/').next()?.to_owned())
        }

        fn compare(&mut self, parent: &str, then: &str, now: &str) {
            if parent == "stats"
                || !self.compared.insert((parent.to_owned(), then.to_owned(), now.to_owned()))
            {
                return;
            }
            let (then, now) = (Self::properties(&self.then, then), Self::properties(&self.now, now));
            let names: std::collections::BTreeSet<&String> = then.keys().chain(now.keys()).collect();
            for name in names {
                let rule = PROPERTIES
                    .iter()
                    .find(|p| p.is_of(parent) && (p.name == name || p.old_name() == Some(name)));
                let known = |version| match rule.map(|rule| (rule, rule.known_to(version))) {
                    None => true,
                    Some((rule, Known::AsNow)) => rule.name == name,
                    Some((_, Known::As(old))) => old == name,
                    Some((_, Known::No)) => false,
                };
                for (version, document) in [(self.version, &then), (ApiVersion::CURRENT, &now)] {
                    if known(version) != document.contains_key(name) {
                        let there = if document.contains_key(name) { "has" } else { "lacks" };
                        self.differences.insert(format!("{version} {there} {parent}.{name}"));
                    }
                }
                if let (Some(then), Some(now)) = (then.get(name), now.get(name))
                    && let (Some(then), Some(now)) = (Self::model_of(then), Self::model_of(now))
                {
                    self.compare(name, &then, &now);
                }
            }
        }
    }

    #[test]
    #[expect(clippy::print_stderr, reason = "a test that does nothing says so")]
    fn the_history_is_that_of_the_official_documents() {
        let Some(now) = document(ApiVersion::CURRENT) else {
            eprintln!("skipped: the official documents are not beside the repository");
            return;
        };
        for version in [V::V2017_09_01, V::V2018_12_01, V::V2022_10_01, V::V2024_02_01] {
            let then = document(version).unwrap();
            let mut comparison = Comparison {
                version,
                then,
                now: now.clone(),
                differences: Default::default(),
                compared: Default::default(),
            };
            for (parent, then, now) in MODELS {
                // What a version lacks as a whole, it has no operation for.
                if comparison.then["definitions"].get(*then).is_some() {
                    comparison.compare(parent, then, now);
                }
            }
            assert!(comparison.compared.len() > 40, "{version}: {} models", comparison.compared.len());
            assert!(comparison.differences.is_empty(), "{:#?}", comparison.differences);
        }
    }
}
