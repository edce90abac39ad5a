//! Disks, and the key vaults that their keys lie in.

use serde::{Deserialize, Serialize};

/// A disk of a VM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Its name.
    pub name: String,
    /// Its slot; none for the disk of the operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lun: Option<u32>,
    /// Its size.
    #[serde(default = "usual_size")]
    pub gib: u64,
    /// Its sku.
    #[serde(default = "premium")]
    pub sku: String,
    /// Whether it is a managed disk.
    #[serde(default = "yes")]
    pub managed: bool,
    /// How many VMs may attach it at once; 0 leaves it unsaid.
    #[serde(default)]
    pub shares: u64,
    /// Whether writes go through the write accelerator.
    #[serde(default)]
    pub write_accelerator: bool,
    /// The name of the key vault with the secret that it is encrypted with inside the guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_in: Option<String>,
    /// The name of the key vault with the key that wraps the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_in: Option<String>,
}

impl Disk {
    /// The disk of the operating system that a VM has when its world says nothing of disks.
    pub(in crate::sim) fn of_system(vm: &str) -> Self {
        Self {
            name: format!("{vm}_OsDisk_1"),
            lun: None,
            gib: usual_size(),
            sku: premium(),
            managed: true,
            shares: 0,
            write_accelerator: false,
            secret_in: None,
            key_in: None,
        }
    }
}

/// A key vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyVault {
    /// Its name.
    pub name: String,
    /// Its resource group.
    #[serde(default = "keys_group")]
    pub group: String,
    /// Whether role assignments decide.
    #[serde(default)]
    pub roles: bool,
    /// Its access policies.
    #[serde(default)]
    pub policies: Vec<AccessPolicy>,
    /// Whether its firewall keeps everybody out, trusted services of Azure too.
    #[serde(default)]
    pub closed: bool,
}

/// What one principal may do with keys and secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessPolicy {
    /// Its object id.
    pub object: String,
    /// With keys.
    #[serde(default)]
    pub keys: Vec<String>,
    /// With secrets.
    #[serde(default)]
    pub secrets: Vec<String>,
}

/// A role assignment to somebody else than the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleAssignment {
    /// `subscription`, `group <name>` or a resource id.
    pub scope: String,
    /// The role's identifier, a GUID.
    pub role: String,
    /// The principal's object id.
    pub principal: String,
    /// Its own name, a GUID; made up when empty.
    #[serde(default)]
    pub name: String,
}

/// An assignment of Azure Policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyAssignment {
    /// Its name.
    pub name: String,
    /// `subscription`, `group <name>` or a resource id.
    #[serde(default = "subscription")]
    pub scope: String,
    /// Its name for people.
    pub display_name: String,
    /// The definition that it assigns.
    pub definition: String,
    /// The effect that it sets, when it sets one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
}

fn usual_size() -> u64 {
    127
}

fn premium() -> String {
    "Premium_LRS".to_owned()
}

fn yes() -> bool {
    true
}

fn keys_group() -> String {
    "rg-keys".to_owned()
}

fn subscription() -> String {
    "subscription".to_owned()
}
