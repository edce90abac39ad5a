//! `guest.waagent_conf`: sets one documented key of the Linux agent's configuration.
//!
//! ```yaml
//! - id: enable-extensions
//!   title: Let the agent run extensions
//!   action: guest.waagent_conf
//!   with: { set: extensions_enabled }
//! ```
//!
//! The agent reads it when it starts: `outputs.restart_agent` says whether it has to.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::actions::guest::linux::WAAGENT_CONF;
use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Scripted, Words};
use crate::azure::views::OsType;

/// `guest.waagent_conf`.
pub type GuestWaagentConf = Guest<WaagentConf>;

/// Sets a key.
#[derive(Debug)]
pub struct WaagentConf;

/// Which.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// One of the documented settings; nothing else can be written.
    pub set: Setting,
}

/// The documented settings (remediations.md, contradictions 9 and 10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Setting {
    /// `Extensions.Enabled=y`; the document leaves out the `d`, and the agent does not.
    ExtensionsEnabled,
    /// `Provisioning.Agent=auto`, with approval: it chooses what provisions the machine.
    ProvisioningAuto,
    /// `Logs.Verbose=y`.
    LogsVerbose,
    /// `Logs.Verbose=n`.
    LogsQuiet,
}

impl Setting {
    fn pair(self) -> (&'static str, &'static str) {
        match self {
            Self::ExtensionsEnabled => ("Extensions.Enabled", "y"),
            Self::ProvisioningAuto => ("Provisioning.Agent", "auto"),
            Self::LogsVerbose => ("Logs.Verbose", "y"),
            Self::LogsQuiet => ("Logs.Verbose", "n"),
        }
    }
}

impl Scripted for WaagentConf {
    type Args = Args;
    const NAME: &'static str = "guest.waagent_conf";
    const SENTENCE: &'static str = "Sets one documented key of the Linux agent's configuration";
    const SCRIPTS: &'static [Script] = &[WAAGENT_CONF];

    fn script(_: &Args, os: OsType) -> Option<Script> {
        (os == OsType::Linux).then_some(WAAGENT_CONF)
    }

    fn told(args: &Args) -> Vec<(&'static str, String)> {
        let (key, value) = args.set.pair();
        vec![("Key", key.to_owned()), ("Value", value.to_owned())]
    }

    fn words(args: &Args) -> Words {
        let (key, value) = args.set.pair();
        Words {
            look: format!("whether `{key}` is `{value}` in waagent.conf"),
            act: format!("set `{key}` to `{value}` in waagent.conf"),
            done: format!("`{key}` is `{value}` in waagent.conf"),
        }
    }
}
