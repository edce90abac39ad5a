//! `guest.agent_update`: updates an old Linux agent from the distribution's own repository.
//!
//! ```yaml
//! - id: update-agent
//!   title: Update the VM agent
//!   action: guest.agent_update
//! ```
//!
//! The update runs detached, because the package restarts the agent; another look tells how it
//! ended. An agent that is new enough is left alone.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::actions::guest::linux::AGENT_UPDATE;
use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Scripted, Settles, Words};
use crate::actions::limits;
use crate::azure::views::OsType;

/// `guest.agent_update`.
pub type GuestAgentUpdate = Guest<AgentUpdate>;

/// Updates the agent.
#[derive(Debug)]
pub struct AgentUpdate;

/// It takes no arguments: the least version is a number of the documents.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {}

impl Scripted for AgentUpdate {
    type Args = Args;
    const NAME: &'static str = "guest.agent_update";
    const SENTENCE: &'static str =
        "Updates a Linux agent below the oldest supported version from the distribution, detached";
    const SCRIPTS: &'static [Script] = &[AGENT_UPDATE];
    const SETTLES: Settles = Settles::LookAgain;

    fn script(_: &Args, os: OsType) -> Option<Script> {
        (os == OsType::Linux).then_some(AGENT_UPDATE)
    }

    fn told(_: &Args) -> Vec<(&'static str, String)> {
        vec![("Least", limits::OLDEST_LINUX_AGENT.to_owned())]
    }

    fn words(_: &Args) -> Words {
        let least = limits::OLDEST_LINUX_AGENT;
        Words {
            look: format!("whether the VM agent is {least} or newer"),
            act: "update the VM agent from the distribution, detached,".to_owned(),
            done: format!("the VM agent is {least} or newer"),
        }
    }
}
