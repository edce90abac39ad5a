//! Each step of a plan, and what became of it.

use jiff::Timestamp;

use crate::core::action::{Change, Decision, Fate, Sent};
use crate::core::journal::state::State;
use crate::core::journal::{Event, Record};
use crate::core::outcome::{RunOutcome, StepOutcome};
use crate::core::plan::{Forecast, PlannedStep};
use crate::core::report::{Attempt, ChangeReport, FateReport, StepReport};

/// A step that was planned and not begun.
pub(super) fn planned(step: &PlannedStep) -> StepReport {
    let outcome = match step.forecast {
        Forecast::Satisfied => Some(StepOutcome::Satisfied),
        Forecast::Skipped => Some(StepOutcome::Skipped),
        Forecast::NeedsHuman => Some(StepOutcome::NeedsHuman),
        Forecast::Failed => Some(StepOutcome::Failed),
        Forecast::Change | Forecast::Deferred | Forecast::Waits => None,
    };
    StepReport {
        id: step.id.clone(),
        title: step.title.clone(),
        action: step.action.clone(),
        outcome,
        reason: step.why.clone(),
        attempts: Vec::new(),
        changes: step
            .changes
            .iter()
            .filter(|c| !c.probe)
            .map(ChangeReport::of)
            .collect(),
        undoable: false,
    }
}

/// Every step of a run. The step at which the run stopped ends as the run does.
pub(super) fn of_run(
    records: &[Record],
    state: &State,
    end: Option<RunOutcome>,
    reason: &str,
) -> Vec<StepReport> {
    let first_left = state.current();
    let stopped_at = first_left.map(|first| reached(state, first));
    let each = state.plan.steps.iter().zip(&state.steps).enumerate();
    each.map(|(at, (plan, step))| {
        let own: Vec<&Sent> = state
            .sent
            .iter()
            .filter(|sent| sent.step == plan.id)
            .collect();
        let stopped = end.and_then(stopped);
        let here = stopped.filter(|_| stopped_at == Some(at));
        let passed = stopped.is_some() && first_left <= Some(at) && Some(at) < stopped_at;
        if passed {
            return StepReport {
                reason: "not needed here".to_owned(),
                ..planned(plan)
            };
        }
        StepReport {
            id: plan.id.clone(),
            title: plan.title.clone(),
            action: plan.action.clone(),
            outcome: step.outcome.or(here),
            reason: match (&step.decision, step.outcome) {
                _ if here.is_some() => reason.to_owned(),
                (Some(Decision::Wait { what, .. }), None) if end == Some(RunOutcome::Fixed) => {
                    format!("waited for {what}")
                }
                _ => step.why.clone(),
            },
            attempts: attempts(records, state, &plan.id, step.outcome),
            changes: once_each(&own),
            undoable: step.outputs["undoable"] == true,
        }
    })
    .collect()
}

/// Where a run stands whose first step without an outcome is `first`: one that the plan passes over is
/// not where it waits.
fn reached(state: &State, first: usize) -> usize {
    let each = state.plan.steps.iter().zip(&state.steps);
    let mut left = each.enumerate().skip(first);
    let stands = left.find(|(_, (plan, step))| {
        plan.forecast != Forecast::Skipped || step.since.is_some() || step.outcome.is_some()
    });
    stands.map_or(first, |(at, _)| at)
}

fn stopped(end: RunOutcome) -> Option<StepOutcome> {
    match end {
        RunOutcome::Waiting => Some(StepOutcome::Waiting),
        RunOutcome::NeedsApproval => Some(StepOutcome::NeedsApproval),
        RunOutcome::NeedsHuman => Some(StepOutcome::NeedsHuman),
        RunOutcome::Failed => Some(StepOutcome::Failed),
        RunOutcome::Fixed | RunOutcome::NothingToDo | RunOutcome::Busy | RunOutcome::Cancelled => {
            None
        }
    }
}

/// The last request may still be in flight: taken, when it has an operation.
fn attempts(
    records: &[Record],
    state: &State,
    step: &str,
    outcome: Option<StepOutcome>,
) -> Vec<Attempt> {
    let taken = taken(records);
    let own = state
        .sent
        .iter()
        .enumerate()
        .filter(|(_, s)| s.step == step);
    let mut attempts: Vec<Attempt> = own
        .map(|(at, sent)| Attempt {
            accepted: taken.get(at) == Some(&true),
            ..attempt(state, sent)
        })
        .collect();
    let Some(last) = attempts.last_mut() else {
        return attempts;
    };
    let flight = state.flight.as_ref().filter(|flight| flight.step == step);
    if flight.is_some_and(|flight| flight.operation.is_some()) {
        last.fate = FateReport::Running;
    }
    // What was sent again after it says nothing of the one before.
    if last.fate == FateReport::InDoubt && outcome == Some(StepOutcome::Changed) {
        last.seen_done = verified_at(records, step);
    }
    attempts
}

/// Of each request, in the order of sending, whether Azure took it and named an operation.
fn taken(records: &[Record]) -> Vec<bool> {
    let mut taken = Vec::new();
    for record in records {
        match &record.event {
            Event::Intended { .. } => taken.push(false),
            Event::Accepted { operation, .. } => {
                if let Some(last) = taken.last_mut() {
                    *last = operation.is_some();
                }
            }
            _ => {}
        }
    }
    taken
}

fn verified_at(records: &[Record], of: &str) -> Option<Timestamp> {
    let mut backwards = records.iter().rev();
    backwards.find_map(|record| match &record.event {
        Event::Verified { step, .. } if step == of => Some(record.at),
        _ => None,
    })
}

fn attempt(state: &State, sent: &Sent) -> Attempt {
    let fate = match (&sent.fate, &sent.found) {
        (_, Some(what)) => FateReport::Found(what.clone()),
        (Fate::Done(_), _) => FateReport::Done,
        (Fate::Failed(failure), _) => FateReport::Failed(Box::new(failure.clone())),
        (Fate::InDoubt, _) => FateReport::InDoubt,
    };
    let lock = sent
        .change
        .evidence
        .get("lock")
        .filter(|lock| !lock.is_null());
    Attempt {
        summary: sent.change.summary.clone(),
        method: sent.change.method.clone(),
        resource: sent.change.resource.clone(),
        at: sent.at,
        settled_at: sent.settled_at,
        fate,
        probe: sent.change.probe,
        accepted: false,
        seen_done: None,
        lock: lock.filter(|_| sent.change.method == "DELETE").cloned(),
        put_back: sent.change.borrows.as_ref().is_some_and(|loan| {
            !state
                .out
                .iter()
                .any(|out| out.loan.key == loan.key && !out.seen_back)
        }),
    }
}

fn once_each(own: &[&Sent]) -> Vec<ChangeReport> {
    let mut seen: Vec<String> = Vec::new();
    let mut changes = Vec::new();
    for sent in own.iter().filter(|sent| !sent.change.probe) {
        let key = sent.change.key();
        if !seen.contains(&key) {
            seen.push(key);
            changes.push(ChangeReport::of(&sent.change));
        }
    }
    changes
}

impl ChangeReport {
    fn of(change: &Change) -> Self {
        Self {
            summary: change.summary.clone(),
            method: change.method.clone(),
            resource: change.resource.clone(),
            risk: change.risk,
            approval: change.approval,
        }
    }
}

impl StepReport {
    /// How many requests it sent; looks inside the guest are not counted.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.attempts
            .iter()
            .filter(|attempt| !attempt.probe)
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::report::samples;

    #[test]
    fn a_probe_is_an_attempt_that_is_not_counted_and_no_change() {
        let mut state = State::fold(&samples::fixed_run()).expect("a history");
        state.sent[0].change.probe = true;
        let steps = of_run(&[], &state, Some(RunOutcome::Fixed), "");
        assert_eq!(
            (
                steps[0].attempts.len(),
                steps[0].sent(),
                steps[0].changes.len()
            ),
            (1, 0, 0)
        );
    }

    #[test]
    fn a_request_that_azure_is_at_work_on_is_not_in_doubt() {
        let whole = samples::fixed_run();
        let fate_after = |events: usize| {
            let state = State::fold(&whole[..events]).expect("a history");
            let steps = of_run(&whole[..events], &state, Some(RunOutcome::Waiting), "");
            steps[1].attempts.last().map(|attempt| attempt.fate.clone())
        };
        assert_eq!(fate_after(12), Some(FateReport::InDoubt), "intended");
        assert_eq!(fate_after(13), Some(FateReport::Running), "accepted");
        assert_eq!(fate_after(14), Some(FateReport::Done), "ended");
    }

    #[test]
    fn only_the_step_that_stopped_the_run_ends_as_the_run_does() {
        let whole = samples::fixed_run();
        let state = State::fold(&whole[..6]).expect("a history");
        let steps = of_run(&whole[..6], &state, Some(RunOutcome::Failed), "the reason");
        let outcomes: Vec<_> = steps.iter().map(|step| step.outcome).collect();
        assert_eq!(
            outcomes,
            [Some(StepOutcome::Changed), Some(StepOutcome::Failed), None]
        );
        assert_eq!(steps[1].reason, "the reason");
    }
}
