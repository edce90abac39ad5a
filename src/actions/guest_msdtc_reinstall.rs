//! `guest.msdtc_reinstall`: installs the transaction coordinator anew. Its settings and transactions
//! in doubt are lost: a person approves it.
//!
//! ```yaml
//! - id: msdtc
//!   title: Install the transaction coordinator anew
//!   action: guest.msdtc_reinstall
//! ```

use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Plain, Scripted, Words};
use crate::actions::guest::windows::MSDTC_REINSTALL;
use crate::azure::views::OsType;

/// `guest.msdtc_reinstall`.
pub type GuestMsdtcReinstall = Guest<MsdtcReinstall>;

/// Installs MSDTC anew.
#[derive(Debug)]
pub struct MsdtcReinstall;

impl Scripted for MsdtcReinstall {
    type Args = Plain;
    const NAME: &'static str = "guest.msdtc_reinstall";
    const SENTENCE: &'static str = "Installs the transaction coordinator of a Windows guest anew";
    const SCRIPTS: &'static [Script] = &[MSDTC_REINSTALL];

    fn script(_: &Plain, os: OsType) -> Option<Script> {
        (os == OsType::Windows).then_some(MSDTC_REINSTALL)
    }

    fn told(_: &Plain) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn words(_: &Plain) -> Words {
        Words {
            look: "whether COM+ and its transaction coordinator run".to_owned(),
            act: "install the transaction coordinator anew".to_owned(),
            done: "COM+ and its transaction coordinator run".to_owned(),
        }
    }

    fn otherwise(args: &Plain) -> Option<&str> {
        args.otherwise.as_deref()
    }
}
