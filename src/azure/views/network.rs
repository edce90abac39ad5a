//! A network interface, and what becomes of the traffic through it.

use serde::{Deserialize, Serialize};

use crate::azure::resource_id::ResourceId;

use super::wire::{Text, filled, id, list};

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// Its id.
    pub id: ResourceId,
    /// Its name.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// The network security group on the interface itself.
    pub security_group: Option<ResourceId>,
    /// DNS servers that are set on it; none means those of the virtual network.
    pub dns_servers: Vec<String>,
}

/// One address of an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The private address.
    pub ip: Option<String>,
    /// `Dynamic` or `Static`: how Azure gives it; the guest asks by DHCP either way.
    pub allocation: Option<String>,
    /// Its subnet.
    pub subnet: Option<ResourceId>,
}

/// The rules of one network security group that hold for an interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectiveGroup {
    /// The group.
    pub group: Option<ResourceId>,
    /// What it is attached to: the subnet or the interface.
    pub on: Option<ResourceId>,
    /// Its rules, defaults too.
    pub rules: Vec<EffectiveRule>,
}

/// One rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectiveRule {
    /// Its name, with its kind: `securityRules/DenyInternet`.
    pub name: String,
    /// `Inbound` or `Outbound`.
    pub direction: String,
    /// `Allow` or `Deny`.
    pub access: String,
    /// The lowest comes first.
    pub priority: Option<u32>,
    /// `Tcp`, `Udp`, `All` …
    pub protocol: String,
    /// Numbers, ranges, or `*`.
    pub ports: Vec<String>,
    /// Prefixes and tags, as they are written.
    pub sources: Vec<String>,
    /// Prefixes and tags, as they are written.
    pub destinations: Vec<String>,
}

/// One route that holds for an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectiveRoute {
    /// The name of a route that somebody made.
    pub name: Option<String>,
    /// `Default`, `User`, `VirtualNetworkGateway` …
    pub source: String,
    /// `Active` or `Invalid`.
    pub state: String,
    /// Where to.
    pub prefixes: Vec<String>,
    /// `Internet`, `VirtualAppliance`, `None` …
    pub next_hop: String,
    /// The appliance's address.
    pub next_hop_ips: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(in crate::azure) struct WireInterface {
    id: ResourceId,
    name: Option<Text>,
    properties: Option<InterfaceProperties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct InterfaceProperties {
    #[serde(deserialize_with = "list")]
    ip_configurations: Vec<WireAddress>,
    network_security_group: Option<Named>,
    dns_settings: Option<Dns>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Dns {
    #[serde(deserialize_with = "list")]
    dns_servers: Vec<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    id: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireAddress {
    properties: Option<AddressProperties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct AddressProperties {
    #[serde(rename = "privateIPAddress")]
    ip: Option<Text>,
    #[serde(rename = "privateIPAllocationMethod")]
    allocation: Option<Text>,
    subnet: Option<Named>,
}

/// What the two reading POSTs answer.
#[derive(Debug, Deserialize)]
pub(in crate::azure) struct Answered<T> {
    pub(in crate::azure) value: Vec<T>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::azure) struct WireGroup {
    network_security_group: Option<Named>,
    association: Option<Association>,
    #[serde(deserialize_with = "list")]
    effective_security_rules: Vec<WireRule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Association {
    subnet: Option<Named>,
    network_interface: Option<Named>,
    network_manager: Option<Named>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireRule {
    name: Option<Text>,
    direction: Option<Text>,
    access: Option<Text>,
    priority: Option<u32>,
    protocol: Option<Text>,
    destination_port_range: Option<Text>,
    #[serde(deserialize_with = "list")]
    destination_port_ranges: Vec<Text>,
    source_address_prefix: Option<Text>,
    #[serde(deserialize_with = "list")]
    source_address_prefixes: Vec<Text>,
    destination_address_prefix: Option<Text>,
    #[serde(deserialize_with = "list")]
    destination_address_prefixes: Vec<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(in crate::azure) struct WireRoute {
    name: Option<Text>,
    source: Option<Text>,
    state: Option<Text>,
    #[serde(deserialize_with = "list")]
    address_prefix: Vec<Text>,
    next_hop_type: Option<Text>,
    #[serde(deserialize_with = "list")]
    next_hop_ip_address: Vec<Text>,
}

impl From<WireInterface> for NetworkInterface {
    fn from(wire: WireInterface) -> Self {
        let properties = wire.properties.unwrap_or_default();
        let of = properties.ip_configurations.into_iter();
        Self {
            name: filled(wire.name).unwrap_or_else(|| wire.id.name().to_owned()),
            id: wire.id,
            addresses: of.filter_map(|one| Some(one.properties?.into())).collect(),
            security_group: named(properties.network_security_group),
            dns_servers: texts(
                properties.dns_settings.unwrap_or_default().dns_servers,
                None,
            ),
        }
    }
}

impl From<AddressProperties> for Address {
    fn from(wire: AddressProperties) -> Self {
        Self {
            ip: filled(wire.ip),
            allocation: filled(wire.allocation),
            subnet: named(wire.subnet),
        }
    }
}

impl From<WireGroup> for EffectiveGroup {
    fn from(wire: WireGroup) -> Self {
        let on = wire.association.unwrap_or_default();
        Self {
            group: named(wire.network_security_group),
            on: named(on.network_interface)
                .or_else(|| named(on.subnet))
                .or_else(|| named(on.network_manager)),
            rules: wire
                .effective_security_rules
                .into_iter()
                .map(Into::into)
                .collect(),
        }
    }
}

impl From<WireRule> for EffectiveRule {
    fn from(wire: WireRule) -> Self {
        let text = |text: Option<Text>| text.unwrap_or_default().0;
        Self {
            name: text(wire.name),
            direction: text(wire.direction),
            access: text(wire.access),
            priority: wire.priority,
            protocol: text(wire.protocol),
            ports: texts(wire.destination_port_ranges, wire.destination_port_range),
            sources: texts(wire.source_address_prefixes, wire.source_address_prefix),
            destinations: texts(
                wire.destination_address_prefixes,
                wire.destination_address_prefix,
            ),
        }
    }
}

impl From<WireRoute> for EffectiveRoute {
    fn from(wire: WireRoute) -> Self {
        let text = |text: Option<Text>| text.unwrap_or_default().0;
        Self {
            name: filled(wire.name),
            source: text(wire.source),
            state: text(wire.state),
            prefixes: texts(wire.address_prefix, None),
            next_hop: text(wire.next_hop_type),
            next_hop_ips: texts(wire.next_hop_ip_address, None),
        }
    }
}

fn named(named: Option<Named>) -> Option<ResourceId> {
    id(named?.id)
}

/// A list, and the one text beside it: Azure fills one or both, often with the same.
fn texts(many: Vec<Text>, one: Option<Text>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for text in many.into_iter().chain(one) {
        if !text.0.is_empty() && !all.contains(&text.0) {
            all.push(text.0);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_rule_has_its_ports_and_prefixes_whether_they_come_alone_or_in_lists() {
        let wire: Answered<WireGroup> = serde_json::from_value(json!({ "value": [{
            "networkSecurityGroup": { "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/nsg" },
            "association": { "subnet": { "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/a" } },
            "effectiveSecurityRules": [
                { "name": "securityRules/a", "protocol": "Tcp", "sourceAddressPrefix": "0.0.0.0/0", "sourceAddressPrefixes": ["0.0.0.0/0"],
                  "destinationPortRange": "443-443", "destinationPortRanges": ["443-443"], "destinationAddressPrefixes": ["Storage", "Sql"],
                  "access": "Deny", "priority": 100, "direction": "Outbound" },
                { "name": "defaultSecurityRules/b", "destinationPortRange": "0-65535", "priority": null },
            ] }] }))
        .unwrap();
        let groups: Vec<EffectiveGroup> = wire.value.into_iter().map(Into::into).collect();
        let group = &groups[0];
        assert_eq!(group.on.as_ref().map(ResourceId::name), Some("a"));
        let rule = &group.rules[0];
        assert_eq!(rule.ports, ["443-443"]);
        assert_eq!(rule.sources, ["0.0.0.0/0"]);
        assert_eq!(rule.destinations, ["Storage", "Sql"]);
        assert_eq!(group.rules[1].ports, ["0-65535"]);
    }

    #[test]
    fn an_interface_says_how_its_address_is_given() {
        let wire: WireInterface = serde_json::from_value(json!({
            "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n",
            "properties": { "dnsSettings": { "dnsServers": ["10.0.0.9"] },
                "ipConfigurations": [{ "properties": { "privateIPAddress": "10.0.0.4", "privateIPAllocationMethod": "Static" } }] } }))
        .unwrap();
        let interface = NetworkInterface::from(wire);
        assert_eq!(interface.name, "n");
        assert_eq!(interface.addresses[0].allocation.as_deref(), Some("Static"));
        assert_eq!(
            (interface.security_group, interface.dns_servers.len()),
            (None, 1)
        );
    }
}
