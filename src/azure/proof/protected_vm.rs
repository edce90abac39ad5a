//! A VM whose protection is on, so that a backup can be asked for.

use crate::azure::resource_id::ResourceId;
use crate::azure::views::ProtectedItem;

use super::RuleBroken;

const ITEM: &str =
    "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems";

/// States in which protection is off; a backup would turn nothing on.
const OFF: [&str; 4] = [
    "ProtectionStopped",
    "ProtectionPaused",
    "BackupsSuspended",
    "Invalid",
];

/// A protected item that is the VM's, with protection on.
#[derive(Clone, Debug)]
pub struct ProtectedVm {
    item: ResourceId,
}

impl ProtectedVm {
    /// Checks that `item` protects `vm` now.
    pub fn prove(item: &ProtectedItem, vm: &ResourceId) -> Result<Self, RuleBroken> {
        let id = &item.id;
        if !id.is_type(ITEM) {
            return Err(RuleBroken(format!("`{id}` is not a protected item")));
        }
        if item.source_id.as_ref() != Some(vm) || !vm.is_type("Microsoft.Compute/virtualMachines") {
            return Err(RuleBroken(format!(
                "the protected item `{}` is not of the VM `{vm}`",
                id.name()
            )));
        }
        let state = item.protection_state.as_deref().unwrap_or_default();
        if state.is_empty() || OFF.iter().any(|off| state.eq_ignore_ascii_case(off)) {
            return Err(RuleBroken(format!(
                "the protection of `{}` is not on (state `{state}`)",
                vm.name()
            )));
        }
        Ok(Self { item: id.clone() })
    }

    /// The protected item.
    #[must_use]
    pub fn item(&self) -> &ResourceId {
        &self.item
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const VM: &str =
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web1";

    fn item(source: &str, state: &str) -> ProtectedItem {
        serde_json::from_value(json!({
            "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v/backupFabrics/Azure/protectionContainers/IaasVMContainer;iaasvmcontainerv2;rg;web1/protectedItems/VM;iaasvmcontainerv2;rg;web1",
            "name": "VM;iaasvmcontainerv2;rg;web1", "source_id": source, "protection_state": state
        }))
        .unwrap()
    }

    #[test]
    fn only_an_item_of_the_vm_with_protection_on_is_proved() {
        let vm = ResourceId::parse(VM).unwrap();
        for (source, state, proved) in [
            (VM, "Protected", true),
            (&*VM.to_uppercase(), "IRPending", true),
            (VM, "ProtectionError", true),
            (VM, "protectionstopped", false),
            (VM, "", false),
            (&*format!("{VM}0"), "Protected", false),
        ] {
            assert_eq!(
                ProtectedVm::prove(&item(source, state), &vm).is_ok(),
                proved,
                "{source} {state}"
            );
        }
    }
}
