//! What must hold of every run, whatever happens to it.

use std::collections::BTreeSet;

use runbook::core::journal::state::State;
use runbook::core::journal::{Event, Record};
use runbook::core::outcome::RunOutcome;
use runbook::core::plan::consent::{Consent, within};
use runbook::sim::world::{Job, JobStatus};
use runbook::sim::{Entry, Sim, World};

/// How the run of these records ended, and why.
pub(crate) fn end(records: &[Record]) -> Result<(RunOutcome, String), String> {
    match records.last().map(|r| &r.event) {
        Some(Event::Ended {
            outcome, reason, ..
        }) => Ok((*outcome, reason.clone())),
        other => Err(format!("the run does not end: {other:?}")),
    }
}

/// The history is legal, ends with a reason, and nothing was sent but what was planned, agreed to
/// and journalled before.
pub(crate) fn hold(records: &[Record], sent: &[Entry]) -> Result<(), String> {
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
pub(crate) fn is_look(entry: &Entry) -> bool {
    let body = entry.body.as_ref();
    let told = body.and_then(|b| b["parameters"].as_array());
    let applies = |p: &serde_json::Value| p["name"] == "Apply" && p["value"] == "true";
    entry.path.to_lowercase().ends_with("/runcommand") && !told.into_iter().flatten().any(applies)
}

/// No lock was deleted twice, no writing script ran beside another, and no backup was started
/// but where none ran and the one before it had failed.
pub(crate) fn never_twice(sim: &Sim) -> Result<(), String> {
    backups_one_after_another(sim.world())?;
    let ledger = sim.ledger();
    let taken = |method: &str, part: &str| -> Vec<&Entry> {
        let is = |e: &&Entry| {
            e.method == method
                && e.path.to_lowercase().contains(part)
                && e.status.is_some_and(|s| s < 300)
        };
        ledger.iter().filter(is).collect()
    };
    let mut seen = BTreeSet::new();
    for entry in taken("DELETE", "/providers/microsoft.authorization/locks/") {
        if entry.status == Some(200) && !seen.insert(entry.path.to_lowercase()) {
            return Err(format!("`{}` was deleted twice", entry.path));
        }
    }
    let scripts = taken("POST", "/runcommand");
    let writes = scripts.iter().filter(|e| !is_look(e));
    let times: Vec<_> = writes.map(|e| e.at).collect();
    for pair in times.windows(2) {
        // Run Command ends after 90 minutes at the latest; the script checks before it changes.
        if pair[1].duration_since(pair[0]).as_secs() < 90 * 60 {
            return Err("a script that writes was sent again while the first may run".to_owned());
        }
    }
    Ok(())
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
        if first.status != JobStatus::Failed || !over {
            let (first, second) = (&first.id, &second.id);
            return Err(format!(
                "backup {second} was started although {first} would do"
            ));
        }
    }
    Ok(())
}
