//! Pools.

use std::time::Duration;

use serde::Serialize;

use crate::batch::PoolId;
use crate::batch::WireDuration;
use crate::batch::model::{
    BatchApplicationPackageReference, BatchMetadataItem, BatchNodeFillType, BatchNodePlacementConfiguration,
    BatchOsDisk, BatchPool, BatchPoolCreateOptions, BatchPoolSpecification, BatchTaskSchedulingPolicy,
    BatchVmImageReference, DataDisk, DiskEncryptionConfiguration, MountConfiguration, NetworkConfiguration,
    SecurityProfile, ServiceArtifactReference, UpgradePolicy, UserAccount, VMExtension,
    VirtualMachineConfiguration, WindowsConfiguration,
};
use crate::secret::SecretRef;

use super::secret_values::references;
use super::{
    ContainerConfigurationSpec, Digest, MetadataSpec, Ownership, SecretValues, StartTaskSpec,
    UnresolvedSecret, normal, normal_list, some_unless_empty,
};

/// How long the allocation of nodes may take unless told otherwise (REST reference, `BatchPoolCreateOptions`).
pub const DEFAULT_RESIZE_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// How often a formula is evaluated unless told otherwise (REST reference, `BatchPoolCreateOptions`).
pub const DEFAULT_EVALUATION_INTERVAL: Duration = Duration::from_secs(15 * 60);

/// How tasks are placed unless told otherwise (REST reference, `BatchTaskSchedulingPolicy`).
pub(super) const DEFAULT_SCHEDULING_POLICY: BatchTaskSchedulingPolicy =
    BatchTaskSchedulingPolicy { node_fill_type: BatchNodeFillType::Spread, job_default_order: None };

/// A pool, in normal form: the numbers and words that every pool has are spelled out, everything else that is at its default is
/// left out. Parts that recipes and the REST API describe alike are held in the words of the latter; their secrets are references.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PoolSpec {
    /// The pool's id.
    pub id: PoolId,
    /// A name for people.
    pub display_name: Option<String>,
    /// The size of the virtual machines; compared without regard to case.
    pub vm_size: String,
    /// The virtual machine image.
    pub image: BatchVmImageReference,
    /// The node agent that fits the image.
    pub node_agent_sku: String,
    /// What the nodes prepare for containers; `None` on pools without container tasks.
    pub container: Option<ContainerConfigurationSpec>,
    /// How many dedicated nodes; means nothing under a formula.
    pub dedicated_nodes: i32,
    /// How many Spot nodes; means nothing under a formula.
    pub spot_nodes: i32,
    /// The formula that sets the number of nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscale: Option<AutoscaleSpec>,
    /// How long an allocation of nodes may take.
    pub resize_timeout: Duration,
    /// How many tasks a node runs at once.
    pub slots_per_node: i32,
    /// How tasks are placed on the nodes; `None` means evenly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling_policy: Option<BatchTaskSchedulingPolicy>,
    /// The task that runs on every node as it joins.
    pub start_task: Option<StartTaskSpec>,
    /// Application packages that every node installs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub application_packages: Vec<BatchApplicationPackageReference>,
    /// Whether nodes can talk to each other.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub inter_node_communication: bool,
    /// The network that the nodes join.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkConfiguration>,
    /// File systems that every node mounts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<MountConfiguration>,
    /// User accounts on every node.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_accounts: Vec<UserAccount>,
    /// The disk of the operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_disk: Option<BatchOsDisk>,
    /// Empty disks that every node gets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data_disks: Vec<DataDisk>,
    /// Which disks are encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_encryption: Option<DiskEncryptionConfiguration>,
    /// Where the nodes are placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_placement: Option<BatchNodePlacementConfiguration>,
    /// How the nodes are protected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_profile: Option<SecurityProfile>,
    /// Extensions that every node installs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<VMExtension>,
    /// Settings of Windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub windows: Option<WindowsConfiguration>,
    /// The licence that the user holds for Windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_type: Option<String>,
    /// Which version of the image `latest` stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_artifact: Option<ServiceArtifactReference>,
    /// How the operating system is upgraded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade_policy: Option<UpgradePolicy>,
    /// Names and values of the user.
    #[serde(skip_serializing_if = "MetadataSpec::is_empty")]
    pub metadata: MetadataSpec,
}

/// A formula that sets the number of nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AutoscaleSpec {
    /// The formula.
    pub formula: String,
    /// How often it is evaluated.
    pub evaluation_interval: Duration,
}

/// Metadata as requests hold it.
pub(super) fn metadata_to_wire(metadata: &MetadataSpec) -> Option<Vec<BatchMetadataItem>> {
    let item =
        |(name, value): (&String, &String)| BatchMetadataItem { name: name.clone(), value: value.clone() };
    (!metadata.is_empty()).then(|| metadata.iter().map(item).collect())
}

impl PoolSpec {
    /// A pool of virtual machines of that size, image and node agent, without nodes and with nothing else set.
    pub fn new(id: PoolId, vm_size: String, image: BatchVmImageReference, node_agent_sku: String) -> Self {
        Self {
            id,
            display_name: None,
            vm_size,
            image,
            node_agent_sku,
            container: None,
            dedicated_nodes: 0,
            spot_nodes: 0,
            autoscale: None,
            resize_timeout: DEFAULT_RESIZE_TIMEOUT,
            slots_per_node: 1,
            scheduling_policy: None,
            start_task: None,
            application_packages: Vec::new(),
            inter_node_communication: false,
            network: None,
            mounts: Vec::new(),
            user_accounts: Vec::new(),
            os_disk: None,
            data_disks: Vec::new(),
            disk_encryption: None,
            node_placement: None,
            security_profile: None,
            extensions: Vec::new(),
            windows: None,
            license_type: None,
            service_artifact: None,
            upgrade_policy: None,
            metadata: MetadataSpec::new(),
        }
    }

    /// The digest of the normal form.
    pub fn digest(&self) -> Digest {
        Digest::of(self)
    }

    /// How tasks are placed on the nodes.
    pub fn scheduling_policy(&self) -> BatchTaskSchedulingPolicy {
        self.scheduling_policy.clone().unwrap_or(DEFAULT_SCHEDULING_POLICY)
    }

    /// The virtual machine configuration in its wire form; secrets are still references.
    pub fn virtual_machine_configuration(&self) -> VirtualMachineConfiguration {
        VirtualMachineConfiguration {
            image_reference: self.image.clone(),
            node_agent_sku_id: self.node_agent_sku.clone(),
            container_configuration: self.container.as_ref().map(ContainerConfigurationSpec::to_wire),
            windows_configuration: self.windows.clone(),
            data_disks: some_unless_empty(&self.data_disks),
            license_type: self.license_type.clone(),
            disk_encryption_configuration: self.disk_encryption.clone(),
            node_placement_configuration: self.node_placement.clone(),
            extensions: some_unless_empty(&self.extensions),
            os_disk: self.os_disk.clone(),
            security_profile: self.security_profile.clone(),
            service_artifact_reference: self.service_artifact.clone(),
            other: serde_json::Map::new(),
        }
    }

    /// The pool without its id, as auto pools are described; secrets are still references.
    pub fn to_specification(&self) -> BatchPoolSpecification {
        let formula = self.autoscale.as_ref();
        let fixed = formula.is_none();
        BatchPoolSpecification {
            display_name: self.display_name.clone(),
            vm_size: self.vm_size.clone(),
            virtual_machine_configuration: Some(self.virtual_machine_configuration()),
            task_slots_per_node: Some(self.slots_per_node),
            task_scheduling_policy: Some(self.scheduling_policy()),
            resize_timeout: fixed.then(|| self.resize_timeout.into()),
            target_dedicated_nodes: fixed.then_some(self.dedicated_nodes),
            target_low_priority_nodes: fixed.then_some(self.spot_nodes),
            enable_auto_scale: Some(!fixed),
            auto_scale_formula: formula.map(|autoscale| autoscale.formula.clone()),
            auto_scale_evaluation_interval: formula.map(|autoscale| autoscale.evaluation_interval.into()),
            enable_inter_node_communication: Some(self.inter_node_communication),
            network_configuration: self.network.clone(),
            start_task: self.start_task.as_ref().map(StartTaskSpec::to_wire),
            application_package_references: some_unless_empty(&self.application_packages),
            user_accounts: some_unless_empty(&self.user_accounts),
            metadata: metadata_to_wire(&self.metadata),
            mount_configuration: some_unless_empty(&self.mounts),
            upgrade_policy: self.upgrade_policy.clone(),
            other: serde_json::Map::new(),
        }
    }

    /// The request that makes the pool, marked as owned.
    ///
    /// # Errors
    /// When a secret is not known.
    pub fn to_create(
        &self,
        ownership: &Ownership,
        secrets: &SecretValues,
    ) -> Result<BatchPoolCreateOptions, UnresolvedSecret> {
        let pool = self.to_specification();
        secrets.fill(BatchPoolCreateOptions {
            id: self.id.clone(),
            display_name: pool.display_name,
            vm_size: pool.vm_size,
            virtual_machine_configuration: pool.virtual_machine_configuration,
            resize_timeout: pool.resize_timeout,
            target_dedicated_nodes: pool.target_dedicated_nodes,
            target_low_priority_nodes: pool.target_low_priority_nodes,
            enable_auto_scale: pool.enable_auto_scale,
            auto_scale_formula: pool.auto_scale_formula,
            auto_scale_evaluation_interval: pool.auto_scale_evaluation_interval,
            enable_inter_node_communication: pool.enable_inter_node_communication,
            start_task: pool.start_task,
            task_slots_per_node: pool.task_slots_per_node,
            task_scheduling_policy: pool.task_scheduling_policy,
            network_configuration: pool.network_configuration,
            application_package_references: pool.application_package_references,
            user_accounts: pool.user_accounts,
            mount_configuration: pool.mount_configuration,
            upgrade_policy: pool.upgrade_policy,
            metadata: Some(ownership.to_metadata(&[])),
            other: serde_json::Map::new(),
        })
    }

    /// The spec of a pool that was read, with the service's defaults spelled out or left out as the normal form has it.
    pub fn from_wire(pool: &BatchPool) -> Self {
        let machine = pool.virtual_machine_configuration.clone().unwrap_or_default();
        let mut image = machine.image_reference;
        if image.publisher.is_some() {
            image.version.get_or_insert_with(|| "latest".to_owned());
        }
        let limit = |duration: Option<WireDuration>| duration.and_then(WireDuration::limit);
        let autoscale = pool.auto_scale_formula.clone().filter(|_| pool.enable_auto_scale == Some(true));
        Self {
            id: pool.id.clone(),
            display_name: pool.display_name.clone(),
            vm_size: pool.vm_size.clone().unwrap_or_default(),
            image,
            node_agent_sku: machine.node_agent_sku_id,
            container: machine.container_configuration.as_ref().map(ContainerConfigurationSpec::from_wire),
            dedicated_nodes: pool.target_dedicated_nodes.unwrap_or(0),
            spot_nodes: pool.target_low_priority_nodes.unwrap_or(0),
            autoscale: autoscale.map(|formula| AutoscaleSpec {
                formula,
                evaluation_interval: limit(pool.auto_scale_evaluation_interval)
                    .unwrap_or(DEFAULT_EVALUATION_INTERVAL),
            }),
            resize_timeout: limit(pool.resize_timeout).unwrap_or(DEFAULT_RESIZE_TIMEOUT),
            slots_per_node: pool.task_slots_per_node.unwrap_or(1),
            scheduling_policy: normal_scheduling_policy(pool.task_scheduling_policy.clone()),
            start_task: pool.start_task.as_ref().map(StartTaskSpec::from_wire),
            application_packages: normal_list(pool.application_package_references.clone()),
            inter_node_communication: pool.enable_inter_node_communication.unwrap_or(false),
            network: normal(pool.network_configuration.clone()),
            mounts: normal_list(pool.mount_configuration.clone()),
            user_accounts: normal_list(pool.user_accounts.clone()),
            os_disk: normal(machine.os_disk),
            data_disks: normal_list(machine.data_disks),
            disk_encryption: normal(machine.disk_encryption_configuration),
            node_placement: normal(machine.node_placement_configuration),
            security_profile: normal(machine.security_profile),
            extensions: normal_list(machine.extensions),
            windows: normal(machine.windows_configuration),
            license_type: machine.license_type,
            service_artifact: normal(machine.service_artifact_reference),
            upgrade_policy: normal(pool.upgrade_policy.clone()),
            metadata: Ownership::from_metadata(pool.metadata.as_ref())
                .map(|own| own.metadata)
                .unwrap_or_default(),
        }
    }

    /// Every secret that the pool refers to.
    pub fn secrets(&self) -> Vec<SecretRef> {
        references(&self.to_specification())
    }
}

/// A scheduling policy; `None` if it is the one that pools have by default.
pub fn normal_scheduling_policy(
    policy: Option<BatchTaskSchedulingPolicy>,
) -> Option<BatchTaskSchedulingPolicy> {
    normal(policy).filter(|policy| *policy != DEFAULT_SCHEDULING_POLICY)
}
