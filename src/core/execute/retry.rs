//! What to do after a request failed: the documented retries of a step, and ours for the rest.

use std::time::Duration;

use crate::base::{Accepted, ErrorClass, Failure};
use crate::core::action::{Fate, Repeat, Sent};
use crate::core::runbook::Retry;

/// No step sends more requests that delete than this, whatever its policy (DESIGN section 6).
pub const MOST_DELETES: usize = 8;

/// How often one request is sent again although the answer was lost each time. Our figure.
const MOST_DOUBTS: usize = 3;

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
    match waits.get(tries(own, None, has_failed).saturating_sub(1)) {
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
        Fate::InDoubt => {
            last.change.repeat != Repeat::Never
                && tries(own, Some(remaining), is_in_doubt) <= MOST_DOUBTS
        }
        Fate::Failed(failure) if failure.class == ErrorClass::Throttled => true,
        Fate::Failed(failure) => {
            tries(own, Some(remaining), has_failed) <= waits_for(failure, policy).len()
        }
    }
}

/// Whether it was answered, and badly: the documents' "two or three times" counts these.
fn has_failed(fate: &Fate) -> bool {
    matches!(fate, Fate::Failed(failure) if failure.class != ErrorClass::Throttled)
}

/// Whether no answer came, and no trace of it was found: it may never have left a process that was
/// killed. Counted apart, so that a killed run has as many tries as one that was not.
fn is_in_doubt(fate: &Fate) -> bool {
    matches!(fate, Fate::InDoubt)
}

/// How many of the last requests in a row are `counted` and made no progress: `remaining` not lower
/// at the next. With `now` unknown the last request counts.
fn tries(own: &[&Sent], now: Option<u64>, counted: fn(&Fate) -> bool) -> usize {
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
        if counted(&sent.fate) && after.is_none_or(|left| left >= sent.remaining) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::action::Change;
    use serde_json::json;

    /// One request of a step: its method, how it ended, and what was left to do before it.
    fn sent(method: &str, fate: Fate, remaining: u64, repeat: Repeat) -> Sent {
        let change: Change = serde_json::from_value(json!({
            "method": method, "resource": "/x", "summary": "do it", "risk": "reversible",
            "approval": "none", "repeat": repeat,
        }))
        .unwrap();
        let at = jiff::Timestamp::UNIX_EPOCH;
        Sent {
            step: "s".to_owned(),
            change,
            remaining,
            at,
            settled_at: Some(at),
            fate,
            found: None,
        }
    }

    fn failed(class: ErrorClass, remaining: u64) -> Sent {
        let fate = Fate::Failed(Failure::new(class, "do it", "it failed"));
        sent("DELETE", fate, remaining, Repeat::Safe)
    }

    fn ended(class: ErrorClass) -> Sent {
        let mut failure = Failure::new(class, "do it", "it failed");
        failure.accepted = Accepted::Ended;
        sent("DELETE", Fate::Failed(failure), 9, Repeat::Safe)
    }

    /// Three further tries after a time-out of compute, as the catalogue's runbooks say.
    fn documented() -> Retry {
        serde_json::from_value(json!({ "on": ["crp_timeout"], "waits": ["1m", "2m", "5m"] }))
            .unwrap()
    }

    fn own(sent: &[Sent]) -> Vec<&Sent> {
        sent.iter().collect()
    }

    #[test]
    fn a_documented_retry_waits_its_floors_in_order_and_then_only_looks() {
        let policy = documented();
        let mut all = Vec::new();
        for minutes in [1, 2, 5] {
            all.push(failed(ErrorClass::CrpTimeout, 9));
            let next = after(&own(&all), Some(&policy));
            assert_eq!(next, Next::Pause(minutes * MINUTE));
            assert!(may_send(&own(&all), 9, Some(&policy)));
        }
        all.push(failed(ErrorClass::CrpTimeout, 9));
        assert_eq!(after(&own(&all), Some(&policy)), Next::Look);
        assert!(!may_send(&own(&all), 9, Some(&policy)));
    }

    #[test]
    fn progress_costs_no_try_up_to_the_most_deletes() {
        let policy = documented();
        let mut all = Vec::new();
        for left in (0..MOST_DELETES as u64).rev() {
            assert!(may_send(&own(&all), left + 1, Some(&policy)));
            all.push(failed(ErrorClass::CrpTimeout, left + 1));
        }
        assert!(!may_send(&own(&all), 0, Some(&policy)));
    }

    #[test]
    fn a_failure_that_is_not_documented_is_repeated_only_where_that_is_harmless() {
        for (class, waits) in [
            (ErrorClass::Locked, 4),
            (ErrorClass::Conflict, 3),
            (ErrorClass::Transient, 3),
            (ErrorClass::CrpTimeout, 3),
            (ErrorClass::Policy, 0),
            (ErrorClass::Forbidden, 0),
            (ErrorClass::Invalid, 0),
            (ErrorClass::Auth, 0),
            (ErrorClass::Cancelled, 0),
        ] {
            let mut all = vec![failed(class, 9)];
            let mut tries = 0;
            while may_send(&own(&all), 9, None) {
                tries += 1;
                all.push(failed(class, 9));
            }
            assert_eq!(tries, waits, "{class}");
            let first = after(&[&all[0]], None);
            assert_eq!(matches!(first, Next::GiveUp), waits == 0, "{class}");
        }
    }

    #[test]
    fn what_was_taken_and_ended_badly_is_repeated_only_where_that_is_documented() {
        let timed_out = ended(ErrorClass::CrpTimeout);
        assert_eq!(after(&[&timed_out], None), Next::GiveUp);
        assert!(!may_send(&[&timed_out], 9, None));
        assert_eq!(
            after(&[&timed_out], Some(&documented())),
            Next::Pause(MINUTE)
        );
        assert_eq!(after(&[&ended(ErrorClass::Transient)], None), Next::GiveUp);
        // Another operation held the resource: this one did nothing.
        assert_eq!(
            after(&[&ended(ErrorClass::Conflict)], None),
            Next::Pause(MINUTE)
        );
    }

    #[test]
    fn a_server_that_asks_to_wait_is_obeyed_and_that_costs_no_try() {
        let mut failure = Failure::new(ErrorClass::Throttled, "do it", "slow down");
        failure.retry_after = Some(777);
        let throttled = sent("DELETE", Fate::Failed(failure), 9, Repeat::Safe);
        assert_eq!(after(&[&throttled], None), Next::Pause(777 * SECOND));
        assert!(may_send(&[&throttled; 7], 9, None));
        let policy = documented();
        let row = [
            &failed(ErrorClass::CrpTimeout, 9),
            &throttled,
            &failed(ErrorClass::CrpTimeout, 9),
        ];
        assert_eq!(after(&row, Some(&policy)), Next::Pause(2 * MINUTE));
    }

    #[test]
    fn a_longer_wait_that_the_server_asks_for_counts_over_the_documented_floor() {
        let mut failure = Failure::new(ErrorClass::CrpTimeout, "do it", "it failed");
        failure.retry_after = Some(90);
        let late = sent("DELETE", Fate::Failed(failure), 9, Repeat::Safe);
        assert_eq!(
            after(&[&late], Some(&documented())),
            Next::Pause(90 * SECOND)
        );
    }

    #[test]
    fn what_is_in_doubt_is_waited_for_as_long_as_a_trace_may_take() {
        for (repeat, next, may) in [
            (Repeat::Safe, Next::Pause(10 * SECOND), true),
            (Repeat::LookAfter(120), Next::Pause(120 * SECOND), true),
            (Repeat::Never, Next::Look, false),
        ] {
            let doubt = sent("POST", Fate::InDoubt, 1, repeat);
            assert_eq!(after(&[&doubt], None), next);
            assert_eq!(may_send(&[&doubt], 1, None), may);
        }
    }

    #[test]
    fn what_is_in_doubt_and_left_no_trace_takes_no_documented_try_away_and_ends_by_itself() {
        let policy = documented();
        let doubt = || sent("PUT", Fate::InDoubt, 9, Repeat::Safe);
        let failed = || Sent {
            change: doubt().change,
            ..failed(ErrorClass::CrpTimeout, 9)
        };
        let row = [doubt(), failed(), doubt(), failed(), failed()];
        assert_eq!(
            after(&own(&row), Some(&policy)),
            Next::Pause(5 * MINUTE),
            "three have failed"
        );
        assert!(may_send(&own(&row), 9, Some(&policy)));
        let mut all = Vec::new();
        while may_send(&own(&all), 9, Some(&policy)) {
            all.push(if all.len() % 2 == 0 {
                doubt()
            } else {
                failed()
            });
            assert!(all.len() < 20, "it ends");
        }
        assert_eq!(all.len(), 7, "the fourth whose answer was lost is the last");
    }

    #[test]
    fn what_is_gone_or_done_is_looked_at_at_once() {
        assert_eq!(after(&[], None), Next::Look);
        assert_eq!(after(&[&failed(ErrorClass::NotFound, 1)], None), Next::Look);
        let done = sent("DELETE", Fate::Done(json!(null)), 1, Repeat::Safe);
        assert_eq!(after(&[&done], None), Next::Look);
        assert!(may_send(&[&done], 1, None));
    }
}
