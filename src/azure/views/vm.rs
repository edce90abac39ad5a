//! A VM with its instance view.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::azure::resource_id::ResourceId;
use crate::base::clock;

use super::attached::{Diagnostics, Interfaces};
use super::extension::{Status, WireStatus};
use super::wire::{Text, filled, list};

/// A heartbeat older than this says nothing of now (proposed in `remediations.md` section 2.1).
const HEARTBEAT_IS_FRESH: Duration = Duration::from_secs(600);

/// The operating system of a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OsType {
    /// Windows.
    Windows,
    /// Linux.
    Linux,
}

impl OsType {
    /// Its name in facts and plans.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Linux => "linux",
        }
    }
}

impl FromStr for OsType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "windows" => Ok(Self::Windows),
            "linux" => Ok(Self::Linux),
            _ => Err(format!("`{text}` is neither windows nor linux")),
        }
    }
}

/// What the VM agent says of itself; without `power` it means nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgentStatus {
    /// It says that it is ready; on a stopped VM that may be an old word.
    Ready,
    /// It reports something else, or reported nothing yet.
    NotReady,
    /// The VM has no word of it.
    #[default]
    Absent,
}

impl AgentStatus {
    /// Its name in facts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotReady => "not_ready",
            Self::Absent => "absent",
        }
    }
}

/// The VM agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Agent {
    /// Its state.
    pub status: AgentStatus,
    /// Its version; `None` when Azure says `Unknown`.
    pub version: Option<String>,
    /// Its words.
    pub message: Option<String>,
    /// Its last heartbeat.
    pub seen: Option<Timestamp>,
}

/// An extension as the agent handles it: Backup's shows here even when it is not listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExtensionHandler {
    /// `Publisher.Type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its version.
    pub version: String,
    /// Its state, when it reports one.
    pub status: Option<Status>,
}

/// A virtual machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vm {
    /// Its id.
    pub id: ResourceId,
    /// Its name.
    pub name: String,
    /// Its region.
    #[serde(default)]
    pub location: String,
    /// Its operating system, when Azure knows.
    #[serde(default)]
    pub os_type: Option<OsType>,
    /// `Succeeded`, `Failed`, `Updating` …
    #[serde(default)]
    pub provisioning_state: Option<String>,
    /// Its unique id, which a VM made anew under the same name does not have.
    #[serde(default)]
    pub vm_id: String,
    /// `running`, `stopped`, `deallocated` …; `None` when Azure does not say.
    #[serde(default)]
    pub power: Option<String>,
    /// Its agent.
    #[serde(default)]
    pub agent: Agent,
    /// What its agent handles.
    #[serde(default)]
    pub extension_handlers: Vec<ExtensionHandler>,
    /// `false` forbids every extension, Backup's too.
    #[serde(default)]
    pub allow_extension_operations: Option<bool>,
    /// Its network interfaces, the primary one first.
    #[serde(default)]
    pub network_interfaces: Vec<ResourceId>,
    /// Whether Azure keeps its screen and serial log, when Azure says.
    #[serde(default)]
    pub boot_diagnostics: Option<bool>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

impl Vm {
    /// Whether a script can be run inside now: running, agent ready, and heard of lately.
    #[must_use]
    pub fn can_run_scripts(&self, now: Timestamp) -> bool {
        self.power.as_deref() == Some("running")
            && self.agent.status == AgentStatus::Ready
            && self
                .agent
                .seen
                .is_some_and(|seen| clock::add(seen, HEARTBEAT_IS_FRESH) >= now)
    }
}

#[derive(Debug, Deserialize)]
pub(in crate::azure) struct WireVm {
    id: ResourceId,
    name: Option<Text>,
    location: Option<Text>,
    tags: Option<BTreeMap<String, Text>>,
    properties: Option<Properties>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Properties {
    vm_id: Option<Text>,
    provisioning_state: Option<Text>,
    storage_profile: Option<Storage>,
    os_profile: Option<OsProfile>,
    network_profile: Option<Interfaces>,
    diagnostics_profile: Option<Diagnostics>,
    instance_view: Option<View>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Storage {
    os_disk: Option<OsDisk>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OsDisk {
    os_type: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct OsProfile {
    allow_extension_operations: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct View {
    vm_agent: Option<WireAgent>,
    #[serde(deserialize_with = "list")]
    statuses: Vec<WireStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireAgent {
    vm_agent_version: Option<Text>,
    #[serde(deserialize_with = "list")]
    statuses: Vec<WireStatus>,
    #[serde(deserialize_with = "list")]
    extension_handlers: Vec<WireHandler>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireHandler {
    #[serde(rename = "type")]
    kind: Option<Text>,
    type_handler_version: Option<Text>,
    status: Option<WireStatus>,
}

impl From<WireVm> for Vm {
    fn from(wire: WireVm) -> Self {
        let properties = wire.properties.unwrap_or_default();
        let view = properties.instance_view.unwrap_or_default();
        let statuses: Vec<Status> = view.statuses.into_iter().map(Into::into).collect();
        let (agent, extension_handlers) = view.vm_agent.map_or_else(Default::default, split);
        let os = properties
            .storage_profile
            .and_then(|s| s.os_disk)
            .and_then(|d| filled(d.os_type));
        Self {
            name: filled(wire.name).unwrap_or_else(|| wire.id.name().to_owned()),
            id: wire.id,
            location: wire.location.unwrap_or_default().0,
            os_type: os.and_then(|os| os.parse().ok()),
            provisioning_state: filled(properties.provisioning_state),
            vm_id: properties.vm_id.unwrap_or_default().0,
            power: power(&statuses),
            agent,
            extension_handlers,
            allow_extension_operations: properties
                .os_profile
                .and_then(|profile| profile.allow_extension_operations),
            network_interfaces: properties
                .network_profile
                .map_or_else(Vec::new, Interfaces::primary_first),
            boot_diagnostics: properties
                .diagnostics_profile
                .and_then(Diagnostics::are_kept),
            tags: wire
                .tags
                .unwrap_or_default()
                .into_iter()
                .map(|(k, v)| (k, v.0))
                .collect(),
        }
    }
}

/// By prefix: the list may be empty, and holds other states beside this one.
fn power(statuses: &[Status]) -> Option<String> {
    statuses.iter().find_map(|status| {
        let code = status.code.to_ascii_lowercase();
        code.strip_prefix("powerstate/").map(ToOwned::to_owned)
    })
}

fn split(wire: WireAgent) -> (Agent, Vec<ExtensionHandler>) {
    let version = filled(wire.vm_agent_version).filter(|v| !v.eq_ignore_ascii_case("unknown"));
    let statuses: Vec<Status> = wire.statuses.into_iter().map(Into::into).collect();
    let is_ready = |status: &&Status| {
        status
            .code
            .eq_ignore_ascii_case("ProvisioningState/succeeded")
            && status.display_status.eq_ignore_ascii_case("Ready")
    };
    let ready = statuses.iter().find(is_ready);
    let status = match (ready, statuses.is_empty(), &version) {
        (Some(_), ..) => AgentStatus::Ready,
        (None, true, None) => AgentStatus::Absent,
        (None, ..) => AgentStatus::NotReady,
    };
    let telling = ready.or(statuses.first());
    let agent = Agent {
        status,
        version,
        message: telling.map(|s| s.message.clone()).filter(|m| !m.is_empty()),
        seen: telling.and_then(|s| s.time),
    };
    let handlers = wire
        .extension_handlers
        .into_iter()
        .map(|handler| ExtensionHandler {
            kind: handler.kind.unwrap_or_default().0,
            version: handler.type_handler_version.unwrap_or_default().0,
            status: handler.status.map(Into::into),
        });
    (agent, handlers.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn vm(instance_view: Value) -> Vm {
        let wire: WireVm = serde_json::from_value(json!({
            "id": "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/web1",
            "name": "web1", "location": "westeurope", "tags": { "a": "b" },
            "properties": { "vmId": "v", "provisioningState": "Succeeded",
                "storageProfile": { "osDisk": { "osType": "Windows" } },
                "osProfile": { "allowExtensionOperations": true },
                "instanceView": instance_view }
        }))
        .unwrap();
        wire.into()
    }

    fn ready(time: &str) -> Value {
        json!({ "vmAgent": { "vmAgentVersion": "2.7.41491.949",
            "statuses": [{ "code": "ProvisioningState/Succeeded", "level": "Info", "displayStatus": "Ready", "message": "Guest Agent is running", "time": time }],
            "extensionHandlers": [{ "type": "Microsoft.Azure.RecoveryServices.VMSnapshot", "typeHandlerVersion": "1.0", "status": { "code": "ProvisioningState/succeeded" } }] },
          "statuses": [{ "code": "ProvisioningState/failed/3" }, { "code": "PowerState/running" }] })
    }

    #[test]
    fn a_running_vm_with_a_ready_agent_is_read_whole() {
        let vm = vm(ready("2026-11-21T03:05:00+00:00"));
        assert_eq!(
            (vm.power.as_deref(), vm.os_type),
            (Some("running"), Some(OsType::Windows))
        );
        assert_eq!(
            (vm.agent.status, vm.agent.version.as_deref()),
            (AgentStatus::Ready, Some("2.7.41491.949"))
        );
        assert_eq!(
            vm.extension_handlers[0].kind,
            "Microsoft.Azure.RecoveryServices.VMSnapshot"
        );
        assert!(vm.can_run_scripts("2026-11-21T03:10:00Z".parse().unwrap()));
        assert!(
            !vm.can_run_scripts("2026-11-21T03:16:00Z".parse().unwrap()),
            "an old heartbeat"
        );
        let back: Vm = serde_json::from_value(serde_json::to_value(&vm).unwrap()).unwrap();
        assert_eq!(back, vm);
    }

    #[test]
    fn an_agent_that_does_not_report_is_not_ready() {
        let vm = vm(
            json!({ "vmAgent": { "vmAgentVersion": "Unknown", "statuses": [{ "code": "ProvisioningState/Unavailable", "level": "Warning",
            "displayStatus": "Not Ready", "message": "VM status blob is found but not yet populated.", "time": "2023-12-19T07:49:51+00:00" }] },
            "statuses": [] }),
        );
        assert_eq!(
            (vm.agent.status, vm.agent.version, vm.power),
            (AgentStatus::NotReady, None, None)
        );
        assert_eq!(
            vm.agent.message.as_deref(),
            Some("VM status blob is found but not yet populated.")
        );
    }

    #[test]
    fn a_vm_without_a_word_of_its_agent_has_none() {
        for view in [
            json!(null),
            json!({}),
            json!({ "vmAgent": null }),
            json!({ "vmAgent": { "vmAgentVersion": "Unknown", "statuses": [] } }),
        ] {
            assert_eq!(vm(view.clone()).agent.status, AgentStatus::Absent, "{view}");
        }
    }

    #[test]
    fn a_stopped_vm_runs_no_script_whatever_its_agent_last_said() {
        let mut view = ready("2026-11-21T03:09:00Z");
        view["statuses"] = json!([{ "code": "PowerState/stopped" }]);
        let vm = vm(view);
        assert_eq!(vm.agent.status, AgentStatus::Ready);
        assert!(!vm.can_run_scripts("2026-11-21T03:10:00Z".parse().unwrap()));
    }
}
