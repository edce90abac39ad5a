//! `item`: what the VM's vault, container and protected item are called, from one `backupStatus`
//! call. Names last as long as a run; how the item stands is `protection`.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::vm::VmFact;
use crate::actions::facts::{id_of, known, schema, value};
use crate::azure::reader::{Reader, rights};
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct ItemLooker(pub(super) Reader);

/// The names of what protects the VM.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ItemFact {
    /// The vault's resource id; null when no vault protects the VM.
    pub vault: Option<String>,
    /// The protected item's resource id.
    pub id: Option<String>,
    /// The container's name without its first prefix, as jobs carry it.
    pub container: Option<String>,
}

#[async_trait]
impl Looker for ItemLooker {
    fn name(&self) -> &'static str {
        "item"
    }

    fn schema(&self) -> Value {
        schema::<ItemFact>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::BACKUP_STATUS.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("vm")]
    }

    fn lasting(&self) -> bool {
        true
    }

    async fn load(&self, target: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let vm: VmFact = known(facts, "vm")?;
        let status = self.0.backup_status(&id_of(target)?, &vm.location).await?;
        let Some(item) = status.item_id() else {
            return value(&ItemFact::default());
        };
        value(&ItemFact {
            vault: status.vault_id.as_ref().map(ToString::to_string),
            container: container_of(item.as_str()),
            id: Some(item.to_string()),
        })
    }
}

/// `…/protectionContainers/IaasVMContainer;iaasvmcontainerv2;rg;vm/…` → `iaasvmcontainerv2;rg;vm`.
#[must_use]
pub fn container_of(item: &str) -> Option<String> {
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
