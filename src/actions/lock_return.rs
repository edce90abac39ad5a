//! `lock.return`: puts back the locks that a step borrowed.
//!
//! No runbook names it: the engine plans it after the step that they are borrowed until, and runs
//! it before its time when the run ends early (DESIGN section 7). What stands there already is
//! left alone; a lock that differs is a person's.

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actions::facts::lock::{LockNow, lock_key, same_lock};
use crate::actions::operations::applied;
use crate::actions::words::{count, names, place};
use crate::azure::permitted::Writer;
use crate::azure::proof::BorrowedLock;
use crate::azure::reader::rights;
use crate::azure::resource_id::ResourceId;
use crate::base::{ErrorClass, Failure};
use crate::core::action::{
    About, Applied, Ceiling, Change, Decision, Fate, Kind, Loan, Past, Permission, Remedy, Repeat,
    Sent, Undo,
};
use crate::core::facts::{FactKey, Facts, Seen};
use crate::core::runbook::risk::{Approval, Risk};

/// Puts borrowed locks back.
#[derive(Debug)]
pub struct LockReturn;

/// Whose.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    /// The step that borrowed them.
    pub of: String,
}

const PERMISSION: &str = "Microsoft.Authorization/locks/write";

/// What the step took, or may have taken, and has not left to another run since.
fn taken<'a>(args: &Args, past: &'a Past<'_>) -> Vec<&'a Loan> {
    let mut loans: Vec<&Loan> = Vec::new();
    for sent in past.sent {
        if let Some(loan) = sent.change.borrows.as_deref()
            && sent.step == args.of
            && !loans.iter().any(|known| known.key == loan.key)
        {
            loans.push(loan);
        }
        let left = matches!(&sent.fate, Fate::Done(outputs) if outputs["left_to"].is_string());
        if let (Some(key), true) = (&sent.change.returns, left) {
            loans.retain(|loan| loan.key != *key);
        }
    }
    loans
}

#[async_trait]
impl Remedy for LockReturn {
    type Args = Args;
    type Writer = Writer;

    fn about() -> About {
        About {
            name: "lock.return",
            sentence: "Put the borrowed locks back",
            ceiling: Ceiling {
                risk: Risk::Reversible,
                approval: Approval::None,
                kinds: vec![Kind {
                    method: "PUT".to_owned(),
                    resource_type: "Microsoft.Authorization/locks".to_owned(),
                    permission: PERMISSION.to_owned(),
                }],
            },
            scripts: Vec::new(),
            put_back: None,
        }
    }

    fn needs(args: &Args, past: &Past<'_>) -> Vec<FactKey> {
        taken(args, past)
            .iter()
            .map(|l| lock_key(&l.resource))
            .collect()
    }

    fn reads() -> Vec<&'static str> {
        rights::LOCKS.to_vec()
    }

    fn decide(args: &Args, seen: Seen<'_>, past: &Past<'_>) -> Result<Decision, String> {
        let loans = taken(args, past);
        let mut changes = Vec::new();
        for loan in &loans {
            let now: LockNow = seen.get(&lock_key(&loan.resource))?;
            match now.found {
                None => changes.push(change(loan)),
                Some(found) if same_lock(&found, &loan.whole) => {}
                Some(found) => return Ok(differs(loan, &found)),
            }
        }
        if !changes.is_empty() {
            return Ok(Decision::Change {
                remaining: changes.len() as u64,
                changes,
                baseline: Value::Null,
            });
        }
        let back: Vec<&str> = loans.iter().map(|loan| loan.name.as_str()).collect();
        Ok(Decision::Satisfied {
            why: if back.is_empty() {
                "no borrowed lock is out".to_owned()
            } else {
                format!(
                    "{} back as before: {}",
                    count(back.len(), "lock"),
                    names(back)
                )
            },
            outputs: Value::Null,
        })
    }

    fn undo(_: &Sent, _: &Past<'_>) -> Undo {
        Undo::Never("the lock that was put back is its owner's")
    }

    fn predict(change: &Change, facts: &mut Facts, _: &str) {
        facts.edit("lock", |lock| {
            let is_this = lock["id"]
                .as_str()
                .is_some_and(|id| id.eq_ignore_ascii_case(&change.resource));
            if is_this {
                lock["found"] = change.evidence["lock"].clone();
            }
        });
    }

    async fn apply(change: &Change, writer: &Writer) -> Result<Applied, Failure> {
        let attempted = change.summary.clone();
        let invalid = |why: String| Failure::new(ErrorClass::Invalid, attempted.clone(), why);
        let id = ResourceId::parse(&change.resource).map_err(|e| invalid(e.to_string()))?;
        let whole = &change.evidence["lock"];
        // Looked at again right before: it may be back already, or another may stand there.
        match writer.reader().lock(&id).await {
            Ok(now) if same_lock(&now.raw, whole) => {
                return Ok(Applied::Done(json!({ "already_back": true })));
            }
            Ok(_) => return Err(invalid("another lock of that name stands there".to_owned())),
            Err(failure) if failure.class == ErrorClass::NotFound => {}
            Err(failure) => return Err(failure),
        }
        let proof = BorrowedLock::prove(&id, whole).map_err(|e| invalid(e.to_string()))?;
        writer.put_lock(proof).await.map(applied)
    }
}

fn differs(loan: &Loan, found: &Value) -> Decision {
    Decision::NeedsHuman {
        why: format!(
            "the lock `{}` was borrowed, and where it was stands another of its name now: compare \
             the two and keep the right one",
            loan.name
        ),
        evidence: json!({ "borrowed": loan.whole, "found": found }),
    }
}

fn change(loan: &Loan) -> Change {
    let scope = ResourceId::parse(&loan.resource)
        .ok()
        .and_then(|id| id.scope_of("Microsoft.Authorization/locks"));
    let level = loan.whole["properties"]["level"].as_str().unwrap_or("?");
    let on = place(scope.as_ref().map_or("?", |scope| scope.as_str()));
    Change {
        body: loan.whole["properties"].clone(),
        permission: scope.map(|scope| Permission {
            action: PERMISSION.to_owned(),
            scope: scope.to_string(),
        }),
        evidence: json!({ "lock": loan.whole }),
        // One that was borrowed again goes back again; what stands there is looked at first.
        anew: true,
        returns: Some(loan.key.clone()),
        ..Change::new(
            "PUT",
            loan.resource.clone(),
            format!("put the lock `{}` ({level}) back on {on}", loan.name),
            Risk::Reversible,
            Repeat::Safe,
        )
    }
}
