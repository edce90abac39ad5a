//! `guest.prepost_permissions`: gives the scripts before and after a Linux snapshot, and their
//! configuration, the rights that the backup extension demands: 700 and 600, root's alone.
//!
//! ```yaml
//! - id: rights
//!   title: Take rights away that the scripts must not have
//!   action: guest.prepost_permissions
//! ```
//!
//! A file that is not root's, or that others could have written, is for a person: what anybody
//! could have written is not made fit to run as root.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::actions::guest::linux::PREPOST_PERMS;
use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Scripted, Words};
use crate::azure::views::OsType;

/// `guest.prepost_permissions`.
pub type GuestPrepostPermissions = Guest<PrepostPermissions>;

/// Sets them.
#[derive(Debug)]
pub struct PrepostPermissions;

/// It takes no arguments: the configuration itself names the scripts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {}

impl Scripted for PrepostPermissions {
    type Args = Args;
    const NAME: &'static str = "guest.prepost_permissions";
    const SENTENCE: &'static str =
        "Gives the scripts around a Linux snapshot the rights that the backup extension demands";
    const SCRIPTS: &'static [Script] = &[PREPOST_PERMS];

    fn script(_: &Args, os: OsType) -> Option<Script> {
        (os == OsType::Linux).then_some(PREPOST_PERMS)
    }

    fn told(_: &Args) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn words(_: &Args) -> Words {
        let done = "the scripts around a snapshot and their configuration are root's alone";
        Words {
            look: format!("whether {done}"),
            act: "set the modes of the scripts around a snapshot (700) and of their configuration \
                  (600)"
                .to_owned(),
            done: done.to_owned(),
        }
    }
}
