//! The RBAC action that each look takes, by the name of the method of [`super::Reader`].
//!
//! Sources: `azure-api.md` section 12, `remediations.md` section 6. A role that `runbook role`
//! prints holds those of the looks that its runbooks need.

/// `virtual_machine`: the documents name both for a VM read with its instance view.
pub const VIRTUAL_MACHINE: &[&str] = &[
    "Microsoft.Compute/virtualMachines/read",
    "Microsoft.Compute/virtualMachines/instanceView/read",
];

/// `extensions`.
pub const EXTENSIONS: &[&str] = &["Microsoft.Compute/virtualMachines/extensions/read"];

/// `restore_point_collections`, and `restore_point_collection` with its points.
pub const RESTORE_POINTS: &[&str] = &[
    "Microsoft.Compute/restorePointCollections/read",
    "Microsoft.Compute/restorePointCollections/restorePoints/read",
];

/// `locks` and `lock`.
pub const LOCKS: &[&str] = &["Microsoft.Authorization/locks/read"];

/// `lock_events`, and whatever else asks the activity log.
pub const ACTIVITY_LOG: &[&str] = &["Microsoft.Insights/eventtypes/values/read"];

/// `permissions`.
pub const PERMISSIONS: &[&str] = &["Microsoft.Authorization/permissions/read"];

/// `group_contents`.
pub const GROUP_CONTENTS: &[&str] = &["Microsoft.Resources/subscriptions/resources/read"];

/// `backup_status`.
pub const BACKUP_STATUS: &[&str] = &["Microsoft.RecoveryServices/locations/backupStatus/action"];

/// `protected_item`.
pub const PROTECTED_ITEM: &[&str] =
    &["Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/read"];

/// `recovery_points`.
pub const RECOVERY_POINTS: &[&str] = &[
    "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/read",
];

/// `backup_policy`.
pub const BACKUP_POLICY: &[&str] = &["Microsoft.RecoveryServices/Vaults/backupPolicies/read"];

/// `backup_jobs` and `backup_job`.
pub const BACKUP_JOBS: &[&str] = &["Microsoft.RecoveryServices/Vaults/backupJobs/read"];

/// `poll`, for an operation of Compute.
pub const COMPUTE_OPERATION: &[&str] = &["Microsoft.Compute/locations/operations/read"];

/// `poll`, for a backup that was asked for.
pub const BACKUP_OPERATION: &[&str] = &[
    "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/operationsStatus/read",
];
