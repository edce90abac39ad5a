//! Resource providers, and assignments of Azure Policy.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wire::{Text, filled};

/// A resource provider, as the subscription has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provider {
    /// `Microsoft.Compute` …
    pub namespace: String,
    /// `Registered`, `NotRegistered`, `Registering` …
    pub state: String,
}

/// An assignment of a policy or an initiative.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicyAssignment {
    /// Its name, for people.
    pub display_name: Option<String>,
    /// The id of the definition that it assigns.
    pub definition: Option<String>,
    /// The effect that it sets by a parameter; none when the definition decides.
    pub effect: Option<String>,
    /// `Default` or `DoNotEnforce`.
    pub enforcement: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::azure) struct WireProvider {
    namespace: Option<Text>,
    registration_state: Option<Text>,
}

impl From<WireProvider> for Provider {
    fn from(wire: WireProvider) -> Self {
        Self {
            namespace: wire.namespace.unwrap_or_default().0,
            state: wire.registration_state.unwrap_or_default().0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::azure) struct WirePolicyAssignment {
    properties: Option<Properties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    display_name: Option<Text>,
    policy_definition_id: Option<Text>,
    parameters: Value,
    enforcement_mode: Option<Text>,
}

impl From<WirePolicyAssignment> for PolicyAssignment {
    fn from(wire: WirePolicyAssignment) -> Self {
        let p = wire.properties.unwrap_or_default();
        Self {
            display_name: filled(p.display_name),
            definition: filled(p.policy_definition_id),
            effect: p.parameters["effect"]["value"].as_str().map(str::to_owned),
            enforcement: filled(p.enforcement_mode),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_assignment_may_set_the_effect_or_leave_it_to_the_definition() {
        let read = |properties: Value| -> PolicyAssignment {
            serde_json::from_value::<WirePolicyAssignment>(json!({ "properties": properties }))
                .unwrap()
                .into()
        };
        let sets = read(
            json!({ "displayName": "Tags", "parameters": { "effect": { "value": "Deny" } }, "enforcementMode": "Default" }),
        );
        assert_eq!(sets.effect.as_deref(), Some("Deny"));
        assert_eq!(read(json!({ "parameters": null })).effect, None);
    }
}
