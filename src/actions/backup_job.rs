//! How the backup job that a step follows stands, and what follows from it.

use serde_json::{Value, json};

use crate::actions::facts::JobFact;
use crate::actions::facts::restore_points::RestorePoints;
use crate::actions::limits;
use crate::actions::words::when;
use crate::base::clock::add;
use crate::core::action::{Decision, Fate, Past, Patience};

/// `UserErrorRpCollectionDeleted`, expected once after deleting a collection (azure-api.md 3.4).
const COLLECTION_DELETED: (&str, i64) = ("UserErrorRpCollectionDeleted", 400_288);

/// What the job's state means.
pub(super) enum Stand {
    /// The step's decision.
    Decided(Decision),
    /// Another backup is due, and why.
    Again(String),
}

/// The resource id of the job that the step follows: the last backup it started, or the one it
/// attached to since.
pub(super) fn followed(past: &Past<'_>) -> Option<String> {
    let attached = past.following["job"]["resource"]
        .as_str()
        .map(str::to_owned);
    let last = past.own().rev().find(|s| matches!(s.fate, Fate::Done(_)));
    let started = last.and_then(|sent| {
        let Fate::Done(outputs) = &sent.fate else {
            return None;
        };
        let name = outputs["jobId"].as_str()?;
        let vault = &sent.change.permission.as_ref()?.scope;
        Some(format!("{vault}/backupJobs/{name}"))
    });
    // A step attaches only while it has started nothing, so what it started came later.
    started.or(attached)
}

/// Begins to follow a job.
pub(super) fn follow(id: &str, name: &str, what: &str, past: &Past<'_>) -> Decision {
    Decision::Wait {
        what: format!("{what} (job {name})"),
        look_again_at: past.now,
        give_up_at: add(past.now, limits::BACKUP_ENDS),
        patience: Patience::Job,
        following: json!({ "job": { "id": name, "resource": id, "attached": true } }),
        recheck_incident: false,
    }
}

/// What the followed job's state means.
pub(super) fn stand(
    id: &str,
    job: &JobFact,
    points: Option<&RestorePoints>,
    past: &Past<'_>,
) -> Stand {
    let status = job.status.to_lowercase();
    match status.as_str() {
        "inprogress" | "cancelling" => Stand::Decided(running(id, job, past)),
        "completed" => Stand::Decided(completed(id, job, past)),
        "completedwithwarnings" => Stand::Decided(Decision::NeedsHuman {
            why: format!(
                "backup job {} completed with warnings: {}",
                job.name,
                said(job)
            ),
            evidence: as_output(job),
        }),
        "failed" => failed(id, job, points, past),
        _ => Stand::Decided(Decision::Failed {
            why: format!(
                "backup job {} ended as {}: {}",
                job.name,
                job.status,
                said(job)
            ),
            code: job.code.clone(),
        }),
    }
}

fn running(id: &str, job: &JobFact, past: &Past<'_>) -> Decision {
    let task = job
        .task
        .as_deref()
        .map(|t| format!(": {t}"))
        .unwrap_or_default();
    let since = job.started.unwrap_or(past.since);
    Decision::Wait {
        what: format!("backup job {}{task}", job.name),
        look_again_at: add(past.now, limits::JOB_POLL),
        give_up_at: add(since.max(past.since), limits::BACKUP_ENDS),
        patience: Patience::Job,
        following: following(id, job, past),
        recheck_incident: false,
    }
}

fn following(id: &str, job: &JobFact, past: &Past<'_>) -> Value {
    let mut following = as_output(job);
    following["job"]["resource"] = json!(id);
    following["job"]["attached"] = past.following["job"]["attached"].clone();
    following
}

fn as_output(job: &JobFact) -> Value {
    json!({
        "job": { "id": job.name, "vault": job.vault, "status": job.status, "task": job.task },
        "recovery_point": job.recovery_point,
    })
}

fn completed(id: &str, job: &JobFact, past: &Past<'_>) -> Decision {
    if let Some(point) = &job.recovery_point {
        let name = point.rsplit('/').next().unwrap_or(point);
        let at = job.ended.map(when).unwrap_or_default();
        return Decision::Satisfied {
            why: format!(
                "backup job {} completed at {at} and left recovery point {name}",
                job.name
            ),
            outputs: as_output(job),
        };
    }
    let ended = job.ended.unwrap_or(past.since).max(past.since);
    let enough = add(ended, limits::RECOVERY_POINT_APPEARS);
    if past.now >= enough {
        return Decision::NeedsHuman {
            why: format!(
                "backup job {} completed, but no recovery point newer than its start can be seen",
                job.name
            ),
            evidence: as_output(job),
        };
    }
    Decision::Wait {
        what: format!("the recovery point of backup job {} to appear", job.name),
        look_again_at: add(past.now, limits::JOB_POLL),
        give_up_at: add(enough, limits::JOB_POLL),
        patience: Patience::Step,
        following: following(id, job, past),
        recheck_incident: false,
    }
}

fn failed(id: &str, job: &JobFact, points: Option<&RestorePoints>, past: &Past<'_>) -> Stand {
    let started = past
        .own()
        .filter(|s| matches!(s.fate, Fate::Done(_)))
        .count();
    let first = started < limits::BACKUPS_A_RUN;
    let (symbol, number) = COLLECTION_DELETED;
    let is_deleted = job.number == Some(number)
        || job
            .code
            .as_deref()
            .is_some_and(|c| c.eq_ignore_ascii_case(symbol));
    if first && is_deleted && deleted_collections(past) {
        return Stand::Again(
            "the first one after deleting a collection is expected to fail".to_owned(),
        );
    }
    let own_code = job
        .code
        .as_ref()
        .is_some_and(|c| past.codes.iter().any(|o| o.eq_ignore_ascii_case(c)));
    if let (true, true, Some(points)) = (own_code, first, points) {
        return clean_up(id, job, points, past);
    }
    let code = job.code.clone().or(job.number.map(|n| n.to_string()));
    Stand::Decided(Decision::Failed {
        why: format!(
            "backup job {} failed with `{}`: {}",
            job.name,
            code.clone().unwrap_or_default(),
            said(job)
        ),
        code,
    })
}

fn deleted_collections(past: &Past<'_>) -> bool {
    past.sent.iter().any(|s| {
        s.change.method == "DELETE"
            && s.change
                .resource
                .to_lowercase()
                .contains("/restorepointcollections/")
    })
}

/// The backup failed as expected and has thereby triggered Azure's own clean-up.
fn clean_up(id: &str, job: &JobFact, points: &RestorePoints, past: &Past<'_>) -> Stand {
    let ended = job.ended.unwrap_or(past.since);
    let before = past.following["points"].as_u64().unwrap_or(points.count);
    if points.count < before {
        return Stand::Again("Azure has cleaned up restore points".to_owned());
    }
    let enough = add(ended, limits::CLEAN_UP_ENDS);
    if past.now >= enough {
        return Stand::Decided(Decision::NeedsHuman {
            why: format!(
                "Azure has not cleaned up a restore point in 24 hours ({} are there): run again \
                 with `--param cleanup=delete`",
                points.count
            ),
            evidence: json!({ "points": points.count, "job": job.name }),
        });
    }
    let mut following = following(id, job, past);
    following["points"] = json!(before);
    Stand::Decided(Decision::Wait {
        what: "Azure's own clean-up of restore points, which the expected failure has triggered"
            .to_owned(),
        look_again_at: add(past.now, limits::CLEAN_UP_LOOK),
        give_up_at: add(enough, limits::CLEAN_UP_LOOK),
        patience: Patience::Job,
        following,
        recheck_incident: false,
    })
}

fn said(job: &JobFact) -> &str {
    job.message.as_deref().unwrap_or("it says nothing more")
}
