//! `agent`: whether the VM agent answers, which is more than what it said last.
//!
//! A fact of its own beside `vm`: what is done to mend the agent makes only this one unknown
//! while planning.

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::facts::vm::VmFact;
use crate::actions::facts::{known, schema, value};
use crate::actions::limits;
use crate::actions::words::when;
use crate::base::Failure;
use crate::base::clock::{self, Clock};
use crate::core::facts::{FactKey, Facts, Looker, Target};

pub(super) struct AgentLooker(pub(super) Clock);

/// The VM agent, and whether it answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Agent {
    /// True when the VM runs, the agent says that it is ready, and said so lately.
    pub answers: bool,
    /// True when the VM runs and its agent does not answer; one that is off needs no agent.
    pub needs_repair: bool,
    /// True when it says that it is ready, and its last sign of life is old.
    pub stale: bool,
    /// True when its version is known and below the oldest that is supported.
    pub outdated: bool,
    /// `ready`, `not_ready` or `absent`.
    pub status: String,
    /// Its version.
    pub version: Option<String>,
    /// The oldest version that is supported on this system.
    pub oldest: Option<String>,
    /// Its last sign of life.
    #[schemars(with = "Option<String>")]
    pub seen: Option<Timestamp>,
    /// What it says of itself.
    pub message: Option<String>,
}

impl Agent {
    /// From what Azure heard of it last, at a time.
    #[must_use]
    pub fn of(vm: &VmFact, now: Timestamp) -> Self {
        let said = &vm.agent;
        let fresh = said
            .seen
            .is_some_and(|seen| clock::add(seen, limits::AGENT_IS_FRESH) >= now);
        let stale = vm.is_running() && said.status == "ready" && !fresh;
        let oldest = match vm.os.as_deref() {
            Some("windows") => Some(limits::OLDEST_WINDOWS_AGENT.to_owned()),
            Some("linux") => Some(limits::OLDEST_LINUX_AGENT.to_owned()),
            _ => None,
        };
        let answers = said.ready && fresh;
        Self {
            answers,
            needs_repair: vm.is_running() && !answers,
            stale,
            outdated: said
                .version
                .as_deref()
                .zip(oldest.as_deref())
                .is_some_and(|(is, least)| is_below(is, least)),
            status: said.status.clone(),
            version: said.version.clone(),
            oldest,
            seen: said.seen,
            message: said.message.clone(),
        }
    }

    /// What is wrong with it, as a fragment.
    #[must_use]
    pub fn complaint(&self) -> String {
        if self.stale {
            let seen = self.seen.map_or("unknown".to_owned(), when);
            return format!(
                "the VM agent says that it is ready, and its last sign of life is {seen}"
            );
        }
        let said = self.message.as_deref().map(|m| m.trim_end_matches('.'));
        format!(
            "the VM agent is {}{}",
            self.status.replace('_', " "),
            said.map(|m| format!(" ({m})")).unwrap_or_default()
        )
    }
}

/// Versions by their numbers; what is no number counts as none.
fn is_below(version: &str, least: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        text.split('.')
            .map(|part| part.parse().unwrap_or(0))
            .collect()
    };
    numbers(version) < numbers(least)
}

#[async_trait]
impl Looker for AgentLooker {
    fn name(&self) -> &'static str {
        "agent"
    }

    fn schema(&self) -> Value {
        schema::<Agent>()
    }

    fn needs(&self, _: &Value) -> Vec<FactKey> {
        vec![FactKey::named("vm")]
    }

    async fn load(&self, _: &Target, _: &Value, facts: &Facts) -> Result<Value, Failure> {
        let vm: VmFact = known(facts, "vm")?;
        value(&Agent::of(&vm, self.0.now()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn vm(power: &str, ready: bool, seen: &str) -> VmFact {
        serde_json::from_value(json!({
            "id": "x", "name": "web1", "resource_group": "rg", "subscription": "s",
            "location": "westeurope", "os": "linux", "power": power, "provisioning": "Succeeded",
            "agent": { "ready": ready, "status": if ready { "ready" } else { "not_ready" },
                       "version": "2.2.9.1", "seen": seen, "message": null },
        }))
        .unwrap()
    }

    #[test]
    fn an_agent_answers_when_it_is_ready_and_was_heard_of_lately() {
        let now: Timestamp = "2026-11-21T03:10:00Z".parse().unwrap();
        for (power, ready, seen, answers, repair, stale) in [
            ("running", true, "2026-11-21T03:09:40Z", true, false, false),
            ("running", true, "2026-11-21T00:10:00Z", false, true, true),
            ("running", false, "2026-11-21T03:10:00Z", false, true, false),
            (
                "deallocated",
                false,
                "2026-11-21T00:10:00Z",
                false,
                false,
                false,
            ),
        ] {
            let agent = Agent::of(&vm(power, ready, seen), now);
            let found = (agent.answers, agent.needs_repair, agent.stale);
            assert_eq!(found, (answers, repair, stale), "{power} {ready} {seen}");
        }
    }

    #[test]
    fn versions_are_compared_by_their_numbers() {
        assert!(is_below("2.2.9.1", "2.2.53.1"));
        assert!(!is_below("2.10.0.8", "2.2.53.1"));
        assert!(!is_below("2.7.41491.1010", "2.7.41491.1010"));
    }
}
