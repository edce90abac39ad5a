//! `vm`: the machine, its power and its agent.

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::{id_of, schema, some, value};
use crate::actions::limits;
use crate::actions::words::when;
use crate::azure::reader::{Reader, rights};
use crate::azure::resource_id::ResourceId;
use crate::azure::views::{AgentStatus, OsType};
use crate::base::clock::{Clock, add};
use crate::base::{ErrorClass, Failure};
use crate::core::action::NOT_STARTED;
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct VmLooker(pub(super) Reader, pub(super) Clock);

/// The VM that a run is about.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct VmFact {
    /// Its resource id, in Azure's casing.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its resource group.
    pub resource_group: String,
    /// Its subscription.
    pub subscription: String,
    /// Its region.
    pub location: String,
    /// `windows` or `linux`.
    pub os: Option<String>,
    /// `running`, `stopped`, `deallocated` …; null when Azure does not say.
    pub power: Option<String>,
    /// `Succeeded`, `Failed`, `Updating` …
    pub provisioning: Option<String>,
    /// False when the VM forbids all extensions, Azure Backup's too.
    #[serde(default = "allowed")]
    pub extensions_allowed: bool,
    /// The agent.
    pub agent: AgentFact,
    /// Resource ids of its network interfaces, the primary one first.
    #[serde(default)]
    pub network_interfaces: Vec<String>,
    /// Whether Azure keeps its screen and serial log; null when Azure does not say.
    #[serde(default)]
    pub boot_diagnostics: Option<bool>,
}

fn allowed() -> bool {
    true
}

/// The VM agent, as Azure last heard of it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub struct AgentFact {
    /// True when the VM runs, the agent says it is ready, and said so lately: one that fell silent
    /// fetches no script and removes no extension, and a status of a VM that is off is stale.
    pub ready: bool,
    /// `ready`, `not_ready` or `absent`.
    pub status: String,
    /// Its version.
    pub version: Option<String>,
    /// Its last sign of life.
    #[schemars(with = "Option<String>")]
    pub seen: Option<Timestamp>,
    /// What it says of itself.
    pub message: Option<String>,
}

impl VmFact {
    /// True when its provisioning state is `Failed`.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.provisioning
            .as_deref()
            .is_some_and(|p| p.eq_ignore_ascii_case("Failed"))
    }

    /// True when the machine runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.power
            .as_deref()
            .is_some_and(|p| p.eq_ignore_ascii_case("running"))
    }

    /// Why nothing can be run inside it now, if so.
    #[must_use]
    pub fn why_no_guest(&self) -> Option<String> {
        let name = &self.name;
        if !self.is_running() {
            let power = self.power.as_deref().unwrap_or("in an unknown state");
            return Some(format!("`{name}` is {power}, and {NOT_STARTED}"));
        }
        let agent = &self.agent;
        if agent.ready {
            return None;
        }
        if agent.status == "ready" {
            let seen = agent.seen.map_or("unknown".to_owned(), when);
            return Some(format!(
                "the VM agent of `{name}` says ready, and its last sign of life is {seen}"
            ));
        }
        let said = agent.message.as_deref();
        let said = said.map(|m| format!(": {m}")).unwrap_or_default();
        let status = agent.status.replace('_', " ");
        Some(format!("the VM agent of `{name}` is {status}{said}"))
    }
}

/// A VM that is gone is a complaint of its own, with a runbook of its own.
fn told_if_gone(mut failure: Failure, vm: &ResourceId) -> Failure {
    if failure.class == ErrorClass::NotFound {
        let message = failure.message.trim_end_matches('.').to_owned();
        failure.message = format!(
            "{message}. If it was deleted, `runbook plan UserErrorVmNotFoundV2 --vm {vm}` says what \
             is left of its protection"
        );
    }
    failure
}

#[async_trait]
impl Looker for VmLooker {
    fn name(&self) -> &'static str {
        "vm"
    }

    fn schema(&self) -> Value {
        schema::<VmFact>()
    }

    fn reads(&self) -> Vec<&'static str> {
        rights::VIRTUAL_MACHINE.to_vec()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        Vec::new()
    }

    async fn load(&self, target: &Target, _: &Value, _: &Facts) -> Result<Value, Failure> {
        let id = id_of(target)?;
        let vm = self.0.virtual_machine(&id).await;
        let vm = vm.map_err(|failure| told_if_gone(failure, &id))?;
        let status = match vm.agent.status {
            AgentStatus::Ready => "ready",
            AgentStatus::NotReady => "not_ready",
            AgentStatus::Absent => "absent",
        };
        let mut fact = VmFact {
            name: vm.name.clone(),
            resource_group: id.resource_group().unwrap_or_default().to_owned(),
            subscription: id.subscription().to_owned(),
            location: vm.location.clone(),
            os: vm.os_type.map(|os| match os {
                OsType::Windows => "windows".to_owned(),
                OsType::Linux => "linux".to_owned(),
            }),
            power: vm.power.clone(),
            provisioning: some(vm.provisioning_state.clone()),
            agent: AgentFact {
                ready: false,
                status: status.to_owned(),
                version: vm.agent.version.clone(),
                seen: vm.agent.seen,
                message: vm.agent.message.clone(),
            },
            extensions_allowed: vm.allow_extension_operations != Some(false),
            network_interfaces: vm
                .network_interfaces
                .iter()
                .map(ToString::to_string)
                .collect(),
            boot_diagnostics: vm.boot_diagnostics,
            id: vm.id.to_string(),
        };
        let lately = |seen| add(seen, limits::AGENT_IS_FRESH) >= self.1.now();
        fact.agent.ready = fact.is_running()
            && fact.agent.status == "ready"
            && fact.agent.seen.is_some_and(lately);
        value(&fact)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_agent_that_says_ready_and_fell_silent_keeps_everybody_out_of_the_guest() {
        let vm = |ready: bool| -> VmFact {
            serde_json::from_value(json!({
                "id": "x", "name": "web1", "resource_group": "rg", "subscription": "s",
                "location": "westeurope", "os": "linux", "power": "running",
                "provisioning": "Succeeded",
                "agent": { "ready": ready, "status": "ready", "version": "2.2.9.1",
                           "seen": "2026-11-21T00:10:00Z", "message": null },
            }))
            .unwrap()
        };
        assert_eq!(vm(true).why_no_guest(), None);
        let why = vm(false).why_no_guest().expect("it is silent");
        assert!(
            why.contains("says ready") && why.contains("2026-11-21 00:10"),
            "{why}"
        );
    }
}
