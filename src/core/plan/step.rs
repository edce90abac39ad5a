//! Plans one step on the planning tree, which earlier steps' predictions have edited.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::base::Failure;
use crate::core::action::{Action, Actions, Ceiling, Change, Decision, Past, Repeat, Sent};
use crate::core::facts::{Facts, Lookers, Missing, Seen};
use crate::core::plan::build::Request;
use crate::core::plan::{Forecast, PlannedStep, loans};
use crate::core::runbook::Step;
use crate::core::runbook::risk::Approval;
use crate::core::runbook::template::Evaluated;

pub(super) struct Planner<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) actions: &'a Actions,
    pub(super) lookers: &'a Lookers,
    pub(super) facts: &'a mut Facts,
    pub(super) codes: Vec<String>,
    pub(super) planned: usize,
}

/// The `params` fact.
pub(in crate::core) fn params_fact(params: &BTreeMap<String, Value>) -> Value {
    Value::Object(
        params
            .iter()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect::<Map<_, _>>(),
    )
}

impl Planner<'_> {
    /// A step that cannot be decided before `what` has passed.
    pub(super) fn after(&mut self, step: &Step, what: &str) -> PlannedStep {
        self.planned += 1;
        let Some(action) = self.actions.get(&step.action) else {
            return unknown_action(step);
        };
        // What a parameter alone rules out stays ruled out, whatever passes meanwhile.
        let mut chosen = Facts::default();
        chosen.know("params", params_fact(&self.request.params));
        if let Evaluated::Known(Value::Bool(false)) = step.guard(&chosen) {
            let why = step.not_needed(&chosen, self.lookers);
            return self.simple(step, Forecast::Skipped, why);
        }
        self.deferred(step, action, Value::Null, format!("decided after {what}"))
    }

    /// Looks and decides; later steps see what this one is predicted to do.
    pub(super) async fn plan(&mut self, step: &Step, before: &[PlannedStep]) -> PlannedStep {
        self.planned += 1;
        let of = loans::returned_by(step, before);
        let borrowing = before
            .iter()
            .find(|planned| Some(planned.id.as_str()) == of);
        let taken = borrowing.map(|step| loans::as_if_taken(step, self.request.now));
        let planned = self.decide(step, &taken.unwrap_or_default()).await;
        let outcome = match planned.forecast {
            Forecast::Satisfied => Some("satisfied"),
            Forecast::Skipped => Some("skipped"),
            _ => None,
        };
        let key = format!("steps.{}", step.id);
        match outcome {
            Some(outcome) => self
                .facts
                .know(&key, json!({ "outcome": outcome, "outputs": null })),
            None => self.facts.forget(&key, &self.me()),
        }
        planned
    }

    fn me(&self) -> String {
        format!("step {}", self.planned)
    }

    async fn decide(&mut self, step: &Step, taken: &[Sent]) -> PlannedStep {
        let Some(action) = self.actions.get(&step.action) else {
            return unknown_action(step);
        };
        let keys = step.guard_facts();
        let named: Vec<_> = keys.iter().cloned().chain(step.title_facts()).collect();
        self.lookers
            .load(&self.request.target, &named, self.facts)
            .await;
        match step.guard(self.facts) {
            Evaluated::Known(Value::Bool(false)) => {
                let why = step.not_needed(self.facts, self.lookers);
                return self.simple(step, Forecast::Skipped, why);
            }
            Evaluated::Known(_) => {}
            Evaluated::Unknown(by) => {
                return self.deferred(step, action, Value::Null, format!("decided after {by}"));
            }
            Evaluated::Failed(why) => return self.cannot(step, &keys, why),
        }
        let keys = step.argument_facts();
        self.lookers
            .load(&self.request.target, &keys, self.facts)
            .await;
        let args = match step.arguments(self.facts) {
            Evaluated::Known(args) => args,
            Evaluated::Unknown(by) => {
                return self.deferred(step, action, Value::Null, format!("decided after {by}"));
            }
            Evaluated::Failed(why) => return self.cannot(step, &keys, why),
        };
        self.decide_with(step, action, args, taken).await
    }

    async fn decide_with(
        &mut self,
        step: &Step,
        action: &dyn Action,
        args: Value,
        taken: &[Sent],
    ) -> PlannedStep {
        let codes = self.codes.clone();
        let approved = self.request.approved.map(|plan| plan.steps.as_slice());
        let same = approved.and_then(|steps| steps.iter().find(|s| s.id == step.id));
        let past = Past {
            now: self.request.now,
            step: &step.id,
            sent: taken,
            planned: same.map_or(&[], |step| &step.changes),
            baseline: &Value::Null,
            following: &Value::Null,
            since: self.request.now,
            until: step.until.as_deref(),
            codes: &codes,
        };
        let needs = match action.needs(&args, &past) {
            Ok(needs) => needs,
            Err(why) => return self.simple(step, Forecast::Failed, why),
        };
        self.lookers
            .load(&self.request.target, &needs, self.facts)
            .await;
        match self.facts.missing(&needs) {
            Some(Missing::Unknown(by)) => {
                return self.deferred(step, action, args, format!("decided after {by}"));
            }
            Some(Missing::Failed(failure)) => return self.failed(step, &failure),
            None => {}
        }
        match action.decide(&args, Seen(self.facts), &past) {
            Ok(decision) => self.forecast(step, action, args, decision),
            Err(why) => self.simple(step, Forecast::Failed, why),
        }
    }

    fn forecast(
        &mut self,
        step: &Step,
        action: &dyn Action,
        args: Value,
        decision: Decision,
    ) -> PlannedStep {
        match decision {
            Decision::Satisfied { why, .. } => self.simple(step, Forecast::Satisfied, why),
            Decision::NotApplicable { why } => self.simple(step, Forecast::Skipped, why),
            Decision::NeedsHuman { why, evidence } => PlannedStep {
                evidence,
                ..self.simple(step, Forecast::NeedsHuman, why)
            },
            // A plan has sent nothing that could be found.
            Decision::CannotTell { why } | Decision::Found { what: why, .. } => {
                self.simple(step, Forecast::NeedsHuman, why)
            }
            Decision::Failed { why, evidence, .. } => PlannedStep {
                evidence,
                ..self.simple(step, Forecast::Failed, why)
            },
            Decision::InVain { why, .. } => self.simple(step, Forecast::Failed, why),
            Decision::Wait { what, then, .. } => {
                let why = format!("waits for {what}");
                let mut planned = if then.is_empty() {
                    self.deferred(step, action, args, why)
                } else {
                    self.changes(step, action, args, then, why)
                };
                planned.forecast = Forecast::Waits;
                planned
            }
            Decision::Probe(change) => {
                let only_looks = raised_ceiling(action.about().ceiling, step).changes_nothing();
                let why = match only_looks {
                    true => "changes nothing, whatever it sees inside the VM",
                    false => "decided after looking inside the VM",
                };
                let mut planned = self.deferred(step, action, args, why.to_owned());
                planned.changes = vec![*change];
                planned
            }
            Decision::Change { changes, .. } => {
                self.changes(step, action, args, changes, String::new())
            }
        }
    }

    /// A step whose requests are known.
    fn changes(
        &mut self,
        step: &Step,
        action: &dyn Action,
        args: Value,
        changes: Vec<Change>,
        why: String,
    ) -> PlannedStep {
        let me = self.me();
        let changes: Vec<Change> = changes.into_iter().map(|c| raised(c, step)).collect();
        // The title tells what is there, so it is made before the step's own predictions.
        let mut planned = self.simple(step, Forecast::Change, why);
        for change in &changes {
            action.predict(change, self.facts, &me);
        }
        planned.arguments = args;
        planned.changes = changes;
        planned.scripts = action.about().scripts;
        planned
    }

    fn simple(&self, step: &Step, forecast: Forecast, why: String) -> PlannedStep {
        PlannedStep {
            id: step.id.clone(),
            title: step.title_text(self.facts),
            action: step.action.clone(),
            arguments: Value::Null,
            forecast,
            why,
            changes: Vec::new(),
            ceiling: None,
            returns: None,
            scripts: Vec::new(),
            failure: None,
            evidence: Value::Null,
        }
    }

    fn deferred(
        &mut self,
        step: &Step,
        action: &dyn Action,
        args: Value,
        why: String,
    ) -> PlannedStep {
        let me = self.me();
        let about = action.about();
        let mut planned = self.simple(step, Forecast::Deferred, why);
        for kind in &about.ceiling.kinds {
            action.predict(&anything(&kind.method), self.facts, &me);
        }
        planned.arguments = args;
        planned.ceiling = Some(raised_ceiling(about.ceiling, step));
        planned.scripts = about.scripts;
        planned
    }

    fn cannot(
        &self,
        step: &Step,
        keys: &[crate::core::facts::FactKey],
        why: String,
    ) -> PlannedStep {
        match self.facts.missing(keys) {
            Some(Missing::Failed(failure)) => self.failed(step, &failure),
            _ => self.simple(step, Forecast::Failed, why),
        }
    }

    fn failed(&self, step: &Step, failure: &Failure) -> PlannedStep {
        let mut planned = self.simple(step, Forecast::Failed, failure.to_string());
        planned.failure = Some(failure.clone());
        planned
    }
}

/// A change of which only the method is known: its prediction forgets all it might touch.
fn anything(method: &str) -> Change {
    Change::new(
        method,
        String::new(),
        String::new(),
        crate::core::runbook::risk::Risk::ReadOnly,
        Repeat::Never,
    )
}

fn unknown_action(step: &Step) -> PlannedStep {
    PlannedStep {
        id: step.id.clone(),
        title: step.title.clone(),
        action: step.action.clone(),
        arguments: Value::Null,
        forecast: Forecast::Failed,
        why: format!("there is no action `{}`", step.action),
        changes: Vec::new(),
        ceiling: None,
        returns: None,
        scripts: Vec::new(),
        failure: None,
        evidence: Value::Null,
    }
}

/// YAML may only raise risk and approval. A look inside the guest stays a look: what follows it is
/// raised.
pub(in crate::core) fn raised(mut change: Change, step: &Step) -> Change {
    if change.probe {
        return change;
    }
    change.risk = change.risk.max(step.risk.unwrap_or(change.risk));
    if step.approval == Some(Approval::Required) && change.approval == Approval::None {
        change.approval = Approval::Required;
        change.because = Some("the runbook asks for approval of this step".to_owned());
    }
    change
}

fn raised_ceiling(mut ceiling: Ceiling, step: &Step) -> Ceiling {
    ceiling.risk = ceiling.risk.max(step.risk.unwrap_or(ceiling.risk));
    ceiling.approval = ceiling
        .approval
        .max(step.approval.unwrap_or(ceiling.approval));
    ceiling
}

#[cfg(test)]
mod tests;
