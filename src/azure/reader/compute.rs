//! Reads of VMs, extensions and restore point collections.

use crate::azure::resource_id::ResourceId;
use crate::azure::versions::Api;
use crate::azure::views::extension::WireExtension;
use crate::azure::views::restore_point::WireCollection;
use crate::azure::views::vm::WireVm;
use crate::azure::views::{Collection, Extension, Vm};
use crate::base::Failure;

use super::Reader;

impl Reader {
    /// A VM with its instance view.
    pub async fn virtual_machine(&self, id: &ResourceId) -> Result<Vm, Failure> {
        let attempted = format!("read the VM `{}`", id.name());
        let query = [("$expand", "instanceView")];
        let wire: WireVm = self
            .arm
            .get(id.as_str(), Api::Compute, &query, &attempted)
            .await?;
        Ok(wire.into())
    }

    /// The extensions that a VM lists, with their instance views. Backup's own often is not
    /// listed: see [`Vm::extension_handlers`].
    pub async fn extensions(&self, vm: &ResourceId) -> Result<Vec<Extension>, Failure> {
        let attempted = format!("list the extensions of the VM `{}`", vm.name());
        let path = vm.child("extensions");
        let query = [("$expand", "instanceView")];
        let wire: Vec<WireExtension> = self
            .arm
            .list(path.as_str(), Api::Compute, &query, &attempted)
            .await?;
        Ok(wire.into_iter().map(Into::into).collect())
    }

    /// Every restore point collection of a subscription, without its points.
    pub async fn restore_point_collections(
        &self,
        subscription: &ResourceId,
    ) -> Result<Vec<Collection>, Failure> {
        let attempted = format!(
            "list the restore point collections of the subscription `{}`",
            subscription.subscription()
        );
        let path = subscription
            .subscription_id()
            .child("providers/Microsoft.Compute/restorePointCollections");
        let wire: Vec<WireCollection> = self
            .arm
            .list(path.as_str(), Api::Compute, &[], &attempted)
            .await?;
        Ok(wire.into_iter().map(Into::into).collect())
    }

    /// A restore point collection with its points.
    pub async fn restore_point_collection(&self, id: &ResourceId) -> Result<Collection, Failure> {
        let attempted = format!("read the restore point collection `{}`", id.name());
        let query = [("$expand", "restorePoints")];
        let wire: WireCollection = self
            .arm
            .get(id.as_str(), Api::Compute, &query, &attempted)
            .await?;
        Ok(wire.expanded())
    }
}
