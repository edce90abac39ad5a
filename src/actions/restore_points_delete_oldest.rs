//! `restore_points.delete_oldest`: deletes single restore points of Azure Backup's, the oldest
//! first, until no more than so many are left.
//!
//! ```yaml
//! - id: point-by-point
//!   title: Delete the oldest restore points of {{vm.name}}
//!   action: restore_points.delete_oldest
//!   with: { leave: 12 }
//! ```
//!
//! The fallback when deleting whole collections keeps timing out (remediations.md M3): one at a
//! time, never the newest, each with approval that names it. All that stands in the way of
//! deleting a collection stands in the way of this.

use async_trait::async_trait;
use futures_util::future::try_join_all;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::facts::restore_points::{CollectionFact, PointFact, RestorePoints};
use crate::actions::limits;
use crate::actions::lock_delete::locks_key;
use crate::actions::operations::applied;
use crate::actions::restore_points_delete::{Sight, obstacle};
use crate::actions::words::count;
use crate::azure::permitted::Writer;
use crate::azure::proof::OldestPoint;
use crate::azure::reader::rights;
use crate::azure::resource_id::ResourceId;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Kind, Past, Permission, Remedy, Repeat,
};
use crate::core::execute::retry::MOST_DELETES;
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// Deletes the oldest points.
#[derive(Debug)]
pub struct RestorePointsDeleteOldest;

/// Down to how many.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// How many points the VM may have left; one below the limit lets a backup make its own.
    #[serde(default = "one_below_the_limit")]
    #[schemars(range(min = 1, max = 17))]
    pub leave: u64,
}

fn one_below_the_limit() -> u64 {
    limits::RESTORE_POINTS - 1
}

const PERMISSION: &str = "Microsoft.Compute/restorePointCollections/restorePoints/delete";
const TYPE: &str = "Microsoft.Compute/restorePointCollections/restorePoints";

#[async_trait]
impl Remedy for RestorePointsDeleteOldest {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        About {
            name: "restore_points.delete_oldest",
            sentence: "Deletes the oldest of Azure Backup's restore points of this VM, one by one",
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

    fn decide(args: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let sight = Sight {
            points: seen.named("restore_points")?,
            locks: seen.get(&locks_key(past))?,
            jobs: seen.named("jobs")?,
            vault: seen.named("recovery_points")?,
        };
        let points = &sight.points;
        if points.count <= args.leave {
            let left = count(usize::try_from(points.count).unwrap_or_default(), "point");
            return Ok(Decision::Satisfied {
                why: format!("{left} left, no more than {}", args.leave),
                outputs: json!({ "deleted": past.own().count() }),
            });
        }
        let oldest = oldest_first(points);
        let changes = changes(&oldest, points.count - args.leave);
        if changes.is_empty() {
            return Ok(Decision::NeedsHuman {
                why: format!(
                    "{} restore points are there and none of them may be deleted alone: the rest \
                     is not Azure Backup's, is the newest, or does not say when it was taken",
                    points.count
                ),
                evidence: json!({ "ours": points.ours, "others": points.others }),
            });
        }
        let (after, left) = (changes.clone(), changes.len() as u64);
        Ok(obstacle(&sight, past, after).unwrap_or(Decision::Change {
            changes,
            remaining: left,
            baseline: Value::Null,
        }))
    }

    fn predict(change: &Change, facts: &mut Facts, by: &str) {
        if change.resource.is_empty() {
            return facts.forget("restore_points", by);
        }
        facts.edit("restore_points", |value| {
            let Ok(mut points) = serde_json::from_value::<RestorePoints>(value.clone()) else {
                return;
            };
            for collection in &mut points.ours {
                let of = collection.id.clone();
                collection
                    .points
                    .retain(|p| !id_of(&of, p).eq_ignore_ascii_case(&change.resource));
            }
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
        let reader = writer.reader();
        let all = reader.restore_point_collections(&vm).await?;
        let of_vm = all.iter().filter(|c| c.source_id.as_ref() == Some(&vm));
        let read = of_vm.map(|listed| reader.restore_point_collection(&listed.id));
        let collections = try_join_all(read).await?;
        let there = collections.iter().flat_map(|c| c.points.iter().flatten());
        if !there.into_iter().any(|point| point.id == id) {
            return Ok(Applied::Done(json!({ "already_gone": true })));
        }
        let proof = OldestPoint::prove(&collections, &vm, &id)
            .map_err(|e| Failure::new(ErrorClass::Conflict, attempted.clone(), e.to_string()))?;
        writer.delete_restore_point(proof).await.map(applied)
    }
}

/// Azure Backup's points that say when they were taken, the oldest first.
fn oldest_first(points: &RestorePoints) -> Vec<(&CollectionFact, &PointFact)> {
    let all = points.ours.iter().flat_map(|collection| {
        let own = collection.points.iter();
        own.map(move |point| (collection, point))
    });
    let mut dated: Vec<_> = all.filter(|(_, point)| point.time.is_some()).collect();
    dated.sort_by_key(|(_, point)| point.time);
    dated
}

/// The deletion of each, as many as are too many, and never of the newest. One run sends only so
/// many requests that delete.
fn changes(oldest: &[(&CollectionFact, &PointFact)], too_many: u64) -> Vec<Change> {
    let may = oldest.len().saturating_sub(1).min(MOST_DELETES);
    let wanted = usize::try_from(too_many).unwrap_or(usize::MAX).min(may);
    oldest[..wanted]
        .iter()
        .map(|(collection, point)| change(collection, point))
        .collect()
}

fn id_of(collection: &str, point: &PointFact) -> String {
    format!("{collection}/restorePoints/{}", point.name)
}

fn change(collection: &CollectionFact, point: &PointFact) -> Change {
    Change {
        approval: Approval::Required,
        because: Some(format!(
            "the restore point `{}` is deleted alone",
            point.name
        )),
        loses: vec![point.name.clone()],
        permission: Some(Permission {
            action: PERMISSION.to_owned(),
            scope: collection.group.clone(),
        }),
        evidence: json!({ "vm": collection.source, "taken": point.time }),
        ..Change::new(
            "DELETE",
            id_of(&collection.id, point),
            format!("delete the restore point `{}`", point.name),
            Risk::Destructive,
            Repeat::Safe,
        )
    }
}
