//! The runbooks in the binary, as (file name, text).

use super::parse;

macro_rules! files {
    ($folder:literal: $($name:literal),* $(,)?) => {
        &[$((
            concat!($folder, $name, ".yaml"),
            include_str!(concat!("../../../", $folder, $name, ".yaml")),
        )),*]
    };
}

/// The code of the runbook in the binary that has this code or alias, compared without case.
#[must_use]
pub fn named(code: &str) -> Option<String> {
    let wanted = code.to_lowercase();
    // Reading a document takes longer than looking for a word in it.
    let with_it = |(_, text): &&(&str, &str)| text.to_lowercase().contains(&wanted);
    RUNBOOKS.iter().filter(with_it).find_map(|(file, text)| {
        let document = parse::runbook(file, text).ok()?.document;
        let mut names = document.matching.aliases.iter().chain([&document.code]);
        let is_it = names.any(|name| name.eq_ignore_ascii_case(code));
        is_it.then(|| document.code.clone())
    })
}

/// The runbooks, one per error code. A test compares the list with the folder.
pub const RUNBOOKS: &[(&str, &str)] = files!["runbooks/":
    "AllocationFailed",
    "AnotherOperationInProgress",
    "AuthorizationFailed",
    "AzureIaaSVMBackupPerf",
    "AzureVmOffline",
    "BackupJobNotCancelled",
    "BackUpOperationFailed",
    "BCMCrpInternalError",
    "BMSUserErrorObjectLocked",
    "CopyingVHDsFromBackUpVaultTakingLongTime",
    "DiskRestorePointClientError",
    "DiskRestorePointUsedByCustomer",
    "ExtensionCommandExecFailure",
    "ExtensionConfigParsingFailure",
    "ExtensionFailedOutOfMemoryError",
    "ExtensionFailedSnapshotLimitReachedError",
    "ExtensionFailedSnapshotRateExceededError",
    "ExtensionFailedTimeoutDelayInNetwork",
    "ExtensionFailedTimeoutVMNetworkUnresponsive",
    "ExtensionFailedVssServiceInBadState",
    "ExtensionFailedVssWriterInBadState",
    "ExtensionInstallationFailedCOM",
    "ExtensionInstallationFailedMDTC",
    "ExtensionInstallationFailure",
    "ExtensionInstallProviderCOMMemoryQuotaReached",
    "ExtensionOperationFailed",
    "ExtensionOperationFailedForManagedDisks",
    "ExtensionOperationInProgress",
    "ExtensionPreScriptTimeout",
    "ExtensionSnapshotBitlockerError",
    "ExtensionSnapshotFailed",
    "ExtensionSnapshotFailedCOM",
    "ExtensionSnapshotFailedNoNetwork",
    "ExtensionSnapshotFailedNoSecureNetwork",
    "ExtensionStuckInDeletionState",
    "ExtensionVCRedistInstallationFailure",
    "FailedPrepostCheckSumMismatch",
    "FailedPrepostPluginhostConfigNotFound",
    "GuestAgentCertificateNotFound",
    "GuestAgentPluginInstallCommandProcessingFailed",
    "GuestAgentSnapshotTaskStatusError",
    "IncorrectJSONConfigFile",
    "IncorrectPluginhostFile",
    "InsufficientPermissionforPre-Script",
    "InternalExecutionError",
    "ManagedRPCreationFailedInCrpButExtensionSucceeded",
    "MissingSubscriptionRegistration",
    "NoExtensionStatusButStatusBlobAvailable",
    "OperationNotAllowed",
    "OSProvisioningClientError",
    "Pre-ScriptExecutionFailed",
    "Pre-ScriptNotFound",
    "PreSnapshotScriptFailed",
    "ProtectionStatusWarning",
    "ScopeLocked",
    "TooManyRequests",
    "Triage",
    "UserErrorBackupOperationInProgress",
    "UserErrorBcmDatasourceNotPresent",
    "UserErrorBCMPremiumStorageQuotaError",
    "UserErrorBCMUnsupportedDiskCount",
    "UserErrorComputeVmWithClassicStorage",
    "UserErrorCrpReportedUserError",
    "UserErrorFsFreezeFailed",
    "UserErrorFsFreezeTimeout",
    "UserErrorGenericResourceNotFound",
    "UserErrorGuestAgentStatusUnavailable",
    "UserErrorGuestAgentVersionUnsupported",
    "UserErrorInstantRpNotFound",
    "UserErrorInvalidAuthenticationTokenTenant",
    "UserErrorInvalidManagedDiskOperation",
    "UserErrorInvalidVMEncryptionInfo",
    "UserErrorJobSuccessfullyCancelled",
    "UserErrorKeyvaultPermissionsNotConfigured",
    "UserErrorMarketPlaceVMNotSupported",
    "UserErrorMigrationFromTrustedLaunchVMToNonTrustedVMNotAllowed",
    "UserErrorPermissionDenied",
    "UserErrorProt32dAllocationPending",
    "UserErrorProtectionQuotaExceeded",
    "UserErrorRequestDisallowedByPolicy",
    "UserErrorResourceIsInLockedState",
    "UserErrorRpCollectionDeleted",
    "UserErrorRpCollectionLimitReached",
    "UserErrorRpCollectionMarkedForDeletion",
    "UserErrorSharedDiskBackupNotSupported",
    "UserErrorSkuNotAvailable",
    "UserErrorStandardSSDNotSupported",
    "UserErrorStorageAccountIsLocked",
    "UserErrorUnableToOpenMount",
    "UserErrorUnsupportedDiskConfiguration",
    "UserErrorUnsupportedDiskSize",
    "UserErrorUnSupportedDistribution",
    "UserErrorUnsupportedStorageType",
    "UserErrorVMInternetConnectivityIssue",
    "UserErrorVmNotFoundV2",
    "UserErrorVmNotInDesirableState",
    "UserErrorVmProvisioningStateFailed",
    "UserErrorVmVaultLocationMismatch",
    "UserErrorWAEnabledDisksNotSupported",
    "VMBackupLinuxExtensionConfFileWrongEncodingFormat",
    "VMExtensionProvisioningError",
    "VMRestorePointClientError",
    "VMRestorePointInternalError",
];

/// The procedures that they include.
pub const PROCEDURES: &[(&str, &str)] = files!["runbooks/procedures/":
    "agent-service",
    "complus",
    "extension-prerequisites",
    "failed-extensions",
    "freeze-causes",
    "linux-guest",
    "load-and-schedule",
    "mend-provisioning",
    "revive-agent",
    "shut-down-inside",
    "snapshot-status",
    "system-proxy",
    "way-out",
];
