//! A restore point collection and its points.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::azure::resource_id::ResourceId;

use super::wire::{Moment, Text, filled, id};

/// A restore point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: ResourceId,
    /// When it was taken.
    #[serde(default)]
    pub time_created: Option<Timestamp>,
    /// `Succeeded`, `Deleting` …
    #[serde(default)]
    pub provisioning_state: Option<String>,
}

/// A restore point collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// Its id; the list of a subscription gives it with the group in upper case.
    pub id: ResourceId,
    /// Its name.
    pub name: String,
    /// Its region.
    #[serde(default)]
    pub location: String,
    /// The VM that its points are of.
    #[serde(default)]
    pub source_id: Option<ResourceId>,
    /// `Succeeded`, `Deleting` …
    #[serde(default)]
    pub provisioning_state: Option<String>,
    /// Its points; `None` when the answer did not say.
    #[serde(default)]
    pub points: Option<Vec<Point>>,
}

#[derive(Debug, Deserialize)]
pub(in crate::azure) struct WireCollection {
    id: ResourceId,
    name: Option<Text>,
    location: Option<Text>,
    properties: Option<Properties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    source: Option<Source>,
    provisioning_state: Option<Text>,
    restore_points: Option<Vec<WirePoint>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Source {
    id: Option<Text>,
}

#[derive(Debug, Deserialize)]
struct WirePoint {
    id: ResourceId,
    name: Option<Text>,
    properties: Option<PointProperties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PointProperties {
    time_created: Option<Moment>,
    provisioning_state: Option<Text>,
}

impl WireCollection {
    /// The collection as an expanded GET tells it: without `restorePoints` it has none.
    pub(in crate::azure) fn expanded(self) -> Collection {
        let mut collection = Collection::from(self);
        collection.points.get_or_insert_default();
        collection
    }
}

impl From<WireCollection> for Collection {
    fn from(wire: WireCollection) -> Self {
        let properties = wire.properties.unwrap_or_default();
        Self {
            name: filled(wire.name).unwrap_or_else(|| wire.id.name().to_owned()),
            id: wire.id,
            location: wire.location.unwrap_or_default().0,
            source_id: id(properties.source.unwrap_or_default().id),
            provisioning_state: filled(properties.provisioning_state),
            points: properties
                .restore_points
                .map(|points| points.into_iter().map(Into::into).collect()),
        }
    }
}

impl From<WirePoint> for Point {
    fn from(wire: WirePoint) -> Self {
        let properties = wire.properties.unwrap_or_default();
        Self {
            name: filled(wire.name).unwrap_or_else(|| wire.id.name().to_owned()),
            id: wire.id,
            time_created: properties.time_created.unwrap_or_default().0,
            provisioning_state: filled(properties.provisioning_state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn wire(restore_points: Value) -> WireCollection {
        serde_json::from_value(json!({
            "id": "/subscriptions/s/resourceGroups/AZUREBACKUPRG_WESTEUROPE_1/providers/Microsoft.Compute/restorePointCollections/AzureBackup_web1_7",
            "name": "AzureBackup_web1_7", "location": "westeurope",
            "properties": { "source": { "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web1" },
                "provisioningState": "Succeeded", "restorePoints": restore_points }
        }))
        .unwrap()
    }

    #[test]
    fn a_listed_collection_does_not_say_its_points() {
        assert_eq!(Collection::from(wire(json!(null))).points, None);
    }

    #[test]
    fn an_expanded_collection_without_points_is_empty() {
        assert_eq!(wire(json!(null)).expanded().points, Some(vec![]));
    }

    #[test]
    fn points_have_a_time_and_the_source_is_an_id() {
        let point = json!({ "name": "p1", "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c/restorePoints/p1",
            "properties": { "provisioningState": "Succeeded", "timeCreated": "2021-01-27T20:35:05.8401519+00:00" } });
        let collection = Collection::from(wire(json!([point])));
        assert_eq!(
            collection.points.unwrap()[0]
                .time_created
                .unwrap()
                .as_second(),
            1_611_779_705
        );
        assert_eq!(collection.source_id.unwrap().name(), "web1");
    }
}
