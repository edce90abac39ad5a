//! Error codes with their numbers and texts, where the documents or recordings give them.

use crate::sim::ids;
use crate::sim::world::Reported;

/// Symbol, number, text, what to do. Sources: azure-api.md 6.5, remediations.md 1.2 and 5.1.
///
/// Assumption: the advice, except that of 400196 and 400288; no document quotes the others.
const CODES: [(&str, Option<i32>, &str, &str); 14] = [
    (
        "UserErrorVmNotFoundV2",
        Some(400_136),
        "Virtual machine doesn't exist.",
        "Stop protecting the virtual machine.",
    ),
    (
        "UserErrorVmProvisioningStateFailed",
        None,
        "The VM is in failed provisioning state",
        "Check the VM extensions and bring the VM to a healthy state.",
    ),
    (
        "ExtensionStuckInDeletionState",
        None,
        "Extension state is not supportive to the backup operation",
        "Uninstall the backup extension and retry.",
    ),
    (
        "UserErrorRpCollectionLimitReached",
        None,
        "The Restore Point collection max limit has reached.",
        "Remove the lock on the restore point resource group and retry.",
    ),
    (
        "UserErrorRpCollectionDeleted",
        Some(400_288),
        "The Restore Point collection has been deleted by the user.",
        "Please retry the operation and do not delete any Restore Point collections.",
    ),
    (
        "UserErrorGuestAgentStatusUnavailable",
        Some(400_196),
        "VM agent is unable to communicate with the Azure Backup Service.",
        "Ensure that VM agent is latest and running.",
    ),
    (
        "GuestAgentSnapshotTaskStatusError",
        None,
        "Could not communicate with the VM agent for snapshot status.",
        "Ensure that the VM agent is latest and running.",
    ),
    (
        "UserErrorBackupOperationInProgress",
        None,
        "Unable to initiate backup as another backup operation is currently in progress",
        "Wait for the running backup to end.",
    ),
    (
        "UserErrorBcmDatasourceNotPresent",
        None,
        "Backup failed: This virtual machine is not (actively) protected by Azure Backup.",
        "Resume protection of the virtual machine.",
    ),
    (
        "UserErrorCrpReportedUserError",
        Some(400_349),
        "Backup failed due to an error. For details, see Job Error Message Details.",
        "Follow the recommended action in the error details.",
    ),
    (
        "UserErrorKeyvaultPermissionsNotConfigured",
        Some(400_198),
        "Azure Backup Service does not have sufficient permissions to Key Vault for Backup of Encrypted Virtual Machines.",
        "Grant the permissions and retry.",
    ),
    (
        "UserErrorUnsupportedDiskSize",
        None,
        "The configured disk size(s) is currently not supported by Azure Backup.",
        "Split the disk.",
    ),
    (
        "UserErrorJobSuccessfullyCancelled",
        Some(400_158),
        "Job is cancelled.",
        "",
    ),
    (
        "IaasVmHealthGreenDefault",
        Some(400_239),
        "Backup pre-check status of this virtual machine is OK.",
        "",
    ),
];

/// The code with its number and text; an unknown one has neither.
pub(in crate::sim) fn reported(code: &str) -> Reported {
    let known = CODES.iter().find(|(symbol, ..)| ids::same(symbol, code));
    Reported {
        code: code.to_owned(),
        number: known.and_then(|(_, number, ..)| *number),
        message: known.map_or_else(|| code.to_owned(), |(_, _, text, _)| (*text).to_owned()),
    }
}

/// What the portal recommends for a code.
pub(in crate::sim) fn recommendations(code: &str) -> Vec<&'static str> {
    let known = CODES.iter().find(|(symbol, ..)| ids::same(symbol, code));
    known
        .map(|(.., advice)| *advice)
        .filter(|advice| !advice.is_empty())
        .into_iter()
        .collect()
}
