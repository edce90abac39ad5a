//! `guest.vss_service`: gets the Volume Shadow Copy service out of a bad state.
//!
//! ```yaml
//! - id: vss
//!   title: Restart the Volume Shadow Copy service of {{vm.name}}
//!   action: guest.vss_service
//!   with: { restart: true }
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Scripted, Words};
use crate::actions::guest::windows::VSS_SERVICE;
use crate::azure::views::OsType;

/// `guest.vss_service`.
pub type GuestVssService = Guest<VssService>;

/// Restarts VSS.
#[derive(Debug)]
pub struct VssService;

/// What it takes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Args {
    /// True restarts a service that looks well too: it starts on demand, and may only look well.
    pub restart: bool,
    /// What else can be tried, for the person who is handed the case: "run this again with …".
    pub otherwise: Option<String>,
}

impl Scripted for VssService {
    type Args = Args;
    const NAME: &'static str = "guest.vss_service";
    const SENTENCE: &'static str =
        "Gets the Volume Shadow Copy service of a Windows guest out of a bad state";
    const SCRIPTS: &'static [Script] = &[VSS_SERVICE];

    fn script(_: &Args, os: OsType) -> Option<Script> {
        (os == OsType::Windows).then_some(VSS_SERVICE)
    }

    fn told(args: &Args) -> Vec<(&'static str, String)> {
        vec![("Restart", args.restart.to_string())]
    }

    fn words(_: &Args) -> Words {
        Words {
            look: "at the Volume Shadow Copy service".to_owned(),
            act: "restart the Volume Shadow Copy service".to_owned(),
            done: "the Volume Shadow Copy service answers and names its writers".to_owned(),
        }
    }

    fn otherwise(args: &Args) -> Option<&str> {
        args.otherwise.as_deref()
    }
}
