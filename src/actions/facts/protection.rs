//! `protection`: how the protected item of the VM stands.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::item::ItemFact;
use crate::actions::facts::{known, parse, schema, some, value};
use crate::azure::reader::{Reader, rights};
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct ProtectionLooker(pub(super) Reader);

/// How the VM's protection stands.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Protection {
    /// The vault's resource id; null when no vault protects the VM.
    pub vault: Option<String>,
    /// The protected item's resource id.
    pub item: Option<String>,
    /// `Protected`, `ProtectionStopped`, `IRPending` …
    pub state: Option<String>,
    /// `Passed`, `ActionRequired` …: the pre-check, not the last backup.
    pub health: Option<String>,
    /// `Completed`, `Failed` …
    pub last_backup_status: Option<String>,
    /// The policy's resource id.
    pub policy: Option<String>,
    /// True when the item is deleted and the vault only keeps it for a while.
    pub soft_deleted: bool,
}

#[async_trait]
impl Looker for ProtectionLooker {
    fn name(&self) -> &'static str {
        "protection"
    }

    fn schema(&self) -> Value {
        schema::<Protection>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::PROTECTED_ITEM.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("item")]
    }

    async fn load(&self, _: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let names: ItemFact = known(facts, "item")?;
        let Some(id) = &names.id else {
            return value(&Protection::default());
        };
        let item = self.0.protected_item(&parse(id)?).await?;
        value(&Protection {
            vault: names.vault.clone(),
            state: some(item.protection_state.clone()),
            health: some(item.health_status.clone()),
            last_backup_status: some(item.last_backup_status.clone()),
            soft_deleted: item.soft_deleted,
            policy: item.policy_id.as_ref().map(ToString::to_string),
            item: Some(item.id.to_string()),
        })
    }
}
