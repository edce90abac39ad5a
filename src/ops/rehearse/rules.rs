//! What must hold of every run, whatever happens to it: rehearsals and tests hold runs against it.

mod neighbours;

use std::collections::{BTreeMap, BTreeSet};

use crate::core::journal::state::State;
use crate::core::journal::{Event, Record};
use crate::core::outcome::RunOutcome;
use crate::core::plan::consent::{Consent, within};
use crate::sim::world::{Job, JobStatus};
use crate::sim::{Entry, Sim, World};

/// Everything that holds of one whole run for the VM `target`.
///
/// # Errors
/// What does not hold.
pub fn of_a_run(records: &[Record], sent: &[Entry], sim: &Sim, target: &str) -> Result<(), String> {
    hold(records, sent)?;
    never_twice(sim)?;
    as_often_as_intended(records, sent)?;
    few_deletes(sent)?;
    neighbours::left_alone(sent, sim.world(), target)
}

/// Whoever may only look has written nothing.
///
/// # Errors
/// The first write.
pub fn nothing_written(sent: &[Entry], who: &str) -> Result<(), String> {
    match sent.iter().find(|e| e.is_write()) {
        Some(write) => Err(format!("{who} wrote: {} {}", write.method, write.path)),
        None => Ok(()),
    }
}

/// A refused plan sends nothing at all.
///
/// # Errors
/// The first request.
pub fn nothing_sent(sent: &[Entry]) -> Result<(), String> {
    match sent.first() {
        Some(entry) => Err(format!(
            "nothing was agreed to, and yet something was sent: {} {}",
            entry.method, entry.path
        )),
        None => Ok(()),
    }
}

/// No change was sent more often than it was journalled.
fn as_often_as_intended(records: &[Record], sent: &[Entry]) -> Result<(), String> {
    let is_intended = |r: &&Record| matches!(r.event, Event::Intended { .. });
    let intended = records.iter().filter(is_intended).count();
    // The client itself repeats what a 429 says was not taken.
    let taken = |e: &&Entry| e.is_write() && e.status != Some(429);
    let writes = sent.iter().filter(taken).count();
    match writes > intended {
        true => Err(format!("{writes} writes, and {intended} of them intended")),
        false => Ok(()),
    }
}

/// No run deletes collections more than eight times (remediations.md, section 1.2).
fn few_deletes(sent: &[Entry]) -> Result<(), String> {
    let of_collections = |e: &&Entry| {
        let path = e.path.to_lowercase();
        e.method == "DELETE"
            && path.contains("/restorepointcollections/")
            && !path.contains("/locks/")
    };
    match sent.iter().filter(of_collections).count() {
        0..=8 => Ok(()),
        more => Err(format!("{more} DELETEs of restore point collections")),
    }
}

/// How the run of these records ended, and why.
///
/// # Errors
/// When it does not end.
pub fn end(records: &[Record]) -> Result<(RunOutcome, String), String> {
    match records.last().map(|r| &r.event) {
        Some(Event::Ended {
            outcome, reason, ..
        }) => Ok((*outcome, reason.clone())),
        other => Err(format!("the run does not end: {other:?}")),
    }
}

/// The history is legal, ends with a reason, and nothing was sent but what was planned, agreed to
/// and journalled before.
///
/// # Errors
/// What does not hold.
pub fn hold(records: &[Record], sent: &[Entry]) -> Result<(), String> {
    let state = State::fold(records).map_err(|e| e.to_string())?;
    let (_, reason) = end(records)?;
    if reason.trim().is_empty() {
        return Err("the run ends without a reason".to_owned());
    }
    let consent = state.approved.clone().unwrap_or(Consent::None);
    let mut intended = BTreeSet::new();
    for record in records {
        if let Event::Intended { step, change, .. } = &record.event {
            let planned = state.plan.steps.iter().find(|s| s.id == *step);
            let planned = planned.ok_or_else(|| format!("`{step}` is no step of the plan"))?;
            within(planned, change, &consent)?;
            intended.insert(change.key());
        }
    }
    for write in sent.iter().filter(|e| e.is_write()) {
        let key = format!("{} {}", write.method, write.path.to_lowercase());
        if !intended.contains(&key) {
            return Err(format!("`{key}` was sent and not journalled before"));
        }
    }
    Ok(())
}

/// Whether it runs a script inside the guest that is not told to apply anything.
#[must_use]
pub fn is_look(entry: &Entry) -> bool {
    let body = entry.body.as_ref();
    let told = body.and_then(|b| b["parameters"].as_array());
    let applies = |p: &serde_json::Value| p["name"] == "Apply" && p["value"] == "true";
    entry.path.to_lowercase().ends_with("/runcommand") && !told.into_iter().flatten().any(applies)
}

/// No lock was deleted twice, no writing script was sent again while it may run, and no backup was
/// started but where none ran and the one before it had failed.
///
/// # Errors
/// What was done twice.
pub fn never_twice(sim: &Sim) -> Result<(), String> {
    no_lock_or_backup_twice(sim)?;
    let scripts = taken(sim, "POST", "/runcommand");
    // Another script, or the same with other parameters, is another matter.
    let mut last = BTreeMap::new();
    for write in scripts.iter().filter(|e| !is_look(e)) {
        let told = write.body.as_ref().map(ToString::to_string);
        // Run Command ends after 90 minutes at the latest; the script checks before it changes.
        let again = |before| write.at.duration_since(before).as_secs() < 90 * 60;
        if last.insert(told, write.at).is_some_and(again) {
            return Err("a script that writes was sent again while the first may run".to_owned());
        }
    }
    Ok(())
}

/// The same of two runs that know nothing of each other: no lock was deleted twice, and no backup
/// was started but where none ran and the one before it had come to nothing. Of scripts the second
/// knows what Azure says: it refuses one beside another.
///
/// # Errors
/// What was done twice.
pub fn no_lock_or_backup_twice(sim: &Sim) -> Result<(), String> {
    backups_one_after_another(sim.world())?;
    let mut seen = BTreeSet::new();
    for entry in taken(sim, "DELETE", "/providers/microsoft.authorization/locks/") {
        if entry.status == Some(200) && !seen.insert(entry.path.to_lowercase()) {
            return Err(format!("`{}` was deleted twice", entry.path));
        }
    }
    Ok(())
}

/// The requests that were taken, of one method and with this in the path.
fn taken<'a>(sim: &'a Sim, method: &str, part: &str) -> Vec<&'a Entry> {
    let is = |e: &&Entry| {
        e.method == method
            && e.path.to_lowercase().contains(part)
            && e.status.is_some_and(|s| s < 300)
    };
    sim.ledger().iter().filter(is).collect()
}

fn backups_one_after_another(world: &World) -> Result<(), String> {
    let jobs = world.vaults.iter().flat_map(|v| &v.jobs);
    let mut ours: Vec<&Job> = jobs
        .filter(|j| j.operation == "Backup" && j.user_triggered)
        .collect();
    ours.sort_by_key(|j| j.started.time(world.now));
    for pair in ours.windows(2) {
        let (first, second) = (pair[0], pair[1]);
        let ended = first.ended.as_ref().map(|e| e.time(world.now));
        let over = ended.is_some_and(|e| e <= second.started.time(world.now));
        let in_vain = matches!(first.status, JobStatus::Failed | JobStatus::Cancelled);
        if !in_vain || !over {
            let (first, second) = (&first.id, &second.id);
            return Err(format!(
                "backup {second} was started although {first} would do"
            ));
        }
    }
    Ok(())
}
