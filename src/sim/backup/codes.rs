//! Error codes with their numbers and texts, where the documents or recordings give them.

mod table;

use crate::sim::ids;
use crate::sim::world::Reported;

/// Symbol, what to do. Source: azure-api.md 6.5.
///
/// Assumption: the advice, except that of 400196 and 400288; no document quotes the others.
const ADVICE: [(&str, &str); 12] = [
    (
        "UserErrorVmNotFoundV2",
        "Stop protecting the virtual machine.",
    ),
    (
        "UserErrorVmProvisioningStateFailed",
        "Check the VM extensions and bring the VM to a healthy state.",
    ),
    (
        "ExtensionStuckInDeletionState",
        "Uninstall the backup extension and retry.",
    ),
    (
        "UserErrorRpCollectionLimitReached",
        "Remove the lock on the restore point resource group and retry.",
    ),
    (
        "UserErrorRpCollectionDeleted",
        "Please retry the operation and do not delete any Restore Point collections.",
    ),
    (
        "UserErrorGuestAgentStatusUnavailable",
        "Ensure that VM agent is latest and running.",
    ),
    (
        "GuestAgentSnapshotTaskStatusError",
        "Ensure that the VM agent is latest and running.",
    ),
    (
        "UserErrorBackupOperationInProgress",
        "Wait for the running backup to end.",
    ),
    (
        "UserErrorBcmDatasourceNotPresent",
        "Resume protection of the virtual machine.",
    ),
    (
        "UserErrorCrpReportedUserError",
        "Follow the recommended action in the error details.",
    ),
    (
        "UserErrorKeyvaultPermissionsNotConfigured",
        "Grant the permissions and retry.",
    ),
    ("UserErrorUnsupportedDiskSize", "Split the disk."),
];

/// The code with its number and text; an unknown one has neither, and says itself.
pub(in crate::sim) fn reported(code: &str) -> Reported {
    let known = table::CODES
        .iter()
        .find(|(symbol, ..)| ids::same(symbol, code));
    Reported {
        code: code.to_owned(),
        number: known.and_then(|(_, number, _)| *number),
        message: known.map_or_else(|| code.to_owned(), |(.., text)| (*text).to_owned()),
    }
}

/// What the portal recommends for a code.
pub(in crate::sim) fn recommendations(code: &str) -> Vec<&'static str> {
    let known = ADVICE.iter().find(|(symbol, _)| ids::same(symbol, code));
    known.map(|(_, advice)| *advice).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_code_is_told_twice_and_all_stand_in_the_order_of_the_alphabet() {
        let names = table::CODES.map(|(symbol, ..)| symbol.to_lowercase());
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
    }

    #[test]
    fn a_documented_code_says_its_text_and_another_says_itself() {
        let known = reported("extensionsnapshotfailedcom");
        assert_eq!(known.message, "Snapshot operation failed due to COM+ error");
        assert_eq!(known.code, "extensionsnapshotfailedcom");
        assert_eq!(reported("SomethingElse").message, "SomethingElse");
    }
}
