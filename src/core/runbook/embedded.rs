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
    "AllocationFailed",
    "AnotherOperationInProgress",
    "AuthorizationFailed",
    "AzureIaaSVMBackupPerf",
    "BackupJobNotCancelled",
    "BCMCrpInternalError",
    "CopyingVHDsFromBackUpVaultTakingLongTime",
    "DiskRestorePointClientError",
    "DiskRestorePointUsedByCustomer",
    "ExtensionFailedSnapshotLimitReachedError",
    "ExtensionFailedSnapshotRateExceededError",
    "ExtensionStuckInDeletionState",
    "GuestAgentSnapshotTaskStatusError",
    "InternalExecutionError",
    "MissingSubscriptionRegistration",
    "OperationNotAllowed",
    "OSProvisioningClientError",
    "ScopeLocked",
    "TooManyRequests",
    "UserErrorBackupOperationInProgress",
    "UserErrorBcmDatasourceNotPresent",
    "UserErrorBCMPremiumStorageQuotaError",
    "UserErrorBCMUnsupportedDiskCount",
    "UserErrorComputeVmWithClassicStorage",
    "UserErrorGenericResourceNotFound",
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
    "UserErrorUnsupportedDiskConfiguration",
    "UserErrorUnsupportedDiskSize",
    "UserErrorUnSupportedDistribution",
    "UserErrorUnsupportedStorageType",
    "UserErrorVmNotFoundV2",
    "UserErrorVmProvisioningStateFailed",
    "UserErrorVmVaultLocationMismatch",
    "UserErrorWAEnabledDisksNotSupported",
    "VMRestorePointClientError",
];

/// The procedures that they include.
pub const PROCEDURES: &[(&str, &str)] = files!["runbooks/procedures/":];
