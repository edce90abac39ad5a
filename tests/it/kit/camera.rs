//! Takes what a killed run would leave behind, at every request and every event.

use std::sync::{Arc, Mutex, OnceLock};

use runbook::core::journal::Record;
use runbook::core::journal::memory::Memory;
use runbook::ops::rehearse::Simulated;
use runbook::sim::Sim;

use crate::kit::Stage;
use crate::kit::wire::{Answer, Passage, Request, Tamper};

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
