//! `guest.vcredist`: repairs the Visual C++ runtime with the installer of the extension's own
//! folder. Other programs use that runtime: a person approves it.
//!
//! ```yaml
//! - id: runtime
//!   title: Repair the Visual C++ runtime
//!   action: guest.vcredist
//! ```

use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Plain, Scripted, Words};
use crate::actions::guest::windows::VCREDIST;
use crate::azure::views::OsType;

/// `guest.vcredist`.
pub type GuestVcredist = Guest<Vcredist>;

/// Repairs the runtime.
#[derive(Debug)]
pub struct Vcredist;

impl Scripted for Vcredist {
    type Args = Plain;
    const NAME: &'static str = "guest.vcredist";
    const SENTENCE: &'static str =
        "Repairs the Visual C++ runtime that the backup extension needs in a Windows guest";
    const SCRIPTS: &'static [Script] = &[VCREDIST];

    fn script(_: &Plain, os: OsType) -> Option<Script> {
        (os == OsType::Windows).then_some(VCREDIST)
    }

    fn told(_: &Plain) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn words(_: &Plain) -> Words {
        Words {
            look: "whether the Visual C++ runtime is whole".to_owned(),
            act: "repair the Visual C++ runtime".to_owned(),
            done: "the Visual C++ runtime is whole".to_owned(),
        }
    }

    fn otherwise(args: &Plain) -> Option<&str> {
        args.otherwise.as_deref()
    }
}
