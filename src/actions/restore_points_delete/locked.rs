//! Locks that nobody sees: one that still refuses, and none that ever did.

use serde_json::{Value, json};

use super::Sight;
use crate::actions::limits;
use crate::base::ErrorClass;
use crate::core::action::{Decision, Fate, Past, Sent};

/// Azure goes on refusing long after the last lock has gone: that is not tried for ever.
pub(super) fn by_nothing(sight: &Sight, past: &Past<'_>) -> Option<Decision> {
    let locked =
        |sent: &&Sent| matches!(&sent.fate, Fate::Failed(f) if f.class == ErrorClass::Locked);
    let refused = past.own().rev().take_while(locked).count();
    let nothing = sight.locks.blocking.is_empty();
    (nothing && refused > limits::LOCKED_TRIES).then(|| Decision::NeedsHuman {
        why: format!(
            "no lock is listed any more that stops the clean-up, yet Azure has refused it {refused} \
             times for a lock: wait an hour, then apply this again; if it still refuses, open a \
             support case for compute"
        ),
        evidence: json!({ "owner": "whoever opens support cases",
            "evidence": { "tries": past.own().map(tried).collect::<Vec<_>>() } }),
    })
}

fn tried(sent: &Sent) -> Value {
    let (error, correlation) = match &sent.fate {
        Fate::Failed(failure) => (Some(&failure.message), failure.correlation_id.as_ref()),
        _ => (None, None),
    };
    json!({ "at": sent.at, "what": sent.change.summary, "error": error, "correlation_id": correlation })
}

/// Without a lock it was backups that filled the limit, and they will again (remediations.md 2.5,
/// row 4, step 4).
pub(super) fn advice(past: &Past<'_>) -> &'static str {
    let is_lock = |sent: &Sent| sent.change.resource.to_lowercase().contains("/locks/");
    match past.sent.iter().any(is_lock) {
        true => "",
        false => {
            "; no lock was in the way, so back up once a day and keep fewer instant restore \
             points, or they fill the limit again"
        }
    }
}
