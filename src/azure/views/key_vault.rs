//! A key vault, as far as it says who may use its keys and secrets.

use serde::{Deserialize, Serialize};

use crate::azure::resource_id::ResourceId;

use super::wire::{Text, filled, list};

/// What one principal may do with keys and secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccessPolicy {
    /// The principal's object id.
    pub object: String,
    /// What it may do with keys, in lower case.
    pub keys: Vec<String>,
    /// What it may do with secrets, in lower case.
    pub secrets: Vec<String>,
}

/// A key vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyVault {
    /// Its id.
    pub id: ResourceId,
    /// Its tenant.
    #[serde(default)]
    pub tenant: String,
    /// Whether role assignments decide; access policies are ignored then.
    #[serde(default)]
    pub uses_roles: bool,
    /// Its access policies.
    #[serde(default)]
    pub policies: Vec<AccessPolicy>,
    /// Whether its firewall keeps out all that is not named; absent rules keep out nobody.
    #[serde(default)]
    pub denies_by_default: bool,
    /// Whether trusted services of Azure get past the firewall.
    #[serde(default)]
    pub lets_azure_through: bool,
    /// `Enabled` or `Disabled`, when Azure says.
    #[serde(default)]
    pub public_network_access: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(in crate::azure) struct WireKeyVault {
    id: ResourceId,
    properties: Option<Properties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    tenant_id: Option<Text>,
    enable_rbac_authorization: Option<bool>,
    #[serde(deserialize_with = "list")]
    access_policies: Vec<WirePolicy>,
    network_acls: Option<Rules>,
    public_network_access: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Rules {
    default_action: Option<Text>,
    bypass: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WirePolicy {
    object_id: Option<Text>,
    permissions: Option<Rights>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rights {
    #[serde(deserialize_with = "list")]
    keys: Vec<Text>,
    #[serde(deserialize_with = "list")]
    secrets: Vec<Text>,
}

impl From<WireKeyVault> for KeyVault {
    fn from(wire: WireKeyVault) -> Self {
        let p = wire.properties.unwrap_or_default();
        let rules = p.network_acls.unwrap_or_default();
        let is = |text: Option<Text>, what: &str| {
            filled(text).is_some_and(|text| text.eq_ignore_ascii_case(what))
        };
        Self {
            id: wire.id,
            tenant: p.tenant_id.unwrap_or_default().0,
            uses_roles: p.enable_rbac_authorization.unwrap_or_default(),
            policies: p.access_policies.into_iter().map(policy).collect(),
            denies_by_default: is(rules.default_action, "Deny"),
            lets_azure_through: is(rules.bypass, "AzureServices"),
            public_network_access: filled(p.public_network_access),
        }
    }
}

fn policy(wire: WirePolicy) -> AccessPolicy {
    let rights = wire.permissions.unwrap_or_default();
    let lower = |texts: Vec<Text>| texts.into_iter().map(|t| t.0.to_lowercase()).collect();
    AccessPolicy {
        object: wire.object_id.unwrap_or_default().0,
        keys: lower(rights.keys),
        secrets: lower(rights.secrets),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_vault_says_who_may_and_what_its_firewall_does() {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv";
        let vault: KeyVault = serde_json::from_value::<WireKeyVault>(json!({ "id": id, "properties": {
            "tenantId": "t", "accessPolicies": [{ "objectId": "o", "permissions": { "keys": ["Get"], "secrets": ["list"] } }],
            "networkAcls": { "defaultAction": "Deny", "bypass": "AzureServices" } } }))
        .unwrap()
        .into();
        assert_eq!(vault.policies[0].keys, ["get"]);
        assert!(!vault.uses_roles && vault.denies_by_default && vault.lets_azure_through);
        let bare: KeyVault = serde_json::from_value::<WireKeyVault>(
            json!({ "id": id, "properties": { "enableRbacAuthorization": true, "accessPolicies": null } }),
        )
        .unwrap()
        .into();
        assert!(bare.uses_roles && bare.policies.is_empty() && !bare.denies_by_default);
    }
}
