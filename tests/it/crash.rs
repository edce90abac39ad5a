//! Killed anywhere, begun again: the journal and the world are cut before and after every request
//! and after every event, and a new run goes on from there.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use runbook::core::journal::Record;
use runbook::core::journal::state::State;
use runbook::core::outcome::RunOutcome;
use runbook::ops::rehearse::{Simulated, scenario_at};
use runbook::sim::world::JobStatus;
use runbook::sim::{Sim, World};

use serde_json::Value;

use crate::kit::promise::{end, hold, never_twice};
use crate::kit::wire::{Answer, Passage, Request, Tamper};
use crate::kit::{CASES, Stage, in_virtual_time};

/// What a killed run leaves behind.
struct Cut {
    at: String,
    records: Vec<Record>,
    sim: Sim,
}

/// Takes a cut at every request and every event.
#[derive(Default)]
struct Camera {
    watched: OnceLock<Arc<Simulated>>,
    records: Mutex<Vec<Record>>,
    cuts: Mutex<Vec<Cut>>,
}

impl Camera {
    fn take(&self, at: String) {
        let Some(watched) = self.watched.get() else {
            return;
        };
        let records = self.records.lock().unwrap().clone();
        let sim = watched.with(Clone::clone);
        self.cuts.lock().unwrap().push(Cut { at, records, sim });
    }
}

impl Tamper for Camera {
    fn before(&self, number: usize, request: &Request) -> Passage {
        self.take(format!("before request {number}: {}", request.method()));
        Passage::Free
    }

    fn after(&self, number: usize, request: &Request, answer: Answer) -> Answer {
        self.take(format!("after request {number}: {}", request.method()));
        answer
    }
}

/// Runs a scenario to its end and returns a cut for each distinct state on the way, and the end.
async fn cuts(scenario: &str, code: &str) -> (Vec<Cut>, Sim) {
    let now = "2026-11-21T03:10:00Z".parse().unwrap();
    let camera = Arc::new(Camera::default());
    let mut stage = Stage::tampered(scenario_at(scenario, now).unwrap(), camera.clone());
    let plan = stage.plan(code, "web1").await.unwrap();
    let _ = camera.watched.set(Arc::clone(&stage.simulated));
    let listener = camera.clone();
    stage.listener = Arc::new(move |record: &Record| {
        listener.records.lock().unwrap().push(record.clone());
        listener.take(format!(
            "after event {}: {}",
            record.seq,
            record.event.name()
        ));
    });
    let records = stage.apply(plan).await.unwrap();
    assert_eq!(end(&records).unwrap().0, RunOutcome::Fixed);
    let taken = std::mem::take(&mut *camera.cuts.lock().unwrap());
    (taken, stage.simulated.with(Clone::clone))
}

/// What must be the same in the end, however often the run was killed: the world but for times,
/// names that Azure makes up, and what was asked.
fn mended(world: &World) -> BTreeMap<&'static str, String> {
    let points = |vm: &str| {
        let of_vm = world
            .restore_point_collections
            .iter()
            .filter(|c| c.vm.ends_with(vm));
        format!("{:?}", of_vm.map(|c| &c.provisioning).collect::<Vec<_>>())
    };
    let jobs = world.vaults.iter().flat_map(|v| &v.jobs);
    let completed = jobs.filter(|j| j.user_triggered && j.status == JobStatus::Completed);
    BTreeMap::from([
        ("locks", format!("{:?}", world.locks)),
        ("vms", format!("{:?}", world.vms)),
        ("collections of web1", points("/web1")),
        ("collections of web10", points("/web10")),
        ("backups that completed", completed.count().to_string()),
    ])
}

async fn begun_again(code: &str, cut: &Cut, whole: &Sim) -> Result<&'static str, String> {
    if !cut.records.is_empty() {
        State::fold(&cut.records).map_err(|e| format!("the cut journal does not fold: {e}"))?;
    }
    let stage = Stage::of(cut.sim.clone());
    let before = stage.ledger().len();
    let plan = stage.plan(code, "web1").await.map_err(|e| e.to_string())?;
    let outcome = match &plan.verdict {
        Some(verdict) => verdict.outcome,
        None => {
            let records = stage.apply(plan).await.map_err(|e| e.to_string())?;
            hold(&records, &stage.ledger()[before..])?;
            end(&records)?.0
        }
    };
    if !matches!(outcome, RunOutcome::Fixed | RunOutcome::NothingToDo) {
        return Err(format!("it ends as {outcome}"));
    }
    stage.simulated.with(|sim| {
        never_twice(sim)?;
        let (is, should) = (mended(sim.world()), mended(whole.world()));
        if is != should {
            return Err(format!("the world is {is:?} and should be {should:?}"));
        }
        Ok(outcome.name())
    })
}

/// What a new run finds: each distinct one is resumed once, or with `RUNBOOK_EXHAUSTIVE` also
/// where only what was asked so far and the time differ.
fn found(sim: &Sim) -> Value {
    let mut found = serde_json::to_value(sim).unwrap();
    if std::env::var_os("RUNBOOK_EXHAUSTIVE").is_none() {
        for observed in ["ledger", "serial"] {
            found[observed] = Value::Null;
        }
        found["world"]["now"] = Value::Null;
    }
    found
}

#[expect(
    clippy::print_stdout,
    reason = "how much was tried is part of the proof"
)]
fn killed_anywhere(scenario: &str) {
    let (_, code) = CASES.iter().find(|(name, _)| *name == scenario).unwrap();
    let (cuts, whole) = in_virtual_time(cuts(scenario, code));
    let mut tried: Vec<Value> = Vec::new();
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for cut in &cuts {
        let state = found(&cut.sim);
        if tried.last() == Some(&state) {
            continue;
        }
        tried.push(state);
        match in_virtual_time(begun_again(code, cut, &whole)) {
            Ok(end) => *ends.entry(end).or_default() += 1,
            Err(why) => wrong.push(format!("killed {}: {why}", cut.at)),
        }
    }
    println!(
        "{scenario}: {} cuts, {} of them distinct and begun again; {ends:?}",
        cuts.len(),
        tried.len()
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_clean_up_killed_anywhere_is_finished_by_the_next_run() {
    killed_anywhere("rp-limit");
}

#[test]
fn the_removal_of_a_failed_extension_killed_anywhere_is_finished_by_the_next_run() {
    killed_anywhere("vm-failed");
}

#[test]
fn the_removal_of_a_stuck_extension_killed_anywhere_is_finished_by_the_next_run() {
    killed_anywhere("extension-stuck");
}

#[test]
fn a_change_inside_the_guest_killed_anywhere_is_finished_by_the_next_run() {
    killed_anywhere("snapshot-sql");
}

#[test]
fn a_backup_followed_and_killed_anywhere_is_followed_by_the_next_run() {
    killed_anywhere("backup-running");
}
