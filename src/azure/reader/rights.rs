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

/// `attached_disks`.
pub const ATTACHED_DISKS: &[&str] = &["Microsoft.Compute/virtualMachines/read"];

/// `disk`.
pub const DISK: &[&str] = &["Microsoft.Compute/disks/read"];

/// `disk_restore_points`.
pub const DISK_RESTORE_POINTS: &[&str] =
    &["Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/read"];

/// `vaults`.
pub const VAULTS: &[&str] = &["Microsoft.RecoveryServices/Vaults/read"];

/// `key_vault`.
pub const KEY_VAULT: &[&str] = &["Microsoft.KeyVault/vaults/read"];

/// `role_assignments` and `role`.
pub const ROLES: &[&str] = &[
    "Microsoft.Authorization/roleAssignments/read",
    "Microsoft.Authorization/roleDefinitions/read",
];

/// `provider`.
pub const PROVIDER: &[&str] = &["Microsoft.Resources/subscriptions/providers/read"];

/// `policy_assignment`.
pub const POLICY_ASSIGNMENT: &[&str] = &["Microsoft.Authorization/policyAssignments/read"];

/// `poll`, for the cancellation of a job. Assumption: the name of the first, by analogy with that of
/// a backup; the second stands in remediations.md 6, row R1.
pub const JOB_OPERATION: &[&str] = &[
    "Microsoft.RecoveryServices/Vaults/backupJobs/operationsStatus/read",
    "Microsoft.RecoveryServices/Vaults/backupJobs/operationResults/read",
];

/// `protected_items`, a list of a whole vault.
pub const PROTECTED_ITEMS: &[&str] =
    &["Microsoft.RecoveryServices/Vaults/backupProtectedItems/read"];

/// `subscriptions`: those at which it is held are listed, and no others.
pub const SUBSCRIPTIONS: &[&str] = &["Microsoft.Resources/subscriptions/read"];

/// `vm_metrics`.
pub const METRICS: &[&str] = &["Microsoft.Insights/metrics/read"];

/// `network_interface`, `effective_rules` and `effective_routes`, which are followed to their end.
pub const NETWORK: &[&str] = &[
    "Microsoft.Network/networkInterfaces/read",
    "Microsoft.Network/networkInterfaces/effectiveNetworkSecurityGroups/action",
    "Microsoft.Network/networkInterfaces/effectiveRouteTable/action",
    "Microsoft.Network/locations/operationResults/read",
];
