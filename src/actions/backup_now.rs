//! `backup.now`: starts a backup, or attaches to the one that runs, and follows it to its end.
//!
//! ```yaml
//! - id: back-up
//!   title: Back up now
//!   action: backup.now
//!   with: { retain_days: 30 }
//! ```
//!
//! Done means: the job ended Completed and a recovery point newer than its start exists. A
//! running backup is attached to, never doubled. The expected first failures are not failures
//! (DESIGN section 6): the runbook's own code once where automatic clean-up was asked for, and
//! `UserErrorRpCollectionDeleted` once after this run deleted a collection.
//!
//! Where the documents go from one remedy to the next, each with a backup between, the step has
//! `goes_on: true`, and the next remedy `when: eq steps.back-up.outcome "failed"`. A run that ends
//! so without a later backup that is done has failed.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::backup_job::{self, Stand};
use crate::actions::facts::jobs::Jobs;
use crate::actions::facts::protection::Protection;
use crate::actions::facts::restore_points::RestorePoints;
use crate::actions::facts::vm::VmFact;
use crate::actions::facts::{JobFact, job_key};
use crate::actions::limits;
use crate::actions::operations::applied;
use crate::azure::permitted::Writer;
use crate::azure::proof::ProtectedVm;
use crate::azure::reader::rights;
use crate::azure::resource_id::ResourceId;
use crate::base::clock::add;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Fate, Kind, Past, Patience, Permission, Remedy,
    Repeat, Sent, Undo,
};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// Backs up.
#[derive(Debug)]
pub struct BackupNow;

/// How.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// Days until the recovery point expires; 30 is what Azure takes by default.
    #[serde(default = "thirty")]
    #[schemars(range(min = 1, max = 9999))]
    pub retain_days: u32,
    /// True when this backup is meant to trigger Azure's own clean-up of restore points: its
    /// failing once with the runbook's own code is then expected.
    #[serde(default)]
    pub triggers_clean_up: bool,
    /// True when steps follow for the case that this backup fails with the runbook's own code once
    /// more: it then ends the step as `failed`, and not the run.
    #[serde(default)]
    pub goes_on: bool,
}

fn thirty() -> u32 {
    30
}

const PERMISSION: &str = "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/backup/action";
const TYPE: &str =
    "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/backup";

#[async_trait]
impl Remedy for BackupNow {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        About {
            name: "backup.now",
            sentence: "Starts a backup, or attaches to the one that runs, and follows it to its end",
            ceiling: Ceiling {
                risk: Risk::Reversible,
                approval: Approval::None,
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

    fn needs(args: &Args, past: &Past<'_>) -> Vec<FactKey> {
        let mut keys: Vec<FactKey> = match backup_job::followed(past) {
            Some(job) => vec![job_key(&job.id, &job.item)],
            None => ["vm", "protection", "jobs"]
                .iter()
                .map(|n| FactKey::named(n))
                .collect(),
        };
        if args.triggers_clean_up && backup_job::counts_points(past) {
            keys.push(FactKey::named("restore_points"));
        }
        keys
    }

    fn reads() -> Vec<&'static str> {
        [rights::BACKUP_OPERATION, rights::RECOVERY_POINTS].concat()
    }

    fn decide(args: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let Some(followed) = backup_job::followed(past) else {
            let (vm, jobs): (VmFact, Jobs) = (seen.named("vm")?, seen.named("jobs")?);
            return Ok(begin(args, &vm, &seen.named("protection")?, &jobs, past));
        };
        let job: JobFact = seen.get(&job_key(&followed.id, &followed.item))?;
        let points = match args.triggers_clean_up && backup_job::counts_points(past) {
            true => Some(seen.named::<RestorePoints>("restore_points")?.count),
            false => None,
        };
        Ok(
            match backup_job::stand(&followed, &job, args, points, past) {
                Stand::Decided(decision) => decision,
                Stand::Again { why, change } => again(*change, &why, past),
            },
        )
    }

    fn undo(_: &Sent, _: &Past<'_>) -> Undo {
        Undo::Never("a backup that was started stays, until its recovery point expires")
    }

    fn predict(_: &Change, facts: &mut Facts, by: &str) {
        for name in ["jobs", "restore_points", "recovery_points", "extensions"] {
            facts.forget(name, by);
        }
    }

    async fn apply(change: &Change, writer: &Writer) -> Result<Applied, Failure> {
        let attempted = change.summary.clone();
        let invalid = |why: String| Failure::new(ErrorClass::Invalid, attempted.clone(), why);
        let item = change
            .resource
            .strip_suffix("/backup")
            .unwrap_or(&change.resource);
        let item = ResourceId::parse(item).map_err(|e| invalid(e.to_string()))?;
        let vm = change.evidence["vm"].as_str().unwrap_or_default();
        let vm = ResourceId::parse(vm).map_err(|e| invalid(e.to_string()))?;
        let read = writer.reader().protected_item(&item).await?;
        let proof = ProtectedVm::prove(&read, &vm).map_err(|e| invalid(e.to_string()))?;
        let days = change.body["retain_days"]
            .as_u64()
            .and_then(|d| u32::try_from(d).ok())
            .ok_or_else(|| invalid("the change does not say for how many days".to_owned()))?;
        writer.back_up(proof, days).await.map(applied)
    }
}

/// No job is followed yet.
fn begin(
    args: &Args,
    vm: &VmFact,
    protection: &Protection,
    jobs: &Jobs,
    past: &Past<'_>,
) -> Decision {
    // A job that this run started and that has ended already is not in `running`.
    if past.last().is_some_and(|s| s.fate == Fate::InDoubt)
        && let Some(job) = jobs
            .running
            .iter()
            .chain(&jobs.list)
            .find(|job| !is_known(&job.name, past))
    {
        return Decision::Found {
            what: format!("backup job {}", job.name),
            outputs: json!({ "jobId": job.name }),
        };
    }
    if let Some(job) = &jobs.running {
        return backup_job::follow(&job.id, &job.name, protection, past);
    }
    if vm
        .provisioning
        .as_deref()
        .is_some_and(|p| p.eq_ignore_ascii_case("Updating"))
    {
        return Decision::Wait {
            what: format!("`{}` to finish being updated", vm.name),
            look_again_at: add(past.now, limits::JOB_POLL),
            give_up_at: add(past.since, std::time::Duration::from_secs(30 * 60)),
            patience: Patience::Step,
            following: Value::Null,
            recheck_incident: false,
            then: match start(args, vm, protection, jobs) {
                Decision::Change { changes, .. } => changes,
                _ => Vec::new(),
            },
        };
    }
    if jobs.started_within_a_day >= limits::BACKUPS_A_DAY {
        return Decision::NeedsHuman {
            why: format!(
                "{} backups of `{}` were started within 24 hours, and nine are the hard cap: \
                 find out why they fail (runbook match --vm {}), and apply this again a day after \
                 the first of them",
                jobs.started_within_a_day, vm.name, vm.id
            ),
            evidence: json!({ "owner": "whoever owns the backups",
                "evidence": { "jobs": jobs.list.iter().take(10).collect::<Vec<_>>() } }),
        };
    }
    match backup_job::started_by_run(past) {
        n if n < limits::BACKUPS_A_RUN => start(args, vm, protection, jobs),
        _ => enough(),
    }
}

/// Whether a job was there before the step's first request, or is that of an earlier request.
fn is_known(job: &str, past: &Past<'_>) -> bool {
    let before = past.baseline["jobs"].as_array().into_iter().flatten();
    let own = past.own().filter_map(|sent| match &sent.fate {
        Fate::Done(outputs) => Some(&outputs["jobId"]),
        _ => None,
    });
    before.chain(own).any(|known| known == job)
}

/// The request that starts a backup, if the item can be backed up.
fn start(args: &Args, vm: &VmFact, protection: &Protection, jobs: &Jobs) -> Decision {
    let (Some(item), Some(vault)) = (&protection.item, &protection.vault) else {
        return Decision::NeedsHuman {
            why: "no vault protects this VM, so it cannot be backed up: enable its protection"
                .to_owned(),
            evidence: Value::Null,
        };
    };
    let state = protection.state.as_deref().unwrap_or("unknown");
    let may = ["Protected", "IRPending", "ProtectionError"];
    if !may.iter().any(|s| s.eq_ignore_ascii_case(state)) {
        return Decision::NeedsHuman {
            why: format!("the protection of this VM is `{state}`: resume it first"),
            evidence: json!({ "item": item, "state": state }),
        };
    }
    let change = Change {
        body: json!({ "retain_days": args.retain_days }),
        permission: Some(Permission {
            action: PERMISSION.to_owned(),
            scope: vault.clone(),
        }),
        evidence: json!({ "vm": vm.id }),
        ..Change::new(
            "POST",
            format!("{item}/backup"),
            format!("start a backup, kept for {} days", args.retain_days),
            Risk::Reversible,
            Repeat::LookAfter(limits::JOB_APPEARS.as_secs()),
        )
    };
    let names: Vec<&str> = jobs.list.iter().map(|j| j.name.as_str()).collect();
    Decision::Change {
        changes: vec![change],
        remaining: 1,
        baseline: json!({ "jobs": names }),
    }
}

/// The same backup once more, within what a run may start.
fn again(change: Change, why: &str, past: &Past<'_>) -> Decision {
    if backup_job::started_by_run(past) >= limits::BACKUPS_A_RUN {
        return enough();
    }
    let summary = format!("start another backup ({why})");
    Decision::Change {
        changes: vec![Change {
            summary,
            anew: true,
            ..change
        }],
        remaining: 1,
        baseline: Value::Null,
    }
}

fn enough() -> Decision {
    Decision::NeedsHuman {
        why: format!("a run starts at most {} backups", limits::BACKUPS_A_RUN),
        evidence: Value::Null,
    }
}
