//! A recovery point and the tiers that it lies in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::azure::resource_id::ResourceId;

use crate::azure::views::wire::{Moment, Text, list};

/// Where a copy of a recovery point lies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tier {
    /// `InstantRP`, `HardenedRP` (the vault) or `ArchivedRP`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `Valid`, `Deleted`, `Disabled` …
    pub status: String,
}

/// A recovery point of a protected item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryPoint {
    /// Its id.
    pub id: ResourceId,
    /// When the VM was as it holds it.
    #[serde(default)]
    pub time: Option<Timestamp>,
    /// Its copies.
    #[serde(default)]
    pub tiers: Vec<Tier>,
    /// Whether files are being recovered from it now. Unsaid counts as no.
    #[serde(default)]
    pub ilr_active: bool,
    /// `AppConsistent`, `FileSystemConsistent`, `CrashConsistent` …
    #[serde(default)]
    pub consistency: Option<String>,
}

impl RecoveryPoint {
    /// Whether the vault holds it, so that it outlives its instant copy.
    #[must_use]
    pub fn is_in_vault(&self) -> bool {
        self.tiers.iter().any(|tier| {
            tier.kind.eq_ignore_ascii_case("HardenedRP")
                && tier.status.eq_ignore_ascii_case("Valid")
        })
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::azure) struct WireRecoveryPoint {
    id: ResourceId,
    properties: Option<Properties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    recovery_point_time: Option<Moment>,
    #[serde(deserialize_with = "list")]
    recovery_point_tier_details: Vec<WireTier>,
    is_instant_ilr_session_active: Option<bool>,
    recovery_point_type: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireTier {
    #[serde(rename = "type")]
    kind: Option<Text>,
    status: Option<Text>,
}

impl From<WireRecoveryPoint> for RecoveryPoint {
    fn from(wire: WireRecoveryPoint) -> Self {
        let properties = wire.properties.unwrap_or_default();
        let tiers = properties
            .recovery_point_tier_details
            .into_iter()
            .map(|tier| Tier {
                kind: tier_name(&tier.kind.unwrap_or_default().0),
                status: status_name(&tier.status.unwrap_or_default().0),
            });
        Self {
            id: wire.id,
            time: properties.recovery_point_time.unwrap_or_default().0,
            tiers: tiers.collect(),
            ilr_active: properties.is_instant_ilr_session_active.unwrap_or_default(),
            consistency: properties.recovery_point_type.map(|text| text.0),
        }
    }
}

/// Assumption: an enum sent as a number counts in the order of the specification; only texts were
/// seen here, but `actionsInfo` was once sent as numbers.
fn tier_name(text: &str) -> String {
    numbered(text, &["Invalid", "InstantRP", "HardenedRP", "ArchivedRP"])
}

fn status_name(text: &str) -> String {
    numbered(
        text,
        &["Invalid", "Valid", "Disabled", "Deleted", "Rehydrated"],
    )
}

fn numbered(text: &str, names: &[&str]) -> String {
    let name = text
        .parse::<usize>()
        .ok()
        .and_then(|at| names.get(at).copied());
    name.unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn point(tiers: Value) -> RecoveryPoint {
        let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v/backupFabrics/Azure/protectionContainers/c/protectedItems/i/recoveryPoints/22244821112382";
        serde_json::from_value::<WireRecoveryPoint>(json!({ "id": id, "properties": {
            "recoveryPointTime": "2017-12-21T22:48:25.4353958Z", "isInstantIlrSessionActive": true, "recoveryPointTierDetails": tiers } }))
        .unwrap()
        .into()
    }

    #[test]
    fn only_a_valid_copy_in_the_vault_counts() {
        let tier = |kind: &str, status: &str| json!({ "type": kind, "status": status });
        for (tiers, expected) in [
            (
                json!([tier("InstantRP", "Valid"), tier("HardenedRP", "Valid")]),
                true,
            ),
            (json!([tier("InstantRP", "Valid")]), false),
            (json!([tier("HardenedRP", "Deleted")]), false),
            (json!([{ "type": 2, "status": 1 }]), true),
            (json!([]), false),
            (json!(null), false),
        ] {
            assert_eq!(point(tiers.clone()).is_in_vault(), expected, "{tiers}");
        }
        assert!(point(json!([])).ilr_active);
    }
}
