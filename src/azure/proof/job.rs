//! A backup job that can be cancelled.

use crate::azure::resource_id::ResourceId;
use crate::azure::views::Job;

use super::RuleBroken;

/// A backup of the VM that still takes its snapshot and that Azure offers to cancel.
#[derive(Clone, Debug)]
pub struct CancellableJob {
    id: ResourceId,
}

impl CancellableJob {
    /// Checks that `job` is a backup of the container (`iaasvmcontainerv2;group;vm`), and not too
    /// far on to be cancelled.
    pub fn prove(job: &Job, container: &str) -> Result<Self, RuleBroken> {
        let id = &job.id;
        if !id.is_type("Microsoft.RecoveryServices/vaults/backupJobs") {
            return Err(RuleBroken(format!("`{id}` is not a backup job")));
        }
        if !job.operation.eq_ignore_ascii_case("Backup") {
            return Err(RuleBroken(format!(
                "the job `{}` is a {}, and only backups are cancelled",
                job.name,
                job.operation.to_lowercase()
            )));
        }
        let own = job.container.as_deref().map(bare);
        if container.is_empty() || own.is_none_or(|own| !own.eq_ignore_ascii_case(bare(container)))
        {
            return Err(RuleBroken(format!(
                "the job `{}` is not of this VM",
                job.name
            )));
        }
        if !job.can_be_cancelled() {
            return Err(RuleBroken(format!(
                "the job `{}` cannot be cancelled: it does not take its snapshot any more",
                job.name
            )));
        }
        Ok(Self { id: id.clone() })
    }

    /// The job.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.id
    }
}

fn bare(container: &str) -> &str {
    match container.split_once(';') {
        Some((first, rest)) if first.eq_ignore_ascii_case("IaasVMContainer") => rest,
        _ => container,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn job(operation: &str, status: &str, snapshot: &str, action: &str) -> Job {
        serde_json::from_value(json!({
            "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v/backupJobs/j",
            "name": "j", "operation": operation, "status": status, "container": "iaasvmcontainerv2;rg;web1",
            "actions": [action],
            "tasks": [{ "name": "Take Snapshot", "status": snapshot }, { "name": "Transfer data to vault", "status": "NotStarted" }]
        }))
        .unwrap()
    }

    #[test]
    fn only_a_backup_in_its_snapshot_that_azure_offers_to_cancel_is_proved() {
        let ours = "IaasVMContainer;iaasvmcontainerv2;RG;web1";
        for (job, container, proved) in [
            (
                job("Backup", "InProgress", "InProgress", "Cancellable"),
                ours,
                true,
            ),
            (job("Backup", "InProgress", "InProgress", "1"), ours, true),
            (
                job("Backup", "InProgress", "InProgress", "Cancellable"),
                "iaasvmcontainerv2;rg;web10",
                false,
            ),
            (
                job("Backup", "InProgress", "InProgress", "Cancellable"),
                "",
                false,
            ),
            (
                job("Backup", "InProgress", "Completed", "Cancellable"),
                ours,
                false,
            ),
            (
                job("Backup", "InProgress", "InProgress", "Retriable"),
                ours,
                false,
            ),
            (
                job("Backup", "Completed", "InProgress", "Cancellable"),
                ours,
                false,
            ),
            (
                job("Restore", "InProgress", "InProgress", "Cancellable"),
                ours,
                false,
            ),
        ] {
            assert_eq!(
                CancellableJob::prove(&job, container).is_ok(),
                proved,
                "{job:?}"
            );
        }
    }
}
