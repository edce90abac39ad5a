//! `extension.remove`: removes a failed or stuck VMSnapshot extension; the next backup installs
//! it again.
//!
//! ```yaml
//! - id: remove-extension
//!   title: Remove the VMSnapshot extension
//!   action: extension.remove
//! ```
//!
//! Rules (remediations.md M5, contradictions 6 to 8): only `Microsoft.Azure.RecoveryServices`, by
//! publisher and type; only where it is listed as failed or stuck; VM running and agent ready,
//! because the removal hangs otherwise; no job.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::facts::jobs::Jobs;
use crate::actions::facts::vm::VmFact;
use crate::actions::facts::{ExtensionFact, Extensions};
use crate::actions::operations::applied;
use crate::actions::restore_points_delete::wait_for;
use crate::actions::words::names;
use crate::azure::permitted::Writer;
use crate::azure::proof::BackupExtension;
use crate::azure::reader::rights;
use crate::azure::resource_id::ResourceId;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Kind, Past, Permission, Remedy, Repeat, Sent, Undo,
};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// Removes the extension.
#[derive(Debug)]
pub struct ExtensionRemove;

/// It takes no arguments: only Azure Backup's own extension is ever removed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {}

const PERMISSION: &str = "Microsoft.Compute/virtualMachines/extensions/delete";

#[async_trait]
impl Remedy for ExtensionRemove {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        About {
            name: "extension.remove",
            sentence: "Removes a failed or stuck VMSnapshot extension",
            ceiling: Ceiling {
                risk: Risk::Reversible,
                approval: Approval::None,
                kinds: vec![Kind {
                    method: "DELETE".to_owned(),
                    resource_type: "Microsoft.Compute/virtualMachines/extensions".to_owned(),
                    permission: PERMISSION.to_owned(),
                }],
            },
            scripts: Vec::new(),
            put_back: None,
        }
    }

    fn needs(_: &Args, _: &Past<'_>) -> Vec<FactKey> {
        ["vm", "extensions", "jobs"]
            .iter()
            .map(|n| FactKey::named(n))
            .collect()
    }

    fn reads() -> Vec<&'static str> {
        rights::COMPUTE_OPERATION.to_vec()
    }

    fn decide(_: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let (vm, extensions): (VmFact, Extensions) = (seen.named("vm")?, seen.named("extensions")?);
        let jobs: Jobs = seen.named("jobs")?;
        let sick: Vec<&ExtensionFact> = extensions.backup.iter().filter(|e| e.sick).collect();
        if sick.is_empty() {
            return Ok(nothing_sick(&extensions, past));
        }
        let changes: Vec<Change> = sick.iter().map(|e| change(e, &vm)).collect();
        if let Some(job) = &jobs.running {
            return Ok(wait_for(job, past, changes));
        }
        if let Some(why) = vm.why_no_guest() {
            return Ok(Decision::NeedsHuman {
                why: format!(
                    "{} of the VM cannot be removed now: {}; a removal needs a running VM with a \
                     ready agent. {} first",
                    names(sick.iter().map(|e| e.name.as_str())),
                    why.trim_end_matches('.'),
                    if vm.is_running() {
                        "Repair the agent"
                    } else {
                        "Start the VM"
                    },
                ),
                evidence: json!({ "agent": vm.agent, "power": vm.power, "extensions": extensions.backup }),
            });
        }
        Ok(Decision::Change {
            remaining: changes.len() as u64,
            changes,
            baseline: Value::Null,
        })
    }

    fn undo(_: &Sent, _: &Past<'_>) -> Undo {
        Undo::Never("the next backup installs the extension again by itself")
    }

    fn predict(change: &Change, facts: &mut Facts, by: &str) {
        // Another operation of the VM may have failed besides: that is seen after the removal.
        facts.forget("provisioning", by);
        if change.resource.is_empty() {
            facts.edit("vm", |vm| vm["provisioning"] = Value::Null);
            return facts.forget("extensions", by);
        }
        // Removing what failed makes the VM model whole again, as far as a plan can tell.
        facts.edit("vm", |vm| {
            if vm["provisioning"]
                .as_str()
                .is_some_and(|p| p.eq_ignore_ascii_case("Failed"))
            {
                vm["provisioning"] = json!("Succeeded");
            }
        });
        facts.edit("extensions", |value| {
            if let Some(backup) = value["backup"].as_array_mut() {
                backup.retain(|e| {
                    !e["id"]
                        .as_str()
                        .unwrap_or_default()
                        .eq_ignore_ascii_case(&change.resource)
                });
            }
        });
    }

    async fn apply(change: &Change, writer: &Writer) -> Result<Applied, Failure> {
        let attempted = change.summary.clone();
        let invalid = |why: String| Failure::new(ErrorClass::Invalid, attempted.clone(), why);
        let id = ResourceId::parse(&change.resource).map_err(|e| invalid(e.to_string()))?;
        let vm = change.evidence["vm"].as_str().unwrap_or_default();
        let vm = ResourceId::parse(vm).map_err(|e| invalid(e.to_string()))?;
        let listed = writer.reader().extensions(&vm).await?;
        let Some(extension) = listed.into_iter().find(|e| e.id == id) else {
            return Ok(Applied::Done(json!({ "already_gone": true })));
        };
        let proof = BackupExtension::prove(&extension).map_err(|e| invalid(e.to_string()))?;
        writer.delete_extension(proof).await.map(applied)
    }
}

fn nothing_sick(extensions: &Extensions, past: &Past<'_>) -> Decision {
    let why = if past.last().is_some() {
        "the extension is removed; the next backup installs it again".to_owned()
    } else if extensions.backup.is_empty() {
        "no VMSnapshot extension is listed (usual for VMs with managed disks)".to_owned()
    } else {
        "the VMSnapshot extension is neither failed nor stuck, so it is left alone".to_owned()
    };
    Decision::Satisfied {
        why,
        outputs: Value::Null,
    }
}

fn change(extension: &ExtensionFact, vm: &VmFact) -> Change {
    let state = extension.state.as_deref().unwrap_or("sick");
    Change {
        permission: Some(Permission {
            action: PERMISSION.to_owned(),
            scope: vm.id.clone(),
        }),
        evidence: json!({ "extension": extension, "vm": vm.id }),
        ..Change::new(
            "DELETE",
            extension.id.clone(),
            format!(
                "remove the extension `{}` of `{}` ({state})",
                extension.name, vm.name
            ),
            Risk::Reversible,
            // Azure takes minutes, and a second removal meanwhile would only queue behind the first.
            Repeat::LookAfter(120),
        )
    }
}
