//! `guest.undo`: puts back what a fixed script changed inside the VM in an earlier run.
//!
//! `runbook undo RUN` writes its steps. The script looks first: where something else stands than
//! what that run set, it is somebody else's, and a person is asked.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::actions::guest::linux::{AGENT_SERVICE, VMBACKUP_CONF, VMBACKUP_ENCODING, WAAGENT_CONF};
use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Scripted, Words};
use crate::actions::guest::undo::ACTION;
use crate::actions::guest::windows::{REG_STRING, START_MODE, STRONG_CRYPTO};
use crate::azure::views::OsType;

/// `guest.undo`.
pub type GuestUndo = Guest<PutBack>;

/// Puts back.
#[derive(Debug)]
pub struct PutBack;

/// What.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The script that changed it.
    pub script: String,
    /// What that was told, with what was there before as `Undo`.
    pub told: BTreeMap<String, String>,
    /// What it changed, for people.
    pub what: String,
    /// What was there before, for people.
    pub was: String,
}

impl Scripted for PutBack {
    type Args = Args;
    const NAME: &'static str = ACTION;
    const SENTENCE: &'static str = "Puts back what an earlier run changed inside the guest";
    const SCRIPTS: &'static [Script] = &[
        AGENT_SERVICE,
        REG_STRING,
        START_MODE,
        STRONG_CRYPTO,
        VMBACKUP_CONF,
        VMBACKUP_ENCODING,
        WAAGENT_CONF,
    ];

    fn script(args: &Args, os: OsType) -> Option<Script> {
        let known = Self::SCRIPTS
            .iter()
            .find(|script| script.name == args.script);
        known.filter(|script| script.os == os).copied()
    }

    fn told(args: &Args) -> Vec<(&'static str, String)> {
        let known = Self::SCRIPTS
            .iter()
            .find(|script| script.name == args.script);
        let names = known.into_iter().flat_map(|script| script.parameters);
        names
            .filter_map(|known| Some((known.name, args.told.get(known.name)?.clone())))
            .collect()
    }

    fn words(args: &Args) -> Words {
        let (what, was) = (&args.what, &args.was);
        Words {
            look: format!("whether {what} still is as the run set it"),
            act: format!("put {what} back to {was}"),
            done: format!("{what} is {was} again"),
        }
    }
}
