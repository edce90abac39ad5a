//! Who has which role at a scope, and what a role allows with data.

use serde::{Deserialize, Serialize};

use super::permission::matches;
use super::wire::{Text, filled, list};

/// One role assignment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RoleAssignment {
    /// The role's own identifier: the last segment of its definition's id.
    pub role: String,
    /// The principal's object id.
    pub principal: String,
}

/// What a role allows with data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Role {
    /// Its name.
    pub name: String,
    grants: Vec<DataGrant>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct DataGrant {
    allowed: Vec<String>,
    taken_back: Vec<String>,
}

impl Role {
    /// Whether it allows a data action; what is taken back is taken from its own grant alone.
    #[must_use]
    pub fn allows_data(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let among = |patterns: &[String]| patterns.iter().any(|p| matches(p, &action));
        self.grants
            .iter()
            .any(|grant| among(&grant.allowed) && !among(&grant.taken_back))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::azure) struct WireAssignment {
    properties: Option<Assigned>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Assigned {
    role_definition_id: Option<Text>,
    principal_id: Option<Text>,
}

impl From<WireAssignment> for RoleAssignment {
    fn from(wire: WireAssignment) -> Self {
        let p = wire.properties.unwrap_or_default();
        let definition = p.role_definition_id.unwrap_or_default().0;
        Self {
            role: definition.rsplit('/').next().unwrap_or_default().to_owned(),
            principal: p.principal_id.unwrap_or_default().0,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::azure) struct WireRole {
    properties: Option<Defined>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Defined {
    role_name: Option<Text>,
    #[serde(deserialize_with = "list")]
    permissions: Vec<WireData>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireData {
    #[serde(deserialize_with = "list")]
    data_actions: Vec<Text>,
    #[serde(deserialize_with = "list")]
    not_data_actions: Vec<Text>,
}

impl From<WireRole> for Role {
    fn from(wire: WireRole) -> Self {
        let p = wire.properties.unwrap_or_default();
        let lower = |texts: Vec<Text>| {
            texts
                .into_iter()
                .map(|t| t.0.to_ascii_lowercase())
                .collect()
        };
        let grants = p.permissions.into_iter().map(|data| DataGrant {
            allowed: lower(data.data_actions),
            taken_back: lower(data.not_data_actions),
        });
        Self {
            grants: grants.collect(),
            name: filled(p.role_name).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_role_allows_what_one_of_its_grants_allows_and_does_not_take_back() {
        let role: Role = serde_json::from_value::<WireRole>(json!({ "properties": { "roleName": "r", "permissions": [
            { "actions": ["*"], "dataActions": ["Microsoft.KeyVault/vaults/*"], "notDataActions": ["Microsoft.KeyVault/vaults/keys/*"] }] } }))
        .unwrap()
        .into();
        assert!(role.allows_data("Microsoft.KeyVault/vaults/secrets/backup/action"));
        assert!(!role.allows_data("Microsoft.KeyVault/vaults/keys/backup/action"));
        assert!(!role.allows_data("Microsoft.Storage/x"));
    }

    #[test]
    fn an_assignment_names_its_role_by_the_last_segment() {
        let one: RoleAssignment = serde_json::from_value::<WireAssignment>(json!({ "properties": {
            "roleDefinitionId": "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/r1", "principalId": "o" } }))
        .unwrap()
        .into();
        assert_eq!((one.role.as_str(), one.principal.as_str()), ("r1", "o"));
    }
}
