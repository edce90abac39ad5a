//! `resume` and `cancel`: going on with a run that waits or was interrupted, or giving it up.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::core::execute::drive;
use crate::core::execute::engine::Order;
use crate::core::journal::state::State;
use crate::core::journal::store::{RunRow, Store};
use crate::core::journal::{Event, Record, RunId};
use crate::core::outcome::RunOutcome;
use crate::core::plan::consent::Consent;
use crate::core::plan::{Context, Plan};
use crate::ops::apply::{Listener, engine};
use crate::ops::{OpsError, World, runs};

/// A run that can go on.
#[derive(Clone, Debug)]
pub struct Unfinished {
    /// Its id.
    pub run: RunId,
    /// Its plan.
    pub plan: Plan,
    /// What somebody agreed to, if somebody did.
    pub consent: Option<Consent>,
    /// When it is to go on; none when it was interrupted.
    pub due: Option<Timestamp>,
    /// Why it pauses, for people.
    pub why: String,
    /// What it has borrowed and not put back.
    pub out: Vec<String>,
}

/// The runs that can go on: the last of each VM, where it waits, was interrupted, or has something
/// borrowed.
///
/// # Errors
/// When the journal cannot be read.
pub async fn unfinished(store: &dyn Store) -> Result<Vec<Unfinished>, OpsError> {
    let rows = store.runs().await?;
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for row in rows {
        let key = row.target.to_lowercase();
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        if let Some(unfinished) = read(store, &row).await? {
            found.push(unfinished);
        }
    }
    Ok(found)
}

async fn read(store: &dyn Store, row: &RunRow) -> Result<Option<Unfinished>, OpsError> {
    let waits = matches!(row.outcome, None | Some(RunOutcome::Waiting));
    let borrows = || async {
        let loans = store.loans().await?;
        Ok::<_, OpsError>(loans.iter().any(|loan| loan.users.contains(&row.run)))
    };
    if !waits && !borrows().await? {
        return Ok(None);
    }
    let records = store.read(&row.run).await?;
    of(&records).map(Some)
}

fn of(records: &[Record]) -> Result<Unfinished, OpsError> {
    let state = State::fold(records).map_err(|e| OpsError::Bug(e.to_string()))?;
    let last = records.last().map(|record| &record.event);
    let (due, why) = match last {
        Some(Event::Ended { due, reason, .. }) => (*due, reason.clone()),
        _ => (None, "it was interrupted, or is at work".to_owned()),
    };
    let out = state.out.iter().map(|out| out.loan.resource.clone());
    Ok(Unfinished {
        run: records
            .first()
            .map_or_else(|| RunId(String::new()), |r| r.run.clone()),
        consent: state.approved.clone(),
        out: out.collect(),
        plan: state.plan,
        due,
        why,
    })
}

/// The run of this id, if it can go on.
///
/// # Errors
/// When there is no such run, or it is over.
pub async fn unfinished_run(store: &dyn Store, id: &str) -> Result<Unfinished, OpsError> {
    let records = runs::run(store, id).await?;
    let ended = records.iter().rev().find_map(|record| match &record.event {
        Event::Ended { outcome, .. } => Some(*outcome),
        Event::Approved { .. } => Some(RunOutcome::Waiting),
        _ => None,
    });
    let unfinished = of(&records)?;
    match ended {
        Some(outcome) if outcome != RunOutcome::Waiting && unfinished.out.is_empty() => {
            Err(OpsError::Usage(format!(
                "run {} is over ({outcome}): there is nothing to go on with. `runbook apply` looks afresh",
                unfinished.run
            )))
        }
        _ => Ok(unfinished),
    }
}

/// Whether it is another Azure that is spoken to than then.
pub(super) fn is_elsewhere(now: &Context, then: &Context) -> bool {
    now.cloud != then.cloud
        || now.scenario != then.scenario
        || (!now.simulated && now.endpoint != then.endpoint)
}

/// Why the consent of the run does not do any more, if something that it rests on has changed.
///
/// # Errors
/// When the run cannot go on here at all.
pub async fn asks_again(world: &World, unfinished: &Unfinished) -> Result<Vec<String>, OpsError> {
    let plan = &unfinished.plan;
    let (now, then) = (world.context().await?, &plan.context);
    if is_elsewhere(now, then) {
        return Err(OpsError::Usage(format!(
            "run {} was made against {} ({}), and this is {} ({})",
            unfinished.run, then.cloud, then.endpoint, now.cloud, now.endpoint
        )));
    }
    for step in plan.steps.iter().filter(|step| !step.scripts.is_empty()) {
        let action = world.actions.get(&step.action);
        if action.is_none_or(|action| action.about().scripts != step.scripts) {
            return Err(OpsError::Usage(format!(
                "a script of the step `{}` is another one since this program was changed, so run {} \
                 cannot go on as it was agreed to: apply again",
                step.id, unfinished.run
            )));
        }
    }
    let mut why = Vec::new();
    let runbook = world.catalogue().find(&plan.runbook.code).ok();
    let other = runbook.is_none_or(|runbook| runbook.hash() != plan.runbook_hash);
    if other && plan.undoes.is_none() {
        why.push(
            "the runbook is another one now; the run goes on with the one it began with".to_owned(),
        );
    }
    if now.tenant != then.tenant || now.identity != then.identity {
        let name = |who: &Option<String>| who.clone().unwrap_or_else(|| "unknown".to_owned());
        why.push(format!(
            "it was agreed to as {}, and this is {}",
            name(&then.identity),
            name(&now.identity)
        ));
    }
    if unfinished.consent.is_none() {
        why.push("nobody had agreed to it yet".to_owned());
    }
    Ok(why)
}

/// Goes on with a run, and gives its whole journal.
///
/// # Errors
/// When it is at work elsewhere, or the journal fails.
pub async fn resume(
    world: &World,
    run: &RunId,
    consent: Consent,
    by: String,
    wait: Duration,
    stop: watch::Receiver<bool>,
    listener: Listener,
) -> Result<Vec<Record>, OpsError> {
    let order = Order {
        by,
        consent,
        wait,
        cancel: false,
        stop,
    };
    Ok(drive::resume(&engine(world, listener), run, order).await?)
}

/// What became of the wish to cancel a run.
#[derive(Debug)]
pub enum Cancelled {
    /// It is at work in another process, which stops before its next write.
    Asked,
    /// It is over; this is its journal.
    Over(Vec<Record>),
}

/// Gives a run up: what it has borrowed is put back, and nothing else is sent.
///
/// # Errors
/// When there is nothing to give up, or the journal fails.
pub async fn cancel(
    world: &World,
    unfinished: &Unfinished,
    by: String,
    stop: watch::Receiver<bool>,
    listener: Listener,
) -> Result<Cancelled, OpsError> {
    let (store, now) = (Arc::clone(&world.store), world.clock.now());
    if store.ask_to_cancel(&unfinished.run, &by, now).await? {
        return Ok(Cancelled::Asked);
    }
    let order = Order {
        by,
        consent: unfinished.consent.clone().unwrap_or(Consent::None),
        wait: Duration::ZERO,
        cancel: true,
        stop,
    };
    let records = drive::resume(&engine(world, listener), &unfinished.run, order).await?;
    Ok(Cancelled::Over(records))
}
