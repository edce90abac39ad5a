//! A backup policy, as far as it decides where restore points lie.

use serde::{Deserialize, Serialize};

use crate::azure::resource_id::ResourceId;

use crate::azure::views::wire::{Text, filled};

use super::schedule::{Schedule, WireSchedule};

/// A backup policy for VMs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its id.
    pub id: ResourceId,
    /// Its name.
    pub name: String,
    /// `V1` or `V2` (enhanced), when Azure says.
    #[serde(default)]
    pub policy_type: Option<String>,
    /// How many days instant restore points are kept.
    #[serde(default)]
    pub instant_rp_days: Option<u32>,
    /// What the name of the backup group begins with, when it was chosen.
    #[serde(default)]
    pub group_prefix: Option<String>,
    /// What the name of the backup group ends with, when it was chosen.
    #[serde(default)]
    pub group_suffix: Option<String>,
    /// `OnlyCrashConsistent`, when that was chosen.
    #[serde(default)]
    pub consistency: Option<String>,
    /// When it backs up.
    #[serde(default)]
    pub schedule: Schedule,
}

#[derive(Debug, Deserialize)]
pub(in crate::azure) struct WirePolicy {
    id: ResourceId,
    name: Option<Text>,
    properties: Option<Properties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    policy_type: Option<Text>,
    instant_rp_retention_range_in_days: Option<Text>,
    #[serde(rename = "instantRPDetails")]
    group: Option<Group>,
    snapshot_consistency_type: Option<Text>,
    schedule_policy: Option<WireSchedule>,
    time_zone: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Group {
    #[serde(rename = "azureBackupRGNamePrefix")]
    prefix: Option<Text>,
    #[serde(rename = "azureBackupRGNameSuffix")]
    suffix: Option<Text>,
}

impl From<WirePolicy> for Policy {
    fn from(wire: WirePolicy) -> Self {
        let properties = wire.properties.unwrap_or_default();
        let group = properties.group.unwrap_or_default();
        Self {
            name: filled(wire.name).unwrap_or_else(|| wire.id.name().to_owned()),
            id: wire.id,
            policy_type: filled(properties.policy_type),
            instant_rp_days: filled(properties.instant_rp_retention_range_in_days)
                .and_then(|days| days.parse().ok()),
            group_prefix: filled(group.prefix),
            group_suffix: filled(group.suffix),
            consistency: filled(properties.snapshot_consistency_type),
            schedule: Schedule::of(properties.schedule_policy, properties.time_zone),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_policy_says_where_points_lie_and_how_long() {
        let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v/backupPolicies/My Policy";
        let policy: Policy = serde_json::from_value::<WirePolicy>(json!({ "id": id, "properties": {
            "instantRpRetentionRangeInDays": 30, "policyType": "V2", "snapshotConsistencyType": "OnlyCrashConsistent",
            "instantRPDetails": { "azureBackupRGNamePrefix": "pre", "azureBackupRGNameSuffix": "" } } }))
        .unwrap()
        .into();
        assert_eq!(policy.name, "My Policy");
        assert_eq!(
            (policy.instant_rp_days, policy.policy_type.as_deref()),
            (Some(30), Some("V2"))
        );
        assert_eq!(
            (policy.group_prefix.as_deref(), policy.group_suffix),
            (Some("pre"), None)
        );
        assert_eq!(policy.consistency.as_deref(), Some("OnlyCrashConsistent"));
    }
}
