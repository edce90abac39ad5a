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

use crate::actions::facts::lock::{lock_key, same_lock};
use crate::actions::facts::locks::{LockFact, LockRemedy, Locks};
use crate::actions::facts::restore_points::RestorePoints;
use crate::actions::limits;
use crate::actions::operations::applied;
use crate::actions::words::{count, names, place};
use crate::azure::permitted::Writer;
use crate::azure::proof::BlockingLock;
use crate::azure::resource_id::ResourceId;
use crate::base::clock::add;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Fate, Kind, Loan, Past, Patience, Permission,
    Remedy, Repeat, Sent, Undo,
};
use crate::core::facts::{Fact, FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

use refusal::{for_a_person, may_go};

/// Removes the lock that blocks.
#[derive(Debug)]
pub struct LockDelete;

/// Which locks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// What the locks stop.
    pub scopes: Scopes,
    /// False where what a borrowed lock was away for would not be over when it is put back.
    #[serde(default = "may_borrow")]
    pub borrow: bool,
}

fn may_borrow() -> bool {
    true
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
        !went_back(past, &s.change.resource)
            && s.change.method == "DELETE"
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
            "the lock `{}` on {} came back after it was removed{by}. It is not removed twice: \
             find the policy or automation that puts it back, stop that, then apply this again",
            back.name,
            place(&back.scope)
        ),
        evidence: json!({ "owner": "the owner of the lock",
            "evidence": { "lock": back.whole, "written_by": back.written_by } }),
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
            put_back: Some("lock.return"),
        }
    }

    fn needs(_: &Args, past: &Past<'_>) -> Vec<FactKey> {
        vec![locks_key(past), FactKey::named("restore_points")]
    }

    fn decide(args: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let locks: Locks = seen.get(&locks_key(past))?;
        if let Some(wait) = still_listed(&locks, past) {
            return Ok(wait);
        }
        if let Some(end) = came_back(&locks, past) {
            return Ok(end);
        }
        if locks.blocking.is_empty() {
            return Ok(none_left(&seen.named("restore_points")?, past));
        }
        // All of them can go under the consent given, or none is touched.
        if let Some(lock) = locks.blocking.iter().find(|l| !may_go(l, args, past)) {
            return Ok(for_a_person(lock, args));
        }
        let changes: Vec<Change> = locks.blocking.iter().map(|l| change(l, past)).collect();
        Ok(Decision::Change {
            remaining: changes.len() as u64,
            changes,
            baseline: Value::Null,
        })
    }

    fn undo(_: &Sent, _: &Past<'_>) -> Undo {
        Undo::Never(
            "a lock on the way of the clean-up is removed for good as documented; a borrowed one is put back by its own run",
        )
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
        if change.borrows.is_some() {
            let gone = json!({ "id": change.resource, "found": null });
            facts.set(lock_key(&change.resource), Fact::Known(gone));
        }
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
        let proof = match &change.borrows {
            Some(loan) => BlockingLock::prove_for_loan(&lock, &blocks, &loan.whole),
            None => BlockingLock::prove(&lock, &blocks),
        };
        let proof = proof.map_err(|e| invalid(e.to_string()))?;
        writer.delete_lock(proof).await.map(applied)
    }
}

fn none_left(points: &RestorePoints, past: &Past<'_>) -> Decision {
    // Nothing blocks now, so what may have been deleted is gone.
    let mut gone: Vec<&Sent> = taken(past).collect();
    let Some(last) = gone.last() else {
        return Decision::Satisfied {
            why: points.not_locked(),
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

fn loan(lock: &LockFact) -> Loan {
    Loan {
        key: lock.id.to_lowercase(),
        resource: lock.id.clone(),
        name: lock.name.clone(),
        whole: lock.whole.clone(),
    }
}

fn change(lock: &LockFact, past: &Past<'_>) -> Change {
    let borrowed = lock.remedy == LockRemedy::Borrow;
    let notes = lock
        .notes
        .as_deref()
        .map(|n| format!(" (notes: \"{n}\")"))
        .unwrap_or_default();
    Change {
        approval: if borrowed || lock.approve.is_some() {
            Approval::Required
        } else {
            Approval::None
        },
        because: lock.approve.clone().or_else(|| why_borrowed(lock, past)),
        permission: Some(Permission {
            action: PERMISSION.to_owned(),
            scope: lock.scope.clone(),
        }),
        evidence: json!({ "lock": lock.whole, "blocks": lock.blocks, "why": lock.why }),
        // It was out before and went back: taking it again is another loan.
        anew: went_back(past, &lock.id),
        borrows: borrowed.then(|| Box::new(loan(lock))),
        ..Change::new(
            "DELETE",
            lock.id.clone(),
            format!(
                "{} the lock `{}` ({}) on {}{notes}",
                if borrowed { "borrow" } else { "delete" },
                lock.name,
                lock.level,
                place(&lock.scope)
            ),
            Risk::Reversible,
            Repeat::Safe,
        )
    }
}

fn why_borrowed(lock: &LockFact, past: &Past<'_>) -> Option<String> {
    let until = past.until.filter(|_| lock.remedy == LockRemedy::Borrow)?;
    Some(format!(
        "{}; it is away until the step `{until}` is over, and put back whatever happens",
        lock.why
    ))
}

/// Whether this run put the lock back, or left it to another run, after it had borrowed it.
fn went_back(past: &Past<'_>, id: &str) -> bool {
    let key = id.to_lowercase();
    let mut of_it = past.sent.iter().rev().filter(|s| {
        s.change.returns.as_ref() == Some(&key) || s.change.resource.eq_ignore_ascii_case(id)
    });
    of_it
        .next()
        .is_some_and(|last| last.change.returns.is_some())
}

mod refusal;
#[cfg(test)]
mod tests;
