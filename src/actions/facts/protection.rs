//! `protection`: the vault, container and item of the VM, from one `backupStatus` call.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::vm::VmFact;
use crate::actions::facts::{id_of, known, schema, some, value};
use crate::azure::reader::Reader;
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct ProtectionLooker(pub(super) Reader);

/// What protects the VM.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Protection {
    /// The vault's resource id; null when no vault protects the VM.
    pub vault: Option<String>,
    /// The protected item's resource id.
    pub item: Option<String>,
    /// The container's name without its first prefix, as jobs carry it.
    pub container: Option<String>,
    /// `Protected`, `ProtectionStopped`, `IRPending` …
    pub state: Option<String>,
    /// `Passed`, `ActionRequired` …: the pre-check, not the last backup.
    pub health: Option<String>,
    /// `Completed`, `Failed` …
    pub last_backup_status: Option<String>,
    /// The policy's resource id.
    pub policy: Option<String>,
    /// Codes of the item's health: number and symbol of the last trouble.
    pub health_codes: Vec<HealthCode>,
}

/// A number and the symbol that belongs to it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HealthCode {
    /// The number.
    pub number: Option<i64>,
    /// The symbol.
    pub symbol: Option<String>,
}

#[async_trait]
impl Looker for ProtectionLooker {
    fn name(&self) -> &'static str {
        "protection"
    }

    fn schema(&self) -> Value {
        schema::<Protection>()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("vm")]
    }

    async fn load(&self, target: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let id = id_of(target)?;
        let vm: VmFact = known(facts, "vm")?;
        let status = self.0.backup_status(&id, &vm.location).await?;
        let Some(item_id) = status.item_id() else {
            return value(&Protection::default());
        };
        let item = self.0.protected_item(&item_id).await?;
        value(&Protection {
            vault: status.vault_id.as_ref().map(ToString::to_string),
            container: container_of(item.id.as_str()),
            state: some(item.protection_state.clone()),
            health: some(item.health_status.clone()),
            last_backup_status: some(item.last_backup_status.clone()),
            policy: item.policy_id.as_ref().map(ToString::to_string),
            health_codes: item
                .health_details
                .iter()
                .map(|d| HealthCode {
                    number: d.code,
                    symbol: some(d.title.clone()),
                })
                .collect(),
            item: Some(item.id.to_string()),
        })
    }
}

/// `…/protectionContainers/IaasVMContainer;iaasvmcontainerv2;rg;vm/…` → `iaasvmcontainerv2;rg;vm`.
fn container_of(item: &str) -> Option<String> {
    let mut segments = item.split('/');
    segments.find(|s| s.eq_ignore_ascii_case("protectionContainers"))?;
    let name = segments.next()?;
    let (first, rest) = name.split_once(';')?;
    let bare = if first.eq_ignore_ascii_case("IaasVMContainer") {
        rest
    } else {
        name
    };
    Some(bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_container_of_an_item_is_what_jobs_carry() {
        let item = "/subscriptions/s/resourceGroups/r/providers/Microsoft.RecoveryServices/vaults/v/backupFabrics/Azure/protectionContainers/iaasvmcontainer;iaasvmcontainerv2;RG;web1/protectedItems/vm;iaasvmcontainerv2;RG;web1";
        assert_eq!(
            container_of(item).as_deref(),
            Some("iaasvmcontainerv2;RG;web1")
        );
        assert_eq!(container_of("/subscriptions/s"), None);
    }
}
