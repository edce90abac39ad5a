//! How the backup job that a step follows stands, and what follows from it.

use serde_json::{Value, json};

use crate::actions::backup_now::Args;
use crate::actions::facts::JobFact;
use crate::actions::facts::protection::Protection;
use crate::actions::limits;
use crate::actions::words::when;
use crate::base::clock::add;
use crate::core::action::{Change, Decision, Fate, Past, Patience, Sent};

/// `UserErrorRpCollectionDeleted`, expected once after deleting a collection (azure-api.md 3.4).
const COLLECTION_DELETED: (&str, i64) = ("UserErrorRpCollectionDeleted", 400_288);

/// What the job's state means.
pub(super) enum Stand {
    /// The step's decision.
    Decided(Decision),
    /// Another backup is due: why, and the request that started the last.
    Again {
        /// For people.
        why: String,
        /// The request.
        change: Box<Change>,
    },
}

/// The job that a step follows.
#[derive(Clone, Debug)]
pub(super) struct Followed {
    /// Its resource id.
    pub(super) id: String,
    /// The protected item's resource id.
    pub(super) item: String,
}

/// The job that the step follows: the last backup it started, or the one it attached to. None while
/// it is in doubt whether there is a later one.
pub(super) fn followed(past: &Past<'_>) -> Option<Followed> {
    if past.last().is_some_and(|sent| sent.fate == Fate::InDoubt) {
        return None;
    }
    let started = started(past).and_then(|sent| {
        let Fate::Done(outputs) = &sent.fate else {
            return None;
        };
        let name = outputs["jobId"].as_str()?;
        let vault = &sent.change.permission.as_ref()?.scope;
        let item = sent.change.resource.strip_suffix("/backup")?;
        Some(Followed {
            id: format!("{vault}/backupJobs/{name}"),
            item: item.to_owned(),
        })
    });
    let attached = || {
        let job = &past.following["job"];
        let (id, item) = (job["resource"].as_str()?, job["item"].as_str()?);
        Some(Followed {
            id: id.to_owned(),
            item: item.to_owned(),
        })
    };
    // A step attaches only while it has started nothing, so what it started came later.
    started.or_else(attached)
}

/// The last backup that the step has started.
fn started<'a>(past: &'a Past<'_>) -> Option<&'a Sent> {
    past.own().rfind(|sent| was_taken(sent))
}

fn was_taken(sent: &Sent) -> bool {
    matches!(sent.fate, Fate::Done(_))
}

/// How many backups the run has started, in whichever step.
pub(super) fn started_by_run(past: &Past<'_>) -> usize {
    let is_backup = |sent: &&Sent| sent.change.resource.ends_with("/backup");
    let backups = past.sent.iter().filter(is_backup);
    backups.filter(|sent| was_taken(sent)).count()
}

/// Whether the restore points are counted while the job is followed: once it has failed as
/// expected, and not before.
pub(super) fn counts_points(past: &Past<'_>) -> bool {
    past.following["counts_points"] == json!(true)
}

/// Begins to follow a job that somebody else has started.
pub(super) fn follow(id: &str, name: &str, protection: &Protection, past: &Past<'_>) -> Decision {
    Decision::Wait {
        what: format!("the backup that is already running (job {name})"),
        look_again_at: past.now,
        give_up_at: add(past.now, limits::BACKUP_ENDS),
        patience: Patience::Job,
        following: json!({
            "job": { "id": name, "resource": id, "item": protection.item, "vault": protection.vault },
        }),
        recheck_incident: false,
        then: Vec::new(),
    }
}

/// What the followed job's state means. `points` is the count of restore points, where asked for.
pub(super) fn stand(
    followed: &Followed,
    job: &JobFact,
    args: &Args,
    points: Option<u64>,
    past: &Past<'_>,
) -> Stand {
    match job.status.to_lowercase().as_str() {
        "inprogress" | "cancelling" => Stand::Decided(running(followed, job, past)),
        "completed" => Stand::Decided(completed(followed, job, past)),
        "completedwithwarnings" => Stand::Decided(Decision::NeedsHuman {
            why: format!(
                "backup job {} completed with warnings: {} (it is a backup; decide whether that is \
                 enough, and mend what it warns of before the next one)",
                job.name,
                said(job).trim_end_matches('.')
            ),
            evidence: for_owner("whoever owns the backups", &as_output(job)),
        }),
        "failed" => failed(followed, job, args, points, past),
        _ => Stand::Decided(Decision::Failed {
            why: format!(
                "backup job {} ended as {}: {}",
                job.name,
                job.status,
                said(job)
            ),
            code: job.code.clone(),
            evidence: as_output(job),
        }),
    }
}

fn running(followed: &Followed, job: &JobFact, past: &Past<'_>) -> Decision {
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
        following: following(followed, job),
        recheck_incident: false,
        then: Vec::new(),
    }
}

fn following(followed: &Followed, job: &JobFact) -> Value {
    let mut following = as_output(job);
    following["job"]["resource"] = json!(followed.id);
    following["job"]["item"] = json!(followed.item);
    following
}

fn for_owner(owner: &str, evidence: &Value) -> Value {
    json!({ "owner": owner, "evidence": evidence })
}

fn as_output(job: &JobFact) -> Value {
    json!({
        "job": { "id": job.name, "vault": job.vault, "status": job.status, "task": job.task },
        "recovery_point": job.recovery_point,
    })
}

fn completed(followed: &Followed, job: &JobFact, past: &Past<'_>) -> Decision {
    if let Some(point) = &job.recovery_point {
        let name = point.rsplit('/').next().unwrap_or(point);
        let at = job.ended.map(when).unwrap_or_default();
        return Decision::Satisfied {
            why: format!(
                "backup job {} completed at {at} and left recovery point {name}{}",
                job.name,
                less_than_whole(job)
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
        following: following(followed, job),
        recheck_incident: false,
        then: Vec::new(),
    }
}

/// A point without the applications' part is a backup, and not the one that VSS is mended for:
/// after a writer has failed, the next three attempts leave it out (remediations.md, row 14).
fn less_than_whole(job: &JobFact) -> String {
    match job.consistency.as_deref() {
        Some(held) if held.eq_ignore_ascii_case("CrashConsistent") => {
            ", which is crash-consistent".to_owned()
        }
        Some(held) if !held.eq_ignore_ascii_case("AppConsistent") => {
            format!(", which is not application-consistent ({held})")
        }
        _ => String::new(),
    }
}

fn failed(
    followed: &Followed,
    job: &JobFact,
    args: &Args,
    points: Option<u64>,
    past: &Past<'_>,
) -> Stand {
    let (symbol, number) = COLLECTION_DELETED;
    let is_deleted = job.number == Some(number)
        || job
            .code
            .as_deref()
            .is_some_and(|c| c.eq_ignore_ascii_case(symbol));
    let code = job.code.as_deref().unwrap_or_default();
    let own_code = past.codes.iter().any(|own| own.eq_ignore_ascii_case(code));
    let may_start = started_by_run(past) < limits::BACKUPS_A_RUN;
    if let Some(sent) = started(past).filter(|_| may_start) {
        let change = Box::new(sent.change.clone());
        if is_deleted && deleted_collections(past) {
            let why = "the first one after deleting a collection is expected to fail".to_owned();
            return Stand::Again { why, change };
        }
        if args.triggers_clean_up && own_code {
            return clean_up(followed, job, points, change, past);
        }
    }
    let code = job.code.clone().or(job.number.map(|n| n.to_string()));
    let named = code.clone().unwrap_or_default();
    let why = format!(
        "backup job {} failed with `{named}`: {}",
        job.name,
        said(job)
    );
    // One that ran before says nothing of what was done for it.
    if args.goes_on && own_code && started(past).is_some() {
        let mut outputs = as_output(job);
        outputs["code"] = json!(code);
        return Stand::Decided(Decision::InVain { why, outputs });
    }
    Stand::Decided(Decision::Failed {
        why,
        code,
        evidence: as_output(job),
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
fn clean_up(
    followed: &Followed,
    job: &JobFact,
    points: Option<u64>,
    change: Box<Change>,
    past: &Past<'_>,
) -> Stand {
    let mut following = following(followed, job);
    following["counts_points"] = json!(true);
    let wait = |look_again_at, give_up_at, following| {
        Stand::Decided(Decision::Wait {
            what: "Azure's own clean-up of restore points, which the expected failure triggered"
                .to_owned(),
            look_again_at,
            give_up_at,
            patience: Patience::Job,
            following,
            recheck_incident: false,
            then: Vec::new(),
        })
    };
    let enough = add(job.ended.unwrap_or(past.since), limits::CLEAN_UP_ENDS);
    // First count what there is, then compare with it hours later.
    let Some(now) = points else {
        return wait(past.now, enough, following);
    };
    let before = past.following["points"].as_u64().unwrap_or(now);
    if now < before {
        return Stand::Again {
            why: "Azure has cleaned up restore points".to_owned(),
            change,
        };
    }
    if past.now >= enough {
        return Stand::Decided(Decision::NeedsHuman {
            why: format!(
                "Azure has not cleaned up a restore point in 24 hours ({now} are there): run again \
                 with `--param cleanup=delete`"
            ),
            evidence: {
                let mut evidence = as_output(job);
                evidence["points"] = json!(now);
                evidence
            },
        });
    }
    following["points"] = json!(before);
    let again = add(past.now, limits::CLEAN_UP_LOOK).min(enough);
    wait(again, add(enough, limits::CLEAN_UP_LOOK), following)
}

fn said(job: &JobFact) -> &str {
    job.message.as_deref().unwrap_or("it says nothing more")
}
