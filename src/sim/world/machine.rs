//! Virtual machines, their extensions and what is inside them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Value;

/// A virtual machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vm {
    /// Its name.
    pub name: String,
    /// Its resource group.
    pub group: String,
    /// Its operating system.
    #[serde(default)]
    pub os: Os,
    /// Its power state.
    #[serde(default)]
    pub power: Power,
    /// What its agent reports.
    #[serde(default)]
    pub agent: AgentState,
    /// `Succeeded`, `Failed` or `Updating`.
    #[serde(default = "succeeded")]
    pub provisioning: String,
    /// What mends its agent and its provisioning state.
    #[serde(default, skip_serializing_if = "Mending::is_never")]
    pub mended_by: Mending,
    /// The agent's version; a recent one of its system unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_version: Option<String>,
    /// False when the VM forbids all extensions.
    #[serde(default = "allowed", skip_serializing_if = "Clone::clone")]
    pub allow_extension_operations: bool,
    /// Its disks; a system disk when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disks: Vec<super::Disk>,
    /// Its extensions.
    #[serde(default)]
    pub extensions: Vec<Extension>,
    /// What a script finds inside.
    #[serde(default)]
    pub guest: Guest,
    /// Its way out.
    #[serde(default)]
    pub network: super::Network,
    /// How busy it is.
    #[serde(default)]
    pub load: super::Load,
    /// Whether its screen and serial log are kept.
    #[serde(default)]
    pub boot_diagnostics: bool,
    /// Set when the backup extension was deleted: the next good snapshot installs it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reinstall_snapshot_extension: bool,
    /// Set when a collection was deleted under `rp_collection_deleted_once`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub collection_was_deleted: bool,
}

/// An operating system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Os {
    /// Windows.
    #[default]
    Windows,
    /// Linux.
    Linux,
}

impl Os {
    /// Azure's spelling.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Windows => "Windows",
            Self::Linux => "Linux",
        }
    }
}

/// A power state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Power {
    /// On.
    #[default]
    Running,
    /// Shut down, still allocated.
    Stopped,
    /// Shut down and released.
    Deallocated,
}

/// What mends a machine; each mends what those before it do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mending {
    /// Its model, applied again.
    Reapply,
    /// A restart.
    Restart,
    /// Another host.
    Redeploy,
    /// Nothing that can be done from outside.
    #[default]
    Never,
}

impl Mending {
    fn is_never(&self) -> bool {
        *self == Self::Never
    }
}

/// What the VM agent reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentState {
    /// Ready, with a fresh heartbeat.
    #[default]
    Ready,
    /// "Not Ready", version "Unknown".
    NotReady,
    /// No `vmAgent` at all.
    Absent,
    /// Still "Ready", but the heartbeat is hours old; nobody answers.
    StaleReady,
}

/// A VM extension; by default a healthy backup extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The resource's name, which need not be its type.
    pub name: String,
    /// Its publisher.
    #[serde(default = "recovery_services")]
    pub publisher: String,
    /// Its type.
    #[serde(rename = "type", default = "snapshot")]
    pub kind: String,
    /// Its provisioning state: `Succeeded`, `Failed`, `Deleting` …
    #[serde(default = "succeeded")]
    pub state: String,
    /// What it last reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Extension {
    /// The extension that Azure Backup installs.
    pub(in crate::sim) fn snapshot(os: Os) -> Self {
        let kind = match os {
            Os::Windows => "VMSnapshot",
            Os::Linux => "VMSnapshotLinux",
        };
        Self {
            name: kind.to_owned(),
            publisher: recovery_services(),
            kind: kind.to_owned(),
            state: succeeded(),
            message: Some("Enable succeeded.".to_owned()),
        }
    }

    /// Whether Azure Backup installed it.
    pub(in crate::sim) fn is_snapshot(&self) -> bool {
        self.publisher
            .eq_ignore_ascii_case("Microsoft.Azure.RecoveryServices")
            && (self.kind.eq_ignore_ascii_case("VMSnapshot")
                || self.kind.eq_ignore_ascii_case("VMSnapshotLinux"))
    }
}

/// What is inside a VM, as far as scripts look.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Guest {
    /// Whether SQL Server runs.
    pub sql: bool,
    /// Registry values by name; a text is a REG_SZ.
    pub registry: BTreeMap<String, RegistryValue>,
    /// What the check of a Linux agent reports, by name.
    pub facts: BTreeMap<String, Value>,
    /// What scripts that look report, by the script's name, over what a healthy guest has.
    pub told: BTreeMap<String, BTreeMap<String, Value>>,
    /// What is wrong inside.
    pub ails: Vec<Ail>,
    /// What scripts have mended, and can undo.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mended: Vec<Ail>,
    /// What snapshots hold, where that is not an application's whole state: `FileSystemConsistent`.
    pub consistency: Option<String>,
}

/// Something wrong inside that a script finds, and mends when it is told to apply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ail {
    /// The script, as `win-vss-service`.
    pub script: String,
    /// Parameters that the script must be given to see it: `{Key: seqsnapshot}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<String, String>,
    /// What backups fail with meanwhile; nothing when they do not care.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What the script says besides its state: `{todo: [MSDTC stopped]}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub says: BTreeMap<String, Value>,
    /// How the script ends when it applies: `changed`, `needs_human`, `failed`, `busy`. A person is
    /// asked for, and something else is at work, before it applies too.
    #[serde(default = "changed")]
    pub ends: String,
    /// The script's words about that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A registry value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RegistryValue {
    /// As text.
    pub value: String,
    /// `String`, `DWord` …
    pub kind: String,
}

impl RegistryValue {
    /// A REG_SZ.
    pub(in crate::sim) fn text(value: &str) -> Self {
        Self {
            value: value.to_owned(),
            kind: "String".to_owned(),
        }
    }
}

/// The written form of a value with its kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    value: String,
    kind: String,
}

impl<'de> Deserialize<'de> for RegistryValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Value::deserialize(from)? {
            Value::String(text) => Ok(Self::text(&text)),
            Value::Bool(flag) => Ok(Self::text(if flag { "TRUE" } else { "FALSE" })),
            Value::Number(number) => Ok(Self {
                value: number.to_string(),
                kind: "DWord".to_owned(),
            }),
            other => {
                let Written { value, kind } =
                    serde_json::from_value(other).map_err(D::Error::custom)?;
                Ok(Self { value, kind })
            }
        }
    }
}

fn allowed() -> bool {
    true
}

fn succeeded() -> String {
    "Succeeded".to_owned()
}

fn changed() -> String {
    "changed".to_owned()
}

fn recovery_services() -> String {
    "Microsoft.Azure.RecoveryServices".to_owned()
}

fn snapshot() -> String {
    "VMSnapshot".to_owned()
}
