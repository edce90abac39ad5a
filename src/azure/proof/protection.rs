//! A VM whose protection was stopped, and the policy by which it goes on.

use crate::azure::resource_id::ResourceId;
use crate::azure::views::{Policy, ProtectedItem};

use super::RuleBroken;

const ITEM: &str =
    "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems";

/// A protected item of the VM whose protection is stopped, not deleted, and a policy of the same
/// vault.
#[derive(Clone, Debug)]
pub struct StoppedProtection {
    item: ResourceId,
    vm: ResourceId,
    policy: ResourceId,
}

impl StoppedProtection {
    /// Checks that `item` is of `vm`, stopped and not deleted, and that `policy` is its vault's.
    pub fn prove(
        item: &ProtectedItem,
        vm: &ResourceId,
        policy: &Policy,
    ) -> Result<Self, RuleBroken> {
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
        if item.soft_deleted {
            return Err(RuleBroken(format!(
                "the protected item of `{}` is deleted and only kept for a while",
                vm.name()
            )));
        }
        let state = item.protection_state.as_deref().unwrap_or_default();
        if !state.eq_ignore_ascii_case("ProtectionStopped") {
            return Err(RuleBroken(format!(
                "the protection of `{}` is not stopped (state `{state}`)",
                vm.name()
            )));
        }
        let is_policy = policy
            .id
            .is_type("Microsoft.RecoveryServices/vaults/backupPolicies");
        if !is_policy || item.vault.as_ref().is_none_or(|v| !v.contains(&policy.id)) {
            return Err(RuleBroken(format!(
                "`{}` is not a policy of the item's vault",
                policy.id
            )));
        }
        Ok(Self {
            item: id.clone(),
            vm: vm.clone(),
            policy: policy.id.clone(),
        })
    }

    /// The protected item.
    #[must_use]
    pub fn item(&self) -> &ResourceId {
        &self.item
    }

    /// The VM.
    #[must_use]
    pub fn vm(&self) -> &ResourceId {
        &self.vm
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &ResourceId {
        &self.policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const VAULT: &str =
        "/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v";

    fn item(state: &str, soft_deleted: bool) -> ProtectedItem {
        serde_json::from_value(json!({
            "id": format!("{VAULT}/backupFabrics/Azure/protectionContainers/c/protectedItems/i"),
            "name": "i", "vault": VAULT, "source_id": vm("web1"),
            "protection_state": state, "soft_deleted": soft_deleted
        }))
        .unwrap()
    }

    fn vm(name: &str) -> ResourceId {
        let group = "/subscriptions/s/resourceGroups/rg";
        ResourceId::parse(&format!(
            "{group}/providers/Microsoft.Compute/virtualMachines/{name}"
        ))
        .unwrap()
    }

    fn policy(vault: &str) -> Policy {
        let id = format!("{vault}/backupPolicies/Daily");
        serde_json::from_value(json!({ "id": id, "name": "Daily" })).unwrap()
    }

    #[test]
    fn only_stopped_protection_of_the_vm_goes_on_by_a_policy_of_its_vault() {
        let stopped = item("protectionstopped", false);
        assert!(StoppedProtection::prove(&stopped, &vm("WEB1"), &policy(VAULT)).is_ok());
        for (item, of, policy) in [
            (item("Protected", false), vm("web1"), policy(VAULT)),
            (item("ProtectionPaused", false), vm("web1"), policy(VAULT)),
            (item("ProtectionStopped", true), vm("web1"), policy(VAULT)),
            (item("ProtectionStopped", false), vm("web10"), policy(VAULT)),
            (
                item("ProtectionStopped", false),
                vm("web1"),
                policy(&format!("{VAULT}2")),
            ),
        ] {
            assert!(
                StoppedProtection::prove(&item, &of, &policy).is_err(),
                "{item:?}"
            );
        }
    }
}
