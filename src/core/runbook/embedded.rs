//! The runbooks in the binary, as (file name, text).

macro_rules! files {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$((
            concat!($folder, $name, ".yaml"),
            include_str!(concat!("../../../", $folder, $name, ".yaml")),
        )),*]
    };
}

/// The runbooks, one per error code. A test compares the list with the folder.
pub const RUNBOOKS: &[(&str, &str)] = files!["runbooks/":
    "AzureVmOffline",
    "BackUpOperationFailed",
    "ExtensionFailedOutOfMemoryError",
    "ExtensionInstallationFailure",
    "ExtensionOperationFailed",
    "ExtensionOperationFailedForManagedDisks",
    "ExtensionOperationInProgress",
    "ExtensionSnapshotFailed",
    "ExtensionStuckInDeletionState",
    "GuestAgentCertificateNotFound",
    "GuestAgentPluginInstallCommandProcessingFailed",
    "GuestAgentSnapshotTaskStatusError",
    "ManagedRPCreationFailedInCrpButExtensionSucceeded",
    "ProtectionStatusWarning",
    "UserErrorBackupOperationInProgress",
    "UserErrorGuestAgentStatusUnavailable",
    "UserErrorGuestAgentVersionUnsupported",
    "UserErrorRpCollectionLimitReached",
    "UserErrorVmNotInDesirableState",
    "UserErrorVmProvisioningStateFailed",
    "VMExtensionProvisioningError",
    "VMRestorePointInternalError",
];

/// The procedures that they include.
pub const PROCEDURES: &[(&str, &str)] = files!["runbooks/procedures/":
    "agent-service",
    "extension-prerequisites",
    "failed-extensions",
    "mend-provisioning",
    "revive-agent",
    "snapshot-status",
];
