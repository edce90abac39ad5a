//! `guest.registry`: sets one of the backup extension's documented registry switches.
//!
//! ```yaml
//! - id: copy-only
//!   title: Let VM backups take VSS copy backups beside SQL Server's own
//!   action: guest.registry
//!   with: { switch: UseVssCopy }
//! ```

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::actions::guest::script::Script;
use crate::actions::guest::scripted::{Guest, Scripted, Words};
use crate::actions::guest::windows::REG_STRING;
use crate::azure::views::OsType;

/// `guest.registry`.
pub type GuestRegistry = Guest<Registry>;

/// Sets a switch.
#[derive(Debug)]
pub struct Registry;

/// Which.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// One of the documented switches; nothing else can be written.
    pub switch: Switch,
}

/// The documented switches (remediations.md 2.7, `win-reg-string`).
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
pub enum Switch {
    /// `USEVSSCOPYBACKUP=TRUE`: VSS copy backups, so that SQL Server's own log chain is left alone.
    UseVssCopy,
    /// `SnapshotWithoutThreads=True`.
    WithoutThreads,
    /// `SnapshotMethod=firstHostThenGuest`.
    HostFirst,
    /// `CalculateSnapshotTimeFromHost=True`.
    HostTime,
    /// `IsProviderInstalled=False`.
    ReinstallProvider,
    /// `IsCommonProviderInstalled=False`.
    ReinstallCommon,
    /// `IsVCRedistInstalled=True`: the extension leaves a runtime alone that is whole.
    VcRedistInstalled,
}

impl Switch {
    fn name(self) -> &'static str {
        match self {
            Self::UseVssCopy => "UseVssCopy",
            Self::WithoutThreads => "WithoutThreads",
            Self::HostFirst => "HostFirst",
            Self::HostTime => "HostTime",
            Self::ReinstallProvider => "ReinstallProvider",
            Self::ReinstallCommon => "ReinstallCommon",
            Self::VcRedistInstalled => "VcRedistInstalled",
        }
    }

    /// The documented value, and what it has to be.
    fn value(self) -> (&'static str, &'static str) {
        match self {
            Self::UseVssCopy => ("USEVSSCOPYBACKUP", "TRUE"),
            Self::WithoutThreads => ("SnapshotWithoutThreads", "True"),
            Self::HostFirst => ("SnapshotMethod", "firstHostThenGuest"),
            Self::HostTime => ("CalculateSnapshotTimeFromHost", "True"),
            Self::ReinstallProvider => ("IsProviderInstalled", "False"),
            Self::ReinstallCommon => ("IsCommonProviderInstalled", "False"),
            Self::VcRedistInstalled => ("IsVCRedistInstalled", "True"),
        }
    }
}

impl Scripted for Registry {
    type Args = Args;
    const NAME: &'static str = "guest.registry";
    const SENTENCE: &'static str =
        "Sets one of the backup extension's documented registry switches in a Windows guest";
    const SCRIPTS: &'static [Script] = &[REG_STRING];

    fn script(_: &Args, os: OsType) -> Option<Script> {
        (os == OsType::Windows).then_some(REG_STRING)
    }

    fn told(args: &Args) -> Vec<(&'static str, String)> {
        vec![("Switch", args.switch.name().to_owned())]
    }

    fn words(args: &Args) -> Words {
        let (name, wanted) = args.switch.value();
        Words {
            look: format!("whether the registry value `{name}` is {wanted}"),
            act: format!("set the registry value `{name}` = {wanted}"),
            done: format!("`{name}` is {wanted}"),
        }
    }
}
