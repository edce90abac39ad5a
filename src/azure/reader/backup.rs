//! Reads of what Azure Backup knows: protection, jobs, policies, recovery points.

use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use serde_json::json;

use crate::azure::resource_id::ResourceId;
use crate::azure::versions::Api;
use crate::azure::views::backup::job::WireJob;
use crate::azure::views::backup::policy::WirePolicy;
use crate::azure::views::backup::protection::{WireBackupStatus, WireItem};
use crate::azure::views::backup::recovery_point::WireRecoveryPoint;
use crate::azure::views::{BackupStatus, Job, Policy, ProtectedItem, RecoveryPoint};
use crate::base::Failure;

use super::Reader;

impl Reader {
    /// Whether and where a VM is protected. One of the POSTs that only look.
    pub async fn backup_status(
        &self,
        vm: &ResourceId,
        location: &str,
    ) -> Result<BackupStatus, Failure> {
        let attempted = format!("find out what protects the VM `{}`", vm.name());
        // The path takes the region's short name: "West Europe" is `westeurope`.
        let region: String = location.chars().filter(|c| !c.is_whitespace()).collect();
        let region = region.to_lowercase();
        let path = vm.subscription_id().child(&format!(
            "providers/Microsoft.RecoveryServices/locations/{region}/backupStatus"
        ));
        let body = json!({ "resourceType": "VM", "resourceId": vm.as_str() });
        let wire: WireBackupStatus = self
            .arm
            .query(path.as_str(), Api::Backup, body, &attempted)
            .await?;
        Ok(wire.into())
    }

    /// A protected item.
    pub async fn protected_item(&self, id: &ResourceId) -> Result<ProtectedItem, Failure> {
        let attempted = format!("read the protected item `{}`", id.name());
        let wire: WireItem = self
            .arm
            .get(id.as_str(), Api::Backup, &[], &attempted)
            .await?;
        Ok(wire.into())
    }

    /// The Recovery Services vaults of a subscription; where a region is given, those in it.
    pub async fn vaults(
        &self,
        subscription: &ResourceId,
        location: Option<&str>,
    ) -> Result<Vec<ResourceId>, Failure> {
        #[derive(Deserialize)]
        struct Entry {
            id: ResourceId,
            location: Option<String>,
        }
        let attempted = "list the vaults of the subscription";
        let path = subscription
            .subscription_id()
            .child("providers/Microsoft.RecoveryServices/vaults");
        let wire: Vec<Entry> = self
            .arm
            .list(path.as_str(), Api::Backup, &[], attempted)
            .await?;
        let here = |entry: &Entry| {
            entry
                .location
                .as_deref()
                .zip(location)
                .is_none_or(|(of, here)| of.eq_ignore_ascii_case(here))
        };
        Ok(wire.into_iter().filter(here).map(|e| e.id).collect())
    }

    /// A backup policy.
    pub async fn backup_policy(&self, id: &ResourceId) -> Result<Policy, Failure> {
        let attempted = format!("read the backup policy `{}`", id.name());
        let wire: WirePolicy = self
            .arm
            .get(id.as_str(), Api::Backup, &[], &attempted)
            .await?;
        Ok(wire.into())
    }

    /// The VM jobs of a vault that began at `since` or later, newest first, of every operation:
    /// a restore counts too when nothing may be deleted. Reads of jobs are few in an hour.
    pub async fn backup_jobs(
        &self,
        vault: &ResourceId,
        since: Timestamp,
    ) -> Result<Vec<Job>, Failure> {
        let attempted = format!("list the backup jobs of the vault `{}`", vault.name());
        let path = vault.child("backupJobs");
        let filter = format!(
            "backupManagementType eq 'AzureIaasVM' and startTime eq '{}'",
            job_time(since)
        );
        let query = [("$filter", filter.as_str())];
        let wire: Vec<WireJob> = self
            .arm
            .list(path.as_str(), Api::Backup, &query, &attempted)
            .await?;
        let mut jobs: Vec<Job> = wire.into_iter().map(Into::into).collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(job.started));
        Ok(jobs)
    }

    /// One job with its tasks and errors.
    pub async fn backup_job(&self, id: &ResourceId) -> Result<Job, Failure> {
        let attempted = format!("read the backup job `{}`", id.name());
        let wire: WireJob = self
            .arm
            .get(id.as_str(), Api::Backup, &[], &attempted)
            .await?;
        Ok(wire.into())
    }

    /// Every recovery point of a protected item.
    pub async fn recovery_points(&self, item: &ResourceId) -> Result<Vec<RecoveryPoint>, Failure> {
        let attempted = format!("list the recovery points of `{}`", item.name());
        let path = item.child("recoveryPoints");
        let wire: Vec<WireRecoveryPoint> = self
            .arm
            .list(path.as_str(), Api::Backup, &[], &attempted)
            .await?;
        Ok(wire.into_iter().map(Into::into).collect())
    }
}

/// Job filters know one form of time: UTC, 12 hours, AM or PM; and `startTime eq` means "from".
fn job_time(when: Timestamp) -> String {
    when.to_zoned(TimeZone::UTC)
        .strftime("%Y-%m-%d %I:%M:%S %p")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn job_times_have_twelve_hours() {
        for (when, text) in [
            ("2026-11-20T00:00:00Z", "2026-11-20 12:00:00 AM"),
            ("2026-11-20T12:05:00Z", "2026-11-20 12:05:00 PM"),
            ("2026-11-21T23:59:59.9Z", "2026-11-21 11:59:59 PM"),
            ("2026-11-21T03:10:00Z", "2026-11-21 03:10:00 AM"),
        ] {
            assert_eq!(job_time(when.parse().unwrap()), text);
        }
    }
}
