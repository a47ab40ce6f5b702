//! Disks of a pool's nodes.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};
use serde_with::skip_serializing_none;

use super::{Field, Identity, Word};
use crate::batch::model::{
    CachingType, DiffDiskPlacement, DiskEncryptionTarget, SecurityEncryptionTypes, StorageAccountType,
};

/// An empty disk that every node gets.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["DataDisk"]))]
pub struct DataDisk {
    /// The logical unit number, by which a disk is told from the others.
    #[schemars(range(min = 0, max = 63))]
    pub lun: Field<i32>,
    /// How the disk is cached.
    #[schemars(extend("default" = "none"))]
    pub caching: Option<Field<Word<CachingType>>>,
    /// Its size, in GB or with a unit.
    #[serde(rename(serialize = "diskSizeGB"))]
    pub disk_size_gb: Field<DiskSize>,
    /// What the disk is kept on, and how it is encrypted.
    pub managed_disk: Option<Field<ManagedDisk>>,
}

/// The disk of the nodes' operating system.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["BatchOsDisk"]))]
pub struct OsDisk {
    /// Makes the disk ephemeral: on the node itself, quick, and lost with it.
    #[serde(rename(serialize = "ephemeralOSDiskSettings"))]
    pub ephemeral_os_disk: Option<Field<EphemeralOsDisk>>,
    /// How the disk is cached.
    pub caching: Option<Field<Word<CachingType>>>,
    /// Its size, in GB or with a unit; that of the image if absent.
    #[serde(rename(serialize = "diskSizeGB"))]
    pub disk_size_gb: Option<Field<DiskSize>>,
    /// What the disk is kept on, and how it is encrypted.
    pub managed_disk: Option<Field<ManagedDisk>>,
    /// Whether writes are accelerated; only some sizes of machines can.
    pub write_accelerator_enabled: Option<Field<bool>>,
}

/// Where an ephemeral disk lives.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["BatchDiffDiskSettings"]))]
pub struct EphemeralOsDisk {
    /// The place.
    pub placement: Option<Field<Word<DiffDiskPlacement>>>,
}

/// What a managed disk is kept on, and how it is encrypted.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["ManagedDisk"]))]
pub struct ManagedDisk {
    /// A disk encryption set of one's own.
    pub disk_encryption_set: Option<Field<DiskEncryptionSet>>,
    /// What the disk is kept on.
    #[schemars(extend("default" = "standard_lrs"))]
    pub storage_account_type: Option<Field<Word<StorageAccountType>>>,
    /// How the disk of a confidential machine is encrypted.
    pub security_profile: Option<Field<DiskSecurityProfile>>,
}

/// A disk encryption set.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["DiskEncryptionSetParameters"]))]
pub struct DiskEncryptionSet {
    /// Its ARM id.
    pub id: Option<Field<String>>,
}

/// How the disk of a confidential machine is encrypted.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["BatchVmDiskSecurityProfile"]))]
pub struct DiskSecurityProfile {
    /// What of it is encrypted.
    pub security_encryption_type: Option<Field<Word<SecurityEncryptionTypes>>>,
}

/// Which disks of the nodes are encrypted.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["DiskEncryptionConfiguration"]))]
pub struct DiskEncryption {
    /// The disks. Linux has `os_disk` and `temporary_disk`, Windows needs both.
    pub targets: Option<Field<Vec<Field<Word<DiskEncryptionTarget>>>>>,
    /// A key of one's own, instead of one that Azure keeps.
    pub customer_managed_key: Option<Field<CustomerManagedKey>>,
}

/// A key of one's own in an Azure Key Vault.
#[skip_serializing_none]
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all(serialize = "camelCase"))]
#[schemars(extend("x-rest" = ["DiskCustomerManagedKey"]))]
pub struct CustomerManagedKey {
    /// ARM id of the managed identity that may use the key.
    #[serde(rename(serialize = "identityReference"))]
    pub identity: Option<Field<Identity>>,
    /// The key's URL, with its version or without.
    #[schemars(example = &"https://myvault.vault.azure.net/keys/disks/8be3a1")]
    pub key_url: Option<Field<String>>,
    /// Whether newer versions of the key are taken up.
    pub rotation_to_latest_key_version_enabled: Option<Field<bool>>,
}

/// The size of a disk in GB: `128`, `128GB`, `2TB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DiskSize(pub i32);

fn parse(text: &str) -> Option<i32> {
    let end = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(end)?;
    let factor = match unit {
        "GB" | "GiB" => 1,
        "TB" | "TiB" => 1_024,
        _ => return None,
    };
    number.parse::<i32>().ok()?.checked_mul(factor).filter(|size| *size > 0)
}

impl<'de> Deserialize<'de> for DiskSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SizeVisitor;
        impl Visitor<'_> for SizeVisitor {
            type Value = DiskSize;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a size such as 128, 128GB or 2TB")
            }
            fn visit_i64<E: Error>(self, size: i64) -> Result<DiskSize, E> {
                let size = i32::try_from(size).ok().filter(|size| *size > 0);
                size.map(DiskSize).ok_or_else(|| E::custom("a disk has at least 1 GB"))
            }
            fn visit_u64<E: Error>(self, size: u64) -> Result<DiskSize, E> {
                self.visit_i64(i64::try_from(size).unwrap_or(i64::MAX))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<DiskSize, E> {
                parse(text)
                    .map(DiskSize)
                    .ok_or_else(|| E::custom("expected a size such as 128, 128GB or 2TB"))
            }
        }
        deserializer.deserialize_any(SizeVisitor)
    }
}

impl JsonSchema for DiskSize {
    fn schema_name() -> Cow<'static, str> {
        "DiskSize".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The size of a disk in GB: `128`, `128GB`, `2TB`.",
            "anyOf": [
                { "type": "integer", "minimum": 1 },
                {
                    "type": "string",
                    "pattern": "^[0-9]+(?:GB|GiB|TB|TiB)$",
                    "patternErrorMessage": "expected a size such as 128, 128GB or 2TB",
                },
            ],
            "examples": [128, "2TB"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let size = |json: &str| serde_json::from_str::<DiskSize>(json).ok().map(|size| size.0);
        assert_eq!((size("128"), size("\"128GB\""), size("\"2TB\"")), (Some(128), Some(128), Some(2_048)));
        for wrong in
            ["0", "\"0GB\"", "\"GB\"", "\"128\"", "\"1.5TB\"", "\"99999999999TB\"", "\"4000000TB\"", "-1"]
        {
            assert_eq!(size(wrong), None, "{wrong}");
        }
    }
}
