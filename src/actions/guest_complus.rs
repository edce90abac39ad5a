//! `guest.complus`: gets COM+ and its transaction coordinator (MSDTC) to run, under their own
//! accounts. It installs nothing.
//!
//! ```yaml
//! - id: complus
//!   title: Get COM+ and its transaction coordinator to run
//!   action: guest.complus
//! ```

use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Plain, Scripted, Words};
use crate::actions::guest::windows::COMPLUS;
use crate::azure::views::OsType;

/// `guest.complus`.
pub type GuestComplus = Guest<Complus>;

/// Starts COM+ and MSDTC.
#[derive(Debug)]
pub struct Complus;

impl Scripted for Complus {
    type Args = Plain;
    const NAME: &'static str = "guest.complus";
    const SENTENCE: &'static str =
        "Gets COM+ and its transaction coordinator to run in a Windows guest";
    const SCRIPTS: &'static [Script] = &[COMPLUS];
    const NAMES: Option<(&'static str, &'static str)> = Some(("did", "was"));

    fn script(_: &Plain, os: OsType) -> Option<Script> {
        (os == OsType::Windows).then_some(COMPLUS)
    }

    fn told(_: &Plain) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn words(_: &Plain) -> Words {
        Words {
            look: "at COM+ and its transaction coordinator".to_owned(),
            act: "get COM+ and its transaction coordinator to run".to_owned(),
            done: "COM+ and its transaction coordinator run".to_owned(),
        }
    }

    fn otherwise(args: &Plain) -> Option<&str> {
        args.otherwise.as_deref()
    }
}
