//! A lock that may be deleted because it blocks the collection.

use serde_json::Value;

use crate::azure::resource_id::ResourceId;
use crate::azure::views::Lock;

use super::RuleBroken;

const COLLECTION: &str = "Microsoft.Compute/restorePointCollections";

/// A lock on a restore point collection or on its resource group, which nobody owns and Azure
/// Backup did not make.
///
/// It does not prove that the group is a backup group holding nothing but collections: that takes
/// more reads than one, and is the caller's to prove.
#[derive(Clone, Debug)]
pub struct BlockingLock {
    id: ResourceId,
}

impl BlockingLock {
    /// Checks that `lock` may be deleted for good so that the collection `blocked` can be.
    pub fn prove(lock: &Lock, blocked: &ResourceId) -> Result<Self, RuleBroken> {
        Self::blocking(lock, blocked)?;
        on_collection_or_group(lock, blocked)?;
        Ok(Self {
            id: lock.id.clone(),
        })
    }

    /// Checks that `lock` may be taken away for a while so that the collection `blocked` can be
    /// deleted: wherever it blocks from, when all of it is `kept` to be put back.
    pub fn prove_for_loan(
        lock: &Lock,
        blocked: &ResourceId,
        kept: &Value,
    ) -> Result<Self, RuleBroken> {
        Self::blocking(lock, blocked)?;
        if !lock.scope().contains(blocked) {
            let (name, scope) = (&lock.name, lock.scope());
            return Err(RuleBroken(format!(
                "the lock `{name}` is on `{scope}` and does not block `{blocked}`"
            )));
        }
        BorrowedLock::prove(&lock.id, kept)?;
        Ok(Self {
            id: lock.id.clone(),
        })
    }

    fn blocking(lock: &Lock, blocked: &ResourceId) -> Result<(), RuleBroken> {
        let name = &lock.name;
        if !blocked.is_type(COLLECTION) {
            return Err(RuleBroken(format!(
                "`{blocked}` is not a restore point collection"
            )));
        }
        if !lock.owners.is_empty() {
            let owners = lock.owners.join(", ");
            return Err(RuleBroken(format!(
                "the lock `{name}` belongs to an application ({owners})"
            )));
        }
        if is_made_by_backup(name) || is_made_by_backup(lock.id.name()) {
            return Err(RuleBroken(format!(
                "Azure Backup made the lock `{name}` itself"
            )));
        }
        if !["CanNotDelete", "ReadOnly"]
            .iter()
            .any(|l| lock.level.eq_ignore_ascii_case(l))
        {
            return Err(RuleBroken(format!(
                "the lock `{name}` has the level `{}`, which blocks nothing known",
                lock.level
            )));
        }
        Ok(())
    }

    /// The lock.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.id
    }
}

/// A lock as it was before it was borrowed, to be put back exactly so.
#[derive(Clone, Debug)]
pub struct BorrowedLock {
    id: ResourceId,
    properties: Value,
}

impl BorrowedLock {
    /// Checks that `kept` is the whole of the lock `id`, and one that may be borrowed at all: not
    /// an application's, not Azure Backup's own, and of a level that is known.
    pub fn prove(id: &ResourceId, kept: &Value) -> Result<Self, RuleBroken> {
        let lock = Lock::kept(kept.clone()).map_err(RuleBroken)?;
        if lock.id != *id {
            return Err(RuleBroken(format!(
                "what was kept is the lock `{}`, not `{id}`",
                lock.id
            )));
        }
        let (name, level) = (&lock.name, &lock.level);
        let known = ["CanNotDelete", "ReadOnly"];
        if !lock.owners.is_empty() || is_made_by_backup(name) || is_made_by_backup(id.name()) {
            return Err(RuleBroken(format!("the lock `{name}` is not a person's")));
        }
        if !known.iter().any(|one| level.eq_ignore_ascii_case(one)) {
            return Err(RuleBroken(format!(
                "the lock `{name}` has the unknown level `{level}`"
            )));
        }
        let mut properties =
            serde_json::Map::from_iter([("level".to_owned(), level.clone().into())]);
        if let Some(notes) = &lock.notes {
            properties.insert("notes".to_owned(), notes.clone().into());
        }
        Ok(Self {
            id: id.clone(),
            properties: properties.into(),
        })
    }

    /// The lock.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.id
    }

    /// Its level and notes.
    #[must_use]
    pub fn properties(&self) -> &Value {
        &self.properties
    }
}

fn on_collection_or_group(lock: &Lock, blocked: &ResourceId) -> Result<(), RuleBroken> {
    let (name, scope) = (&lock.name, lock.scope());
    if scope == *blocked || Some(&scope) == blocked.group_id().as_ref() {
        return Ok(());
    }
    Err(RuleBroken(if scope.contains(blocked) {
        format!(
            "the lock `{name}` is on `{scope}`, above the group of the collection; it can only be borrowed"
        )
    } else if blocked.contains(&scope) {
        format!("the lock `{name}` is on `{scope}`, inside the collection; a person decides")
    } else {
        format!("the lock `{name}` is on `{scope}` and does not block `{blocked}`")
    }))
}

/// `AzureBackupProtectionLock` and `AzureBackupLock-…`: Azure Backup's own, on storage accounts.
fn is_made_by_backup(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "azurebackupprotectionlock" || name.starts_with("azurebackuplock-")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/s/resourceGroups/AzureBackupRG_westeurope_1";

    fn collection() -> ResourceId {
        let shouted = GROUP
            .to_uppercase()
            .replace("/SUBSCRIPTIONS", "/subscriptions");
        ResourceId::parse(&format!(
            "{shouted}/providers/Microsoft.Compute/restorePointCollections/AzureBackup_web1_1"
        ))
        .unwrap()
    }

    fn lock(scope: &str, name: &str) -> Lock {
        Lock {
            id: ResourceId::parse(&format!(
                "{scope}/providers/Microsoft.Authorization/locks/{name}"
            ))
            .unwrap(),
            name: name.into(),
            level: "CanNotDelete".into(),
            notes: None,
            owners: vec![],
            raw: Value::Null,
        }
    }

    #[test]
    fn a_lock_on_the_collection_or_its_group_may_go_whatever_the_casing() {
        for scope in [
            GROUP.to_owned(),
            GROUP.replace("resourceGroups", "resourcegroups"),
            collection().to_string(),
        ] {
            let lock = lock(&scope, "keep");
            assert_eq!(
                BlockingLock::prove(&lock, &collection()).unwrap().id(),
                &lock.id
            );
        }
        let read_only = Lock {
            level: "readonly".into(),
            ..lock(GROUP, "keep")
        };
        assert!(BlockingLock::prove(&read_only, &collection()).is_ok());
    }

    #[test]
    fn any_other_lock_stays() {
        let below = format!("{}/restorePoints/p", collection());
        let sibling = format!(
            "{GROUP}/providers/Microsoft.Compute/restorePointCollections/AzureBackup_web1_10"
        );
        for (lock, reason) in [
            (lock("/subscriptions/s", "keep"), "borrowed"),
            (
                lock(
                    "/subscriptions/s/resourceGroups/AzureBackupRG_westeurope_10",
                    "keep",
                ),
                "does not block",
            ),
            (
                lock("/subscriptions/s/resourceGroups/rg-web", "keep"),
                "does not block",
            ),
            (
                lock(
                    "/subscriptions/t/resourceGroups/AzureBackupRG_westeurope_1",
                    "keep",
                ),
                "does not block",
            ),
            (lock(&sibling, "keep"), "does not block"),
            (lock(&below, "keep"), "inside"),
            (
                Lock {
                    owners: vec!["app".into()],
                    ..lock(GROUP, "keep")
                },
                "application",
            ),
            (
                lock(GROUP, "AzureBackupProtectionLock"),
                "Azure Backup made",
            ),
            (
                lock(GROUP, "azurebackuplock-donotdelete"),
                "Azure Backup made",
            ),
            (
                Lock {
                    name: "harmless".into(),
                    ..lock(GROUP, "AzureBackupLock-x")
                },
                "Azure Backup made",
            ),
            (
                Lock {
                    level: "NotSpecified".into(),
                    ..lock(GROUP, "keep")
                },
                "level",
            ),
        ] {
            let broken = BlockingLock::prove(&lock, &collection()).unwrap_err();
            assert!(broken.to_string().contains(reason), "{broken}");
        }
    }

    #[test]
    fn only_a_collection_can_be_what_is_blocked() {
        let vm = ResourceId::parse(&format!(
            "{GROUP}/providers/Microsoft.Compute/virtualMachines/web1"
        ))
        .unwrap();
        assert!(BlockingLock::prove(&lock(GROUP, "keep"), &vm).is_err());
    }
}
