//! `lock.delete`: removes the management lock that stops the clean-up of restore points.
//!
//! ```yaml
//! - id: unlock
//!   title: Remove the lock that stops clean-up of restore points
//!   action: lock.delete
//!   with: { scopes: restore_points }
//! ```
//!
//! Rules (DESIGN section 8, rules 3 and 7; remediations.md M1): only a lock that blocks, and only
//! on the collection or on Azure Backup's own group; all of them or none; journalled whole first;
//! looked at again after a minute; one that comes back ends the run.

use std::collections::BTreeSet;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::facts::locks::{LockFact, LockRemedy, Locks};
use crate::actions::limits;
use crate::actions::operations::applied;
use crate::actions::words::{count, names};
use crate::azure::permitted::Writer;
use crate::azure::proof::BlockingLock;
use crate::azure::resource_id::ResourceId;
use crate::base::clock::add;
use crate::base::secret::redact_json;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Fate, Kind, Past, Patience, Permission, Remedy,
    Repeat, Sent,
};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// Removes the lock that blocks.
#[derive(Debug)]
pub struct LockDelete;

/// Which locks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// What the locks stop.
    pub scopes: Scopes,
}

/// What a lock may stop that this action knows.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scopes {
    /// The clean-up of this VM's restore point collections.
    RestorePoints,
}

/// Kept by the wait for locks to stay away: none was there when it began.
const GONE: &str = "locks_seen_gone";

const PERMISSION: &str = "Microsoft.Authorization/locks/delete";

/// The fact `locks`, told which locks this run has deleted, so that one that came back can be
/// traced.
pub(super) fn locks_key(past: &Past<'_>) -> FactKey {
    let deleted: Vec<&str> = deleted(past).map(|s| s.change.resource.as_str()).collect();
    if deleted.is_empty() {
        FactKey::named("locks")
    } else {
        FactKey::with("locks", &json!({ "after": deleted }))
    }
}

/// The deletions of locks that this run has done, in any step. One whose answer was lost counts
/// once its lock has been seen to be gone: a step ends with that, and a wait keeps it.
fn deleted<'a>(past: &'a Past<'_>) -> impl DoubleEndedIterator<Item = &'a Sent> {
    taken(past).filter(|s| {
        matches!(s.fate, Fate::Done(_))
            || s.step != past.step
            || past.following[GONE] == json!(true)
    })
}

/// The deletions that were done or may have been.
fn taken<'a>(past: &'a Past<'_>) -> impl DoubleEndedIterator<Item = &'a Sent> {
    past.sent.iter().filter(|s| {
        s.change.method == "DELETE"
            && s.change
                .resource
                .to_lowercase()
                .contains("/microsoft.authorization/locks/")
            && matches!(s.fate, Fate::Done(_) | Fate::InDoubt)
    })
}

/// A lock that is listed right after it was deleted: lists lag behind, so that it came back is
/// only said once it had time to go.
fn still_listed(locks: &Locks, past: &Past<'_>) -> Option<Decision> {
    let listed = |s: &&Sent| {
        locks
            .blocking
            .iter()
            .any(|lock| lock.id.eq_ignore_ascii_case(&s.change.resource))
    };
    let last = deleted(past)
        .filter(listed)
        .filter_map(|s| s.settled_at)
        .max()?;
    let settled = add(last, limits::LOCK_SETTLES);
    (past.now < settled).then(|| Decision::Wait {
        what: "the deleted lock to leave Azure's list, and to stay away".to_owned(),
        look_again_at: settled,
        give_up_at: add(settled, limits::LOCK_SETTLES),
        patience: Patience::Step,
        following: json!({ GONE: true }),
        recheck_incident: false,
        then: Vec::new(),
    })
}

/// A lock that this run deleted and that stands again, as the end of the run.
pub(super) fn came_back(locks: &Locks, past: &Past<'_>) -> Option<Decision> {
    let back = locks
        .blocking
        .iter()
        .find(|lock| deleted(past).any(|s| s.change.resource.eq_ignore_ascii_case(&lock.id)))?;
    let by = match &back.written_by {
        Some(who) => format!("; the activity log says `{who}` put it there"),
        None => "; the activity log does not say who put it there".to_owned(),
    };
    Some(Decision::NeedsHuman {
        why: format!(
            "the lock `{}` on `{}` came back after it was removed{by}. It is not removed twice: \
             find the policy or automation that puts it back",
            back.name, back.scope
        ),
        evidence: json!({ "lock": back.whole, "written_by": back.written_by }),
    })
}

#[async_trait]
impl Remedy for LockDelete {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        About {
            name: "lock.delete",
            sentence: "Removes the management lock that stops the clean-up of restore points",
            ceiling: Ceiling {
                risk: Risk::Reversible,
                approval: Approval::None,
                kinds: vec![Kind {
                    method: "DELETE".to_owned(),
                    resource_type: "Microsoft.Authorization/locks".to_owned(),
                    permission: PERMISSION.to_owned(),
                }],
            },
            scripts: Vec::new(),
        }
    }

    fn needs(_: &Args, past: &Past<'_>) -> Vec<FactKey> {
        vec![locks_key(past)]
    }

    fn decide(_: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let locks: Locks = seen.get(&locks_key(past))?;
        if let Some(wait) = still_listed(&locks, past) {
            return Ok(wait);
        }
        if let Some(end) = came_back(&locks, past) {
            return Ok(end);
        }
        if locks.blocking.is_empty() {
            return Ok(none_left(past));
        }
        // All of them can go under the consent given, or none is touched.
        if let Some(lock) = locks
            .blocking
            .iter()
            .find(|l| l.remedy != LockRemedy::Remove)
        {
            return Ok(for_a_person(lock));
        }
        let changes: Vec<Change> = locks.blocking.iter().map(change).collect();
        Ok(Decision::Change {
            remaining: changes.len() as u64,
            changes,
            baseline: Value::Null,
        })
    }

    fn predict(change: &Change, facts: &mut Facts, by: &str) {
        if change.resource.is_empty() {
            return facts.forget("locks", by);
        }
        facts.edit("locks", |value| {
            if let Some(blocking) = value["blocking"].as_array_mut() {
                blocking.retain(|l| {
                    !l["id"]
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
        let blocks = change.evidence["blocks"].as_str().unwrap_or_default();
        let blocks = ResourceId::parse(blocks).map_err(|e| invalid(e.to_string()))?;
        // Read again right before: it may have gone, or become another lock of the same name.
        let lock = match writer.reader().lock(&id).await {
            Ok(lock) => lock,
            Err(failure) if failure.class == ErrorClass::NotFound => {
                return Ok(Applied::Done(json!({ "already_gone": true })));
            }
            Err(failure) => return Err(failure),
        };
        if !same_lock(&lock.raw, &change.evidence["lock"]) {
            return Err(invalid(
                "it is not the lock that was approved any more".to_owned(),
            ));
        }
        let proof = BlockingLock::prove(&lock, &blocks).map_err(|e| invalid(e.to_string()))?;
        writer.delete_lock(proof).await.map(applied)
    }
}

/// Level, notes and owners are what makes a lock; ids differ in casing from answer to answer. What
/// was kept `then` is without secrets, which people write into notes.
fn same_lock(now: &Value, then: &Value) -> bool {
    let mut now = now.clone();
    redact_json(&mut now);
    let of = |lock: &Value, name: &str| lock["properties"][name].clone();
    ["level", "notes", "owners"]
        .iter()
        .all(|name| of(&now, name) == of(then, name))
}

fn none_left(past: &Past<'_>) -> Decision {
    // Nothing blocks now, so what may have been deleted is gone.
    let mut gone: Vec<&Sent> = taken(past).collect();
    let Some(last) = gone.last() else {
        return Decision::Satisfied {
            why: "no lock stops the clean-up".to_owned(),
            outputs: Value::Null,
        };
    };
    let settled = add(last.settled_at.unwrap_or(last.at), limits::LOCK_SETTLES);
    if past.now < settled {
        return Decision::Wait {
            what: "the lock to stay away (policy may put it back)".to_owned(),
            look_again_at: settled,
            give_up_at: add(settled, limits::LOCK_SETTLES),
            patience: Patience::Step,
            following: json!({ GONE: true }),
            recheck_incident: false,
            then: Vec::new(),
        };
    }
    // One sent again after a lost answer is one lock all the same.
    let mut seen = BTreeSet::new();
    gone.retain(|s| seen.insert(s.change.key()));
    let removed: Vec<&str> = gone
        .iter()
        .map(|s| s.change.resource.rsplit('/').next().unwrap_or_default())
        .collect();
    Decision::Satisfied {
        why: format!(
            "{} removed: {}",
            count(removed.len(), "lock"),
            names(removed)
        ),
        outputs: json!({ "removed": gone.iter().map(|s| &s.change.evidence["lock"]).collect::<Vec<_>>() }),
    }
}

fn for_a_person(lock: &LockFact) -> Decision {
    let what = match lock.remedy {
        LockRemedy::Borrow => {
            "it could only be borrowed with approval, which this version does not do; \
             its owner has to remove or narrow it"
        }
        _ => "it is never removed by this tool",
    };
    let notes = lock
        .notes
        .as_deref()
        .map(|n| format!(" Its notes say: \"{n}\"."))
        .unwrap_or_default();
    Decision::NeedsHuman {
        why: format!(
            "the lock `{}` ({}) on `{}` stops the clean-up, and {}: {what}. Nothing was touched.{notes}",
            lock.name, lock.level, lock.scope, lock.why
        ),
        evidence: json!({ "lock": lock.whole, "scope": lock.scope }),
    }
}

fn change(lock: &LockFact) -> Change {
    let notes = lock
        .notes
        .as_deref()
        .map(|n| format!(" (notes: \"{n}\")"))
        .unwrap_or_default();
    let on = lock.scope.rsplit('/').next().unwrap_or_default();
    Change {
        method: "DELETE".to_owned(),
        resource: lock.id.clone(),
        body: Value::Null,
        summary: format!(
            "delete the lock `{}` ({}) on `{on}`{notes}",
            lock.name, lock.level
        ),
        risk: Risk::Reversible,
        approval: if lock.approve.is_some() {
            Approval::Required
        } else {
            Approval::None
        },
        because: lock.approve.clone(),
        loses: Vec::new(),
        permission: Some(Permission {
            action: PERMISSION.to_owned(),
            scope: lock.scope.clone(),
        }),
        repeat: Repeat::Safe,
        evidence: json!({ "lock": lock.whole, "blocks": lock.blocks, "why": lock.why }),
        probe: false,
        anew: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(seconds_after: i64) -> Decision {
        let fact = LockFact {
            id: "/subscriptions/s/resourceGroups/G/providers/Microsoft.Authorization/locks/l"
                .to_owned(),
            name: "l".to_owned(),
            remedy: LockRemedy::Remove,
            ..LockFact::default()
        };
        let deleted_at = jiff::Timestamp::from_second(1_000_000).unwrap();
        let sent = [Sent {
            step: "unlock".to_owned(),
            change: change(&fact),
            remaining: 1,
            at: deleted_at,
            settled_at: Some(deleted_at),
            fate: Fate::Done(Value::Null),
        }];
        let past = Past {
            now: jiff::Timestamp::from_second(1_000_000 + seconds_after).unwrap(),
            step: "unlock",
            sent: &sent,
            planned: &[],
            baseline: &Value::Null,
            following: &Value::Null,
            since: deleted_at,
            codes: &[],
        };
        let mut facts = Facts::default();
        let listed = json!({ "blocking": [fact] });
        facts.set(locks_key(&past), crate::core::facts::Fact::Known(listed));
        LockDelete::decide(
            &Args {
                scopes: Scopes::RestorePoints,
            },
            Seen(&facts),
            &past,
        )
        .unwrap()
    }

    #[test]
    fn a_lock_still_listed_after_its_deletion_is_given_a_minute_before_it_is_said_to_be_back() {
        assert!(matches!(decided(1), Decision::Wait { .. }));
        assert!(matches!(decided(59), Decision::Wait { .. }));
        assert!(matches!(decided(60), Decision::NeedsHuman { .. }));
    }
}
