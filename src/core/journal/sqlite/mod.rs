//! The journal on disk: the one home of SQLite.
//!
//! WAL with `synchronous=FULL`: an append returns after its commit is durable. The database file
//! is readable by its owner only, because it holds signed polling URLs while operations run.

mod commit;
mod leases;
mod loans;
mod operations;
mod runs;
mod schema;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::Value;

use self::commit::Committer;
use crate::core::action::Loan;
use crate::core::facts::Target;
use crate::core::journal::store::{Borrowed, Holder, Lease, LoanRow, RunRow, Store, StoreError};
use crate::core::journal::{Event, Record, RunId};

/// Tells whether a holder is surely gone.
pub type IsGone = Arc<dyn Fn(&Holder) -> bool + Send + Sync>;

/// The journal in a SQLite database.
#[derive(Clone)]
pub struct Sqlite {
    committer: Arc<Committer>,
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
            committer: Arc::new(Committer::new(connection)),
            path,
            me,
            is_gone,
        })
    }

    /// The same, giving up after `patience` where another process holds the database; ten seconds
    /// unless said.
    ///
    /// # Errors
    /// When SQLite refuses it.
    pub fn patient_for(self, patience: Duration) -> Result<Self, StoreError> {
        let set = self.committer.connection().busy_timeout(patience);
        self.set("cannot set the patience", set)
    }

    /// The same, never growing beyond so many pages: what a disk that fills up looks like.
    ///
    /// # Errors
    /// When SQLite refuses it.
    pub fn no_larger_than(self, pages: u32) -> Result<Self, StoreError> {
        let set = self
            .committer
            .connection()
            .pragma_update(None, "max_page_count", pages);
        self.set("cannot limit the size", set)
    }

    /// How many transactions this process has committed.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.committer.commits()
    }

    fn set(self, attempted: &str, set: rusqlite::Result<()>) -> Result<Self, StoreError> {
        match set {
            Ok(()) => Ok(self),
            Err(why) => Err(self.error(attempted, why.into())),
        }
    }

    /// Carries out `work` in the transaction of its group.
    async fn write<T: Send + 'static>(
        &self,
        attempted: &str,
        work: impl FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, StoreError> {
        let done = self.committer.write(work).await;
        done.map_err(|trouble| self.error(attempted, trouble))
    }

    /// Looks between two groups.
    async fn look<T: Send + 'static>(
        &self,
        attempted: &str,
        work: impl FnOnce(&Connection) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, StoreError> {
        let committer = Arc::clone(&self.committer);
        let done = tokio::task::spawn_blocking(move || work(&committer.connection())).await;
        let done = done.unwrap_or_else(|stopped| Err(Trouble::Sql(stopped.to_string())));
        done.map_err(|trouble| self.error(attempted, trouble))
    }

    fn error(&self, attempted: &str, trouble: Trouble) -> StoreError {
        match trouble {
            Trouble::Refused(error) => error,
            Trouble::Sql(why) => StoreError::Broken {
                attempted: format!("{attempted} in the journal `{}`", self.path.display()),
                why,
            },
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
        self.write("cannot begin a run", move |tx| {
            let lease = leases::take(tx, &run, target.key(), at, &me, &is_gone)?;
            operations::erase_of(tx, &lease.target)?;
            runs::insert(tx, &run, &target, &code, at)?;
            let record = runs::push(tx, &run, first, at)?;
            Ok((lease, record))
        })
        .await
    }

    async fn reopen(&self, run: &RunId, at: Timestamp) -> Result<(Lease, Vec<Record>), StoreError> {
        let run = run.clone();
        let (me, is_gone) = (self.me.clone(), Arc::clone(&self.is_gone));
        self.write("cannot go on with a run", move |tx| {
            let id = runs::target_of_last(tx, &run)?;
            let lease = leases::take(tx, &run, Target { id }.key(), at, &me, &is_gone)?;
            let records = runs::read(tx, &run)?;
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
        let lease = lease.clone();
        self.write("cannot append an event", move |tx| {
            leases::renew(tx, &lease, at)?;
            runs::push(tx, &lease.run, event, at)
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
        .await
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
        self.write("cannot write down what is borrowed", move |tx| {
            leases::renew(tx, &lease, at)?;
            loans::borrow(tx, &lease, &step, &loan, at)
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
