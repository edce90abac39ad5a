//! Reads of disks, and of the disks within restore points.

use serde::Deserialize;

use crate::azure::resource_id::ResourceId;
use crate::azure::versions::Api;
use crate::azure::views::disk::{WireDisk, WireVmDisks};
use crate::azure::views::{AttachedDisk, Disk};
use crate::base::Failure;

use super::Reader;

impl Reader {
    /// The disks that a VM has, as the VM knows them; the system's first.
    pub async fn attached_disks(&self, vm: &ResourceId) -> Result<Vec<AttachedDisk>, Failure> {
        let attempted = format!("read the disks of the VM `{}`", vm.name());
        let wire: WireVmDisks = self
            .arm
            .get(vm.as_str(), Api::Compute, &[], &attempted)
            .await?;
        Ok(wire.into())
    }

    /// A managed disk.
    pub async fn disk(&self, id: &ResourceId) -> Result<Disk, Failure> {
        let attempted = format!("read the disk `{}`", id.name());
        let wire: WireDisk = self
            .arm
            .get(id.as_str(), Api::Disks, &[], &attempted)
            .await?;
        Ok(wire.into())
    }

    /// The ids of the disks within one restore point.
    pub async fn disk_restore_points(
        &self,
        point: &ResourceId,
    ) -> Result<Vec<ResourceId>, Failure> {
        #[derive(Deserialize)]
        struct Entry {
            id: ResourceId,
        }
        let attempted = format!("list the disks of the restore point `{}`", point.name());
        let path = point.child("diskRestorePoints");
        let wire: Vec<Entry> = self
            .arm
            .list(path.as_str(), Api::Disks, &[], &attempted)
            .await?;
        Ok(wire.into_iter().map(|entry| entry.id).collect())
    }
}
