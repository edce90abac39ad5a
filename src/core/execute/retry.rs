//! What to do after a request failed: the documented retries of a step, and ours for the rest.

use std::time::Duration;

use crate::base::{Accepted, ErrorClass, Failure};
use crate::core::action::{Fate, Repeat, Sent};
use crate::core::runbook::Retry;

/// No step sends more requests that delete than this, whatever its policy (DESIGN section 6).
pub const MOST_DELETES: usize = 8;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Waits where the runbook says nothing, as seconds. None of the documents gives figures, but for
/// `locked`: a removed lock may act for up to two minutes (remediations.md section 7: our figure).
fn default_waits(class: ErrorClass) -> Vec<Duration> {
    match class {
        ErrorClass::Locked => vec![30 * SECOND; 4],
        ErrorClass::Conflict | ErrorClass::CrpTimeout => vec![MINUTE, 2 * MINUTE, 5 * MINUTE],
        ErrorClass::Transient => vec![10 * SECOND, 30 * SECOND, MINUTE],
        _ => Vec::new(),
    }
}

/// What follows a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Pause so long, look again, and perhaps send again.
    Pause(Duration),
    /// Look again at once; only progress justifies another request.
    Look,
    /// This failure is the end of the step.
    GiveUp,
}

/// What follows the last request of a step, given all of the step's requests, oldest first.
#[must_use]
pub fn after(own: &[&Sent], policy: Option<&Retry>) -> Next {
    let Some(last) = own.last() else {
        return Next::Look;
    };
    let failure = match &last.fate {
        Fate::Done(_) => return Next::Look,
        Fate::InDoubt => return in_doubt(last.change.repeat),
        Fate::Failed(failure) => failure,
    };
    if failure.class == ErrorClass::Throttled {
        return Next::Pause(failure.retry_after().unwrap_or(MINUTE));
    }
    if failure.class == ErrorClass::NotFound {
        return Next::Look;
    }
    let waits = waits_for(failure, policy);
    if waits.is_empty() {
        return Next::GiveUp;
    }
    match waits.get(tries(own, None).saturating_sub(1)) {
        Some(wait) => Next::Pause((*wait).max(failure.retry_after().unwrap_or_default())),
        None => Next::Look,
    }
}

/// Whether one more request may be sent, now that `remaining` is left to do.
#[must_use]
pub fn may_send(own: &[&Sent], remaining: u64, policy: Option<&Retry>) -> bool {
    let Some(last) = own.last() else { return true };
    let deletes = own.iter().filter(|s| s.change.method == "DELETE").count();
    if deletes >= MOST_DELETES {
        return false;
    }
    match &last.fate {
        Fate::Done(_) => true,
        Fate::InDoubt => last.change.repeat != Repeat::Never && tries(own, Some(remaining)) <= 3,
        Fate::Failed(failure) if failure.class == ErrorClass::Throttled => true,
        Fate::Failed(failure) => tries(own, Some(remaining)) <= waits_for(failure, policy).len(),
    }
}

/// How many of the last requests in a row failed without progress: `remaining` not lower at the
/// next. With `now` unknown the last request counts as a try.
fn tries(own: &[&Sent], now: Option<u64>) -> usize {
    let Some(last) = own.last() else { return 0 };
    let key = last.change.key();
    let row: Vec<&&Sent> = own
        .iter()
        .rev()
        .take_while(|s| s.change.key() == key && !matches!(s.fate, Fate::Done(_)))
        .collect();
    let mut after = now;
    let mut count = 0;
    for sent in row {
        let throttled = matches!(&sent.fate, Fate::Failed(f) if f.class == ErrorClass::Throttled);
        if !throttled && after.is_none_or(|left| left >= sent.remaining) {
            count += 1;
        }
        after = Some(sent.remaining);
    }
    count
}

fn waits_for(failure: &Failure, policy: Option<&Retry>) -> Vec<Duration> {
    match policy.filter(|p| p.on.contains(&failure.class)) {
        Some(policy) => policy.durations(),
        // A request that ended badly after it was taken is only repeated where it is documented.
        None if failure.accepted == Accepted::Ended && failure.class != ErrorClass::Conflict => {
            Vec::new()
        }
        None => default_waits(failure.class),
    }
}

fn in_doubt(repeat: Repeat) -> Next {
    match repeat {
        Repeat::Safe => Next::Pause(10 * SECOND),
        Repeat::LookAfter(settle) => Next::Pause(Duration::from_secs(settle)),
        Repeat::Never => Next::Look,
    }
}
