//! The disks of a VM: what the VM says of them, and what each says of itself.

use serde::{Deserialize, Serialize};

use crate::azure::resource_id::ResourceId;

use super::wire::{Text, filled, id, list};

/// A disk as its VM has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttachedDisk {
    /// Its name.
    pub name: String,
    /// Its slot; `None` for the disk of the operating system.
    pub lun: Option<u32>,
    /// Its id; `None` when it is not managed.
    pub id: Option<ResourceId>,
    /// Its size, as the VM knows it.
    pub size_gib: Option<u64>,
    /// Whether writes go through the write accelerator.
    pub write_accelerated: bool,
}

/// Where a secret or key that a disk is encrypted with lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyPlace {
    /// The URL of the secret or key.
    pub url: String,
    /// The key vault.
    pub vault: ResourceId,
}

/// A managed disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Disk {
    /// Its size.
    pub size_gib: Option<u64>,
    /// `Premium_LRS`, `UltraSSD_LRS` …
    pub sku: Option<String>,
    /// How many VMs may attach it at once.
    pub max_shares: Option<u64>,
    /// `EncryptionAtRestWithPlatformKey` …: encryption of the storage, which backups need nothing for.
    pub storage_encryption: Option<String>,
    /// Whether Azure Disk Encryption is on: inside the guest, with keys in a key vault.
    pub guest_encrypted: bool,
    /// The secrets (BEK) that it is encrypted with inside the guest.
    pub secrets: Vec<KeyPlace>,
    /// The keys (KEK) that wrap these secrets.
    pub keys: Vec<KeyPlace>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::azure) struct WireVmDisks {
    properties: Option<VmProperties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct VmProperties {
    storage_profile: Option<Storage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Storage {
    os_disk: Option<WireAttached>,
    #[serde(deserialize_with = "list")]
    data_disks: Vec<WireAttached>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireAttached {
    name: Option<Text>,
    lun: Option<u32>,
    #[serde(rename = "diskSizeGB")]
    size: Option<u64>,
    write_accelerator_enabled: Option<bool>,
    managed_disk: Option<Managed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Managed {
    id: Option<Text>,
}

impl From<WireVmDisks> for Vec<AttachedDisk> {
    fn from(wire: WireVmDisks) -> Self {
        let storage = wire.properties.unwrap_or_default().storage_profile;
        let storage = storage.unwrap_or_default();
        let os = storage
            .os_disk
            .map(|disk| WireAttached { lun: None, ..disk });
        let attached = os.into_iter().chain(storage.data_disks);
        let read = attached.map(|disk| AttachedDisk {
            name: filled(disk.name).unwrap_or_default(),
            lun: disk.lun,
            id: disk.managed_disk.and_then(|managed| id(managed.id)),
            size_gib: disk.size,
            write_accelerated: disk.write_accelerator_enabled.unwrap_or_default(),
        });
        read.collect()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::azure) struct WireDisk {
    sku: Option<Sku>,
    properties: Option<DiskProperties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Sku {
    name: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DiskProperties {
    #[serde(rename = "diskSizeGB")]
    size: Option<u64>,
    max_shares: Option<u64>,
    encryption: Option<Encryption>,
    encryption_settings_collection: Option<Settings>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Encryption {
    #[serde(rename = "type")]
    kind: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Settings {
    enabled: Option<bool>,
    #[serde(deserialize_with = "list")]
    encryption_settings: Vec<Setting>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Setting {
    disk_encryption_key: Option<Place>,
    key_encryption_key: Option<Place>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Place {
    secret_url: Option<Text>,
    key_url: Option<Text>,
    source_vault: Option<Managed>,
}

impl Place {
    /// A place whose vault is not said is the vault of nobody: nothing can be read of it.
    fn read(self) -> Option<KeyPlace> {
        Some(KeyPlace {
            url: filled(self.secret_url).or_else(|| filled(self.key_url))?,
            vault: id(self.source_vault?.id)?,
        })
    }
}

impl From<WireDisk> for Disk {
    fn from(wire: WireDisk) -> Self {
        let properties = wire.properties.unwrap_or_default();
        let settings = properties
            .encryption_settings_collection
            .unwrap_or_default();
        let (mut secrets, mut keys) = (Vec::new(), Vec::new());
        for setting in settings.encryption_settings {
            secrets.extend(setting.disk_encryption_key.and_then(Place::read));
            keys.extend(setting.key_encryption_key.and_then(Place::read));
        }
        Self {
            size_gib: properties.size,
            sku: wire.sku.and_then(|sku| filled(sku.name)),
            max_shares: properties.max_shares,
            storage_encryption: properties.encryption.and_then(|e| filled(e.kind)),
            guest_encrypted: settings.enabled.unwrap_or_default(),
            secrets,
            keys,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_disk_of_the_system_comes_first_and_has_no_slot() {
        let wire: WireVmDisks = serde_json::from_value(json!({ "properties": { "storageProfile": {
            "osDisk": { "name": "os", "diskSizeGB": 127, "managedDisk": { "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/os" } },
            "dataDisks": [{ "lun": 3, "name": "old", "vhd": { "uri": "https://x" }, "writeAcceleratorEnabled": true }] } } }))
        .unwrap();
        let disks: Vec<AttachedDisk> = wire.into();
        assert_eq!((disks[0].lun, disks[0].size_gib), (None, Some(127)));
        assert_eq!((disks[1].lun, disks[1].id.is_none()), (Some(3), true));
        assert!(disks[1].write_accelerated);
    }

    #[test]
    fn a_disk_names_the_vaults_of_its_secrets_and_keys() {
        let vault = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv";
        let disk: Disk = serde_json::from_value::<WireDisk>(json!({ "sku": { "name": "Standard_LRS" },
            "properties": { "diskSizeGB": 10, "encryptionSettingsCollection": { "enabled": true, "encryptionSettings": [{
                "diskEncryptionKey": { "sourceVault": { "id": vault }, "secretUrl": "https://kv/secrets/s" },
                "keyEncryptionKey": { "sourceVault": { "id": vault }, "keyUrl": "https://kv/keys/k" } }] },
              "encryption": { "type": "EncryptionAtRestWithPlatformKey" } } }))
        .unwrap()
        .into();
        assert!(disk.guest_encrypted);
        assert_eq!(disk.secrets[0].url, "https://kv/secrets/s");
        assert_eq!(disk.keys[0].vault.name(), "kv");
        let plain: Disk = serde_json::from_value::<WireDisk>(json!({}))
            .unwrap()
            .into();
        assert_eq!(plain, Disk::default());
    }
}
