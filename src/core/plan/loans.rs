//! What is borrowed is put back: by a step of its own, which is planned, shown and agreed to like
//! any other, and which no runbook has to write down.

use crate::core::action::{Actions, Fate, Sent};
use crate::core::plan::{Forecast, Plan, PlannedStep};
use crate::core::runbook::model::Entry;
use crate::core::runbook::{Runbook, Step};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The argument of a step that puts back: the step that borrowed.
const OF: &str = "of";

/// The runbook with a step that puts back after each step that something is borrowed until.
pub(super) fn with_returns(runbook: &Runbook, actions: &Actions) -> Runbook {
    let mut steps = runbook.steps.clone();
    let borrowing: Vec<(&Step, &str, &'static str)> = runbook
        .steps()
        .filter_map(|step| {
            let put_back = actions.get(&step.action)?.about().put_back?;
            Some((step, step.until.as_deref()?, put_back))
        })
        .collect();
    for (step, until, put_back) in borrowing {
        let Some(action) = actions.get(put_back) else {
            continue;
        };
        let place = steps
            .iter()
            .position(|entry| matches!(entry, Entry::Step(s) if s.id == until))
            .map_or(steps.len(), |at| at + 1);
        let back = Step {
            id: free_id(&steps, &format!("{}-back", step.id)),
            title: action.about().sentence.to_owned(),
            action: put_back.to_owned(),
            with: Map::from_iter([(OF.to_owned(), json!(step.id))]),
            when: None,
            retry: None,
            deadline: None,
            risk: None,
            approval: None,
            until: None,
            meanwhile: false,
            source: step.source.clone(),
        };
        steps.insert(place, Entry::Step(Box::new(back)));
    }
    Runbook {
        steps,
        ..runbook.clone()
    }
}

fn free_id(steps: &[Entry], wanted: &str) -> String {
    let taken = |id: &str| {
        steps
            .iter()
            .any(|e| matches!(e, Entry::Step(s) if s.id == id))
    };
    let mut id = wanted.to_owned();
    while taken(&id) {
        id.push_str("-back");
    }
    id
}

/// The step whose loans `step` puts back, if that is what it is for.
pub(super) fn returned_by<'a>(step: &'a Step, steps: &[PlannedStep]) -> Option<&'a str> {
    let of = step.with.get(OF).and_then(Value::as_str)?;
    let borrows = steps.iter().any(|planned| planned.id == of);
    borrows.then_some(of)
}

/// The loans of a planned step as if they had been taken: what its counterpart plans with.
pub(super) fn as_if_taken(step: &PlannedStep, at: Timestamp) -> Vec<Sent> {
    let borrowing = step.changes.iter().filter(|c| c.borrows.is_some());
    borrowing
        .map(|change| Sent {
            step: step.id.clone(),
            change: change.clone(),
            remaining: 1,
            at,
            settled_at: Some(at),
            fate: Fate::Done(Value::Null),
            found: None,
        })
        .collect()
}

/// Takes the steps out that have nothing to put back, and refuses a loan whose end would not come.
pub(super) fn settle(plan: &mut Plan) {
    let idle = |step: &PlannedStep| step.returns.is_some() && step.changes.is_empty();
    let gone: Vec<String> = plan
        .steps
        .iter()
        .filter(|s| idle(s))
        .map(|s| s.id.clone())
        .collect();
    plan.steps.retain(|step| !gone.contains(&step.id));
    plan.runbook
        .steps
        .retain(|entry| !matches!(entry, Entry::Step(step) if gone.contains(&step.id)));
    for at in 0..plan.steps.len() {
        if !plan.steps[at].changes.iter().any(|c| c.borrows.is_some()) {
            continue;
        }
        let until = plan.runbook.step(&plan.steps[at].id);
        let until = until.and_then(|step| step.until.clone());
        let skipped = plan
            .steps
            .iter()
            .find(|step| Some(&step.id) == until.as_ref() && step.forecast == Forecast::Skipped);
        if let Some(skipped) = skipped.map(|step| step.id.clone()) {
            let step = &mut plan.steps[at];
            step.forecast = Forecast::NeedsHuman;
            step.why = format!(
                "{}: it could only be borrowed until the step `{skipped}`, which is not done here; \
                 Azure would need it gone for hours. Its owner has to remove or narrow it",
                step.changes[0].summary
            );
        }
    }
}
