//! What is left of a saved plan: never more than was saved, or what moved since.
//!
//! The world is planned again, and each step is held against the same step as it was saved. What
//! is not needed any more falls away. What is needed is sent as it was saved, with the evidence
//! that was seen then, so that an action can tell what has changed since. Anything else has moved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::core::action::{Ceiling, Change};
use crate::core::incident::Incident;
use crate::core::plan::consent::within_plan;
use crate::core::plan::{Context, Forecast, Plan, PlannedStep, fingerprint};
use crate::core::runbook::model::Entry;

/// One thing that is not as it was when the plan was saved, and that matters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The step, empty for the whole plan.
    pub step: String,
    /// What is otherwise, for people.
    pub what: String,
}

impl Moved {
    fn whole(what: String) -> Self {
        let step = String::new();
        Self { step, what }
    }
}

/// The changes that earlier runs of the same saved plan have done for good, by key, each with its
/// run.
pub type Done = BTreeMap<String, String>;

/// `fresh`, which was planned just now, held within `saved`; its fingerprint is that of `saved`
/// when nothing was done meanwhile.
///
/// # Errors
/// Everything that moved.
pub fn rest(saved: &Plan, fresh: &Plan, done: &Done) -> Result<Plan, Vec<Moved>> {
    let mut moved = of_the_whole(saved, fresh);
    let mut kept = fresh.clone();
    for step in &mut kept.steps {
        let bound = Bound {
            saved: saved.steps.iter().find(|s| s.id == step.id),
            done,
            later: fresh.attaches(),
        };
        match bound.held(step) {
            Ok(held) => *step = held,
            Err(why) => moved.extend(why.into_iter().map(|what| Moved {
                step: step.id.clone(),
                what,
            })),
        }
    }
    if !moved.is_empty() {
        return Err(moved);
    }
    put_back(saved, &mut kept);
    kept.fingerprint = fingerprint::of(&kept);
    if kept.fingerprint != saved.fingerprint {
        kept.warnings.push(told(saved, &kept));
    }
    Ok(kept)
}

/// What may be borrowed is put back, by the step that was saved for it: a fresh plan that borrows
/// later on has none.
fn put_back(saved: &Plan, kept: &mut Plan) {
    for (at, back) in saved.steps.iter().enumerate() {
        let has = |id: &str| kept.steps.iter().position(|step| step.id == id);
        let of = back.returns.as_deref().and_then(has);
        let borrows = of.is_some_and(|of| borrows(&kept.steps[of]));
        if !borrows || has(&back.id).is_some() {
            continue;
        }
        let before = saved.steps[..at]
            .iter()
            .rev()
            .find_map(|step| has(&step.id));
        let later = PlannedStep {
            forecast: Forecast::Deferred,
            ..back.clone()
        };
        kept.steps.insert(before.map_or(0, |at| at + 1), later);
    }
    let planned = |entry: &Entry| matches!(entry, Entry::Step(step) if kept.steps.iter().any(|s| s.id == step.id));
    let steps = &saved.runbook.steps;
    kept.runbook.steps = steps.iter().filter(|e| planned(e)).cloned().collect();
}

fn borrows(step: &PlannedStep) -> bool {
    step.changes.iter().any(|change| change.borrows.is_some())
}

/// What differs between the places and names that a plan was saved under and those of now.
#[must_use]
pub fn elsewhere(saved: &Context, now: &Context) -> Vec<Moved> {
    let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    let mut pairs = vec![
        ("cloud", saved.cloud.clone(), now.cloud.clone()),
        ("scenario", said(&saved.scenario), said(&now.scenario)),
        ("tenant", said(&saved.tenant), said(&now.tenant)),
        ("identity", said(&saved.identity), said(&now.identity)),
    ];
    // The simulator listens on another port each time.
    if !(saved.simulated && now.simulated) {
        pairs.push(("endpoint", saved.endpoint.clone(), now.endpoint.clone()));
    }
    let differ = pairs.into_iter().filter(|(_, was, is)| was != is);
    differ
        .map(|(what, was, is)| Moved::whole(format!("the {what} was `{was}` and is `{is}`")))
        .collect()
}

/// The runbook that a plan was saved with, and the one of that code now.
#[must_use]
pub fn other_runbook(saved: &Plan, hash: Option<&str>) -> Option<Moved> {
    let code = &saved.runbook.code;
    let what = match hash {
        Some(hash) if hash == saved.runbook_hash => return None,
        Some(_) => format!("the runbook `{code}` is not the one that was planned with"),
        None => format!("there is no runbook `{code}` any more"),
    };
    Some(Moved::whole(what))
}

fn of_the_whole(saved: &Plan, fresh: &Plan) -> Vec<Moved> {
    let mut moved = Vec::new();
    moved.extend(other_runbook(saved, Some(&fresh.runbook_hash)));
    let (was, is) = (&saved.incident, &fresh.incident);
    if was.identity() != is.identity() {
        let what = format!("it answered {} and would now answer {}", job(was), job(is));
        moved.push(Moved::whole(what));
    }
    if saved.target.key() != fresh.target.key() || saved.params != fresh.params {
        let what = "it is for another VM or has other parameters".to_owned();
        moved.push(Moved::whole(what));
    }
    moved
}

fn job(incident: &Incident) -> String {
    let Some(id) = &incident.id else {
        return "no failed job".to_owned();
    };
    let code = incident.code.as_deref().unwrap_or("an unknown code");
    match incident.ended {
        Some(ended) => format!("job {id} ({code}, {ended:.0})"),
        None => format!("`{id}` ({code})"),
    }
}

/// What a step may still do.
struct Bound<'a> {
    /// The step as it was saved.
    saved: Option<&'a PlannedStep>,
    /// What was done before.
    done: &'a Done,
    /// True while a job that runs anyway decides what is left to do.
    later: bool,
}

impl Bound<'_> {
    fn held(&self, fresh: &PlannedStep) -> Result<PlannedStep, Vec<String>> {
        if !sends(fresh) {
            return Ok(fresh.clone());
        }
        let Some(saved) = self.saved else {
            return Err(vec!["it was not in the plan".to_owned()]);
        };
        let mut moved = Vec::new();
        if sends(saved) && saved.scripts != fresh.scripts {
            moved.push("it would run another script".to_owned());
        }
        let known = |step: &PlannedStep| !step.arguments.is_null();
        if known(saved) && known(fresh) && saved.arguments != fresh.arguments {
            let (was, is) = (&saved.arguments, &fresh.arguments);
            moved.push(format!("its arguments were {was} and are {is}"));
        }
        let mut held = fresh.clone();
        for change in &mut held.changes {
            match self.change(saved, change) {
                Ok(as_saved) => *change = as_saved,
                Err(why) => moved.push(why),
            }
        }
        if fresh.ceiling.is_some()
            && let Err(why) = self.decided_later(saved, &mut held)
        {
            moved.push(why);
        }
        if moved.is_empty() {
            Ok(held)
        } else {
            Err(moved)
        }
    }

    fn run_that_did(&self, change: &Change) -> Option<&String> {
        self.done.get(&change.key()).filter(|_| !change.probe)
    }

    /// The change as it was saved, where it was; one below the ceiling as it is now.
    fn change(&self, saved: &PlannedStep, change: &Change) -> Result<Change, String> {
        if let Some(run) = self.run_that_did(change) {
            return Err(format!(
                "run {run} did it, and it would be done again: {}",
                change.summary
            ));
        }
        within_plan(saved, change)?;
        let key = change.key();
        let mut all = saved.changes.iter();
        let Some(same) = all.find(|s| s.key() == key && s.probe == change.probe) else {
            return Ok(change.clone());
        };
        if lock(same) != lock(change) {
            return Err(format!(
                "the lock has other properties than were planned: {}",
                change.summary
            ));
        }
        Ok(same.clone())
    }

    /// A step that cannot be decided now is held within what was saved of it, at its turn.
    fn decided_later(&self, saved: &PlannedStep, held: &mut PlannedStep) -> Result<(), String> {
        let wider = |is: &Ceiling, was: &Ceiling| {
            let new_kind = is.kinds.iter().any(|kind| !was.kinds.contains(kind));
            is.risk > was.risk || is.approval > was.approval || new_kind
        };
        if let (Some(is), Some(was)) = (&held.ceiling, &saved.ceiling)
            && wider(is, was)
        {
            return Err("it may do more than was planned, once it is decided".to_owned());
        }
        if saved.ceiling.is_none() {
            held.ceiling = None;
        }
        let (done, open): (Vec<_>, Vec<_>) = saved
            .changes
            .iter()
            .partition(|change| self.run_that_did(change).is_some());
        for change in open {
            if !held.changes.iter().any(|c| c.key() == change.key()) {
                held.changes.push(change.clone());
            }
        }
        if sends(held) || self.later || !done.is_empty() {
            return Ok(());
        }
        Err("nothing was to be sent for it, and now that is not known".to_owned())
    }
}

/// Level, notes and owners of the lock that a change removes: a person agreed to remove that one.
fn lock(change: &Change) -> Option<&Value> {
    change.evidence.get("lock")?.get("properties")
}

fn sends(step: &PlannedStep) -> bool {
    !step.changes.is_empty() || step.ceiling.is_some()
}

/// One sentence on what has become of the saved plan.
fn told(saved: &Plan, kept: &Plan) -> String {
    let over = kept.steps.iter().filter(|step| {
        let before = saved.steps.iter().find(|s| s.id == step.id);
        !sends(step) && before.is_some_and(sends)
    });
    let over: Vec<String> = over.map(|step| format!("`{}`", step.id)).collect();
    let made = format!(
        "this is what is left of the plan that was saved at {:.0}",
        saved.made
    );
    match over.as_slice() {
        [] => format!("{made}, and nothing is sent beyond that plan"),
        [one] => format!("{made}: nothing is left to do for {one}"),
        many => format!("{made}: nothing is left to do for {}", many.join(", ")),
    }
}
