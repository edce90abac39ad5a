//! `undo`: a plan that puts back what a run changed, where that can be put back.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::core::action::{Fate, Past, Sent, Undo};
use crate::core::incident::{Incident, IncidentStatus};
use crate::core::journal::state::State;
use crate::core::outcome::{RunOutcome, StepOutcome};
use crate::core::plan::build::{Request, build_undo};
use crate::core::plan::{Plan, Verdict};
use crate::core::runbook::model::{Entry, Matching, Parameters};
use crate::core::runbook::{Runbook, Step};
use crate::ops::resume::is_elsewhere;
use crate::ops::{OpsError, World, runs};

/// Plans to undo a run: its changes that can be put back, the last first.
///
/// # Errors
/// When there is no such run, it is not over, it was made elsewhere, or nothing can be read.
pub async fn undo(world: &World, run: &str) -> Result<Plan, OpsError> {
    let store = world.store().as_ref();
    let records = runs::run(store, run).await?;
    let run = match records.first() {
        Some(first) => first.run.0.clone(),
        None => return Err(OpsError::Usage(format!("run {run} has no events"))),
    };
    let state = State::fold(&records).map_err(|e| OpsError::Bug(e.to_string()))?;
    undoable(world, &run, &state).await?;
    let undone = undone_already(world, &run, &state.plan).await?;
    let found = found(world, &state, &undone);
    let runbook = runbook(&run, &state.plan, &found);
    let context = world.context().await?.clone();
    let request = Request {
        runbook: &runbook,
        target: state.plan.target.clone(),
        params: BTreeMap::new(),
        force: false,
        context,
        approved: None,
        now: world.clock.now(),
    };
    let complaint = complaint(&run);
    let mut plan = build_undo(request, &run, complaint, &world.actions, &world.lookers).await;
    if plan.steps.is_empty() {
        plan.verdict = Some(nothing(&run, &found, &undone));
    } else {
        plan.warnings
            .extend(found.never.iter().map(|why| format!("not undone: {why}")));
    }
    Ok(plan)
}

async fn undoable(world: &World, run: &str, state: &State) -> Result<(), OpsError> {
    if let Some(of) = &state.plan.undoes {
        return Err(OpsError::Usage(format!(
            "run {run} undid run {of}: to have its changes again, apply the runbook again"
        )));
    }
    if matches!(state.ended, None | Some(RunOutcome::Waiting)) {
        return Err(OpsError::Usage(format!(
            "run {run} is not over: go on with it (runbook resume {run}) or give it up (runbook cancel {run}), then undo it"
        )));
    }
    let (now, then) = (world.context().await?, &state.plan.context);
    if is_elsewhere(now, then) {
        return Err(OpsError::Usage(format!(
            "run {run} was made against {} ({}), and this is {} ({})",
            then.cloud, then.endpoint, now.cloud, now.endpoint
        )));
    }
    Ok(())
}

/// What can be put back, the last first, and what cannot, with why.
struct Found {
    steps: Vec<Step>,
    never: Vec<String>,
}

fn found(world: &World, state: &State, undone: &BTreeSet<String>) -> Found {
    let mut found = Found {
        steps: Vec::new(),
        never: Vec::new(),
    };
    // A request that was sent again because its answer was lost is one change.
    let mut ways = Vec::new();
    for (number, sent) in state.sent.iter().enumerate().rev() {
        let Some(index) = state.plan.steps.iter().position(|s| s.id == sent.step) else {
            continue;
        };
        let id = format!("undo-{}-{}", sent.step, number + 1);
        match of(world, state, index, sent) {
            Undo::By {
                action,
                args,
                title,
            } => {
                if ways.contains(&args) {
                    continue;
                }
                if !undone.contains(&id) {
                    found.steps.push(step(id, action, &args, title));
                }
                ways.push(args);
            }
            Undo::Never(why) => found.never.push(format!("{}: {why}", sent.change.summary)),
            Undo::Nothing => {}
        }
    }
    found
}

fn of(world: &World, state: &State, index: usize, sent: &Sent) -> Undo {
    let planned = &state.plan.steps[index];
    let Some(action) = world.actions.get(&planned.action) else {
        return Undo::Never("this program does not know its action any more");
    };
    let now = world.clock.now();
    let past = Past {
        now,
        step: &planned.id,
        sent: &state.sent,
        planned: &planned.changes,
        baseline: &state.steps[index].baseline,
        following: &Value::Null,
        since: now,
        until: None,
        codes: &[],
    };
    let took_place = !matches!(sent.fate, Fate::Failed(_)) && !sent.change.probe;
    match took_place {
        true => action.undo(sent, &past),
        false => Undo::Nothing,
    }
}

fn step(id: String, action: &str, args: &Value, title: String) -> Step {
    Step {
        id,
        title,
        action: action.to_owned(),
        with: args.as_object().cloned().unwrap_or_default(),
        when: None,
        retry: None,
        deadline: None,
        risk: None,
        approval: None,
        until: None,
        meanwhile: false,
        source: None,
    }
}

/// The way back as a runbook, under the code of the one that is undone.
fn runbook(run: &str, plan: &Plan, found: &Found) -> Runbook {
    let steps = found.steps.iter().cloned();
    Runbook {
        title: format!("Undo of run {run}"),
        summary: format!("Puts back what run {run} changed, where it can be put back."),
        matching: Matching::default(),
        references: Vec::new(),
        parameters: Parameters::default(),
        steps: steps.map(|step| Entry::Step(Box::new(step))).collect(),
        ..plan.runbook.clone()
    }
}

/// What an undo answers: the run that it undoes.
fn complaint(run: &str) -> Incident {
    Incident {
        status: IncidentStatus::Open,
        evidence: format!("run {run} changed something, and it is to be as it was before"),
        ..Incident::default()
    }
}

fn nothing(run: &str, found: &Found, undone: &BTreeSet<String>) -> Verdict {
    let (outcome, reason) = match (undone.is_empty(), found.never.is_empty()) {
        (false, _) => (
            RunOutcome::NothingToDo,
            format!("what can be undone of run {run} is undone already"),
        ),
        (true, true) => (
            RunOutcome::NothingToDo,
            format!("run {run} changed nothing"),
        ),
        (true, false) => (
            RunOutcome::NeedsHuman,
            format!(
                "nothing of run {run} can be undone: {}",
                found.never.join("; ")
            ),
        ),
    };
    Verdict {
        outcome,
        reason,
        failure: None,
    }
}

/// The steps that earlier runs have undone of this one: what stands there now is not its own.
async fn undone_already(
    world: &World,
    run: &str,
    plan: &Plan,
) -> Result<BTreeSet<String>, OpsError> {
    let (store, mut undone) = (world.store(), BTreeSet::new());
    for row in store.runs().await? {
        if row.run.0 == run || row.target.to_lowercase() != plan.target.key() {
            continue;
        }
        let records = store.read(&row.run).await?;
        let Ok(state) = State::fold(&records) else {
            continue;
        };
        if state.plan.undoes.as_deref() != Some(run) {
            continue;
        }
        let steps = state.plan.steps.iter().zip(&state.steps);
        let over = |outcome| matches!(outcome, Some(StepOutcome::Changed | StepOutcome::Satisfied));
        let over = steps.filter(|(_, step)| over(step.outcome));
        undone.extend(over.map(|(planned, _)| planned.id.clone()));
    }
    Ok(undone)
}
