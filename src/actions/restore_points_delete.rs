//! `restore_points.delete`: deletes Azure Backup's restore point collections of this VM.
//!
//! ```yaml
//! - id: clean-up
//!   title: Delete the restore point collections of {{vm.name}}
//!   action: restore_points.delete
//!   retry: { on: [crp_timeout], waits: [1m, 2m, 5m] }
//! ```
//!
//! Rules (DESIGN section 8, rule 2; remediations.md M2): found by the whole `source.id`, named
//! `AzureBackup_*`, in the approved plan, without a newer point since; not while a backup or
//! restore runs; not while files are restored from a point; points that are not in the vault
//! need approval that names them; all of it read again right before each DELETE.

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::facts::jobs::{JobRow, Jobs};
use crate::actions::facts::locks::Locks;
use crate::actions::facts::recovery_points::RecoveryPoints;
use crate::actions::facts::restore_points::{CollectionFact, RestorePoints};
use crate::actions::limits;
use crate::actions::lock_delete::{came_back, locks_key};
use crate::actions::operations::applied;
use crate::actions::words::{count, names, place, when};
use crate::azure::permitted::Writer;
use crate::azure::proof::OwnCollection;
use crate::azure::reader::rights;
use crate::azure::resource_id::ResourceId;
use crate::base::clock::add;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Kind, Past, Patience, Permission, Remedy, Repeat,
    Sent, Undo,
};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// Deletes the collections.
#[derive(Debug)]
pub struct RestorePointsDelete;

/// It takes no arguments: what is deleted follows from the target alone.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {}

const PERMISSION: &str = "Microsoft.Compute/restorePointCollections/delete";
const TYPE: &str = "Microsoft.Compute/restorePointCollections";

/// What is looked at before anything of the VM's restore points is deleted.
pub(super) struct Sight {
    pub(super) points: RestorePoints,
    pub(super) locks: Locks,
    pub(super) jobs: Jobs,
    pub(super) vault: RecoveryPoints,
}

#[async_trait]
impl Remedy for RestorePointsDelete {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        About {
            name: "restore_points.delete",
            sentence: "Deletes Azure Backup's restore point collections of this VM",
            ceiling: Ceiling {
                risk: Risk::Destructive,
                approval: Approval::Required,
                kinds: vec![Kind {
                    method: "DELETE".to_owned(),
                    resource_type: TYPE.to_owned(),
                    permission: PERMISSION.to_owned(),
                }],
            },
            scripts: Vec::new(),
            put_back: None,
        }
    }

    fn needs(_: &Args, past: &Past<'_>) -> Vec<FactKey> {
        let names = ["restore_points", "jobs", "recovery_points"];
        let mut keys: Vec<FactKey> = names.iter().map(|n| FactKey::named(n)).collect();
        keys.push(locks_key(past));
        keys
    }

    fn reads() -> Vec<&'static str> {
        rights::COMPUTE_OPERATION.to_vec()
    }

    fn decide(_: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let sight = Sight {
            points: seen.named("restore_points")?,
            locks: seen.get(&locks_key(past))?,
            jobs: seen.named("jobs")?,
            vault: seen.named("recovery_points")?,
        };
        if sight.points.ours.is_empty() {
            return Ok(gone::nothing_left(&sight.points, past));
        }
        Ok(obstacle(&sight, past, changes(&sight)).unwrap_or_else(|| deletion(&sight)))
    }

    fn undo(_: &Sent, _: &Past<'_>) -> Undo {
        Undo::Never("what was deleted is gone")
    }

    fn predict(change: &Change, facts: &mut Facts, by: &str) {
        if change.resource.is_empty() {
            return facts.forget("restore_points", by);
        }
        facts.edit("restore_points", |value| {
            let Ok(mut points) = serde_json::from_value::<RestorePoints>(value.clone()) else {
                return;
            };
            points
                .ours
                .retain(|c| !c.id.eq_ignore_ascii_case(&change.resource));
            points.recount();
            if let Ok(predicted) = serde_json::to_value(points) {
                *value = predicted;
            }
        });
    }

    async fn apply(change: &Change, writer: &Writer) -> Result<Applied, Failure> {
        let attempted = change.summary.clone();
        let invalid = |why: String| Failure::new(ErrorClass::Invalid, attempted.clone(), why);
        let id = ResourceId::parse(&change.resource).map_err(|e| invalid(e.to_string()))?;
        let vm = change.evidence["vm"].as_str().unwrap_or_default();
        let vm = ResourceId::parse(vm).map_err(|e| invalid(e.to_string()))?;
        let collection = match writer.reader().restore_point_collection(&id).await {
            Ok(collection) => collection,
            Err(failure) if failure.class == ErrorClass::NotFound => {
                return Ok(Applied::Done(json!({ "already_gone": true })));
            }
            Err(failure) => return Err(failure),
        };
        let planned: Option<Timestamp> =
            serde_json::from_value(change.evidence["newest"].clone()).unwrap_or_default();
        let points = collection.points.as_deref().unwrap_or_default();
        if points.iter().filter_map(|p| p.time_created).max() > planned {
            // Nothing was sent: the step looks again, and tells a person what it then sees.
            let why = "it has gained a newer restore point since it was planned";
            return Err(Failure::new(ErrorClass::Conflict, attempted, why));
        }
        let proof = OwnCollection::prove(&collection, &vm).map_err(|e| invalid(e.to_string()))?;
        writer.delete_collection(proof).await.map(applied)
    }
}

/// What stands in the way of deleting anything, if something does.
/// `then` is what would be sent afterwards.
pub(super) fn obstacle(sight: &Sight, past: &Past<'_>, then: Vec<Change>) -> Option<Decision> {
    if let Some(end) = came_back(&sight.locks, past) {
        return Some(end);
    }
    if let Some(job) = &sight.jobs.running {
        return Some(wait_for(job, past, then));
    }
    if let Some(end) = locked::by_nothing(sight, past) {
        return Some(end);
    }
    if let Some(lock) = sight.locks.blocking.first() {
        return Some(Decision::NeedsHuman {
            why: format!(
                "the lock `{}` on {} stops the clean-up: its owner removes or narrows it, then \
                 apply this again",
                lock.name,
                place(&lock.scope)
            ),
            evidence: json!({ "owner": "the owner of the lock", "evidence": { "lock": lock.whole } }),
        });
    }
    if let Some(point) = sight.vault.list.iter().find(|p| p.mounted) {
        return Some(Decision::NeedsHuman {
            why: format!(
                "files are being restored from the recovery point{}: once that is done, end it \
                 and unmount it, then apply this again",
                point
                    .time
                    .map(|t| format!(" of {}", when(t)))
                    .unwrap_or_default()
            ),
            evidence: json!({ "owner": "whoever restores the files",
                "evidence": { "recovery_point": point.id } }),
        });
    }
    if let Some(going) = sight.points.ours.iter().find(|c| c.is_going()) {
        return Some(Decision::Wait {
            what: format!("Azure to finish deleting `{}`", going.name),
            look_again_at: add(past.now, std::time::Duration::from_secs(30)),
            give_up_at: add(past.since, crate::core::execute::next::DEADLINE),
            patience: Patience::Step,
            following: Value::Null,
            recheck_incident: false,
            then,
        });
    }
    sight
        .points
        .ours
        .iter()
        .find_map(|collection| gained(collection, past))
}

/// A job that is not ours: once it has ended the complaint is looked at again, since the job may
/// have healed it.
pub(super) fn wait_for(job: &JobRow, past: &Past<'_>, then: Vec<Change>) -> Decision {
    let since = job
        .started
        .map(|s| format!(", running since {}", when(s)))
        .unwrap_or_default();
    Decision::Wait {
        what: format!("{} job {}{since}", job.operation.to_lowercase(), job.name),
        look_again_at: add(past.now, limits::JOB_POLL),
        give_up_at: add(past.since, limits::BACKUP_ENDS),
        patience: Patience::Job,
        following: json!({ "job": { "id": job.name, "status": job.status } }),
        recheck_incident: true,
        then,
    }
}

fn gained(collection: &CollectionFact, past: &Past<'_>) -> Option<Decision> {
    let planned = past
        .planned
        .iter()
        .find(|c| c.resource.eq_ignore_ascii_case(&collection.id))?;
    let then: Option<Timestamp> =
        serde_json::from_value(planned.evidence["newest"].clone()).unwrap_or_default();
    let now = collection.newest();
    (now > then).then(|| Decision::NeedsHuman {
        why: format!(
            "`{}` has gained a newer restore point since it was planned, so a backup got through: \
             plan again",
            collection.name
        ),
        evidence: json!({ "newest": now, "planned": then }),
    })
}

fn deletion(sight: &Sight) -> Decision {
    let remaining = sight
        .points
        .ours
        .iter()
        .map(|c| c.points.len() as u64 + 1)
        .sum();
    Decision::Change {
        changes: changes(sight),
        remaining,
        baseline: Value::Null,
    }
}

/// The deletion of each collection; a recovery point answers for one restore point of them all.
fn changes(sight: &Sight) -> Vec<Change> {
    let points = sight.vault.list.iter().filter(|p| p.in_vault);
    let mut vault: Vec<Timestamp> = points.filter_map(|p| p.time).collect();
    sight
        .points
        .ours
        .iter()
        .map(|c| change(c, &mut vault, &sight.vault))
        .collect()
}

fn change(
    collection: &CollectionFact,
    vault: &mut Vec<Timestamp>,
    read: &RecoveryPoints,
) -> Change {
    let missing = not_in_vault(collection, vault);
    let points = count(collection.points.len(), "restore point");
    let because = (!missing.is_empty()).then(|| {
        let why = read
            .unreadable
            .as_ref()
            .map(|u| format!(" ({u})"))
            .unwrap_or_default();
        format!(
            "{} of `{}` {} not shown to be in the vault and would be lost: {}{why}",
            count(missing.len(), "point"),
            collection.name,
            if missing.len() == 1 { "is" } else { "are" },
            names(missing.iter().map(String::as_str)),
        )
    });
    Change {
        approval: if because.is_some() {
            Approval::Required
        } else {
            Approval::None
        },
        because,
        loses: missing.clone(),
        permission: Some(Permission {
            action: PERMISSION.to_owned(),
            scope: collection.group.clone(),
        }),
        evidence: json!({
            "vm": collection.source,
            "newest": collection.newest(),
            "points": collection.points,
            "not_in_vault": missing,
        }),
        ..Change::new(
            "DELETE",
            collection.id.clone(),
            format!(
                "delete the restore point collection `{}` with {points}",
                collection.name
            ),
            Risk::Destructive,
            Repeat::Safe,
        )
    }
}

/// The points that no recovery point of the vault answers for. Each answers for one.
fn not_in_vault(collection: &CollectionFact, vault: &mut Vec<Timestamp>) -> Vec<String> {
    let near = jiff::SignedDuration::try_from(limits::SAME_BACKUP).unwrap_or_default();
    let mut missing = Vec::new();
    for point in &collection.points {
        let distance = |t: &Timestamp, p: Timestamp| t.duration_since(p).abs();
        let nearest = point.time.and_then(|time| {
            let (at, t) = vault
                .iter()
                .enumerate()
                .min_by_key(|(_, t)| distance(t, time))?;
            (distance(t, time) < near).then_some(at)
        });
        match nearest {
            Some(at) => {
                vault.swap_remove(at);
            }
            None => missing.push(point.name.clone()),
        }
    }
    missing
}

mod gone;
mod locked;
