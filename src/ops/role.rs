//! The least-privilege custom roles for runbooks, as `az role definition create` reads them.
//!
//! Nothing is written down twice: what a look takes its looker says, what a request takes its
//! action says, and [`crate::core::plan::rights`] collects both.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::core::plan::rights::{self, Rights};
use crate::core::runbook::Runbook;
use crate::core::runbook::catalogue::Catalogue;
use crate::ops::documents::disconnected;
use crate::ops::{OpsError, choose, triage};

/// A part of what runbooks take, to be given apart; the split is that of `remediations.md`
/// section 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// To look: plans, dry runs, triage.
    Diagnose,
    /// To back up now, to follow and to cancel a backup.
    Retry,
    /// To delete restore point collections and the locks on them.
    Cleanup,
    /// To run scripts as SYSTEM or root inside a VM, to remove its extensions, to reapply and
    /// restart it.
    Guest,
    /// What reaches further than a failed backup; given only where it is asked for by name.
    Sensitive,
}

impl Part {
    /// All of them; each stands on those before it, the last on the first alone.
    pub const ALL: [Self; 5] = [
        Self::Diagnose,
        Self::Retry,
        Self::Cleanup,
        Self::Guest,
        Self::Sensitive,
    ];

    /// Its name on the command line and in the role's.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Diagnose => "diagnose",
            Self::Retry => "retry",
            Self::Cleanup => "cleanup",
            Self::Guest => "guest",
            Self::Sensitive => "sensitive",
        }
    }

    /// The part that a change belongs to. Whatever is not listed is sensitive: key vaults, role
    /// assignments, the VM's model, its host and its protection, registrations.
    fn of(action: &str) -> Self {
        const LISTED: [(&str, Part); 10] = [
            (
                "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/backup/action",
                Part::Retry,
            ),
            (
                "Microsoft.RecoveryServices/Vaults/backupJobs/cancel/action",
                Part::Retry,
            ),
            ("Microsoft.Authorization/locks/delete", Part::Cleanup),
            ("Microsoft.Authorization/locks/write", Part::Cleanup),
            (
                "Microsoft.Compute/restorePointCollections/delete",
                Part::Cleanup,
            ),
            (
                "Microsoft.Compute/restorePointCollections/restorePoints/delete",
                Part::Cleanup,
            ),
            (
                "Microsoft.Compute/virtualMachines/extensions/delete",
                Part::Guest,
            ),
            (
                "Microsoft.Compute/virtualMachines/reapply/action",
                Part::Guest,
            ),
            (
                "Microsoft.Compute/virtualMachines/restart/action",
                Part::Guest,
            ),
            (
                "Microsoft.Compute/virtualMachines/runCommand/action",
                Part::Guest,
            ),
        ];
        let disk_access = "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/endGetAccess/action";
        if action.eq_ignore_ascii_case(disk_access) {
            return Self::Cleanup;
        }
        let listed = LISTED
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(action));
        listed.map_or(Self::Sensitive, |(_, part)| *part)
    }

    fn description(self) -> &'static str {
        match self {
            Self::Diagnose => {
                "Reads what runbook needs to plan the repair of failed Azure VM backups; changes nothing."
            }
            Self::Retry => {
                "Starts, follows and cancels VM backups. Assign it with the role diagnose."
            }
            Self::Cleanup => {
                "Deletes restore point collections of Azure Backup and the locks that stop their clean-up. Assign it with the role diagnose, at the backup resource groups where possible."
            }
            Self::Guest => {
                "Repairs a VM and its extensions. Running commands equals SYSTEM or root on the VM. Assign it with the role diagnose."
            }
            Self::Sensitive => {
                "Changes protection, models or rights, where a runbook may and a person approved. Assign it with the role diagnose, and for as long as it is needed."
            }
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A custom role, in the form that `az role definition create --role-definition` reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
    /// Unique in the directory.
    pub name: String,
    /// Always: it is no built-in role.
    pub is_custom: bool,
    /// What it lets its holder do.
    pub description: String,
    /// The RBAC actions.
    pub actions: Vec<String>,
    /// None.
    pub not_actions: Vec<String>,
    /// None: nothing reads or writes what is inside a vault, a disk or a key vault.
    pub data_actions: Vec<String>,
    /// None.
    pub not_data_actions: Vec<String>,
    /// Where it may be assigned.
    pub assignable_scopes: Vec<String>,
}

/// The place of the subscription, for a person to fill in: `az` refuses it as it is.
pub const PLACEHOLDER: &str = "/subscriptions/{subscription}";

/// What the runbooks of these codes take; when there are none, what all runbooks take, and `match`
/// and `triage`, which find out what failed.
///
/// # Errors
/// When there is no runbook for a code.
pub fn rights_of(catalogue: &Catalogue, codes: &[String]) -> Result<Rights, OpsError> {
    let known: Result<Vec<&Runbook>, OpsError> = match codes {
        [] => Ok(catalogue.runbooks().collect()),
        codes => codes.iter().map(|code| find(catalogue, code)).collect(),
    };
    let actions = crate::actions::actions();
    let lookers = disconnected();
    let mut all = Rights::default();
    for runbook in known? {
        all.extend(rights::of(runbook, &actions, &lookers));
    }
    if codes.is_empty() {
        all.extend(Rights {
            reads: choose::reads(&lookers)
                .into_iter()
                .chain(triage::reads())
                .collect(),
            changes: BTreeMap::new(),
        });
    }
    Ok(all)
}

fn find<'a>(catalogue: &'a Catalogue, code: &str) -> Result<&'a Runbook, OpsError> {
    catalogue
        .find(code)
        .map_err(|missing| OpsError::NoSuchCode {
            code: missing.code,
            did_you_mean: missing.did_you_mean,
        })
}

/// The roles that hold `rights`, those that nothing falls to left out: one for each part, in order.
///
/// # Errors
/// When a scope is none that a role can be assigned at.
pub fn roles(rights: &Rights, scopes: &[String]) -> Result<Vec<(Part, Role)>, OpsError> {
    if let Some(wrong) = scopes.iter().find(|scope| !is_assignable(scope)) {
        return Err(OpsError::Usage(format!(
            "`{wrong}` is no scope that a custom role is assignable at; give \
             /subscriptions/ID or /subscriptions/ID/resourceGroups/NAME"
        )));
    }
    let scopes = match scopes {
        [] => vec![PLACEHOLDER.to_owned()],
        scopes => scopes.to_vec(),
    };
    let made = Part::ALL.into_iter().filter_map(|part| {
        let actions = actions(rights, part);
        (!actions.is_empty()).then(|| (part, role(part, actions, scopes.clone())))
    });
    Ok(made.collect())
}

/// What a part holds beyond `diagnose`.
fn actions(rights: &Rights, part: Part) -> Vec<String> {
    if part == Part::Diagnose {
        return rights
            .reads
            .iter()
            .map(|&action| action.to_owned())
            .collect();
    }
    let own = rights
        .changes
        .iter()
        .filter(|(action, _)| Part::of(action) == part);
    let mut all = BTreeSet::new();
    for (action, besides) in own {
        all.insert(action.clone());
        let more = besides.iter().filter(|read| !rights.reads.contains(*read));
        all.extend(more.map(|&read| read.to_owned()));
    }
    all.into_iter().collect()
}

fn role(part: Part, actions: Vec<String>, assignable_scopes: Vec<String>) -> Role {
    Role {
        name: format!("runbook {part}"),
        is_custom: true,
        description: part.description().to_owned(),
        actions,
        not_actions: Vec::new(),
        data_actions: Vec::new(),
        not_data_actions: Vec::new(),
        assignable_scopes,
    }
}

/// Custom roles are assignable at subscriptions, resource groups and one management group.
fn is_assignable(scope: &str) -> bool {
    let lower = scope.to_lowercase();
    let segments: Vec<&str> = lower.split('/').collect();
    let named = |name: &str| !name.is_empty() && !name.contains(char::is_whitespace);
    match segments.as_slice() {
        ["", "subscriptions", id] => named(id),
        ["", "subscriptions", id, "resourcegroups", group] => named(id) && named(group),
        [
            "",
            "providers",
            "microsoft.management",
            "managementgroups",
            group,
        ] => named(group),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_listed_is_never_in_a_role_given_by_default() {
        for action in [
            "Microsoft.KeyVault/vaults/accessPolicies/write",
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Compute/virtualMachines/write",
            "Microsoft.Compute/virtualMachines/redeploy/action",
            "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/write",
            "Contoso.Own/thing/action",
        ] {
            assert_eq!(Part::of(action), Part::Sensitive, "{action}");
        }
        assert_eq!(
            Part::of("microsoft.authorization/LOCKS/delete"),
            Part::Cleanup
        );
    }

    #[test]
    fn a_role_is_assignable_where_azure_lets_it_be() {
        for (scope, can) in [
            ("/subscriptions/s", true),
            (
                "/subscriptions/s/resourceGroups/AzureBackupRG_westeurope_1",
                true,
            ),
            (
                "/providers/Microsoft.Management/managementGroups/root",
                true,
            ),
            (
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
                false,
            ),
            ("/subscriptions/", false),
            ("s", false),
            ("/", false),
        ] {
            assert_eq!(is_assignable(scope), can, "{scope}");
        }
    }
}
