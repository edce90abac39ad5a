//! The messages of the documents, and the runbooks that they find.

use runbook::ops::catalogue;
use runbook::ops::matching::match_given;

use super::given;

/// The messages of the documents (remediations, section 1.2), each with its code.
const MESSAGES: [(&str, &str); 30] = [
    (
        "UserErrorGuestAgentStatusUnavailable",
        "VM Agent unable to communicate with Azure Backup",
    ),
    (
        "UserErrorGuestAgentStatusUnavailable",
        "VM agent is unable to communicate with the Azure Backup Service.",
    ),
    (
        "UserErrorGuestAgentStatusUnavailable",
        "Unable to perform the operation as the VM agent is not responsive",
    ),
    (
        "GuestAgentSnapshotTaskStatusError",
        "Could not communicate with the VM agent for snapshot status",
    ),
    (
        "GuestAgentSnapshotTaskStatusError",
        "Could not communicate with the VM agent for snapshot status - Snapshot VM sub task timed out.",
    ),
    (
        "GuestAgentSnapshotTaskStatusError",
        "Could not communicate with the VM agent for snapshot status. Snapshot VM sub task timed out.",
    ),
    (
        "GuestAgentSnapshotTaskStatusError",
        "VM has not reported status for VM agent or extensions.",
    ),
    (
        "UserErrorVmProvisioningStateFailed",
        "The VM is in failed provisioning state",
    ),
    (
        "UserErrorRpCollectionLimitReached",
        "The Restore Point collection max limit has reached.",
    ),
    (
        "UserErrorRpCollectionLimitReached",
        "The number of restore points across restore point collections and resource groups for a VM cannot exceed 18. To create a new restore point, please delete existing restore points.",
    ),
    (
        "UserErrorKeyvaultPermissionsNotConfigured",
        "Backup doesn't have sufficient permissions to the key vault for backup of encrypted VMs.",
    ),
    (
        "UserErrorKeyvaultPermissionsNotConfigured",
        "Azure Backup Service does not have sufficient permissions to Key Vault for Backup of Encrypted Virtual Machines.",
    ),
    (
        "ExtensionSnapshotFailedNoNetwork",
        "Snapshot operation failed due to no network connectivity on the virtual machine",
    ),
    (
        "ExtensionOperationFailedForManagedDisks",
        "VMSnapshot extension operation failed",
    ),
    (
        "ExtensionOperationFailedForManagedDisks",
        "VMSnapshot extension operation failed for managed disks.",
    ),
    (
        "BackUpOperationFailed",
        "Backup failed with an internal error - Please retry the operation in a few minutes",
    ),
    (
        "UserErrorUnsupportedDiskSize",
        "The configured disk size(s) is currently not supported by Azure Backup.",
    ),
    (
        "UserErrorBackupOperationInProgress",
        "Unable to initiate backup as another backup operation is currently in progress",
    ),
    (
        "UserErrorBackupOperationInProgress",
        "Command execution failed - Another operation is currently in progress on this item.",
    ),
    (
        "BMSUserErrorObjectLocked",
        "Another operation is in progress on the selected item",
    ),
    (
        "UserErrorCrpReportedUserError",
        "Backup failed due to an error. For details, see Job Error Message Details.",
    ),
    (
        "UserErrorBcmDatasourceNotPresent",
        "Backup failed: This virtual machine is not (actively) protected by Azure Backup.",
    ),
    (
        "ExtensionFailedVssWriterInBadState",
        "Snapshot operation failed because VSS writers were in a bad state.",
    ),
    (
        "ExtensionFailedVssServiceInBadState",
        "Snapshot operation failed due to VSS (Volume Shadow Copy) service in bad state.",
    ),
    (
        "UserErrorRequestDisallowedByPolicy",
        "An invalid policy is configured on the VM which is preventing Snapshot operation.",
    ),
    (
        "ExtensionSnapshotFailedCOM",
        "Snapshot operation failed due to COM+ error",
    ),
    (
        "ExtensionInstallationFailedCOM",
        "Extension installation/operation failed due to a COM+ error",
    ),
    (
        "ExtensionInstallationFailedMDTC",
        "Extension installation failed with the error \"COM+ was unable to talk to the Microsoft Distributed Transaction Coordinator\"",
    ),
    (
        "VMExtensionProvisioningError",
        "VM has reported a failure when processing extension 'joindomain'. Error message: \"it failed\".",
    ),
    (
        "VMExtensionProvisioningError",
        "Multiple VM extensions failed to be provisioned on the VM.",
    ),
];

/// Codes above that no runbook answers yet. A code that has one by now is taken out here.
const MISSING: &[&str] = &[];

#[test]
fn every_message_of_the_documents_finds_its_runbook_in_any_case_and_with_either_apostrophe() {
    let catalogue = catalogue(None).unwrap();
    let mut wrong = Vec::new();
    for (code, message) in MESSAGES {
        let missing = MISSING.contains(&code);
        let Ok(runbook) = catalogue.find(code) else {
            if !missing {
                wrong.push(format!(
                    "`{code}` has no runbook: build it, or list it as missing"
                ));
            }
            continue;
        };
        if missing {
            wrong.push(format!(
                "`{code}` has a runbook by now: take it out of the missing"
            ));
        }
        for spelled in [
            message.to_owned(),
            message.to_uppercase(),
            message.replace('\'', "\u{2019}").replace('"', "\u{201d}"),
            format!("  {} ", message.replace(' ', " \u{a0} ")),
        ] {
            let answer = match_given(&catalogue, &given(&spelled)).unwrap().answer;
            if answer.runbook.as_deref() != Some(runbook.code.as_str()) {
                wrong.push(format!("`{spelled}` gets {answer}, not `{}`", runbook.code));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
