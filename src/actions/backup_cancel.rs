//! `backup.cancel`: cancels the backup of this VM that runs, while it takes its snapshot.
//!
//! ```yaml
//! - id: cancel
//!   title: Cancel the running backup
//!   action: backup.cancel
//!   retry: { on: [invalid], waits: [1m] }
//! ```
//!
//! Rules (remediations.md M7): only what Azure offers to cancel, in "Take Snapshot"; a restore is
//! never cancelled; what is too far on is waited for. "It isn't in progress" is met again after
//! a minute, once, by the step's retry.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::facts::item::ItemFact;
use crate::actions::facts::jobs::JobRow;
use crate::actions::facts::running_job::RunningJob;
use crate::actions::limits;
use crate::actions::operations::applied;
use crate::actions::restore_points_delete::wait_for;
use crate::actions::words::when;
use crate::azure::permitted::Writer;
use crate::azure::proof::CancellableJob;
use crate::azure::reader::rights;
use crate::azure::resource_id::ResourceId;
use crate::base::clock::add;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Kind, Past, Patience, Permission, Remedy, Repeat,
};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// Cancels the backup that runs.
#[derive(Debug)]
pub struct BackupCancel;

/// It takes no arguments: only this VM's own backup is ever cancelled.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {}

const PERMISSION: &str = "Microsoft.RecoveryServices/Vaults/backupJobs/cancel/action";
const TYPE: &str = "Microsoft.RecoveryServices/vaults/backupJobs/cancel";

#[async_trait]
impl Remedy for BackupCancel {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        About {
            name: "backup.cancel",
            sentence: "Cancels the running backup of this VM while it takes its snapshot",
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
        vec![FactKey::named("item"), FactKey::named("running_job")]
    }

    fn reads() -> Vec<&'static str> {
        rights::JOB_OPERATION.to_vec()
    }

    fn decide(_: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let job: RunningJob = seen.named("running_job")?;
        let item: ItemFact = seen.named("item")?;
        let (Some(id), Some(name)) = (&job.id, &job.name) else {
            let cancelled = past.last().is_some();
            let why = if cancelled {
                "the backup does not run any more"
            } else {
                "no backup of this VM runs"
            };
            return Ok(Decision::Satisfied {
                why: why.to_owned(),
                outputs: json!({ "cancelled": cancelled }),
            });
        };
        let status = job.status.clone().unwrap_or_default();
        if status.eq_ignore_ascii_case("Cancelling") {
            return Ok(Decision::Wait {
                what: format!("backup job {name} to stop"),
                look_again_at: add(past.now, limits::JOB_POLL),
                give_up_at: add(past.since, limits::CHANGE_SHOWS),
                patience: Patience::Step,
                following: Value::Null,
                recheck_incident: false,
                then: Vec::new(),
            });
        }
        if !job.cancellable {
            let row = JobRow {
                id: id.clone(),
                name: name.clone(),
                operation: job.operation.clone().unwrap_or_default(),
                status,
                started: job.started,
                ended: None,
            };
            return Ok(wait_for(&row, past, Vec::new()));
        }
        Ok(Decision::Change {
            changes: vec![change(id, name, &job, &item)],
            remaining: 1,
            baseline: Value::Null,
        })
    }

    fn predict(_: &Change, facts: &mut Facts, by: &str) {
        for name in ["jobs", "running_job"] {
            facts.forget(name, by);
        }
    }

    async fn apply(change: &Change, writer: &Writer) -> Result<Applied, Failure> {
        let attempted = change.summary.clone();
        let invalid = |why: String| Failure::new(ErrorClass::Invalid, attempted.clone(), why);
        let id = change.resource.strip_suffix("/cancel");
        let id = ResourceId::parse(id.unwrap_or_default()).map_err(|e| invalid(e.to_string()))?;
        let job = writer.reader().backup_job(&id).await?;
        if !job.is_running() {
            return Ok(Applied::Done(json!({ "already_over": true })));
        }
        let container = change.evidence["container"].as_str().unwrap_or_default();
        let proof = CancellableJob::prove(&job, container).map_err(|e| invalid(e.to_string()))?;
        writer.cancel_job(proof).await.map(applied)
    }
}

fn change(id: &str, name: &str, job: &RunningJob, item: &ItemFact) -> Change {
    let since = job
        .started
        .map(|at| format!(", which has been running since {}", when(at)))
        .unwrap_or_default();
    let vault = id
        .rsplit_once("/backupJobs/")
        .map_or(id, |(vault, _)| vault);
    Change {
        approval: Approval::Required,
        because: Some(format!(
            "it ends the backup job `{name}`, which may yet succeed"
        )),
        permission: Some(Permission {
            action: PERMISSION.to_owned(),
            scope: vault.to_owned(),
        }),
        evidence: json!({ "container": item.container }),
        ..Change::new(
            "POST",
            format!("{id}/cancel"),
            format!("cancel the backup job `{name}`{since}"),
            Risk::Disruptive,
            Repeat::LookAfter(60),
        )
    }
}
