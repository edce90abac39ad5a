//! What Azure says with each error code, as far as a document or a recording quotes it.
//!
//! Sources: azure-api.md 6.5 (numbers, and texts of real answers), remediations.md 1.2, 5.1 and 5.2. A
//! code whose text nobody quotes is not here: its jobs say the code alone.

/// Symbol, number, text; in the order of the alphabet.
pub(super) const CODES: [(&str, Option<i32>, &str); 50] = [
    (
        "AzureVmOffline",
        Some(380_008),
        "Failed to install Microsoft Recovery Services extension as virtual machine is not running",
    ),
    (
        "BackUpOperationFailed",
        Some(400_002),
        "Backup failed with an internal error - Please retry the operation in a few minutes",
    ),
    (
        "BackUpOperationFailedV2",
        None,
        "Backup failed with an internal error - Please retry the operation in a few minutes",
    ),
    (
        "BMSUserErrorObjectLocked",
        None,
        "Another operation is in progress on the selected item",
    ),
    (
        "CopyingVHDsFromBackUpVaultTakingLongTime",
        None,
        "Copying backed up data from vault timed out",
    ),
    (
        "ExtensionConfigParsingFailure",
        None,
        "Failure in parsing the config for the backup extension.",
    ),
    (
        "ExtensionFailedSnapshotLimitReachedError",
        None,
        "Snapshot operation failed as snapshot limit is exceeded for some of the disks attached",
    ),
    (
        "ExtensionFailedTimeoutDelayInNetwork",
        None,
        "Snapshot operation failed due to delay in network calls",
    ),
    (
        "ExtensionFailedTimeoutVMNetworkUnresponsive",
        None,
        "Snapshot operation failed due to inadequate VM resources.",
    ),
    (
        "ExtensionFailedVssServiceInBadState",
        None,
        "Snapshot operation failed due to VSS (Volume Shadow Copy) service in bad state.",
    ),
    (
        "ExtensionFailedVssWriterInBadState",
        None,
        "Snapshot operation failed because VSS writers were in a bad state.",
    ),
    (
        "ExtensionInstallationFailedCOM",
        None,
        "Extension installation/operation failed due to a COM+ error",
    ),
    (
        "ExtensionInstallationFailedMDTC",
        None,
        "Extension installation failed with the error \"COM+ was unable to talk to the Microsoft Distributed Transaction Coordinator",
    ),
    (
        "ExtensionOperationFailedForManagedDisks",
        None,
        "VMSnapshot extension operation failed for managed disks.",
    ),
    (
        "ExtensionOperationInProgress",
        None,
        "Command execution failed.",
    ),
    (
        "ExtensionPreScriptTimeout",
        None,
        "Execution of App-Consistent Backup Pre-Script timed-out",
    ),
    (
        "ExtensionSnapshotBitlockerError",
        None,
        "This drive is locked by BitLocker Drive Encryption. You must unlock this drive from the Control Panel.",
    ),
    (
        "ExtensionSnapshotFailedCOM",
        None,
        "Snapshot operation failed due to COM+ error",
    ),
    (
        "ExtensionSnapshotFailedNoNetwork",
        Some(400_206),
        "Snapshot operation failed due to no network connectivity on the virtual machine.",
    ),
    (
        "ExtensionSnapshotFailedNoSecureNetwork",
        None,
        "The snapshot operation failed because of failure to create a secure network communication channel.",
    ),
    (
        "ExtensionStuckInDeletionState",
        None,
        "Extension state is not supportive to the backup operation",
    ),
    (
        "ExtensionVCRedistInstallationFailure",
        None,
        "The snapshot operation failed because of failure to install Visual C++ Redistributable for Visual Studio 2012.",
    ),
    (
        "GuestAgentSnapshotTaskStatusError",
        None,
        "Could not communicate with the VM agent for snapshot status.",
    ),
    (
        "IaasVmHealthGreenDefault",
        Some(400_239),
        "Backup pre-check status of this virtual machine is OK.",
    ),
    (
        "ManagedRPCreationFailedInCrpButExtensionSucceeded",
        None,
        "Backup operation failed for managed disk VM",
    ),
    (
        "UserErrorBackupOperationInProgress",
        None,
        "Unable to initiate backup as another backup operation is currently in progress",
    ),
    (
        "UserErrorBcmDatasourceNotPresent",
        None,
        "Backup failed: This virtual machine is not (actively) protected by Azure Backup.",
    ),
    (
        "UserErrorBCMPremiumStorageQuotaError",
        None,
        "Could not copy the snapshot of the virtual machine, due to insufficient free space in the storage account",
    ),
    (
        "UserErrorCrpReportedUserError",
        Some(400_349),
        "Backup failed due to an error. For details, see Job Error Message Details.",
    ),
    (
        "UserErrorFsFreezeFailed",
        None,
        "Failed to freeze one or more mount-points of the VM to take a file-system consistent snapshot.",
    ),
    (
        "UserErrorGenericResourceNotFound",
        Some(400_309),
        "Azure resource does not exist.",
    ),
    (
        "UserErrorGuestAgentStatusUnavailable",
        Some(400_196),
        "VM agent is unable to communicate with the Azure Backup Service.",
    ),
    (
        "UserErrorInstantRpNotFound",
        None,
        "Restore failed because the snapshot of the VM was not found. The snapshot could have been deleted, please check.",
    ),
    (
        "UserErrorJobSuccessfullyCancelled",
        Some(400_158),
        "Job is cancelled.",
    ),
    (
        "UserErrorKeyvaultPermissionsNotConfigured",
        Some(400_198),
        "Azure Backup Service does not have sufficient permissions to Key Vault for Backup of Encrypted Virtual Machines.",
    ),
    (
        "UserErrorMarketPlaceVMNotSupported",
        None,
        "VM creation failed due to Market Place purchase request being not present.",
    ),
    (
        "UserErrorMigrationFromTrustedLaunchVMToNonTrustedVMNotAllowed",
        None,
        "Backup cannot be configured for the VM which has migrated from Trusted Launch mode to non Trusted Launch mode.",
    ),
    (
        "UserErrorRequestDisallowedByPolicy",
        None,
        "An invalid policy is configured on the VM which is preventing Snapshot operation.",
    ),
    (
        "UserErrorResourceIsInLockedState",
        None,
        "Backup failed due to a lock on virtual machine.",
    ),
    (
        "UserErrorRpCollectionDeleted",
        Some(400_288),
        "The Restore Point collection has been deleted by the user.",
    ),
    (
        "UserErrorRpCollectionLimitReached",
        None,
        "The Restore Point collection max limit has reached.",
    ),
    (
        "UserErrorSkuNotAvailable",
        None,
        "VM creation failed as VM size selected is not available.",
    ),
    (
        "UserErrorUnsupportedDiskSize",
        None,
        "The configured disk size(s) is currently not supported by Azure Backup.",
    ),
    (
        "UserErrorVMInternetConnectivityIssue",
        None,
        "VM is not able to contact Azure Backup service due to internet connectivity issues.",
    ),
    (
        "UserErrorVmNotFoundV2",
        Some(400_136),
        "Virtual machine doesn't exist.",
    ),
    (
        "UserErrorVmNotInDesirableState",
        None,
        "VM is not in a state that allows backups.",
    ),
    (
        "UserErrorVmProvisioningStateFailed",
        None,
        "The VM is in failed provisioning state",
    ),
    (
        "UserErrorVmVaultLocationMismatch",
        Some(400_175),
        "Virtual machine and vault are in different region.",
    ),
    (
        "VMAgentStatusCommunicationError",
        None,
        "VM has not reported status for VM agent or extensions.",
    ),
    (
        "VmNotInDesirableState",
        None,
        "The VM isn't in a state that allows backups.",
    ),
];
