//! The way out of a VM.

use serde::{Deserialize, Serialize};

/// The way out: by default Azure's own rules and routes, which let everything out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// Outbound rules of the interface's network security group, before the default ones.
    pub rules: Vec<Rule>,
    /// A route of somebody's making to everywhere.
    pub route: Option<NextHop>,
    /// Whether the private address is given as a static one.
    #[serde(rename = "static")]
    pub is_static: bool,
}

/// An outbound rule for every protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// `Allow` or `Deny`.
    #[serde(default = "deny")]
    pub access: String,
    /// The lowest comes first.
    #[serde(default = "hundred")]
    pub priority: u32,
    /// A prefix or a service tag.
    #[serde(default = "internet")]
    pub to: String,
    /// A range of ports.
    #[serde(default = "all_ports")]
    pub ports: String,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextHop {
    /// The route's name.
    #[serde(default = "to_firewall")]
    pub name: String,
    /// `VirtualAppliance`, `VirtualNetworkGateway` or `None`.
    pub to: String,
    /// The appliance's address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
}

fn deny() -> String {
    "Deny".to_owned()
}

fn hundred() -> u32 {
    100
}

fn internet() -> String {
    "Internet".to_owned()
}

fn all_ports() -> String {
    "0-65535".to_owned()
}

fn to_firewall() -> String {
    "to-firewall".to_owned()
}
