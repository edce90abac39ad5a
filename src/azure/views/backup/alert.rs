//! A backup alert, in the common alert schema.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::azure::resource_id::ResourceId;

use crate::azure::views::wire::{Text, filled, id};

/// A fired alert of Azure Backup. It has no field for the error's code: the code stands, in small
/// letters, at the end of the alert's own id and in the link of what it recommends
/// (azure-api.md section 10).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Alert {
    /// `Backup Failure` …
    pub rule: String,
    /// `Azure Backup` for ours.
    pub service: String,
    /// What it says.
    pub description: Option<String>,
    /// Its own id at the service: time, item and code, run together.
    pub origin: Option<String>,
    /// What it advises.
    pub advice: Option<String>,
    /// The job that failed.
    pub job: Option<String>,
    /// The protected item.
    pub item: Option<ResourceId>,
    /// The VM.
    pub vm: Option<ResourceId>,
}

impl Alert {
    /// From a notification as an action group sends it.
    ///
    /// # Errors
    /// When it is none.
    pub fn of_json(notification: Value) -> Result<Self, serde_json::Error> {
        Ok(serde_json::from_value::<WireAlert>(notification)?.into())
    }
}

#[derive(Debug, Deserialize)]
struct WireAlert {
    data: Data,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    essentials: Essentials,
    alert_context: Option<Context>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Essentials {
    alert_rule: Option<Text>,
    monitoring_service: Option<Text>,
    description: Option<Text>,
    origin_alert_id: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Context {
    extended_info: Option<Extended>,
    protected_item_id: Option<Text>,
    linked_resource_id: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Extended {
    job_id: Option<Text>,
    recommended_actions: Option<Text>,
}

impl From<WireAlert> for Alert {
    fn from(wire: WireAlert) -> Self {
        let essentials = wire.data.essentials;
        let context = wire.data.alert_context.unwrap_or_default();
        let extended = context.extended_info.unwrap_or_default();
        Self {
            rule: essentials.alert_rule.unwrap_or_default().0,
            service: essentials.monitoring_service.unwrap_or_default().0,
            description: filled(essentials.description),
            origin: filled(essentials.origin_alert_id),
            advice: filled(extended.recommended_actions),
            job: filled(extended.job_id),
            item: id(context.protected_item_id),
            vm: id(context.linked_resource_id),
        }
    }
}
