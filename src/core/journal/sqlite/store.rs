//! What every store promises, kept in SQLite: each write in the transaction of its group.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use super::{Sqlite, leases, loans, operations, runs, seals};
use crate::core::action::Loan;
use crate::core::facts::Target;
use crate::core::journal::store::{Borrowed, Lease, LoanRow, RunRow, Store, StoreError};
use crate::core::journal::{Event, Record, RunId};

#[async_trait]
impl Store for Sqlite {
    async fn begin(
        &self,
        run: &RunId,
        target: &Target,
        code: &str,
        first: Event,
        at: Timestamp,
    ) -> Result<(Lease, Record), StoreError> {
        let (run, target, code) = (run.clone(), target.clone(), code.to_owned());
        let (me, is_gone) = (self.me.clone(), Arc::clone(&self.is_gone));
        let key = self.key.clone();
        self.write("cannot begin a run", move |tx| {
            let lease = leases::take(tx, &run, target.key(), at, &me, &is_gone)?;
            operations::erase_of(tx, &lease.target)?;
            runs::insert(tx, &run, &target, &code, at, &key)?;
            let record = runs::push(tx, &run, first, at, &key)?;
            Ok((lease, record))
        })
        .await
    }

    async fn reopen(&self, run: &RunId, at: Timestamp) -> Result<(Lease, Vec<Record>), StoreError> {
        let run = run.clone();
        let (me, is_gone) = (self.me.clone(), Arc::clone(&self.is_gone));
        let key = self.key.clone();
        self.write("cannot go on with a run", move |tx| {
            let id = runs::target_of_last(tx, &run)?;
            let lease = leases::take(tx, &run, Target { id }.key(), at, &me, &is_gone)?;
            seals::whole(tx, &run.0, &key)?;
            Ok((lease, runs::read(tx, &run)?))
        })
        .await
    }

    async fn ask_to_cancel(
        &self,
        run: &RunId,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let (run, by, is_gone) = (run.clone(), by.to_owned(), Arc::clone(&self.is_gone));
        self.write("cannot ask a run to stop", move |tx| {
            leases::ask_to_cancel(tx, &run, &by, at, &is_gone)
        })
        .await
    }

    async fn cancelled_by(&self, lease: &Lease) -> Result<Option<String>, StoreError> {
        let lease = lease.clone();
        self.look("cannot read the lease", move |connection| {
            leases::cancelled_by(connection, &lease)
        })
        .await
    }

    async fn append(
        &self,
        lease: &Lease,
        event: Event,
        at: Timestamp,
    ) -> Result<Record, StoreError> {
        let (lease, key) = (lease.clone(), self.key.clone());
        self.write("cannot append an event", move |tx| {
            leases::renew(tx, &lease, at)?;
            runs::push(tx, &lease.run, event, at, &key)
        })
        .await
    }

    async fn renew(&self, lease: &Lease, at: Timestamp) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write("cannot renew the lease", move |tx| {
            leases::renew(tx, &lease, at)
        })
        .await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write("cannot give the lease back", move |tx| {
            leases::release(tx, &lease)
        })
        .await?;
        self.forget().await
    }

    async fn read(&self, run: &RunId) -> Result<Vec<Record>, StoreError> {
        let run = run.clone();
        self.look("cannot read a run", move |connection| {
            runs::read(connection, &run)
        })
        .await
    }

    async fn runs(&self) -> Result<Vec<RunRow>, StoreError> {
        self.look("cannot list the runs", runs::list).await
    }

    async fn borrow(
        &self,
        lease: &Lease,
        step: &str,
        loan: &Loan,
        at: Timestamp,
    ) -> Result<Borrowed, StoreError> {
        let (lease, step, loan) = (lease.clone(), step.to_owned(), loan.clone());
        let key = self.key.clone();
        self.write("cannot write down what is borrowed", move |tx| {
            leases::renew(tx, &lease, at)?;
            loans::borrow(tx, &lease, &step, &loan, at, &key)
        })
        .await
    }

    async fn give_back(&self, lease: &Lease, key: &str) -> Result<Option<RunId>, StoreError> {
        let (run, key) = (lease.run.clone(), key.to_owned());
        self.write("cannot write down what goes back", move |tx| {
            loans::give_back(tx, &run, &key)
        })
        .await
    }

    async fn loans(&self) -> Result<Vec<LoanRow>, StoreError> {
        self.look("cannot list what is borrowed", loans::list).await
    }

    async fn keep_operation(&self, run: &RunId, id: &str, token: &Value) -> Result<(), StoreError> {
        let (run, id, token) = (run.clone(), id.to_owned(), token.to_string());
        self.write("cannot keep an operation", move |tx| {
            operations::keep(tx, &run, &id, &token)
        })
        .await
    }

    async fn operation(&self, id: &str) -> Result<Option<Value>, StoreError> {
        let id = id.to_owned();
        self.look("cannot read an operation", move |connection| {
            operations::get(connection, &id)
        })
        .await
    }

    async fn erase_operation(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.write("cannot erase an operation", move |tx| {
            operations::erase(tx, &id)
        })
        .await?;
        self.forget().await
    }
}
