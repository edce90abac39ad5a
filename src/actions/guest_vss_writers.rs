//! `guest.vss_writers`: restarts the services of VSS writers that are not stable, where
//! that takes nothing from others.
//!
//! ```yaml
//! - id: writers
//!   title: Restart the services of VSS writers that are not stable
//!   action: guest.vss_writers
//! ```
//!
//! Services outside the low-risk list are for `guest.vss_writer`, which a person approves.

use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Plain, Scripted, Words};
use crate::actions::guest::windows::VSS_WRITERS;
use crate::azure::views::OsType;

/// `guest.vss_writers`.
pub type GuestVssWriters = Guest<VssWriters>;

/// Restarts the services of the low-risk list.
#[derive(Debug)]
pub struct VssWriters;

impl Scripted for VssWriters {
    type Args = Plain;
    const NAME: &'static str = "guest.vss_writers";
    const SENTENCE: &'static str =
        "Restarts low-risk services of VSS writers that are not stable in a Windows guest";
    const SCRIPTS: &'static [Script] = &[VSS_WRITERS];
    const PASSES: bool = true;
    const NAMES: Option<(&'static str, &'static str)> = Some(("restarted", "restarted"));

    fn script(_: &Plain, os: OsType) -> Option<Script> {
        (os == OsType::Windows).then_some(VSS_WRITERS)
    }

    fn told(_: &Plain) -> Vec<(&'static str, String)> {
        // The wait that the script asks for is this action's own.
        let told = [("Service", "LowRisk"), ("Settled", "true")];
        told.map(|(key, value)| (key, value.to_owned())).to_vec()
    }

    fn words(_: &Plain) -> Words {
        Words {
            look: "at its VSS writers".to_owned(),
            act: "restart the services of VSS writers that are not stable".to_owned(),
            done: "all VSS writers are stable".to_owned(),
        }
    }

    fn otherwise(args: &Plain) -> Option<&str> {
        args.otherwise.as_deref()
    }
}
