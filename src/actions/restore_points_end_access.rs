//! `restore_points.end_access`: ends read access to the disks within Azure Backup's restore
//! points of this VM, which keeps them from being deleted.
//!
//! ```yaml
//! - id: end-access
//!   title: End read access to the restore points of {{vm.name}}
//!   action: restore_points.end_access
//! ```
//!
//! Azure does not say whether somebody has access, and ending it twice is harmless: each run ends
//! it once, for every disk (remediations.md M4). A running backup or restore may itself be what
//! reads: it is waited for.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::facts::disk_restore_points::{DiskRestorePoint, DiskRestorePoints};
use crate::actions::facts::jobs::Jobs;
use crate::actions::facts::vm::VmFact;
use crate::actions::operations::applied;
use crate::actions::restore_points_delete::wait_for;
use crate::actions::words::count;
use crate::azure::permitted::Writer;
use crate::azure::proof::OwnDiskPoint;
use crate::azure::reader::rights;
use crate::azure::resource_id::ResourceId;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Fate, Kind, Past, Permission, Remedy, Repeat,
};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// Ends read access.
#[derive(Debug)]
pub struct RestorePointsEndAccess;

/// Whose: only disks within Azure Backup's points of this VM are concerned.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The name of the collection whose deletion was refused; empty for all of them.
    #[serde(default)]
    pub collection: String,
}

const PERMISSION: &str =
    "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/endGetAccess/action";
const TYPE: &str =
    "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/endGetAccess";

#[async_trait]
impl Remedy for RestorePointsEndAccess {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        About {
            name: "restore_points.end_access",
            sentence: "Ends read access to the disks within Azure Backup's restore points",
            ceiling: Ceiling {
                risk: Risk::Disruptive,
                approval: Approval::Required,
                kinds: vec![Kind {
                    method: "POST".to_owned(),
                    resource_type: TYPE.to_owned(),
                    permission: PERMISSION.to_owned(),
                }],
            },
            scripts: Vec::new(),
            put_back: None,
        }
    }

    fn needs(_: &Args, _: &Past<'_>) -> Vec<FactKey> {
        ["vm", "jobs", "disk_restore_points"]
            .iter()
            .map(|n| FactKey::named(n))
            .collect()
    }

    fn reads() -> Vec<&'static str> {
        rights::COMPUTE_OPERATION.to_vec()
    }

    fn decide(args: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let (vm, jobs): (VmFact, Jobs) = (seen.named("vm")?, seen.named("jobs")?);
        let disks: DiskRestorePoints = seen.named("disk_restore_points")?;
        let done = |change: &Change| {
            past.own()
                .any(|s| s.change.key() == change.key() && matches!(s.fate, Fate::Done(_)))
        };
        let asked = |disk: &&DiskRestorePoint| {
            let name = disk.collection.rsplit('/').next().unwrap_or_default();
            args.collection.is_empty() || name.eq_ignore_ascii_case(&args.collection)
        };
        let all = disks.list.iter().filter(asked);
        let all = all.map(|disk| change(disk, &vm));
        let changes: Vec<Change> = all.filter(|change| !done(change)).collect();
        if changes.is_empty() {
            let ended = past.own().filter(|s| matches!(s.fate, Fate::Done(_)));
            let ended = ended.count();
            let why = match ended {
                0 if !args.collection.is_empty() => {
                    format!("`{}` holds no restore point of this VM", args.collection)
                }
                0 => "Azure Backup has no restore point of this VM".to_owned(),
                n => format!("read access to {} is ended", count(n, "disk")),
            };
            return Ok(Decision::Satisfied {
                why,
                outputs: json!({ "ended": ended }),
            });
        }
        if let Some(job) = &jobs.running {
            return Ok(wait_for(job, past, changes));
        }
        Ok(Decision::Change {
            remaining: changes.len() as u64,
            changes,
            baseline: Value::Null,
        })
    }

    fn predict(_: &Change, _: &mut Facts, _: &str) {}

    async fn apply(change: &Change, writer: &Writer) -> Result<Applied, Failure> {
        let attempted = change.summary.clone();
        let invalid = |why: String| Failure::new(ErrorClass::Invalid, attempted.clone(), why);
        let parse = |text: Option<&str>| {
            ResourceId::parse(text.unwrap_or_default()).map_err(|e| invalid(e.to_string()))
        };
        let disk = parse(change.resource.strip_suffix("/endGetAccess"))?;
        let vm = parse(change.evidence["vm"].as_str())?;
        let id = parse(change.evidence["collection"].as_str())?;
        let collection = writer.reader().restore_point_collection(&id).await?;
        let proof =
            OwnDiskPoint::prove(&collection, &vm, &disk).map_err(|e| invalid(e.to_string()))?;
        writer.end_access(proof).await.map(applied)
    }
}

fn change(disk: &DiskRestorePoint, vm: &VmFact) -> Change {
    let name = disk.id.rsplit('/').next().unwrap_or_default();
    Change {
        approval: Approval::Required,
        because: Some("whoever reads from this restore point is cut off".to_owned()),
        permission: Some(Permission {
            action: PERMISSION.to_owned(),
            scope: disk.collection.clone(),
        }),
        evidence: json!({ "vm": vm.id, "collection": disk.collection }),
        ..Change::new(
            "POST",
            format!("{}/endGetAccess", disk.id),
            format!(
                "end read access to `{name}` in the restore point `{}`",
                disk.point
            ),
            Risk::Disruptive,
            Repeat::Safe,
        )
    }
}
