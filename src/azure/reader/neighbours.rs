//! Reads of what else a vault protects, and when.

use crate::azure::resource_id::ResourceId;
use crate::azure::versions::Api;
use crate::azure::views::backup::policy::WirePolicy;
use crate::azure::views::backup::protection::WireItem;
use crate::azure::views::{Policy, ProtectedItem};
use crate::base::Failure;

use super::Reader;

impl Reader {
    /// Every VM that a vault protects.
    pub async fn protected_items(&self, vault: &ResourceId) -> Result<Vec<ProtectedItem>, Failure> {
        let attempted = format!("list what the vault `{}` protects", vault.name());
        let path = vault.child("backupProtectedItems");
        let query = [("$filter", "backupManagementType eq 'AzureIaasVM'")];
        let wire: Vec<WireItem> = self
            .arm
            .list(path.as_str(), Api::Backup, &query, &attempted)
            .await?;
        Ok(wire.into_iter().map(Into::into).collect())
    }

    /// Every policy of a vault for VMs.
    pub async fn backup_policies(&self, vault: &ResourceId) -> Result<Vec<Policy>, Failure> {
        let attempted = format!("list the backup policies of the vault `{}`", vault.name());
        let path = vault.child("backupPolicies");
        let query = [("$filter", "backupManagementType eq 'AzureIaasVM'")];
        let wire: Vec<WirePolicy> = self
            .arm
            .list(path.as_str(), Api::Backup, &query, &attempted)
            .await?;
        Ok(wire.into_iter().map(Into::into).collect())
    }
}
