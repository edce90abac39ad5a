//! Nothing stays borrowed: before a run ends, or waits for hours, it puts back what it took.

use jiff::Timestamp;

use crate::core::action::{Fate, Patience};
use crate::core::execute::next::at_step;
use crate::core::execute::{Act, Limits, Stop};
use crate::core::journal::state::State;
use crate::core::journal::{Event, RunId};

/// `act`, or what has to be done before it because something is borrowed.
pub(super) fn nothing_out(state: &State, now: Timestamp, limits: &Limits, act: Act) -> Act {
    let Some(index) = state.return_step() else {
        return act;
    };
    if state.flight.is_none()
        && let Some(back) = state.out.iter().find(|out| out.seen_back)
    {
        return Act::Append(Box::new(Event::LockReturned {
            step: state.plan.steps[index].id.clone(),
            key: back.loan.key.clone(),
            left_to: left_to(state, &back.loan.key),
        }));
    }
    if !leaves(state, &act) {
        return act;
    }
    if let Some(operation) = state.flight.as_ref().and_then(|f| f.operation.clone()) {
        return Act::LetGo { operation };
    }
    // Whoever asked to stop did not ask to leave it out.
    let unstopped = Limits {
        stop: Stop::No,
        ..*limits
    };
    match (at_step(state, index, now, &unstopped), act) {
        (Act::Append(own), Act::Append(other)) => match (*own, *other) {
            (Event::Ended { reason, .. }, other @ Event::Ended { .. }) => {
                Act::Append(Box::new(with_both(other, &reason)))
            }
            (own, _) => Act::Append(Box::new(own)),
        },
        (own, _) => own,
    }
}

/// The next act of a run that is about to end so.
pub(super) fn leave(state: &State, now: Timestamp, limits: &Limits, end: &Event) -> Act {
    if state.ended.is_some() {
        return Act::Over;
    }
    nothing_out(state, now, limits, Act::Append(Box::new(end.clone())))
}

/// The run that a loan was left to, if its last return was that.
fn left_to(state: &State, key: &str) -> Option<RunId> {
    let mut returns = state.sent.iter().rev();
    let last = returns.find(|sent| sent.change.returns.as_deref() == Some(key))?;
    match &last.fate {
        Fate::Done(outputs) => serde_json::from_value(outputs.get("left_to")?.clone()).ok(),
        _ => None,
    }
}

/// Whether the run would end, or wait for as long as a job takes.
fn leaves(state: &State, act: &Act) -> bool {
    match act {
        Act::Append(event) => matches!(**event, Event::Ended { .. }),
        Act::Sleep(_) => {
            let pause = state.pause.as_ref();
            pause.is_some_and(|pause| pause.patience == Patience::Job)
        }
        _ => false,
    }
}

fn with_both(mut end: Event, why_out: &str) -> Event {
    if let Event::Ended { reason, .. } = &mut end
        && reason != why_out
    {
        *reason = format!("{reason}. Besides, what was borrowed could not be put back: {why_out}");
    }
    end
}
