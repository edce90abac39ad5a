//! One line of the activity log: who did what when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::wire::{Moment, Text, filled};

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActivityEvent {
    /// `Microsoft.Authorization/locks/write` …
    pub operation: String,
    /// A user's name, or an application's object id.
    pub caller: Option<String>,
    /// When.
    pub at: Option<Timestamp>,
    /// `Started`, `Succeeded`, `Failed` …
    pub status: String,
    /// What it was done to, as Azure spells it.
    pub resource: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::azure) struct WireEvent {
    operation_name: Option<Named>,
    caller: Option<Text>,
    event_timestamp: Option<Moment>,
    status: Option<Named>,
    resource_id: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    value: Option<Text>,
}

impl From<WireEvent> for ActivityEvent {
    fn from(wire: WireEvent) -> Self {
        let value = |named: Option<Named>| named.and_then(|n| n.value).unwrap_or_default().0;
        Self {
            operation: value(wire.operation_name),
            caller: filled(wire.caller),
            at: wire.event_timestamp.unwrap_or_default().0,
            status: value(wire.status),
            resource: filled(wire.resource_id),
        }
    }
}
