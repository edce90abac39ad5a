//! A restore point collection that Azure Backup made of this VM.

use crate::azure::resource_id::ResourceId;
use crate::azure::views::Collection;

use super::RuleBroken;

/// A collection whose source is the VM, whole, and whose name begins with `AzureBackup_`.
///
/// That no job runs, no files are being recovered, and every point lies in the vault takes other
/// reads, and is the caller's to prove.
#[derive(Clone, Debug)]
pub struct OwnCollection {
    id: ResourceId,
}

impl OwnCollection {
    /// Checks that `collection` is Azure Backup's of `vm`.
    pub fn prove(collection: &Collection, vm: &ResourceId) -> Result<Self, RuleBroken> {
        let id = &collection.id;
        if !id.is_type("Microsoft.Compute/restorePointCollections") {
            return Err(RuleBroken(format!(
                "`{id}` is not a restore point collection"
            )));
        }
        if !vm.is_type("Microsoft.Compute/virtualMachines") {
            return Err(RuleBroken(format!("`{vm}` is not a VM")));
        }
        match &collection.source_id {
            Some(source) if source == vm => {}
            Some(source) => {
                return Err(RuleBroken(format!(
                    "the collection `{}` is of `{source}`, not of `{vm}`",
                    id.name()
                )));
            }
            None => {
                return Err(RuleBroken(format!(
                    "the collection `{}` does not say what it is of",
                    id.name()
                )));
            }
        }
        // The id's own name: the field beside it could differ.
        if !id.name().to_ascii_lowercase().starts_with("azurebackup_") {
            return Err(RuleBroken(format!(
                "the collection `{}` was not made by Azure Backup",
                id.name()
            )));
        }
        Ok(Self { id: id.clone() })
    }

    /// The collection.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vm(name: &str) -> ResourceId {
        ResourceId::parse(&format!(
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/{name}"
        ))
        .unwrap()
    }

    fn collection(name: &str, source: Option<ResourceId>) -> Collection {
        let id = format!(
            "/subscriptions/s/resourceGroups/BACKUP/providers/Microsoft.Compute/restorePointCollections/{name}"
        );
        Collection {
            id: ResourceId::parse(&id).unwrap(),
            name: name.into(),
            location: String::new(),
            source_id: source,
            provisioning_state: None,
            points: None,
        }
    }

    #[test]
    fn a_backup_collection_of_the_vm_is_proved_whatever_the_casing() {
        let own = collection(
            "AZUREBACKUP_web1_7",
            Some(ResourceId::parse(&vm("WEB1").as_str().replace("rg", "RG")).unwrap()),
        );
        assert_eq!(
            OwnCollection::prove(&own, &vm("web1")).unwrap().id(),
            &own.id
        );
    }

    #[test]
    fn what_is_not_certainly_ours_is_refused() {
        let mut snapshot = collection("AzureBackup_web1_7", Some(vm("web1")));
        snapshot.id = ResourceId::parse("/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/snapshots/AzureBackup_web1_7").unwrap();
        let mut renamed = collection("mine", Some(vm("web1")));
        renamed.name = "AzureBackup_web1_7".into();
        for other in [
            collection("AzureBackup_web1_7", Some(vm("web10"))),
            collection("AzureBackup_web1_7", None),
            collection("nightly", Some(vm("web1"))),
            collection("MyAzureBackup_web1", Some(vm("web1"))),
            snapshot,
            renamed,
        ] {
            assert!(
                OwnCollection::prove(&other, &vm("web1")).is_err(),
                "{other:?}"
            );
        }
    }

    #[test]
    fn the_target_must_be_a_vm() {
        let group = ResourceId::parse("/subscriptions/s/resourceGroups/rg").unwrap();
        let of_group = collection("AzureBackup_web1_7", Some(group.clone()));
        assert!(OwnCollection::prove(&of_group, &group).is_err());
    }
}
