//! `guest.system_proxy`: takes the proxy away from the LocalSystem account. Where all traffic has to
//! go through a proxy it cuts the agent off: a person approves it.
//!
//! ```yaml
//! - id: proxy
//!   title: Take the proxy away from the LocalSystem account
//!   action: guest.system_proxy
//! ```

use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Plain, Scripted, Words};
use crate::actions::guest::windows::SYSTEM_PROXY;
use crate::azure::views::OsType;

/// `guest.system_proxy`.
pub type GuestSystemProxy = Guest<SystemProxy>;

/// Takes the proxy away.
#[derive(Debug)]
pub struct SystemProxy;

impl Scripted for SystemProxy {
    type Args = Plain;
    const NAME: &'static str = "guest.system_proxy";
    const SENTENCE: &'static str =
        "Takes the proxy away from the LocalSystem account of a Windows guest";
    const SCRIPTS: &'static [Script] = &[SYSTEM_PROXY];

    fn script(_: &Plain, os: OsType) -> Option<Script> {
        (os == OsType::Windows).then_some(SYSTEM_PROXY)
    }

    fn told(_: &Plain) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn words(_: &Plain) -> Words {
        Words {
            look: "at the proxy of the LocalSystem account".to_owned(),
            act: "take the proxy away from the LocalSystem account".to_owned(),
            done: "the LocalSystem account has no proxy".to_owned(),
        }
    }

    fn otherwise(args: &Plain) -> Option<&str> {
        args.otherwise.as_deref()
    }
}
