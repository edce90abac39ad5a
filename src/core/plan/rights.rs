//! The RBAC actions that a runbook takes, whatever is chosen and whatever is found.
//!
//! Nothing is looked at: what a fact takes its looker says, what a request takes its action says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::core::action::{Action, Actions, Past};
use crate::core::facts::{FactKey, Lookers};
use crate::core::incident::{self, Incident};
use crate::core::plan::loans;
use crate::core::plan::step::params_fact;
use crate::core::runbook::live::facts_named;
use crate::core::runbook::model::{Parameter, ParameterType};
use crate::core::runbook::template::{Condition, Evaluated, FactPath, Reading, Scope};
use crate::core::runbook::{Runbook, Step};

/// The RBAC actions of a runbook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// To plan: what its facts are read with.
    pub reads: BTreeSet<&'static str>,
    /// To apply: the action of each kind of request, and what it takes besides to see it through.
    pub changes: BTreeMap<String, BTreeSet<&'static str>>,
}

impl Rights {
    /// Both together.
    pub fn extend(&mut self, more: Self) {
        self.reads.extend(more.reads);
        for (action, besides) in more.changes {
            self.changes.entry(action).or_default().extend(besides);
        }
    }

    /// Each action once.
    #[must_use]
    pub fn all(&self) -> BTreeSet<&str> {
        let besides = self.changes.values().flatten().copied();
        let changes = self.changes.keys().map(String::as_str);
        self.reads
            .iter()
            .copied()
            .chain(besides)
            .chain(changes)
            .collect()
    }
}

/// What `runbook` takes: all its steps, guarded or not, with each choice of its parameters.
#[must_use]
pub fn of(runbook: &Runbook, actions: &Actions, lookers: &Lookers) -> Rights {
    let runbook = loans::with_returns(runbook, actions);
    let mut rights = Rights::default();
    let mut keys = vec![
        incident::key(&runbook, &Incident::default()),
        FactKey::with("permissions", &json!({})),
    ];
    keys.extend(runbook.os.name().map(|_| FactKey::named("vm")));
    let proof = runbook.matching.state.as_deref();
    if let Some(condition) = proof.and_then(|text| Condition::parse(text).ok()) {
        keys.extend(facts_named(condition.paths()));
    }
    let choices = choices(&runbook);
    for step in runbook.steps() {
        keys.extend(step.guard_facts());
        keys.extend(step.argument_facts());
        keys.extend(step.title_facts());
        let Some(action) = actions.get(&step.action) else {
            continue;
        };
        keys.extend(
            choices
                .iter()
                .flat_map(|params| needs(step, action, params)),
        );
        for kind in action.about().ceiling.kinds {
            let besides = rights.changes.entry(kind.permission).or_default();
            besides.extend(action.reads());
        }
    }
    rights.reads = lookers.reads(&keys);
    for besides in rights.changes.values_mut() {
        besides.retain(|action| !rights.reads.contains(action));
    }
    rights
}

/// What the step's action needs at first. An argument that only a run can fill in is blank here.
fn needs(step: &Step, action: &dyn Action, params: &Value) -> Vec<FactKey> {
    let past = Past {
        now: Timestamp::UNIX_EPOCH,
        step: &step.id,
        sent: &[],
        planned: &[],
        baseline: &Value::Null,
        following: &Value::Null,
        since: Timestamp::UNIX_EPOCH,
        until: step.until.as_deref(),
        codes: &[],
    };
    let filled = match step.arguments(&Blank(params)) {
        Evaluated::Known(args) => action.needs(&args, &past).ok(),
        _ => None,
    };
    let written = || Value::Object(step.with.clone());
    filled
        .or_else(|| action.needs(&written(), &past).ok())
        .unwrap_or_default()
}

/// Parameters as chosen, and every fact absent.
struct Blank<'a>(&'a Value);

impl Scope for Blank<'_> {
    fn read(&self, path: &FactPath) -> Reading {
        let found = match path.segments() {
            [root, name] if root == "params" => self.0.get(name),
            _ => None,
        };
        Reading::Known(found.cloned().unwrap_or(Value::Null))
    }
}

/// The parameters in each way that they may be chosen, one at a time; all others as they are
/// when nobody says otherwise.
fn choices(runbook: &Runbook) -> Vec<Value> {
    let usual: BTreeMap<String, Value> = runbook
        .parameters
        .iter()
        .map(|(name, parameter)| (name.to_owned(), usual(parameter)))
        .collect();
    let mut all = vec![params_fact(&usual)];
    for (name, parameter) in runbook.parameters.iter() {
        for value in values(parameter) {
            let mut chosen = usual.clone();
            chosen.insert(name.to_owned(), value);
            all.push(params_fact(&chosen));
        }
    }
    all
}

fn usual(parameter: &Parameter) -> Value {
    let given = parameter.default.clone();
    given
        .or_else(|| values(parameter).into_iter().next())
        .unwrap_or_else(|| json!(""))
}

fn values(parameter: &Parameter) -> Vec<Value> {
    match parameter.kind {
        ParameterType::Boolean => vec![json!(false), json!(true)],
        _ => parameter.choices.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::yaml;

    #[test]
    fn each_choice_of_a_parameter_is_tried_once_beside_the_usual_ones() {
        let text = "
version: 1
code: UserErrorX
title: X
summary: X.
parameters:
  repair: { type: string, enum: [reapply, restart], default: reapply, description: How. }
  mended: { type: boolean, default: false, description: Done. }
steps:
  - { id: a, title: A, action: human, with: { instruction: x } }
";
        let runbook: Runbook = yaml::parse("x.yaml", text).unwrap().value;
        let expected = [
            json!({ "repair": "reapply", "mended": false }),
            json!({ "repair": "reapply", "mended": false }),
            json!({ "repair": "restart", "mended": false }),
            json!({ "repair": "reapply", "mended": false }),
            json!({ "repair": "reapply", "mended": true }),
        ];
        assert_eq!(choices(&runbook), expected);
    }
}
