//! `guest.look`: looks inside the VM and keeps what it finds for later steps and for people.
//!
//! ```yaml
//! - id: look
//!   title: Look at the agent of {{vm.name}}
//!   action: guest.look
//!   with: { at: agent }
//! - id: dhcp
//!   when: any steps.look.outputs.dhcpOff
//! ```
//!
//! A machine that is off, or whose agent is silent, cannot be looked into: the step is skipped
//! then, and its outputs are null.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Scripted, Words};
use crate::actions::guest::{linux, windows};
use crate::azure::views::OsType;

/// `guest.look`.
pub type GuestLook = Guest<Look>;

/// Looks.
#[derive(Debug)]
pub struct Look;

/// Where.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// What is looked at.
    pub at: At,
}

/// What can be looked at. The outputs are the fields of the script's result: its head names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// The agent, the services around a snapshot, .NET or Python, crashes of the extension.
    Agent,
    /// The way to the wire server, DHCP.
    Network,
    /// Processor, memory, disk.
    Resources,
    /// The end of the agent's log.
    AgentLog,
    /// The end of the extension's log.
    ExtensionLog,
    /// Windows: whether AppLocker or code integrity lets the extension run.
    Applocker,
    /// Windows: rights of `MachineKeys`, old certificates.
    MachineKeys,
    /// Linux: which file system did not freeze.
    Freeze,
}

impl Scripted for Look {
    type Args = Args;
    const NAME: &'static str = "guest.look";
    const SENTENCE: &'static str = "Looks inside the guest and keeps what it finds as evidence";
    const SCRIPTS: &'static [Script] = &[
        windows::AGENT_CHECK,
        windows::NETWORK,
        windows::RESOURCES,
        windows::LOGS,
        windows::APPLOCKER_CHECK,
        windows::MACHINEKEYS_CHECK,
        linux::AGENT_CHECK,
        linux::NETWORK,
        linux::RESOURCES,
        linux::LOGS,
        linux::FREEZE_CHECK,
    ];

    fn script(args: &Args, os: OsType) -> Option<Script> {
        match (args.at, os) {
            (At::Agent, OsType::Windows) => Some(windows::AGENT_CHECK),
            (At::Agent, OsType::Linux) => Some(linux::AGENT_CHECK),
            (At::Network, OsType::Windows) => Some(windows::NETWORK),
            (At::Network, OsType::Linux) => Some(linux::NETWORK),
            (At::Resources, OsType::Windows) => Some(windows::RESOURCES),
            (At::Resources, OsType::Linux) => Some(linux::RESOURCES),
            (At::AgentLog | At::ExtensionLog, OsType::Windows) => Some(windows::LOGS),
            (At::AgentLog | At::ExtensionLog, OsType::Linux) => Some(linux::LOGS),
            (At::Applocker, OsType::Windows) => Some(windows::APPLOCKER_CHECK),
            (At::MachineKeys, OsType::Windows) => Some(windows::MACHINEKEYS_CHECK),
            (At::Freeze, OsType::Linux) => Some(linux::FREEZE_CHECK),
            (At::Applocker | At::MachineKeys, OsType::Linux) | (At::Freeze, OsType::Windows) => {
                None
            }
        }
    }

    fn told(args: &Args) -> Vec<(&'static str, String)> {
        match args.at {
            At::AgentLog => vec![("Log", "agent".to_owned())],
            At::ExtensionLog => vec![("Log", "extension".to_owned())],
            _ => Vec::new(),
        }
    }

    fn words(args: &Args) -> Words {
        let what = match args.at {
            At::Agent => "the VM agent and the services around a snapshot",
            At::Network => "the way to the wire server",
            At::Resources => "processor, memory and disk",
            At::AgentLog => "the end of the agent's log",
            At::ExtensionLog => "the end of the extension's log",
            At::Applocker => "what lets the extension run",
            At::MachineKeys => "the rights of MachineKeys and old certificates",
            At::Freeze => "file systems that did not freeze",
        };
        Words {
            look: format!("at {what}"),
            act: format!("look at {what}"),
            done: format!("looked at {what}"),
        }
    }
}
