//! `guest.av_exclusions`: excludes the backup extension's two folders from Microsoft Defender. It
//! weakens security: a person approves it.
//!
//! ```yaml
//! - id: antivirus
//!   title: Exclude the backup extension's folders from Defender
//!   action: guest.av_exclusions
//! ```

use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Plain, Scripted, Words};
use crate::actions::guest::windows::AV_EXCLUSIONS;
use crate::azure::views::OsType;

/// `guest.av_exclusions`.
pub type GuestAvExclusions = Guest<AvExclusions>;

/// Adds the exclusions.
#[derive(Debug)]
pub struct AvExclusions;

impl Scripted for AvExclusions {
    type Args = Plain;
    const NAME: &'static str = "guest.av_exclusions";
    const SENTENCE: &'static str =
        "Excludes the backup extension's folders from Microsoft Defender in a Windows guest";
    const SCRIPTS: &'static [Script] = &[AV_EXCLUSIONS];
    const NAMES: Option<(&'static str, &'static str)> = Some(("add", "added"));

    fn script(_: &Plain, os: OsType) -> Option<Script> {
        (os == OsType::Windows).then_some(AV_EXCLUSIONS)
    }

    fn told(_: &Plain) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    fn words(_: &Plain) -> Words {
        Words {
            look: "whether Defender leaves the backup extension's folders alone".to_owned(),
            act: "exclude the backup extension's folders from Defender".to_owned(),
            done: "Defender leaves the backup extension's folders alone".to_owned(),
        }
    }

    fn otherwise(args: &Plain) -> Option<&str> {
        args.otherwise.as_deref()
    }
}
