//! `guest.agent_restart`: sees to it that the VM agent starts by itself and runs, and restarts it.
//!
//! ```yaml
//! - id: restart-agent
//!   title: Restart the VM agent
//!   action: guest.agent_restart
//!   with: { restart: true }
//! ```
//!
//! The script is a child of the agent, so the restart comes a little later and detached. That the
//! agent is back is seen in Azure: a sign of life that is not the one from before.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Scripted, Settles, Words};
use crate::actions::guest::{linux, windows};
use crate::azure::views::OsType;

/// `guest.agent_restart`.
pub type GuestAgentRestart = Guest<AgentRestart>;

/// Restarts the agent.
#[derive(Debug)]
pub struct AgentRestart;

/// How.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// True restarts an agent that looks well too; otherwise only one that is not enabled or does
    /// not run.
    #[serde(default)]
    pub restart: bool,
}

impl Scripted for AgentRestart {
    type Args = Args;
    const NAME: &'static str = "guest.agent_restart";
    const SENTENCE: &'static str =
        "Sees to it that the VM agent starts by itself and runs, and restarts it, detached";
    const SCRIPTS: &'static [Script] = &[windows::AGENT_RESTART, linux::AGENT_SERVICE];
    const SETTLES: Settles = Settles::AgentReports;

    fn script(_: &Args, os: OsType) -> Option<Script> {
        Some(match os {
            OsType::Windows => windows::AGENT_RESTART,
            OsType::Linux => linux::AGENT_SERVICE,
        })
    }

    fn told(args: &Args) -> Vec<(&'static str, String)> {
        vec![("Restart", args.restart.to_string())]
    }

    fn words(args: &Args) -> Words {
        let done = if args.restart {
            "the VM agent was restarted"
        } else {
            "the VM agent is enabled and runs"
        };
        Words {
            look: "whether the VM agent is enabled and runs".to_owned(),
            act: "restart the VM agent, detached,".to_owned(),
            done: done.to_owned(),
        }
    }
}
