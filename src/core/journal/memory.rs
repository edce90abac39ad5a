//! A store that forgets: for tests, and for programs that keep their own history.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use crate::core::action::Loan;
use crate::core::facts::Target;
use crate::core::journal::store::{Borrowed, Holder, Lease, LoanRow, RunRow, Store, StoreError};
use crate::core::journal::{Event, Record, RunId, chain};
use crate::core::outcome::RunOutcome;

/// A store in memory.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Inner>);

impl Clone for Memory {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.lock().clone()))
    }
}

#[derive(Clone, Debug, Default)]
struct Inner {
    runs: BTreeMap<RunId, (RunRow, Vec<Record>)>,
    leases: BTreeMap<String, (Lease, Timestamp)>,
    /// The run, and what the operation is polled with.
    operations: BTreeMap<String, (RunId, Value)>,
    epochs: u64,
    /// What is borrowed, by its key, and whether it is being put back.
    loans: BTreeMap<String, (LoanRow, bool)>,
    /// Who asked the holder of a target's lease to stop.
    cancels: BTreeMap<String, String>,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy as a process that was killed would have left it: nobody holds a lease.
    #[must_use]
    pub fn as_if_killed(&self) -> Self {
        let mut inner = self.lock().clone();
        inner.leases.clear();
        inner.cancels.clear();
        Self(Mutex::new(inner))
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
        match &event {
            Event::Ended { outcome, .. } => {
                (row.ended, row.outcome) = (Some(at), Some(*outcome));
                if *outcome != RunOutcome::Waiting {
                    self.operations.retain(|_, (of, _)| of != run);
                }
            }
            Event::LockReturned {
                key, left_to: None, ..
            } => {
                self.loans
                    .retain(|of, (row, _)| of != key || row.users != [run.clone()]);
            }
            // The run goes on.
            Event::Approved { .. } => (row.ended, row.outcome) = (None, None),
            _ => {}
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

impl Inner {
    /// Takes the lease of a target that nobody holds.
    fn take(&mut self, run: &RunId, target: &Target, at: Timestamp) -> Result<Lease, StoreError> {
        let key = target.key();
        if let Some((held, since)) = self.leases.get(&key) {
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
        self.epochs += 1;
        let lease = Lease {
            run: run.clone(),
            target: key.clone(),
            epoch: self.epochs,
        };
        self.cancels.remove(&key);
        self.leases.insert(key, (lease.clone(), at));
        Ok(lease)
    }

    fn holds(&self, lease: &Lease) -> Result<(), StoreError> {
        match self.leases.get(&lease.target) {
            Some((held, _)) if held == lease => Ok(()),
            _ => Err(StoreError::LeaseLost),
        }
    }

    /// The runs of a target, oldest first.
    fn runs_of(&self, target: &Target) -> Vec<RunId> {
        let key = target.key();
        let rows = self.runs.values().map(|(row, _)| row);
        let of_target = rows.filter(|row| row.target.to_lowercase() == key);
        of_target.map(|row| row.run.clone()).collect()
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
        let lease = inner.take(run, target, at)?;
        // What an earlier run of this target was polling is looked at afresh from now on.
        let earlier = inner.runs_of(target);
        inner
            .operations
            .retain(|_, (run, _)| !earlier.contains(run));
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

    async fn reopen(&self, run: &RunId, at: Timestamp) -> Result<(Lease, Vec<Record>), StoreError> {
        let mut inner = self.lock();
        let missing = || StoreError::NoSuchRun(run.to_string());
        let (row, records) = inner.runs.get(run).ok_or_else(missing)?;
        let (id, records) = (row.target.clone(), records.clone());
        let target = Target { id };
        match inner.runs_of(&target).pop() {
            Some(later) if later != *run => {
                let run = run.clone();
                return Err(StoreError::Superseded { run, later });
            }
            _ => {}
        }
        Ok((inner.take(run, &target, at)?, records))
    }

    async fn ask_to_cancel(&self, run: &RunId, by: &str, _: Timestamp) -> Result<bool, StoreError> {
        let mut inner = self.lock();
        let held = inner.leases.values().find(|(lease, _)| lease.run == *run);
        let Some(target) = held.map(|(lease, _)| lease.target.clone()) else {
            return Ok(false);
        };
        inner.cancels.insert(target, by.to_owned());
        Ok(true)
    }

    async fn cancelled_by(&self, lease: &Lease) -> Result<Option<String>, StoreError> {
        Ok(self.lock().cancels.get(&lease.target).cloned())
    }

    async fn append(
        &self,
        lease: &Lease,
        event: Event,
        at: Timestamp,
    ) -> Result<Record, StoreError> {
        let mut inner = self.lock();
        inner.holds(lease)?;
        inner.push(&lease.run, event, at)
    }

    async fn renew(&self, lease: &Lease, _at: Timestamp) -> Result<(), StoreError> {
        self.lock().holds(lease)
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

    async fn borrow(
        &self,
        lease: &Lease,
        step: &str,
        loan: &Loan,
        at: Timestamp,
    ) -> Result<Borrowed, StoreError> {
        let mut inner = self.lock();
        inner.holds(lease)?;
        let new = LoanRow {
            loan: loan.clone(),
            run: lease.run.clone(),
            since: at,
            users: Vec::new(),
        };
        let (row, going_back) = inner.loans.entry(loan.key.clone()).or_insert((new, false));
        let first = row.run.clone();
        if *going_back && first != lease.run {
            return Ok(Borrowed::GoingBack(first));
        }
        *going_back = false;
        if !row.users.contains(&lease.run) {
            row.users.push(lease.run.clone());
        }
        let joins = (first != lease.run).then(|| first.clone());
        let event = Event::LockBorrowed {
            step: step.to_owned(),
            loan: loan.clone(),
            joins: joins.clone(),
        };
        let record = Box::new(inner.push(&lease.run, event, at)?);
        Ok(match joins {
            Some(run) => Borrowed::Joined(record, run),
            None => Borrowed::First(record),
        })
    }

    async fn give_back(&self, lease: &Lease, key: &str) -> Result<Option<RunId>, StoreError> {
        let mut inner = self.lock();
        inner.holds(lease)?;
        let over: Vec<RunId> = inner
            .runs
            .values()
            .filter(|(row, _)| row.ended.is_some())
            .map(|(row, _)| row.run.clone())
            .collect();
        let Some((row, going_back)) = inner.loans.get_mut(key) else {
            return Ok(None);
        };
        row.users
            .retain(|user| *user == lease.run || !over.contains(user));
        let heir = row.users.iter().find(|user| **user != lease.run).cloned();
        match &heir {
            Some(heir) => {
                row.users.retain(|user| *user != lease.run);
                row.run = heir.clone();
            }
            None => {
                row.run = lease.run.clone();
                *going_back = true;
            }
        }
        Ok(heir)
    }

    async fn loans(&self) -> Result<Vec<LoanRow>, StoreError> {
        Ok(self
            .lock()
            .loans
            .values()
            .map(|(row, _)| row.clone())
            .collect())
    }

    async fn keep_operation(&self, run: &RunId, id: &str, token: &Value) -> Result<(), StoreError> {
        self.lock()
            .operations
            .insert(id.to_owned(), (run.clone(), token.clone()));
        Ok(())
    }

    async fn operation(&self, id: &str) -> Result<Option<Value>, StoreError> {
        let inner = self.lock();
        Ok(inner.operations.get(id).map(|(_, token)| token.clone()))
    }

    async fn erase_operation(&self, id: &str) -> Result<(), StoreError> {
        self.lock().operations.remove(id);
        Ok(())
    }
}
