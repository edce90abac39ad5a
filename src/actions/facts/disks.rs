//! `disks`: the VM's disks, and which of them backup does not support.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::{id_of, schema, value};
use crate::actions::limits;
use crate::azure::reader::{Reader, rights};
use crate::azure::views::{AttachedDisk, Disk};
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct DisksLooker(pub(super) Reader);

/// The disks of the VM. What backup may not support is named, ready for people.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Disks {
    /// All of them, the system's first.
    pub list: Vec<DiskFact>,
    /// Data disks: all but the system's.
    pub data_disks: u64,
    /// Together, in GiB.
    pub gib: u64,
    /// True when there are more data disks than `limits.data_disks`.
    #[schemars(extend("x-yes" = "there are too many data disks", "x-no" = "there are not too many data disks"))]
    pub too_many: bool,
    /// True when together they are larger than `limits.vm_gib`.
    #[schemars(extend("x-yes" = "the disks together are too large", "x-no" = "the disks together are not too large"))]
    pub together_too_large: bool,
    /// Those larger than the limit for them: "data1 (40000 GiB)".
    pub too_large: Vec<String>,
    /// Those encrypted inside the guest.
    pub guest_encrypted: Vec<String>,
    /// Those that are not: on a VM with some encrypted ones, a mix.
    pub not_guest_encrypted: Vec<String>,
    /// Those that are not managed.
    pub unmanaged: Vec<String>,
    /// Those that several VMs may attach at once.
    pub shared: Vec<String>,
    /// Those with the write accelerator.
    #[schemars(extend("x-yes" = "disks use the write accelerator", "x-no" = "no disk uses the write accelerator"))]
    pub write_accelerated: Vec<String>,
    /// Ultra and Premium v2 disks, which only an Enhanced policy backs up.
    #[schemars(extend("x-yes" = "disks need an Enhanced policy", "x-no" = "no disk needs an Enhanced policy"))]
    pub enhanced_only: Vec<String>,
    /// Standard SSDs, once not supported.
    #[schemars(extend("x-yes" = "disks are Standard SSDs", "x-no" = "no disk is a Standard SSD"))]
    pub standard_ssd: Vec<String>,
}

/// One disk.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DiskFact {
    /// Its name.
    pub name: String,
    /// Its resource id; null when it is not managed.
    pub id: Option<String>,
    /// Its slot; null for the system's.
    pub lun: Option<u32>,
    /// Its size; null when Azure does not say.
    pub gib: Option<u64>,
    /// `Premium_LRS`, `UltraSSD_LRS` …
    pub sku: Option<String>,
    /// True when it is encrypted inside the guest, with keys in a key vault.
    pub guest_encrypted: bool,
    /// How its storage is encrypted.
    pub storage_encryption: Option<String>,
    /// True when several VMs may attach it at once.
    pub shared: bool,
    /// True when writes go through the write accelerator.
    pub write_accelerated: bool,
    /// True when it is larger than the limit for it.
    pub too_large: bool,
}

#[async_trait]
impl Looker for DisksLooker {
    fn name(&self) -> &'static str {
        "disks"
    }

    fn schema(&self) -> Value {
        schema::<Disks>()
    }

    fn reads(&self) -> Vec<&'static str> {
        [rights::ATTACHED_DISKS, rights::DISK].concat()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, target: &Target, _: &Value, _: &Facts) -> Result<Value, Failure> {
        value(&Disks::of(read(&self.0, target).await?))
    }
}

/// The VM's disks, each with what it says of itself where it is managed.
///
/// # Errors
/// When one cannot be read: a disk that is left out could be the one.
pub(super) async fn read(
    reader: &Reader,
    target: &Target,
) -> Result<Vec<(AttachedDisk, Disk)>, Failure> {
    let attached = reader.attached_disks(&id_of(target)?).await?;
    let whole = attached.into_iter().map(|disk| async {
        let own = match &disk.id {
            Some(id) => reader.disk(id).await?,
            None => Disk::default(),
        };
        Ok((disk, own))
    });
    try_join_all(whole).await
}

impl Disks {
    /// Judges disks by the dated limits.
    fn of(read: Vec<(AttachedDisk, Disk)>) -> Self {
        let list: Vec<DiskFact> = read
            .into_iter()
            .map(|(disk, own)| fact(disk, own))
            .collect();
        let named = |wanted: fn(&DiskFact) -> bool| -> Vec<String> {
            let found = list.iter().filter(|disk| wanted(disk));
            found.map(|disk| disk.name.clone()).collect()
        };
        let sku = |disk: &DiskFact, of: &str| {
            disk.sku
                .as_deref()
                .is_some_and(|sku| sku.to_lowercase().starts_with(of))
        };
        let skus = |of: &[&str]| -> Vec<String> {
            let found = list.iter().filter(|d| of.iter().any(|one| sku(d, one)));
            found.map(|disk| disk.name.clone()).collect()
        };
        let data_disks = list.iter().filter(|disk| disk.lun.is_some()).count() as u64;
        let gib = list.iter().filter_map(|disk| disk.gib).sum();
        Self {
            data_disks,
            gib,
            too_many: data_disks > limits::DATA_DISKS,
            together_too_large: gib > limits::VM_GIB,
            too_large: list
                .iter()
                .filter(|disk| disk.too_large)
                .map(|disk| format!("{} ({} GiB)", disk.name, disk.gib.unwrap_or_default()))
                .collect(),
            guest_encrypted: named(|disk| disk.guest_encrypted),
            not_guest_encrypted: named(|disk| !disk.guest_encrypted),
            unmanaged: named(|disk| disk.id.is_none()),
            shared: named(|disk| disk.shared),
            write_accelerated: named(|disk| disk.write_accelerated),
            enhanced_only: skus(&["ultrassd", "premiumv2"]),
            standard_ssd: skus(&["standardssd"]),
            list,
        }
    }
}

fn fact(disk: AttachedDisk, own: Disk) -> DiskFact {
    let gib = own.size_gib.or(disk.size_gib);
    let limit = if own.guest_encrypted {
        limits::ENCRYPTED_DISK_GIB
    } else {
        limits::DISK_GIB
    };
    DiskFact {
        name: disk.name,
        id: disk.id.as_ref().map(ToString::to_string),
        lun: disk.lun,
        gib,
        sku: own.sku,
        guest_encrypted: own.guest_encrypted,
        storage_encryption: own.storage_encryption,
        shared: own.max_shares.is_some_and(|shares| shares > 1),
        write_accelerated: disk.write_accelerated,
        too_large: gib.is_some_and(|gib| gib > limit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(name: &str, lun: Option<u32>, gib: u64, own: Disk) -> (AttachedDisk, Disk) {
        let attached = AttachedDisk {
            name: name.to_owned(),
            lun,
            size_gib: Some(gib),
            ..AttachedDisk::default()
        };
        (attached, own)
    }

    #[test]
    fn the_limit_of_an_encrypted_disk_is_lower_and_the_limit_itself_is_allowed() {
        let encrypted = || Disk {
            guest_encrypted: true,
            ..Disk::default()
        };
        let disks = Disks::of(vec![
            disk("os", None, 4_095, encrypted()),
            disk("a", Some(0), 4_096, encrypted()),
            disk("b", Some(1), 32_767, Disk::default()),
            disk("c", Some(2), 32_768, Disk::default()),
        ]);
        assert_eq!(disks.too_large, ["a (4096 GiB)", "c (32768 GiB)"]);
        assert_eq!((disks.data_disks, disks.too_many), (3, false));
    }

    #[test]
    fn what_backup_may_not_support_is_named() {
        let own = Disk {
            sku: Some("UltraSSD_LRS".to_owned()),
            max_shares: Some(2),
            ..Disk::default()
        };
        let many = (0..33).map(|lun| disk(&format!("d{lun}"), Some(lun), 8_000, own.clone()));
        let disks = Disks::of(many.collect());
        assert!(disks.too_many && disks.together_too_large);
        assert_eq!((disks.shared.len(), disks.enhanced_only.len()), (33, 33));
        assert_eq!(disks.unmanaged.len(), 33);
    }
}
