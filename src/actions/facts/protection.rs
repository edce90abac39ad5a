//! `protection`: how the protected item of the VM stands.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::codes;
use crate::actions::facts::item::ItemFact;
use crate::actions::facts::{known, parse, schema, some, value};
use crate::azure::reader::{Reader, rights};
use crate::azure::views::HealthDetail;
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
    /// What the pre-check found; not that all is well.
    pub health_details: Vec<Finding>,
    /// The same for people: symbol, number and words of each.
    pub health_told: Vec<String>,
    /// `Completed`, `Failed` …
    pub last_backup_status: Option<String>,
    /// The policy's resource id.
    pub policy: Option<String>,
    /// True when the item is deleted and the vault only keeps it for a while.
    pub soft_deleted: bool,
}

/// One thing that the pre-check found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Finding {
    /// Its number.
    pub code: Option<i64>,
    /// Its symbol: `UserErrorGuestAgentStatusUnavailable`.
    pub title: Option<String>,
    /// Its words.
    pub message: String,
    /// What Azure recommends.
    pub recommendations: Vec<String>,
}

impl From<HealthDetail> for Finding {
    fn from(detail: HealthDetail) -> Self {
        Self {
            code: detail.code,
            title: detail.title,
            message: detail.message,
            recommendations: detail.recommendations,
        }
    }
}

impl Finding {
    /// `UserErrorGuestAgentStatusUnavailable (400196): its words`, with what it has of them.
    fn told(&self) -> String {
        let number = self.code.map(|code| format!("({code})"));
        let name: Vec<String> = self.title.iter().cloned().chain(number).collect();
        match (name.is_empty(), self.message.is_empty()) {
            (true, _) => self.message.clone(),
            (_, true) => name.join(" "),
            _ => format!("{}: {}", name.join(" "), self.message),
        }
    }
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
        let wrong = |one: &HealthDetail| !one.title.as_deref().is_some_and(codes::says_well);
        let found = item.health_details.into_iter().filter(wrong);
        let found: Vec<Finding> = found.map(Into::into).collect();
        value(&Protection {
            vault: names.vault.clone(),
            state: some(item.protection_state.clone()),
            health: some(item.health_status.clone()),
            health_told: found.iter().map(Finding::told).collect(),
            health_details: found,
            last_backup_status: some(item.last_backup_status.clone()),
            soft_deleted: item.soft_deleted,
            policy: item.policy_id.as_ref().map(ToString::to_string),
            item: Some(item.id.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_told_with_what_it_has() {
        let all = Finding {
            code: Some(400_196),
            title: Some("UserErrorX".to_owned()),
            message: "the agent is silent".to_owned(),
            recommendations: Vec::new(),
        };
        assert_eq!(all.told(), "UserErrorX (400196): the agent is silent");
        let bare = Finding {
            message: "m".to_owned(),
            ..Finding::default()
        };
        assert_eq!(bare.told(), "m");
        let named = Finding {
            message: String::new(),
            ..all
        };
        assert_eq!(named.told(), "UserErrorX (400196)");
    }
}
