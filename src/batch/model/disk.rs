//! Disks of virtual machines.

use serde::{Deserialize, Serialize};
use serde_with::{DisplayFromStr, PickFirst, serde_as, skip_serializing_none};

use super::BatchPoolIdentityReference;
use crate::batch::wire_enum::wire_enum;

wire_enum!(
    /// How a disk is cached.
    CachingType {
        /// Not at all.
        None = "none",
        /// Reads are.
        ReadOnly = "readonly",
        /// Reads and writes are.
        ReadWrite = "readwrite",
    }
);

wire_enum!(
    /// What a managed disk is kept on.
    StorageAccountType {
        /// Standard disks (HDD).
        StandardLrs = "standard_lrs",
        /// Premium disks (SSD).
        PremiumLrs = "premium_lrs",
        /// Standard SSDs.
        StandardSsdLrs = "standardssd_lrs",
    }
);

wire_enum!(
    /// What of a confidential machine's disk is encrypted.
    SecurityEncryptionTypes {
        /// The disk and the state of the machine's firmware.
        DiskWithVmGuestState = "DiskWithVMGuestState",
        /// Nothing, and the firmware's state is not kept.
        NonPersistedTpm = "NonPersistedTPM",
        /// The state of the machine's firmware.
        VmGuestStateOnly = "VMGuestStateOnly",
    }
);

wire_enum!(
    /// Where an ephemeral disk lives.
    DiffDiskPlacement {
        /// On the machine's cache disk.
        CacheDisk = "cachedisk",
    }
);

wire_enum!(
    /// A disk to encrypt.
    DiskEncryptionTarget {
        /// The disk of the operating system.
        OsDisk = "osdisk",
        /// The temporary disk.
        TemporaryDisk = "temporarydisk",
    }
);

/// An empty disk that every node gets.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DataDisk {
    /// The logical unit number, 0 to 63, by which the disk is told from the others.
    #[serde_as(as = "PickFirst<(_, DisplayFromStr)>")]
    pub lun: i32,
    /// How it is cached.
    pub caching: Option<CachingType>,
    /// Its size in GB.
    #[serde(rename = "diskSizeGB")]
    #[serde_as(as = "PickFirst<(_, DisplayFromStr)>")]
    pub disk_size_gb: i32,
    /// What it is kept on.
    pub managed_disk: Option<ManagedDisk>,
}

/// The disk of the operating system.
#[serde_as]
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchOsDisk {
    /// Makes it ephemeral.
    #[serde(rename = "ephemeralOSDiskSettings")]
    pub ephemeral_os_disk_settings: Option<BatchDiffDiskSettings>,
    /// How it is cached.
    pub caching: Option<CachingType>,
    /// Its size in GB.
    #[serde(rename = "diskSizeGB", default)]
    #[serde_as(as = "Option<PickFirst<(_, DisplayFromStr)>>")]
    pub disk_size_gb: Option<i32>,
    /// What it is kept on.
    pub managed_disk: Option<ManagedDisk>,
    /// Whether writes are accelerated.
    pub write_accelerator_enabled: Option<bool>,
}

/// Where an ephemeral disk lives.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchDiffDiskSettings {
    /// The only place there is.
    pub placement: Option<DiffDiskPlacement>,
}

/// What a managed disk is kept on, and how it is encrypted.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedDisk {
    /// The keys that it is encrypted with.
    pub disk_encryption_set: Option<DiskEncryptionSetParameters>,
    /// What it is kept on.
    pub storage_account_type: Option<StorageAccountType>,
    /// How the disk of a confidential machine is encrypted.
    pub security_profile: Option<BatchVmDiskSecurityProfile>,
}

/// A disk encryption set.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskEncryptionSetParameters {
    /// Its ARM id.
    pub id: Option<String>,
}

/// How the disk of a confidential machine is encrypted.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchVmDiskSecurityProfile {
    /// What of it is.
    pub security_encryption_type: Option<SecurityEncryptionTypes>,
}

/// Which disks of the nodes are encrypted.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiskEncryptionConfiguration {
    /// The key, if it is one of the customer's own.
    pub customer_managed_key: Option<DiskCustomerManagedKey>,
    /// The disks.
    pub targets: Option<Vec<DiskEncryptionTarget>>,
}

/// A key of the customer's own.
#[skip_serializing_none]
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiskCustomerManagedKey {
    /// The identity that may use the key.
    pub identity_reference: Option<BatchPoolIdentityReference>,
    /// The key's URL in a key vault.
    pub key_url: Option<String>,
    /// Whether newer versions of the key are taken up.
    pub rotation_to_latest_key_version_enabled: Option<bool>,
}
