//! Which locks stay, and what a person is told of them.

use serde_json::{Value, json};

use super::Args;
use crate::actions::facts::locks::{LockFact, LockRemedy};
use crate::actions::words::place;
use crate::base::secret::redact_json;
use crate::core::action::{Decision, Past};

/// Why a lock stays, and whose turn it is.
pub(super) fn for_a_person(lock: &LockFact, args: &Args) -> Decision {
    let what = match lock.remedy {
        LockRemedy::Borrow if holds_a_secret(&lock.whole) => {
            "it could only be borrowed, and its notes hold what looks like a secret, which is not \
             kept: it could not be put back exactly"
        }
        LockRemedy::Borrow if !args.borrow => {
            "it could only be borrowed, and would be back before Azure's own clean-up, which takes \
             hours. It can be borrowed while the collections are deleted at once"
        }
        LockRemedy::Borrow => "it could only be borrowed, and this runbook borrows none",
        _ => "it is never removed by this tool",
    };
    let notes = lock
        .notes
        .as_deref()
        .map(|n| format!(". Its notes say: \"{n}\""))
        .unwrap_or_default();
    Decision::NeedsHuman {
        why: format!(
            "the lock `{}` ({}) on {} stops the clean-up, and {}: {what}. Nothing was touched: its \
             owner removes or narrows it, then apply this again{notes}",
            lock.name,
            lock.level,
            place(&lock.scope),
            lock.why
        ),
        evidence: json!({ "owner": "the owner of the lock", "evidence": { "lock": lock.whole, "scope": lock.scope } }),
    }
}

/// Whether a lock may go: for good, or for a while where the runbook says until when.
pub(super) fn may_go(lock: &LockFact, args: &Args, past: &Past<'_>) -> bool {
    match lock.remedy {
        LockRemedy::Remove => true,
        LockRemedy::Borrow => args.borrow && past.until.is_some() && !holds_a_secret(&lock.whole),
        LockRemedy::Never => false,
    }
}

/// Secrets are not kept, so a lock with one in its notes could not be put back as it was.
fn holds_a_secret(whole: &Value) -> bool {
    let mut clean = whole.clone();
    redact_json(&mut clean);
    clean != *whole
}
