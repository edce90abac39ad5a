//! `schedule`: when the VM is backed up, how often, with how many others, and what the documents
//! advise about it. Evidence for a person: policies are never edited.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::item::ItemFact;
use crate::actions::facts::{known, parse, schema, unread, value};
use crate::actions::limits;
use crate::azure::reader::{Reader, rights};
use crate::azure::resource_id::ResourceId;
use crate::azure::views::backup::Schedule;
use crate::azure::views::{Policy, ProtectedItem};
use crate::base::Failure;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct ScheduleLooker(pub(super) Reader);

/// When the VM is backed up.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ScheduleFact {
    /// Why it could not be read; null when it was.
    pub unread: Option<String>,
    /// The policy's name.
    pub policy: Option<String>,
    /// `V1` (Standard) or `V2` (Enhanced).
    pub policy_type: Option<String>,
    /// `Daily`, `Weekly` or `Hourly`.
    pub frequency: Option<String>,
    /// Times of the day, as `02:30`, in the policy's time zone.
    pub times: Vec<String>,
    /// The days of a weekly policy.
    pub days: Vec<String>,
    /// A Windows name of a time zone.
    pub zone: Option<String>,
    /// Hours between two backups of an hourly policy.
    pub every_hours: Option<u32>,
    /// Days that snapshots are kept for instant restores.
    pub instant_days: Option<u32>,
    /// Other VMs of the vault whose backups start at the same time.
    pub others_at_once: usize,
    /// What the documents advise about it, for people.
    pub advice: Vec<String>,
}

#[async_trait]
impl Looker for ScheduleLooker {
    fn name(&self) -> &'static str {
        "schedule"
    }

    fn schema(&self) -> Value {
        schema::<ScheduleFact>()
    }

    fn reads(&self) -> Vec<&'static str> {
        [rights::PROTECTED_ITEMS, rights::BACKUP_POLICY].concat()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("item")]
    }

    async fn load(&self, _: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let names: ItemFact = known(facts, "item")?;
        let (Some(vault), Some(item)) = (&names.vault, &names.id) else {
            return value(&ScheduleFact {
                unread: Some("no vault protects the VM".to_owned()),
                ..ScheduleFact::default()
            });
        };
        match self.look(&parse(vault)?, &parse(item)?).await {
            Ok(fact) => value(&fact),
            Err(failure) => value(&ScheduleFact {
                unread: Some(unread(failure)?),
                ..ScheduleFact::default()
            }),
        }
    }
}

impl ScheduleLooker {
    async fn look(&self, vault: &ResourceId, item: &ResourceId) -> Result<ScheduleFact, Failure> {
        let items = self.0.protected_items(vault).await?;
        let policies = self.0.backup_policies(vault).await?;
        Ok(ScheduleFact::of(item, &items, &policies))
    }
}

impl ScheduleFact {
    fn of(id: &ResourceId, items: &[ProtectedItem], policies: &[Policy]) -> Self {
        let policy_of = |item: &ProtectedItem| {
            let id = item.policy_id.as_ref()?;
            policies.iter().find(|policy| policy.id == *id)
        };
        let own = items.iter().find(|item| item.id == *id);
        let Some(policy) = own.and_then(policy_of) else {
            return Self {
                unread: Some("the vault lists no policy for the VM".to_owned()),
                ..Self::default()
            };
        };
        let schedule = &policy.schedule;
        let others = items.iter().filter(|item| item.id != *id);
        let together = others
            .filter_map(policy_of)
            .filter(|other| starts_with(&other.schedule, schedule));
        let mut fact = Self {
            unread: None,
            policy: Some(policy.name.clone()),
            policy_type: policy.policy_type.clone(),
            frequency: schedule.frequency.clone(),
            times: schedule.times.clone(),
            days: schedule.days.clone(),
            zone: schedule.zone.clone(),
            every_hours: schedule.every_hours,
            instant_days: policy.instant_rp_days,
            others_at_once: together.count(),
            advice: Vec::new(),
        };
        fact.advice = advice(&fact);
        fact
    }
}

/// Whether two schedules have a time in common, in the same zone, on a common day.
fn starts_with(one: &Schedule, other: &Schedule) -> bool {
    let days = one.days.is_empty()
        || other.days.is_empty()
        || one.days.iter().any(|day| other.days.contains(day));
    days && one.zone == other.zone && one.times.iter().any(|time| other.times.contains(time))
}

fn advice(fact: &ScheduleFact) -> Vec<String> {
    let mut advice = Vec::new();
    if let Some(hours) = fact.every_hours {
        advice.push(format!(
            "the policy backs up every {hours} hours; the documents recommend {} a day for a VM that runs into limits",
            limits::BACKUPS_RECOMMENDED_A_DAY
        ));
    }
    if fact.others_at_once >= limits::STARTS_TOGETHER {
        advice.push(format!(
            "{} other VMs of the vault start at the same time; give them policies an hour apart",
            fact.others_at_once
        ));
    }
    if let Some(time) = fact.times.first() {
        advice.push(format!(
            "it starts at {time} {}; choose a time at which the VM has little to do",
            fact.zone.as_deref().unwrap_or("in the policy's time zone")
        ));
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v";

    fn id(text: &str) -> ResourceId {
        ResourceId::parse(text).unwrap()
    }

    fn policy(name: &str, times: &[&str], days: &[&str]) -> Policy {
        let text = serde_json::json!({ "id": format!("{VAULT}/backupPolicies/{name}"), "name": name,
            "policy_type": "V1", "instant_rp_days": 2,
            "schedule": { "frequency": "Daily", "times": times, "days": days, "zone": "UTC" } });
        serde_json::from_value(text).unwrap()
    }

    fn item(name: &str, policy: &str) -> ProtectedItem {
        let text = serde_json::json!({ "id": format!("{VAULT}/backupFabrics/Azure/protectionContainers/c{name}/protectedItems/{name}"),
            "name": name, "policy_id": format!("{}/backupPolicies/{policy}", VAULT.to_uppercase()) });
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn vms_that_start_together_are_counted_over_policies_and_the_vm_itself_is_not() {
        let policies = [
            policy("a", &["02:30"], &[]),
            policy("b", &["02:30"], &["Sunday"]),
            policy("c", &["14:00"], &[]),
        ];
        let items: Vec<ProtectedItem> = [
            ("w1", "a"),
            ("w2", "a"),
            ("w3", "b"),
            ("w4", "c"),
            ("w5", "a"),
            ("w6", "a"),
        ]
        .iter()
        .map(|(name, policy)| item(name, policy))
        .collect();
        let of = |n: usize| ScheduleFact::of(&items[n].id, &items, &policies);
        assert_eq!(of(0).others_at_once, 4);
        assert!(
            of(0).advice[0].contains("4 other VMs"),
            "{:?}",
            of(0).advice
        );
        assert_eq!(
            (of(3).others_at_once, of(3).times.as_slice()),
            (0, ["14:00".to_owned()].as_slice())
        );
        assert!(!of(3).advice.iter().any(|a| a.contains("other VMs")));
    }

    #[test]
    fn a_policy_that_is_not_listed_is_said_and_not_guessed() {
        let items = [item("w1", "gone")];
        let fact = ScheduleFact::of(&items[0].id, &items, &[]);
        assert!(fact.unread.is_some() && fact.advice.is_empty());
        let other = id(&format!(
            "{VAULT}/backupFabrics/Azure/protectionContainers/x/protectedItems/x"
        ));
        assert!(ScheduleFact::of(&other, &items, &[]).unread.is_some());
    }
}
