//! What a VM has beside its disks: network interfaces, and whether its screen is kept.

use serde::Deserialize;

use crate::azure::resource_id::ResourceId;

use super::wire::list;

/// `networkProfile`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Interfaces {
    #[serde(deserialize_with = "list")]
    network_interfaces: Vec<Interface>,
}

#[derive(Debug, Deserialize)]
struct Interface {
    id: ResourceId,
    properties: Option<InterfaceProperties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct InterfaceProperties {
    primary: Option<bool>,
}

impl Interfaces {
    /// Their ids; a VM with one interface often does not say that it is the primary one.
    pub(super) fn primary_first(mut self) -> Vec<ResourceId> {
        let primary = |one: &Interface| one.properties.as_ref().and_then(|p| p.primary);
        self.network_interfaces
            .sort_by_key(|one| primary(one) != Some(true));
        let all = self.network_interfaces.into_iter();
        all.map(|one| one.id).collect()
    }
}

/// `diagnosticsProfile`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Diagnostics {
    boot_diagnostics: Option<Switch>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Switch {
    enabled: Option<bool>,
}

impl Diagnostics {
    /// Whether screen and serial log are kept, when Azure says.
    pub(super) fn are_kept(self) -> Option<bool> {
        self.boot_diagnostics?.enabled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_primary_interface_comes_first() {
        let id = |n: &str| {
            format!(
                "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/{n}"
            )
        };
        let all: Interfaces = serde_json::from_value(json!({ "networkInterfaces": [
            { "id": id("b"), "properties": { "primary": false } },
            { "id": id("a"), "properties": { "primary": true } } ] }))
        .unwrap();
        let names: Vec<ResourceId> = all.primary_first();
        assert_eq!(
            names.iter().map(ResourceId::name).collect::<Vec<_>>(),
            ["a", "b"]
        );
    }
}
