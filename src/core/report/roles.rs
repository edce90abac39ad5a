//! Which built-in role holds a right that is missing.

/// The roles that hold the RBAC action `action`, for people.
///
/// Sources: `azure-api.md` section 12 (built-in roles of 2025-01-14: Locks Contributor; none but
/// Contributor and Owner may delete restore point collections) and `remediations.md` section 6
/// (rights of each remedy).
#[must_use]
pub fn holding(action: &str) -> &'static str {
    let action = action.to_lowercase();
    let begins = |prefix: &str| action.starts_with(prefix);
    if action.ends_with("/read") {
        if begins("microsoft.recoveryservices/") {
            "Backup Reader"
        } else {
            "Reader"
        }
    } else if begins("microsoft.authorization/locks/") {
        "Locks Contributor, or a custom role"
    } else if begins("microsoft.compute/restorepointcollections/") {
        "a custom role (of the built-in roles, only Contributor and Owner hold it)"
    } else if begins("microsoft.recoveryservices/") {
        "Backup Operator"
    } else if begins("microsoft.compute/virtualmachines/") {
        "Virtual Machine Contributor"
    } else if begins("microsoft.keyvault/") {
        "Key Vault Contributor"
    } else {
        "a custom role"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_right_has_its_role_in_any_casing() {
        for (action, role) in [
            ("Microsoft.Authorization/locks/delete", "Locks Contributor"),
            (
                "microsoft.compute/RestorePointCollections/delete",
                "custom role",
            ),
            (
                "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/backup/action",
                "Backup Operator",
            ),
            (
                "Microsoft.Compute/virtualMachines/runCommand/action",
                "Virtual Machine Contributor",
            ),
            (
                "Microsoft.Compute/virtualMachines/extensions/delete",
                "Virtual Machine Contributor",
            ),
            (
                "Microsoft.RecoveryServices/Vaults/backupJobs/read",
                "Backup Reader",
            ),
            ("Microsoft.Authorization/locks/read", "Reader"),
            ("Contoso.Own/thing/write", "custom role"),
        ] {
            assert!(
                holding(action).contains(role),
                "{action}: {}",
                holding(action)
            );
        }
    }
}
