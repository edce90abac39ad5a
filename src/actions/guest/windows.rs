//! The scripts for Windows. Each says in its own head what it cites, prints and how it is undone.

use crate::azure::views::OsType;
use crate::core::runbook::risk::Risk;

use super::script::{APPLY, Ask, Parameter, Script};

/// A script of `windows/` with the shared end.
macro_rules! text {
    ($stem:literal) => {
        concat!(
            include_str!(concat!("windows/", $stem, ".ps1")),
            include_str!("windows/common.ps1")
        )
    };
}

const fn writer(name: &'static str, text: &'static str) -> Script {
    Script {
        name,
        os: OsType::Windows,
        text,
        risk: Risk::Reversible,
        ask: Ask::Never,
        parameters: &[APPLY],
        states: &["already", "changed", "failed", "needs_human", "planned"],
    }
}

/// Sets a documented registry switch of the backup extension.
pub const REG_STRING: Script = Script {
    parameters: &[
        Parameter {
            name: "Switch",
            values: "UseVssCopy|WithoutThreads|HostFirst|HostTime|ReinstallProvider|ReinstallCommon",
        },
        APPLY,
    ],
    states: &[
        "already",
        "changed",
        "failed",
        "needs_human",
        "not_applicable",
        "planned",
    ],
    ..writer("win-reg-string", text!("reg-string"))
};

/// All of them.
pub const ALL: &[Script] = &[REG_STRING];
