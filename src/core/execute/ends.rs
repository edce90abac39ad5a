//! How a step or a run ends, as the event that says so.

use jiff::Timestamp;
use serde_json::Value;

use crate::base::{Accepted, ErrorClass as C, Failure};
use crate::core::action::{Fate, Repeat, Sent};
use crate::core::execute::Act;
use crate::core::journal::Event;
use crate::core::journal::state::{State, StepState};
use crate::core::outcome::{RunOutcome, StepOutcome};
use crate::core::runbook::model::Retry;

pub(super) fn tries_used_up(own: &[&Sent], policy: Option<&Retry>) -> Act {
    let Some(last) = own.last() else {
        return ended(RunOutcome::Failed, "no tries are left");
    };
    let tries: Vec<Value> = own.iter().map(|s| try_as_evidence(s)).collect();
    let why = match (&last.fate, last.change.repeat) {
        (Fate::InDoubt, Repeat::Never) => {
            format!(
                "`{}`: nobody knows whether it was taken, and it must not be sent twice",
                last.change.summary
            )
        }
        (Fate::Failed(failure), _) => {
            format!(
                "{failure}; it was sent {} times and is not sent again",
                own.len()
            )
        }
        _ => format!(
            "`{}` was sent {} times without an answer",
            last.change.summary,
            own.len()
        ),
    };
    let otherwise = policy.and_then(|policy| otherwise(last, policy));
    let otherwise = otherwise.map(|next| format!(": {next}"));
    let why = format!("{why}{}", otherwise.unwrap_or_default());
    let mut event = plain_end(RunOutcome::NeedsHuman, &why);
    if let Event::Ended {
        evidence, failure, ..
    } = &mut event
    {
        *evidence = Value::Array(tries);
        if let Fate::Failed(last) = &last.fate {
            *failure = Some(last.clone());
        }
    }
    Act::Append(Box::new(event))
}

/// What is left to do after the failure that the retries are for; another one asks for something else.
fn otherwise<'a>(last: &Sent, policy: &'a Retry) -> Option<&'a str> {
    match &last.fate {
        Fate::Failed(failure) if policy.on.contains(&failure.class) => policy.otherwise.as_deref(),
        _ => None,
    }
}

fn try_as_evidence(sent: &Sent) -> Value {
    let (error, id) = match &sent.fate {
        Fate::Failed(failure) => (failure.message.clone(), failure.correlation_id.clone()),
        _ => (String::new(), None),
    };
    serde_json::json!({
        "at": sent.at, "what": sent.change.summary, "left": sent.remaining,
        "error": error, "correlation_id": id,
    })
}

pub(super) fn give_up(failure: &Failure, state: &State) -> Act {
    let begun = state.sent.iter().any(|s| matches!(s.fate, Fate::Done(_)));
    let outcome = match failure.class {
        // A credential that expires on the way is renewed and the run goes on.
        C::Auth if begun => RunOutcome::Waiting,
        // Azure took it, and it ended for a reason that no retry mends.
        C::Invalid if failure.accepted == Accepted::Ended => RunOutcome::NeedsHuman,
        C::Locked | C::Policy | C::CrpTimeout | C::Conflict => RunOutcome::NeedsHuman,
        _ => RunOutcome::Failed,
    };
    let mut event = plain_end(outcome, &failure.to_string());
    if let Event::Ended { failure: place, .. } = &mut event {
        *place = Some(failure.clone());
    }
    Act::Append(Box::new(event))
}

/// Every step is over.
pub(super) fn all_done(state: &State) -> Act {
    if let Some(in_vain) = in_vain(state) {
        return in_vain;
    }
    let changed = state.sent.iter().any(|s| !s.change.probe) || state.job_wait_since.is_some();
    // The last that came to something tells it, not one that was not needed after it.
    let came_to_something = |s: &&StepState| s.outcome != Some(StepOutcome::Skipped);
    let told = state.steps.iter().rev().find(came_to_something);
    let why = told
        .or(state.steps.last())
        .map(|s| s.why.clone())
        .unwrap_or_default();
    let outcome = if changed {
        RunOutcome::Fixed
    } else {
        RunOutcome::NothingToDo
    };
    ended(outcome, &why)
}

/// The end of a run in which a step was in vain and none of the same action made good for it.
fn in_vain(state: &State) -> Option<Act> {
    let action = |index: usize| &state.plan.steps[index].action;
    let failed = state
        .steps
        .iter()
        .rposition(|s| s.outcome == Some(StepOutcome::Failed))?;
    let good = |s: &StepState| {
        matches!(
            s.outcome,
            Some(StepOutcome::Satisfied | StepOutcome::Changed)
        )
    };
    let mut later = state.steps.iter().enumerate().skip(failed + 1);
    if later.any(|(index, step)| action(index) == action(failed) && good(step)) {
        return None;
    }
    let mut event = plain_end(RunOutcome::Failed, &state.steps[failed].why);
    if let Event::Ended { code, evidence, .. } = &mut event {
        let outputs = &state.steps[failed].outputs;
        *code = outputs["code"].as_str().map(str::to_owned);
        evidence.clone_from(outputs);
    }
    Some(Act::Append(Box::new(event)))
}

pub(super) fn verified(step: &str, outcome: StepOutcome, why: &str, outputs: &Value) -> Act {
    Act::Append(Box::new(Event::Verified {
        step: step.to_owned(),
        outcome,
        why: why.to_owned(),
        outputs: outputs.clone(),
    }))
}

/// A step as a person knows it: by its title, since ids are the runbook's.
pub(super) fn titled(state: &State, id: &str) -> String {
    let step = state.plan.steps.iter().find(|step| step.id == id);
    step.map_or_else(
        || format!("the step `{id}`"),
        |step| format!("the step \"{}\"", step.title),
    )
}

pub(super) fn wait_for_another_day(due: Timestamp, why: &str) -> Act {
    let mut event = plain_end(RunOutcome::Waiting, why);
    if let Event::Ended { due: place, .. } = &mut event {
        *place = Some(due);
    }
    Act::Append(Box::new(event))
}

pub(super) fn ended(outcome: RunOutcome, why: &str) -> Act {
    Act::Append(Box::new(plain_end(outcome, why)))
}

/// An end that has only an outcome and a reason.
#[must_use]
pub(super) fn plain_end(outcome: RunOutcome, reason: &str) -> Event {
    Event::Ended {
        outcome,
        reason: reason.to_owned(),
        due: None,
        failure: None,
        code: None,
        evidence: Value::Null,
        requests: Value::Null,
    }
}
