//! Killed anywhere: the journal and the world are cut before and after every request and after
//! every event; from there a new run begins, and the killed one goes on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use runbook::core::journal::Event;
use runbook::core::journal::Record;
use runbook::core::journal::memory::Memory;
use runbook::core::journal::state::State;
use runbook::core::journal::store::Store as _;
use runbook::core::outcome::RunOutcome;
use runbook::ops::OpsError;
use runbook::ops::rehearse::{Simulated, read_world, scenario_at};
use runbook::sim::world::JobStatus;
use runbook::sim::{Sim, World};

use serde_json::Value;

use crate::kit::promise::{end, hold, never_twice};
use crate::kit::wire::{Answer, Passage, Request, Tamper, Untouched};
use crate::kit::{CASES, Stage, in_virtual_time};

/// What a killed run leaves behind.
pub(crate) struct Cut {
    pub(crate) at: String,
    pub(crate) records: Vec<Record>,
    pub(crate) sim: Sim,
    pub(crate) store: Memory,
}

/// Takes a cut at every request and every event.
#[derive(Default)]
pub(crate) struct Camera {
    watched: OnceLock<(Arc<Simulated>, Arc<Memory>)>,
    records: Mutex<Vec<Record>>,
    cuts: Mutex<Vec<Cut>>,
}

impl Camera {
    /// Watches a stage that it tampers with from now on, events included.
    pub(crate) fn watch(self: &Arc<Self>, stage: &mut Stage) {
        let watched = (Arc::clone(&stage.simulated), Arc::clone(&stage.store));
        let _ = self.watched.set(watched);
        let listener = Arc::clone(self);
        stage.listener = Arc::new(move |record: &Record| {
            let mut records = listener.records.lock().unwrap();
            if records.last().is_some_and(|last| last.run != record.run) {
                records.clear();
            }
            records.push(record.clone());
            drop(records);
            listener.take(format!(
                "after event {}: {}",
                record.seq,
                record.event.name()
            ));
        });
    }

    /// The cuts since the last call.
    pub(crate) fn taken(&self) -> Vec<Cut> {
        std::mem::take(&mut *self.cuts.lock().unwrap())
    }

    fn take(&self, at: String) {
        let Some((watched, store)) = self.watched.get() else {
            return;
        };
        let records = self.records.lock().unwrap().clone();
        let sim = watched.with(Clone::clone);
        let store = store.as_if_killed();
        self.cuts.lock().unwrap().push(Cut {
            at,
            records,
            sim,
            store,
        });
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
async fn cuts(sim: Sim, code: &str) -> (Vec<Cut>, Sim) {
    let camera = Arc::new(Camera::default());
    let mut stage = Stage::tampered(sim, camera.clone());
    let plan = stage.plan(code, "web1").await.unwrap();
    camera.watch(&mut stage);
    let records = stage.apply(plan).await.unwrap();
    assert_eq!(end(&records).unwrap().0, RunOutcome::Fixed);
    (camera.taken(), stage.simulated.with(Clone::clone))
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
    as_it_should(&stage, outcome, whole)
}

/// The killed run goes on: it ends as it would have, and applying again changes nothing.
async fn gone_on(code: &str, cut: &Cut, whole: &Sim) -> Result<&'static str, String> {
    let Some(run) = cut.records.first().map(|record| record.run.clone()) else {
        return Ok("not begun");
    };
    let store = Arc::new(cut.store.clone());
    let stage = Stage::with_store(cut.sim.clone(), Arc::new(Untouched), store);
    let before = stage.ledger().len();
    let over = cut
        .records
        .iter()
        .any(|r| matches!(r.event, Event::Ended { .. }));
    let records = match stage.resume(&run).await {
        Err(OpsError::Usage(_)) if over => stage.store.read(&run).await.unwrap(),
        other => other.map_err(|e| e.to_string())?,
    };
    let loans = stage.store.loans().await.unwrap();
    if !loans.is_empty() || !stage.store.operations().is_empty() {
        return Err(format!(
            "left behind: {loans:?}, {:?}",
            stage.store.operations()
        ));
    }
    hold(&records, &stage.ledger()[before..])?;
    let end = as_it_should(&stage, end(&records)?.0, whole)?;
    let writes = stage.ledger().iter().filter(|e| e.is_write()).count();
    let plan = stage.plan(code, "web1").await.map_err(|e| e.to_string())?;
    let again = plan.verdict.as_ref().map(|verdict| verdict.outcome);
    let after = stage.ledger().iter().filter(|e| e.is_write()).count();
    if again != Some(RunOutcome::NothingToDo) || after != writes {
        return Err(format!("applied again it would be {again:?}"));
    }
    Ok(end)
}

fn as_it_should(stage: &Stage, outcome: RunOutcome, whole: &Sim) -> Result<&'static str, String> {
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

fn killed_anywhere(scenario: &str) {
    let (_, code) = CASES.iter().find(|(name, _)| *name == scenario).unwrap();
    let now = "2026-11-21T03:10:00Z".parse().unwrap();
    every_cut(scenario, scenario_at(scenario, now).unwrap(), code);
}

#[expect(
    clippy::print_stdout,
    reason = "how much was tried is part of the proof"
)]
fn every_cut(name: &str, sim: Sim, code: &str) {
    let (cuts, whole) = in_virtual_time(cuts(sim, code));
    let mut tried: Vec<Value> = Vec::new();
    let (mut began, mut went_on): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) =
        Default::default();
    let mut wrong = Vec::new();
    for cut in &cuts {
        match in_virtual_time(gone_on(code, cut, &whole)) {
            Ok(end) => *went_on.entry(end).or_default() += 1,
            Err(why) => wrong.push(format!("killed {} and gone on: {why}", cut.at)),
        }
        let state = found(&cut.sim);
        if tried.last() == Some(&state) || name == BORROWED {
            continue;
        }
        tried.push(state);
        match in_virtual_time(begun_again(code, cut, &whole)) {
            Ok(end) => *began.entry(end).or_default() += 1,
            Err(why) => wrong.push(format!("killed {} and begun again: {why}", cut.at)),
        }
    }
    println!(
        "{name}: {} cuts, gone on from each: {went_on:?}; {} of them distinct and begun again: {began:?}",
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

/// The name of the world in which a lock is borrowed. While it is out a new run cannot tell that
/// it stood there, so only the run that took it goes on.
const BORROWED: &str = "a borrowed lock";

#[test]
fn a_run_that_has_borrowed_a_lock_killed_anywhere_puts_it_back_when_it_goes_on() {
    let (world, faults) = read_world("world.yaml", BORROWING, "").unwrap();
    every_cut(
        BORROWED,
        Sim::new(world, faults),
        "UserErrorRpCollectionLimitReached",
    );
}

const BORROWING: &str = "
vms: [{ name: web1, group: rg-web }, { name: web10, group: rg-web }]
locks: [{ name: wide, scope: subscription, notes: Ours. }]
restore_point_collections: [{ vm: web1, points: 18 }, { vm: web10, points: 2 }]
vaults:
  - name: vault-web
    items: [{ vm: web1 }, { vm: web10 }]
    jobs:
      - { vm: web1, status: Failed, code: UserErrorRpCollectionLimitReached, started: 29m ago, ended: 25m ago }
";

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
