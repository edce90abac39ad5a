//! The next act, from plan, state and time alone.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::base::Failure;
use crate::base::clock::add;
use crate::core::action::{Change, Decision, Fate, Patience, Sent};
use crate::core::execute::ends::{
    all_done, ended, give_up, plain_end, titled, tries_used_up, verified, wait_for_another_day,
};
use crate::core::execute::{Act, Limits, Stop, leave, retry};
use crate::core::incident::IncidentStatus;
use crate::core::journal::Event;
use crate::core::journal::state::{Pause, State};
use crate::core::outcome::{RunOutcome, StepOutcome};
use crate::core::plan::consent::{Consent, within};
use crate::core::plan::step::raised;
use crate::core::runbook::Step;

/// How long a step goes on retrying and polling before the run waits for another day, where the
/// runbook does not say (DESIGN section 6: two hours for a collection).
pub const DEADLINE: Duration = Duration::from_secs(2 * 3600);

/// How soon to look again when a request was done and its effect is not seen yet, at first and
/// at the longest. A 200 proves nothing, and the same request is not sent again because of it.
/// Our figures; a look may read backup jobs, which have a budget of 150 an hour.
const EFFECT: [Duration; 2] = [Duration::from_secs(15), Duration::from_secs(60)];

/// The one thing to do next. Pure.
#[must_use]
pub fn next(state: &State, now: Timestamp, limits: &Limits) -> Act {
    if state.ended.is_some() {
        return Act::Over;
    }
    leave::nothing_out(state, now, limits, undisturbed(state, now, limits))
}

/// The next act of a run that has borrowed nothing.
fn undisturbed(state: &State, now: Timestamp, limits: &Limits) -> Act {
    if let Some(flight) = &state.flight {
        let Some(operation) = &flight.operation else {
            // Only a crash leaves this: the request may or may not have left.
            return doubtful(state);
        };
        match limits.stop {
            Stop::No => {}
            Stop::Pause => {
                let why = "stopped while an operation runs in Azure";
                return wait_for_another_day(flight.poll_at, why);
            }
            Stop::Cancel => {
                let step = titled(state, &flight.step);
                let why = format!("cancelled; an operation of {step} goes on in Azure");
                return ended(RunOutcome::Cancelled, &why);
            }
        }
        if now < flight.poll_at {
            return Act::Sleep(flight.poll_at);
        }
        let step = state.plan.runbook.step(&flight.step);
        let own: Vec<&Sent> = state
            .sent
            .iter()
            .filter(|s| s.step == flight.step)
            .collect();
        // The poll that was due before the deadline is made, however late it is.
        let since = trying_since(state, &own, false);
        if since.is_some_and(|since| past_deadline(since, step, flight.poll_at)) {
            let step = titled(state, &flight.step);
            let why = format!(
                "an operation of {step} still runs in Azure after its deadline; going on follows \
                 it further"
            );
            return wait_for_another_day(flight.poll_at, &why);
        }
        return Act::Poll {
            operation: operation.clone(),
        };
    }
    if let Some(pause) = state.pause.as_ref().filter(|p| now < p.until) {
        return in_pause(state, pause, limits);
    }
    if state.recheck_incident {
        return stopped(limits).unwrap_or(Act::LookAtIncident);
    }
    if let Some(end) = end_by_incident(state) {
        return end;
    }
    match state.current() {
        None => all_done(state),
        Some(index) => at_step(state, index, now, limits),
    }
}

fn doubtful(state: &State) -> Act {
    let Some(sent) = state.sent.last() else {
        return Act::Over;
    };
    Act::Append(Box::new(Event::Doubtful {
        step: sent.step.clone(),
        change: sent.change.key(),
        failure: Failure {
            accepted: crate::base::Accepted::Maybe,
            ..Failure::new(
                crate::base::ErrorClass::Transient,
                format!("tell what became of `{}`", sent.change.summary),
                "the run was interrupted before an answer was journalled",
            )
        },
    }))
}

fn in_pause(state: &State, pause: &Pause, limits: &Limits) -> Act {
    match limits.stop {
        Stop::No => {}
        Stop::Pause => {
            let why = format!("stopped while waiting for {}", pause.what);
            return wait_for_another_day(pause.until, &why);
        }
        Stop::Cancel => {
            let why = format!("cancelled while waiting for {}", pause.what);
            return ended(RunOutcome::Cancelled, &why);
        }
    }
    if pause.patience == Patience::Job {
        let since = state.job_wait_since.unwrap_or(pause.until);
        let enough = add(since, limits.wait);
        if pause.until > enough {
            return wait_for_another_day(pause.until, &format!("still waiting for {}", pause.what));
        }
    }
    Act::Sleep(pause.until)
}

fn stopped(limits: &Limits) -> Option<Act> {
    let why = match limits.stop {
        Stop::No => return None,
        Stop::Pause => "stopped before the next step",
        Stop::Cancel => "cancelled before the next step",
    };
    Some(ended(RunOutcome::Cancelled, why))
}

fn end_by_incident(state: &State) -> Option<Act> {
    let incident = &state.incident;
    match incident.status {
        IncidentStatus::Healed => Some(ended(RunOutcome::Fixed, &incident.evidence)),
        IncidentStatus::None if !state.plan.forced => {
            let mut event = plain_end(RunOutcome::NeedsHuman, &incident.evidence);
            if let Event::Ended { code, .. } = &mut event {
                code.clone_from(&incident.code);
            }
            Some(Act::Append(Box::new(event)))
        }
        _ => None,
    }
}

pub(super) fn at_step(state: &State, index: usize, now: Timestamp, limits: &Limits) -> Act {
    let step = &state.steps[index];
    let planned = &state.plan.steps[index];
    let runbook_step = state.plan.runbook.step(&planned.id);
    // What is borrowed is put back whatever failed before the run went on.
    let before = match planned.returns {
        Some(_) => state.sent_before,
        None => 0,
    };
    let own: Vec<&Sent> = state
        .sent
        .iter()
        .skip(before)
        .filter(|s| s.step == planned.id)
        .collect();
    if let Some(decision) = &step.decision {
        return act_on(state, index, decision, &own, now, limits);
    }
    if let Some(act) = stopped(limits) {
        return act;
    }
    if state.paused_at < state.sent.len()
        && let Some(last) = own.last()
    {
        let failure = match &last.fate {
            Fate::Failed(failure) => Some(failure),
            _ => None,
        };
        match retry::after(&own, runbook_step.and_then(|s| s.retry.as_ref())) {
            retry::Next::Pause(floor) => {
                let what = match failure {
                    Some(failure) => format!("the next try ({failure})"),
                    None => "a trace of a request whose answer was lost".to_owned(),
                };
                let from = last.settled_at.unwrap_or(last.at);
                return Act::Pause {
                    step: index,
                    what,
                    from,
                    floor,
                };
            }
            retry::Next::Look => {}
            retry::Next::GiveUp => {
                if let Some(failure) = failure {
                    return give_up(failure, state);
                }
            }
        }
    }
    Act::Look(index)
}

fn act_on(
    state: &State,
    index: usize,
    decision: &Decision,
    own: &[&Sent],
    now: Timestamp,
    limits: &Limits,
) -> Act {
    let id = &state.plan.steps[index].id;
    match decision {
        Decision::Satisfied { why, outputs } => {
            let changed = own.iter().any(|s| !s.change.probe);
            let outcome = if changed {
                StepOutcome::Changed
            } else {
                StepOutcome::Satisfied
            };
            verified(id, outcome, why, outputs)
        }
        Decision::NotApplicable { why } => verified(id, StepOutcome::Skipped, why, &Value::Null),
        Decision::InVain { why, outputs } => verified(id, StepOutcome::Failed, why, outputs),
        Decision::Found { .. } => Act::Look(index),
        Decision::CannotTell { why } => ended(RunOutcome::NeedsHuman, why),
        Decision::NeedsHuman { why, evidence } => {
            let mut event = plain_end(RunOutcome::NeedsHuman, why);
            if let Event::Ended {
                evidence: place, ..
            } = &mut event
            {
                place.clone_from(evidence);
            }
            Act::Append(Box::new(event))
        }
        Decision::Failed {
            why,
            code: failed_with,
            evidence: facts,
        } => {
            let mut event = plain_end(RunOutcome::Failed, why);
            if let Event::Ended { code, evidence, .. } = &mut event {
                code.clone_from(failed_with);
                evidence.clone_from(facts);
            }
            Act::Append(Box::new(event))
        }
        Decision::Wait {
            what, give_up_at, ..
        } => {
            // A machine that slept through the time to give up has not looked since: it looks first.
            if state.steps[index].decided_at >= Some(*give_up_at) {
                let why = format!("waited long enough for {what}");
                return wait_for_another_day(now, &why);
            }
            // The pause of this decision has passed: look again.
            stopped(limits).unwrap_or(Act::Look(index))
        }
        Decision::Probe(probe) => to_send(state, index, probe, 0, own, now, limits),
        Decision::Change {
            changes, remaining, ..
        } => match changes.first() {
            Some(change) => to_send(state, index, change, *remaining, own, now, limits),
            None => ended(
                RunOutcome::Failed,
                "the step decided to change nothing: our bug",
            ),
        },
    }
}

fn to_send(
    state: &State,
    index: usize,
    change: &Change,
    remaining: u64,
    own: &[&Sent],
    now: Timestamp,
    limits: &Limits,
) -> Act {
    if let Some(act) = stopped(limits) {
        return act;
    }
    let planned = &state.plan.steps[index];
    let step = state.plan.runbook.step(&planned.id);
    let change = step.map_or_else(|| change.clone(), |s| raised(change.clone(), s));
    let agreed = state.approved.as_ref().unwrap_or(&Consent::None);
    if let Err(difference) = within(planned, &change, agreed) {
        let why = format!("the world differs from the approved plan: {difference}");
        return ended(RunOutcome::NeedsApproval, &why);
    }
    let policy = step.and_then(|s| s.retry.as_ref());
    if !retry::may_send(own, remaining, policy) {
        return tries_used_up(own, policy);
    }
    let key = change.key();
    let before = own.iter().filter(|s| s.change.key() == key);
    // Probe and change can be the same request: after a change in doubt a probe looks again.
    let done = !change.anew && before.clone().next_back().is_some_and(|s| is_done(s));
    let looked = state.steps[index].decided_at.filter(|_| done);
    let tried_until = looked.unwrap_or(now);
    if trying_since(state, own, done).is_some_and(|since| past_deadline(since, step, tried_until)) {
        let why = format!(
            "{} took longer than its deadline; going on gives it as long again",
            titled(state, &planned.id)
        );
        return wait_for_another_day(now, &why);
    }
    if done {
        let what = format!("the effect of `{}` to be seen", change.summary);
        return Act::Pause {
            step: index,
            what,
            from: now,
            floor: effect_pause(own, now),
        };
    }
    let attempt = u32::try_from(before.count())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    Act::Send {
        step: index,
        change: Box::new(change),
        remaining,
        attempt,
    }
}

fn is_done(sent: &Sent) -> bool {
    matches!(sent.fate, Fate::Done(_))
}

/// Since when a step has tried without success, or has waited for the effect of what was done.
/// Hours spent on waiting for a job, before or between requests, are not the step's own.
/// A run that goes on after it had waited has all its time again.
fn trying_since(state: &State, own: &[&Sent], for_effect: bool) -> Option<Timestamp> {
    let since = if for_effect {
        own.last().map(|s| s.settled_at.unwrap_or(s.at))
    } else {
        let row = own.iter().rev().take_while(|s| !is_done(s));
        row.last().map(|s| s.at)
    };
    since.map(|since| state.reopened.map_or(since, |reopened| since.max(reopened)))
}

fn past_deadline(since: Timestamp, step: Option<&Step>, now: Timestamp) -> bool {
    let limit = step.and_then(Step::longest).unwrap_or(DEADLINE);
    now > add(since, limit)
}

/// As long as has passed since the request was done, within [`EFFECT`].
fn effect_pause(own: &[&Sent], now: Timestamp) -> Duration {
    let since = own.last().map_or(now, |s| s.settled_at.unwrap_or(s.at));
    now.duration_since(since)
        .unsigned_abs()
        .clamp(EFFECT[0], EFFECT[1])
}
