//! Looks afresh and decides one step: the memory of what was read lives for this decision only.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::base::{ErrorClass, Failure};
use crate::core::action::{Actions, Decision, Past};
use crate::core::facts::{FactKey, Facts, Lookers, Missing, Seen};
use crate::core::journal::state::State;
use crate::core::plan::step::params_fact;
use crate::core::runbook::template::Evaluated;

/// What the step at `index` makes of the world now.
///
/// # Errors
/// When something that it needs could not be read.
pub async fn look(
    state: &State,
    index: usize,
    actions: &Actions,
    lookers: &Lookers,
    now: Timestamp,
) -> Result<Decision, Failure> {
    let id = &state.plan.steps[index].id;
    let invalid = |why: String| Failure::new(ErrorClass::Invalid, format!("decide `{id}`"), why);
    let step = state
        .plan
        .runbook
        .step(id)
        .ok_or_else(|| invalid("no such step".to_owned()))?;
    let action = actions
        .get(&step.action)
        .ok_or_else(|| invalid(format!("there is no action `{}`", step.action)))?;
    let mut facts = told(state);
    let keys = step.guard_facts();
    lookers.load(&state.plan.target, &keys, &mut facts).await;
    match step.guard(&facts) {
        Evaluated::Known(Value::Bool(false)) => {
            let why = step.not_needed(&facts, lookers);
            return Ok(Decision::NotApplicable { why });
        }
        Evaluated::Known(_) => {}
        Evaluated::Unknown(by) | Evaluated::Failed(by) => {
            return Err(failed(why_not(&facts, &keys, by), id));
        }
    }
    let keys = step.argument_facts();
    lookers.load(&state.plan.target, &keys, &mut facts).await;
    let args = match step.arguments(&facts) {
        Evaluated::Known(args) => args,
        Evaluated::Unknown(by) | Evaluated::Failed(by) => {
            return Err(failed(why_not(&facts, &keys, by), id));
        }
    };
    let codes: Vec<String> = state.plan.runbook.codes().map(str::to_owned).collect();
    let past = past(state, index, now, &codes);
    let needs = action.needs(&args, &past).map_err(invalid)?;
    lookers.load(&state.plan.target, &needs, &mut facts).await;
    if let Some(missing) = facts.missing(&needs) {
        return Err(failed(missing, id));
    }
    action.decide(&args, Seen(&facts), &past).map_err(invalid)
}

/// What is known without looking.
pub(super) fn told(state: &State) -> Facts {
    let mut facts = Facts::default();
    let runbook = &state.plan.runbook;
    facts.know("params", params_fact(&state.plan.params));
    facts.know(
        "runbook",
        json!({ "code": runbook.code, "title": runbook.title }),
    );
    for (name, value) in &state.plan.names {
        facts.know(name, value.clone());
    }
    for (planned, step) in state.plan.steps.iter().zip(&state.steps) {
        let value = json!({ "outcome": step.outcome, "outputs": step.outputs });
        facts.know(&format!("steps.{}", planned.id), value);
    }
    facts
}

fn past<'a>(state: &'a State, index: usize, now: Timestamp, codes: &'a [String]) -> Past<'a> {
    let step = &state.steps[index];
    let id = &state.plan.steps[index].id;
    let until = state.plan.runbook.step(id).and_then(|s| s.until.as_deref());
    Past {
        until,
        now,
        step: &state.plan.steps[index].id,
        sent: &state.sent,
        planned: &state.plan.steps[index].changes,
        baseline: &step.baseline,
        following: &step.following,
        since: step
            .since
            .unwrap_or(now)
            .max(state.reopened.unwrap_or(Timestamp::MIN)),
        codes,
    }
}

fn why_not(facts: &Facts, keys: &[FactKey], said: String) -> Missing {
    facts.missing(keys).unwrap_or(Missing::Unknown(said))
}

fn failed(missing: Missing, step: &str) -> Failure {
    match missing {
        Missing::Failed(failure) => failure,
        Missing::Unknown(by) => Failure::new(
            ErrorClass::Invalid,
            format!("decide `{step}`"),
            format!("something it needs is not known: {by}"),
        ),
    }
}
