//! `guest.registry`: sets one of the backup extension's documented registry switches.
//!
//! ```yaml
//! - id: copy-only
//!   title: Let VM backups take VSS copy backups beside SQL Server's own
//!   action: guest.registry
//!   with: { switch: UseVssCopy }
//! ```
//!
//! Looking inside the VM is an act: the step first probes with the same fixed script in its
//! read-only form. The script checks, changes and verifies itself, and keeps the old value.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::actions::facts::jobs::Jobs;
use crate::actions::facts::vm::VmFact;
use crate::actions::guest::run;
use crate::actions::guest::windows::REG_STRING;
use crate::actions::restore_points_delete::wait_for;
use crate::azure::permitted::Writer;
use crate::azure::reader::rights;
use crate::base::Failure;
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Fate, Kind, Past, Remedy, Sent,
};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::Approval;

/// Sets a switch.
#[derive(Debug)]
pub struct GuestRegistry;

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
        }
    }
}

#[async_trait]
impl Remedy for GuestRegistry {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        About {
            name: "guest.registry",
            sentence: "Sets one of the backup extension's documented registry switches in a Windows guest",
            ceiling: Ceiling {
                risk: REG_STRING.risk,
                approval: Approval::None,
                kinds: vec![Kind {
                    method: "POST".to_owned(),
                    resource_type: run::TYPE.to_owned(),
                    permission: run::PERMISSION.to_owned(),
                }],
            },
            scripts: vec![REG_STRING.hash()],
            put_back: None,
        }
    }

    fn needs(_: &Args, _: &Past<'_>) -> Vec<FactKey> {
        ["vm", "jobs"].iter().map(|n| FactKey::named(n)).collect()
    }

    fn reads() -> Vec<&'static str> {
        rights::COMPUTE_OPERATION.to_vec()
    }

    fn decide(args: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let (vm, jobs): (VmFact, Jobs) = (seen.named("vm")?, seen.named("jobs")?);
        if vm.os.as_deref() != Some("windows") {
            return Ok(Decision::NotApplicable {
                why: "the guest is not Windows".to_owned(),
            });
        }
        if let Some(Sent {
            change,
            fate: Fate::Done(outputs),
            ..
        }) = past.last()
        {
            return Ok(after(args, &vm, change, outputs));
        }
        if !vm.is_running() {
            let why = vm.why_no_guest().unwrap_or_default();
            return Ok(Decision::NotApplicable {
                why: format!("not attempted: {why}"),
            });
        }
        if let Some(why) = vm.why_no_guest() {
            return Ok(Decision::NeedsHuman {
                why: format!(
                    "nothing can be run inside the VM: {}. A dead agent cannot be repaired over Run Command",
                    why.trim_end_matches('.')
                ),
                evidence: json!({ "agent": vm.agent, "power": vm.power }),
            });
        }
        if let Some(job) = &jobs.running {
            return Ok(wait_for(job, past, Vec::new()));
        }
        Ok(Decision::Probe(Box::new(change(args, &vm, true))))
    }

    fn predict(_: &Change, _: &mut Facts, _: &str) {}

    async fn apply(change: &Change, writer: &Writer) -> Result<Applied, Failure> {
        run::apply(change, REG_STRING, writer).await
    }
}

/// What the script's last word means.
fn after(args: &Args, vm: &VmFact, sent: &Change, outputs: &Value) -> Decision {
    let result = match run::result_of(outputs) {
        Ok(result) => result,
        Err(why) => {
            return Decision::CannotTell {
                why: format!("`{}`: {why}", sent.summary),
            };
        }
    };
    let reason = result["reason"]
        .as_str()
        .unwrap_or("the script gives no reason")
        .to_owned();
    let name = args.switch.name();
    match result["state"].as_str().unwrap_or_default() {
        "already" => Decision::Satisfied {
            why: format!("`{name}` is set already"),
            outputs: result,
        },
        "changed" => Decision::Satisfied {
            why: format!(
                "`{name}` is set (before: {})",
                result["from"].as_str().unwrap_or("absent")
            ),
            outputs: result,
        },
        "planned" if sent.probe => Decision::Change {
            changes: vec![change(args, vm, false)],
            remaining: 1,
            baseline: result,
        },
        "not_applicable" => Decision::NotApplicable { why: reason },
        "needs_human" => Decision::NeedsHuman {
            why: reason,
            evidence: result,
        },
        state => Decision::Failed {
            why: format!("`{}` ended as `{state}`: {reason}", sent.summary),
            code: None,
            evidence: result,
        },
    }
}

fn change(args: &Args, vm: &VmFact, probe: bool) -> Change {
    let name = args.switch.name();
    let apply = if probe { "false" } else { "true" };
    let summary = if probe {
        format!(
            "look inside `{}` whether `{name}` is set (read-only script)",
            vm.name
        )
    } else {
        format!("set the registry switch `{name}` inside `{}`", vm.name)
    };
    let parameters = [("Switch", name), ("Apply", apply)];
    run::change(vm, REG_STRING, &parameters, summary, probe)
}
