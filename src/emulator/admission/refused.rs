//! What is refused because this service does not act on it, all in one place: `docs/emulator-support.md` is made from it.

/// Properties of an object that would change what runs, and that are refused if they ask for something.
#[derive(Debug)]
pub(crate) struct Refused {
    /// Whose properties they are.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the page of the documentation asks"))]
    pub(crate) of: &'static str,
    /// Their names in requests; `property: value` where one value alone is refused.
    pub(crate) properties: &'static [&'static str],
}

/// Of a pool.
pub(super) const POOL: Refused = Refused {
    of: "a pool, also one that is changed or replaced",
    properties: &["cloudServiceConfiguration"],
};
/// Of a change of a pool: `enableautoscale` is the way that has a formula evaluated.
pub(super) const POOL_CHANGE: Refused =
    Refused { of: "a pool that is changed with `PATCH`", properties: &["autoScaleFormula"] };
/// Of a pool's virtual machines.
pub(super) const VIRTUAL_MACHINE: Refused =
    Refused { of: "a pool's virtual machines", properties: &["extensions", "windowsConfiguration"] };
/// Of a job that is changed.
pub(super) const JOB_CHANGE: Refused =
    Refused { of: "a job that is changed or replaced", properties: &["networkConfiguration"] };
/// A task that runs on several nodes at once without a container, in which alone a node has an address of its own here.
pub(super) const HOST_INSTANCES: &str = "multiInstanceSettings: without containerSettings";
/// Nodes that run Windows.
pub(super) const WINDOWS: &str = "nodeAgentSKUId: Windows";
/// Containers without a Docker engine.
pub(super) const CRI: &str = "containerConfiguration.type: criCompatible";
/// Of resource files and output files, in the words of `node`, which knows what it can fetch and keep.
#[cfg(test)]
pub(super) const RESOURCE_FILE: Refused = Refused {
    of: "a resource file",
    properties: &["autoStorageContainerName", "identityReference", "fileMode: setuid, setgid, sticky"],
};
#[cfg(test)]
pub(super) const OUTPUT_FILE: Refused =
    Refused { of: "an output file's `destination.container`", properties: &["identityReference"] };
/// A managed identity that logs in to a registry.
pub(super) const REGISTRY_IDENTITY: &str = "identityReference";
/// Keeping the data of a node's tasks when the node is emptied.
pub(super) const RETAINED: &str = "retaineddata";

/// Why some of it can't be done where nodes are folders and containers of one machine.
pub(crate) const REASONS: &[(&str, &str)] = &[
    (
        "extensions",
        "an extension changes a virtual machine by way of its agent, and nodes here are no virtual machines; what it would bring \
         can come with a start task, or with the image",
    ),
    ("windowsConfiguration", "nodes here run Linux"),
    (WINDOWS, "nodes here run Linux; use an image of Linux here, and an account of Azure Batch for Windows"),
    (
        HOST_INSTANCES,
        "outside of containers all nodes are one machine with one name, one address and the same ports, so instances of a task \
         could not find each other as they do in Azure; in containers every node has an address of its own",
    ),
];

/// All of it.
#[cfg(test)]
pub(crate) const REFUSED: &[Refused] = &[
    POOL,
    POOL_CHANGE,
    VIRTUAL_MACHINE,
    Refused { of: "a pool's virtual machines, by their value", properties: &[WINDOWS, CRI] },
    JOB_CHANGE,
    Refused { of: "a task, by what it lacks", properties: &[HOST_INSTANCES] },
    RESOURCE_FILE,
    OUTPUT_FILE,
    Refused { of: "a registry", properties: &[REGISTRY_IDENTITY] },
    Refused {
        of: "an operation that empties nodes, as what becomes of their tasks",
        properties: &[RETAINED],
    },
];
