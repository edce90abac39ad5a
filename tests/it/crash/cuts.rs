//! Taking cuts: what a run leaves behind when it is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use runbook::core::action::Repeat;
use runbook::core::journal::memory::Memory;
use runbook::core::journal::store::Store as _;
use runbook::core::journal::{Event, Record};
use runbook::core::outcome::RunOutcome;
use runbook::ops::rehearse::Simulated;
use runbook::sim::Sim;
use runbook::sim::world::JobStatus;
use serde_json::Value;

use crate::kit::promise::end;
use crate::kit::wire::{Answer, Passage, Request, Tamper};
use crate::kit::{Stage, in_virtual_time};

use super::Subject;
use super::cases::WELL;

/// What a killed run leaves behind.
pub(super) struct Cut {
    /// Where it was killed, for people.
    pub(super) at: String,
    /// The kind of place: before or after which verb, after which event.
    pub(super) kind: String,
    pub(super) records: Vec<Record>,
    pub(super) sim: Sim,
    pub(super) store: Memory,
}

impl Cut {
    /// Whether the last thing in the journal is the intent to send what nothing can tell the fate
    /// of, and is not done twice to be sure: a restart.
    pub(super) fn is_in_doubt_for_good(&self) -> bool {
        self.records.last().is_some_and(|last| {
            matches!(&last.event, Event::Intended { change, .. } if change.repeat == Repeat::Never)
        })
    }
}

/// A run that nobody killed.
pub(super) struct Whole {
    pub(super) outcome: RunOutcome,
    pub(super) sim: Sim,
    pub(super) loans: usize,
    pub(super) cuts: Vec<Cut>,
    /// Places at which it could have been killed.
    pub(super) places: usize,
    /// Whether it was to go on although nothing showed the complaint.
    pub(super) forced: bool,
    /// Whether only a state proved the complaint.
    by_state: bool,
}

impl Whole {
    /// Whether the VM is backed up again in the end.
    pub(super) fn is_well(&self) -> bool {
        WELL.contains(&self.outcome)
    }

    /// Whether a new run may end so although this one ended well: what it took up proves nothing
    /// any more, or a backup fails as only the killed run could have expected.
    pub(super) fn excuses(&self, outcome: RunOutcome) -> bool {
        let jobs = self.sim.world().vaults.iter().flat_map(|vault| &vault.jobs);
        let mut ours = jobs.filter(|job| job.user_triggered);
        match outcome {
            RunOutcome::NeedsHuman => self.by_state,
            RunOutcome::Failed => ours.any(|job| job.status == JobStatus::Failed),
            _ => false,
        }
    }
}

/// Which cuts are kept.
#[derive(Clone, Copy, Debug)]
pub(super) enum Keep {
    /// Each.
    All,
    /// Of each kind the one of this number, or the last.
    OfEachKind(usize),
}

/// Takes a cut at every request and every event.
struct Camera {
    keep: Keep,
    watched: OnceLock<(Arc<Simulated>, Arc<Memory>)>,
    records: Mutex<Vec<Record>>,
    seen: Mutex<BTreeMap<String, usize>>,
    cuts: Mutex<Vec<Cut>>,
}

impl Camera {
    fn keeping(keep: Keep) -> Arc<Self> {
        Arc::new(Self {
            keep,
            watched: OnceLock::new(),
            records: Mutex::default(),
            seen: Mutex::default(),
            cuts: Mutex::default(),
        })
    }

    fn take(&self, kind: String, number: u64) {
        let Some((watched, store)) = self.watched.get() else {
            return;
        };
        let mut seen = self.seen.lock().unwrap();
        let count = seen.entry(kind.clone()).or_default();
        *count += 1;
        let mut cuts = self.cuts.lock().unwrap();
        match self.keep {
            Keep::All => {}
            Keep::OfEachKind(wanted) if *count > wanted => return,
            Keep::OfEachKind(_) => cuts.retain(|cut| cut.kind != kind),
        }
        cuts.push(Cut {
            at: format!("{kind} ({number})"),
            kind,
            records: self.records.lock().unwrap().clone(),
            sim: watched.with(Clone::clone),
            store: store.as_if_killed(),
        });
    }
}

impl Tamper for Camera {
    fn before(&self, number: usize, request: &Request) -> Passage {
        self.take(format!("before {}", request.method()), number as u64);
        Passage::Free
    }

    fn after(&self, number: usize, request: &Request, answer: Answer) -> Answer {
        self.take(format!("after {}", request.method()), number as u64);
        answer
    }
}

/// Runs to its end and returns the cuts on the way; nothing where nothing is applied.
pub(super) fn whole(subject: &Subject, keep: Keep) -> Option<Whole> {
    in_virtual_time(run(subject, keep))
}

async fn run(subject: &Subject, keep: Keep) -> Option<Whole> {
    let camera = Camera::keeping(keep);
    let mut stage = subject.on(Stage::tampered(subject.sim.clone(), camera.clone()));
    let plan = subject.planned(&stage).await.unwrap();
    if plan.verdict.is_some() {
        return None;
    }
    let watched = (Arc::clone(&stage.simulated), Arc::clone(&stage.store));
    let _ = camera.watched.set(watched);
    let listener = camera.clone();
    stage.listener = Arc::new(move |record: &Record| {
        listener.records.lock().unwrap().push(record.clone());
        listener.take(
            format!("after the event {}", record.event.name()),
            record.seq,
        );
    });
    let by_state = plan.incident.id.as_deref() == Some("state");
    let consent = subject.question.consent(&plan);
    // Rights are missing, or nobody agreed: there is no run.
    let records = stage.apply_with(plan, consent).await.ok()?;
    let cuts = std::mem::take(&mut *camera.cuts.lock().unwrap());
    let places = camera.seen.lock().unwrap().values().sum();
    Some(Whole {
        outcome: end(&records).unwrap().0,
        sim: stage.simulated.with(Clone::clone),
        loans: stage.store.loans().await.unwrap().len(),
        cuts,
        places,
        forced: subject.question.force,
        by_state,
    })
}

/// What a new run finds: what was asked so far and the time are no part of it.
fn found(cut: &Cut) -> String {
    let mut found = serde_json::to_value(&cut.sim).unwrap();
    for observed in ["ledger", "serial"] {
        found[observed] = Value::Null;
    }
    found["world"]["now"] = Value::Null;
    found.to_string()
}

/// The cuts that differ in the events, and which of those a new run finds another world at.
pub(super) fn distinct(cuts: Vec<Cut>) -> Vec<(Cut, bool)> {
    let mut both = BTreeSet::new();
    let mut worlds = BTreeSet::new();
    let mut kept = Vec::new();
    for cut in cuts {
        let world = found(&cut);
        let is_new = worlds.insert(world.clone());
        if both.insert((cut.records.len(), world)) {
            kept.push((cut, is_new));
        }
    }
    kept
}
