//! The journal on disk: the one home of SQLite.
//!
//! WAL with `synchronous=FULL`: an append returns after its commit is durable. The database file
//! is readable by its owner only, because it holds signed polling URLs while operations run.

mod leases;
mod loans;
mod operations;
mod runs;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde_json::Value;

use crate::core::action::Loan;
use crate::core::facts::Target;
use crate::core::journal::store::{Borrowed, Holder, Lease, LoanRow, RunRow, Store, StoreError};
use crate::core::journal::{Event, Record, RunId};

/// Tells whether a holder is surely gone.
pub type IsGone = Arc<dyn Fn(&Holder) -> bool + Send + Sync>;

/// The journal in a SQLite database.
#[derive(Clone)]
pub struct Sqlite {
    connection: Arc<Mutex<Connection>>,
    path: PathBuf,
    me: Holder,
    is_gone: IsGone,
}

impl Sqlite {
    /// Opens or makes the journal in `folder`.
    ///
    /// # Errors
    /// When the folder or the database cannot be made, read, written or brought up to date.
    pub fn open(folder: &Path, me: Holder, is_gone: IsGone) -> Result<Self, StoreError> {
        let path = folder.join("journal.db");
        let broken = |why: String| StoreError::Broken {
            attempted: format!("cannot open the journal `{}`", path.display()),
            why,
        };
        std::fs::create_dir_all(folder).map_err(|e| broken(e.to_string()))?;
        let connection = schema::open(&path).map_err(broken)?;
        Ok(Self {
            connection: Arc::new(Mutex::new(connection)),
            path,
            me,
            is_gone,
        })
    }

    async fn with<T: Send + 'static>(
        &self,
        attempted: &str,
        work: impl FnOnce(&mut Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.connection);
        let attempted = format!("{attempted} in the journal `{}`", self.path.display());
        let done = tokio::task::spawn_blocking(move || {
            let mut guard = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut guard)
        })
        .await;
        match done {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Trouble::Refused(error))) => Err(error),
            Ok(Err(Trouble::Sql(why))) => Err(StoreError::Broken { attempted, why }),
            Err(join) => Err(StoreError::Broken {
                attempted,
                why: join.to_string(),
            }),
        }
    }
}

enum Trouble {
    Refused(StoreError),
    Sql(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error.to_string())
    }
}

impl From<serde_json::Error> for Trouble {
    fn from(error: serde_json::Error) -> Self {
        Self::Sql(format!("a row cannot be understood: {error}"))
    }
}

fn immediate(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn time(text: &str) -> Result<Timestamp, Trouble> {
    text.parse()
        .map_err(|e| Trouble::Sql(format!("`{text}` is not a time: {e}")))
}

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
        self.with("cannot begin a run", move |connection| {
            let tx = immediate(connection)?;
            let lease = leases::take(&tx, &run, target.key(), at, &me, &is_gone)?;
            operations::erase_of(&tx, &lease.target)?;
            runs::insert(&tx, &run, &target, &code, at)?;
            let record = runs::push(&tx, &run, first, at)?;
            tx.commit()?;
            Ok((lease, record))
        })
        .await
    }

    async fn reopen(&self, run: &RunId, at: Timestamp) -> Result<(Lease, Vec<Record>), StoreError> {
        let run = run.clone();
        let (me, is_gone) = (self.me.clone(), Arc::clone(&self.is_gone));
        self.with("cannot go on with a run", move |connection| {
            let tx = immediate(connection)?;
            let id = runs::target_of_last(&tx, &run)?;
            let lease = leases::take(&tx, &run, Target { id }.key(), at, &me, &is_gone)?;
            let records = runs::read(&tx, &run)?;
            tx.commit()?;
            Ok((lease, records))
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
        self.with("cannot ask a run to stop", move |connection| {
            let tx = immediate(connection)?;
            let asked = leases::ask_to_cancel(&tx, &run, &by, at, &is_gone)?;
            tx.commit()?;
            Ok(asked)
        })
        .await
    }

    async fn cancelled_by(&self, lease: &Lease) -> Result<Option<String>, StoreError> {
        let lease = lease.clone();
        self.with("cannot read the lease", move |connection| {
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
        let lease = lease.clone();
        self.with("cannot append an event", move |connection| {
            let tx = immediate(connection)?;
            leases::renew(&tx, &lease, at)?;
            let record = runs::push(&tx, &lease.run, event, at)?;
            tx.commit()?;
            Ok(record)
        })
        .await
    }

    async fn renew(&self, lease: &Lease, at: Timestamp) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.with("cannot renew the lease", move |connection| {
            leases::renew(connection, &lease, at)
        })
        .await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.with("cannot give the lease back", move |connection| {
            leases::release(connection, &lease)
        })
        .await
    }

    async fn read(&self, run: &RunId) -> Result<Vec<Record>, StoreError> {
        let run = run.clone();
        self.with("cannot read a run", move |connection| {
            runs::read(connection, &run)
        })
        .await
    }

    async fn runs(&self) -> Result<Vec<RunRow>, StoreError> {
        self.with("cannot list the runs", |connection| runs::list(connection))
            .await
    }

    async fn borrow(
        &self,
        lease: &Lease,
        step: &str,
        loan: &Loan,
        at: Timestamp,
    ) -> Result<Borrowed, StoreError> {
        let (lease, step, loan) = (lease.clone(), step.to_owned(), loan.clone());
        self.with("cannot write down what is borrowed", move |connection| {
            let tx = immediate(connection)?;
            leases::renew(&tx, &lease, at)?;
            let borrowed = loans::borrow(&tx, &lease, &step, &loan, at)?;
            tx.commit()?;
            Ok(borrowed)
        })
        .await
    }

    async fn give_back(&self, lease: &Lease, key: &str) -> Result<Option<RunId>, StoreError> {
        let (run, key) = (lease.run.clone(), key.to_owned());
        self.with("cannot write down what goes back", move |connection| {
            let tx = immediate(connection)?;
            let heir = loans::give_back(&tx, &run, &key)?;
            tx.commit()?;
            Ok(heir)
        })
        .await
    }

    async fn loans(&self) -> Result<Vec<LoanRow>, StoreError> {
        self.with("cannot list what is borrowed", |connection| {
            loans::list(connection)
        })
        .await
    }

    async fn keep_operation(&self, run: &RunId, id: &str, token: &Value) -> Result<(), StoreError> {
        let (run, id, token) = (run.clone(), id.to_owned(), token.to_string());
        self.with("cannot keep an operation", move |connection| {
            operations::keep(connection, &run, &id, &token)
        })
        .await
    }

    async fn operation(&self, id: &str) -> Result<Option<Value>, StoreError> {
        let id = id.to_owned();
        self.with("cannot read an operation", move |connection| {
            operations::get(connection, &id)
        })
        .await
    }

    async fn erase_operation(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.with("cannot erase an operation", move |connection| {
            operations::erase(connection, &id)
        })
        .await
    }
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
