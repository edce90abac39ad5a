//! A VM extension and its statuses.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::azure::resource_id::ResourceId;

use super::wire::{Moment, Text, filled, list};

/// One line of an instance view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// `ProvisioningState/succeeded`, `PowerState/running` …
    pub code: String,
    /// `Info`, `Warning` or `Error`; a dead agent is only a warning.
    pub level: String,
    /// Its words for people.
    pub display_status: String,
    /// More words.
    pub message: String,
    /// When it was reported.
    pub time: Option<Timestamp>,
}

/// An extension of a VM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Its id.
    pub id: ResourceId,
    /// Its name, which says nothing of its kind.
    pub name: String,
    /// Who made it.
    #[serde(default)]
    pub publisher: String,
    /// What it is, among its publisher's.
    #[serde(default)]
    #[serde(rename = "type")]
    pub kind: String,
    /// `Succeeded`, `Failed`, `Deleting` …
    #[serde(default)]
    pub provisioning_state: Option<String>,
    /// Its instance view; empty when the VM reports none.
    #[serde(default)]
    pub statuses: Vec<Status>,
    /// What it says: the message of its first status that is not information, else of its first.
    #[serde(default)]
    pub message: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct WireStatus {
    code: Option<Text>,
    level: Option<Text>,
    display_status: Option<Text>,
    message: Option<Text>,
    time: Option<Moment>,
}

impl From<WireStatus> for Status {
    fn from(wire: WireStatus) -> Self {
        let text = |text: Option<Text>| text.unwrap_or_default().0;
        Self {
            code: text(wire.code),
            level: text(wire.level),
            display_status: text(wire.display_status),
            message: text(wire.message),
            time: wire.time.unwrap_or_default().0,
        }
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::azure) struct WireExtension {
    id: ResourceId,
    name: Option<Text>,
    properties: Option<Properties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    publisher: Option<Text>,
    #[serde(rename = "type")]
    kind: Option<Text>,
    provisioning_state: Option<Text>,
    instance_view: Option<View>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct View {
    #[serde(deserialize_with = "list")]
    statuses: Vec<WireStatus>,
}

impl From<WireExtension> for Extension {
    fn from(wire: WireExtension) -> Self {
        let properties = wire.properties.unwrap_or_default();
        let view = properties.instance_view.unwrap_or_default();
        let statuses: Vec<Status> = view.statuses.into_iter().map(Into::into).collect();
        let telling = statuses
            .iter()
            .find(|s| !s.level.eq_ignore_ascii_case("info"));
        let message = telling
            .or(statuses.first())
            .map(|s| s.message.clone())
            .filter(|m| !m.is_empty());
        Self {
            name: filled(wire.name).unwrap_or_else(|| wire.id.name().to_owned()),
            id: wire.id,
            publisher: properties.publisher.unwrap_or_default().0,
            kind: properties.kind.unwrap_or_default().0,
            provisioning_state: filled(properties.provisioning_state),
            statuses,
            message,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_message_is_that_of_the_error_and_not_of_the_first_status() {
        let wire: WireExtension = serde_json::from_value(json!({
            "name": "VMSnapshot",
            "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/v/extensions/VMSnapshot",
            "properties": { "publisher": "Microsoft.Azure.RecoveryServices", "type": "VMSnapshot", "provisioningState": "Failed",
                "instanceView": { "statuses": [
                    { "code": "ProvisioningState/succeeded", "level": "Info", "message": "fine" },
                    { "code": "ProvisioningState/failed/1", "level": "Error", "message": "VSS" } ] } }
        }))
        .unwrap();
        let extension = Extension::from(wire);
        assert_eq!(extension.message.as_deref(), Some("VSS"));
        assert_eq!(extension.kind, "VMSnapshot");
        assert_eq!(
            serde_json::to_value(&extension).unwrap()["type"],
            "VMSnapshot"
        );
    }

    #[test]
    fn an_extension_without_an_instance_view_has_no_statuses() {
        let wire: WireExtension = serde_json::from_value(json!({
            "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/v/extensions/x",
            "properties": null
        }))
        .unwrap();
        let extension = Extension::from(wire);
        assert_eq!(
            (
                extension.name.as_str(),
                extension.statuses.len(),
                extension.message
            ),
            ("x", 0, None)
        );
    }
}
