//! A store that forgets: for tests, and for programs that keep their own history.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use crate::core::facts::Target;
use crate::core::journal::store::{Holder, Lease, RunRow, Store, StoreError};
use crate::core::journal::{Event, Record, RunId, chain};

/// A store in memory.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    runs: BTreeMap<RunId, (RunRow, Vec<Record>)>,
    leases: BTreeMap<String, (Lease, Timestamp)>,
    /// The run, and what the operation is polled with.
    operations: BTreeMap<String, (RunId, Value)>,
    epochs: u64,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept of running operations; empty once every operation has ended.
    #[must_use]
    pub fn operations(&self) -> Vec<String> {
        self.lock().operations.keys().cloned().collect()
    }
}

impl Inner {
    fn push(&mut self, run: &RunId, event: Event, at: Timestamp) -> Result<Record, StoreError> {
        let missing = || StoreError::NoSuchRun(run.to_string());
        let (row, records) = self.runs.get_mut(run).ok_or_else(missing)?;
        let text = serde_json::to_string(&event).map_err(|e| StoreError::Broken {
            attempted: "cannot write an event".to_owned(),
            why: e.to_string(),
        })?;
        let seq = row.events + 1;
        let hash = chain(&row.head, run, seq, at, &text);
        if let Event::Ended { outcome, .. } = &event {
            (row.ended, row.outcome) = (Some(at), Some(*outcome));
        }
        (row.events, row.head) = (seq, hash.clone());
        let record = Record {
            run: run.clone(),
            seq,
            at,
            event,
            hash,
        };
        records.push(record.clone());
        Ok(record)
    }
}

#[async_trait]
impl Store for Memory {
    async fn begin(
        &self,
        run: &RunId,
        target: &Target,
        code: &str,
        first: Event,
        at: Timestamp,
    ) -> Result<(Lease, Record), StoreError> {
        let mut inner = self.lock();
        if let Some((held, since)) = inner.leases.get(&target.key()) {
            let holder = Holder {
                host: "this process".to_owned(),
                pid: 0,
                started: 0,
            };
            return Err(StoreError::Busy {
                run: held.run.clone(),
                since: *since,
                holder,
            });
        }
        inner.epochs += 1;
        // What an earlier run of this target was polling is looked at afresh from now on.
        let key = target.key();
        let of_target = |row: &RunRow| row.target.to_lowercase() == key;
        let earlier: Vec<RunId> = inner
            .runs
            .values()
            .filter(|(row, _)| of_target(row))
            .map(|(row, _)| row.run.clone())
            .collect();
        inner
            .operations
            .retain(|_, (run, _)| !earlier.contains(run));
        let lease = Lease {
            run: run.clone(),
            target: target.key(),
            epoch: inner.epochs,
        };
        inner.leases.insert(target.key(), (lease.clone(), at));
        let row = RunRow {
            run: run.clone(),
            target: target.id.clone(),
            code: code.to_owned(),
            started: at,
            ended: None,
            outcome: None,
            events: 0,
            head: String::new(),
        };
        inner.runs.insert(run.clone(), (row, Vec::new()));
        let record = inner.push(run, first, at)?;
        Ok((lease, record))
    }

    async fn append(
        &self,
        lease: &Lease,
        event: Event,
        at: Timestamp,
    ) -> Result<Record, StoreError> {
        let mut inner = self.lock();
        match inner.leases.get(&lease.target) {
            Some((held, _)) if held == lease => {}
            _ => return Err(StoreError::LeaseLost),
        }
        inner.push(&lease.run, event, at)
    }

    async fn renew(&self, lease: &Lease, _at: Timestamp) -> Result<(), StoreError> {
        match self.lock().leases.get(&lease.target) {
            Some((held, _)) if held == lease => Ok(()),
            _ => Err(StoreError::LeaseLost),
        }
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let mut inner = self.lock();
        if inner
            .leases
            .get(&lease.target)
            .is_some_and(|(held, _)| held == lease)
        {
            inner.leases.remove(&lease.target);
        }
        Ok(())
    }

    async fn read(&self, run: &RunId) -> Result<Vec<Record>, StoreError> {
        let inner = self.lock();
        let found = inner.runs.get(run).map(|(_, records)| records.clone());
        found.ok_or_else(|| StoreError::NoSuchRun(run.to_string()))
    }

    async fn runs(&self) -> Result<Vec<RunRow>, StoreError> {
        Ok(self
            .lock()
            .runs
            .values()
            .rev()
            .map(|(row, _)| row.clone())
            .collect())
    }

    async fn keep_operation(&self, run: &RunId, id: &str, token: &Value) -> Result<(), StoreError> {
        self.lock()
            .operations
            .insert(id.to_owned(), (run.clone(), token.clone()));
        Ok(())
    }

    async fn erase_operation(&self, id: &str) -> Result<(), StoreError> {
        self.lock().operations.remove(id);
        Ok(())
    }
}
