//! Azure Backup's own extension.

use crate::azure::resource_id::ResourceId;
use crate::azure::views::Extension;

use super::RuleBroken;

/// An extension of the publisher and type that Azure Backup installs again by itself.
#[derive(Clone, Debug)]
pub struct BackupExtension {
    id: ResourceId,
}

impl BackupExtension {
    /// Checks publisher and type; the name says nothing.
    pub fn prove(extension: &Extension) -> Result<Self, RuleBroken> {
        let id = &extension.id;
        if !id.is_type("Microsoft.Compute/virtualMachines/extensions") {
            return Err(RuleBroken(format!("`{id}` is not an extension of a VM")));
        }
        let (publisher, kind) = (&extension.publisher, &extension.kind);
        let ours = publisher.eq_ignore_ascii_case("Microsoft.Azure.RecoveryServices")
            && ["VMSnapshot", "VMSnapshotLinux"]
                .iter()
                .any(|known| kind.eq_ignore_ascii_case(known));
        if !ours {
            return Err(RuleBroken(format!(
                "the extension `{}` is {publisher}.{kind}, which Azure Backup does not install again",
                id.name()
            )));
        }
        Ok(Self { id: id.clone() })
    }

    /// The extension.
    #[must_use]
    pub fn id(&self) -> &ResourceId {
        &self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extension(publisher: &str, kind: &str) -> Extension {
        let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/v/extensions/VMSnapshot";
        Extension {
            id: ResourceId::parse(id).unwrap(),
            name: "VMSnapshot".into(),
            publisher: publisher.into(),
            kind: kind.into(),
            provisioning_state: Some("Failed".into()),
            statuses: vec![],
            message: None,
        }
    }

    #[test]
    fn only_the_snapshot_extensions_of_backup_are_proved() {
        for (publisher, kind, proved) in [
            ("Microsoft.Azure.RecoveryServices", "VMSnapshot", true),
            ("microsoft.azure.recoveryservices", "vmsnapshotlinux", true),
            (
                "Microsoft.Azure.RecoveryServices.WorkloadBackup",
                "AzureBackupWindowsWorkload",
                false,
            ),
            ("Microsoft.Azure.RecoveryServices", "VMSnapshotX", false),
            ("Contoso", "VMSnapshot", false),
            ("", "", false),
        ] {
            assert_eq!(
                BackupExtension::prove(&extension(publisher, kind)).is_ok(),
                proved,
                "{publisher}.{kind}"
            );
        }
    }

    #[test]
    fn something_else_than_an_extension_is_refused() {
        let mut vm = extension("Microsoft.Azure.RecoveryServices", "VMSnapshot");
        vm.id = ResourceId::parse(
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/v",
        )
        .unwrap();
        assert!(BackupExtension::prove(&vm).is_err());
    }
}
