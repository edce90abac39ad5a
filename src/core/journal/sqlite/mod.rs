//! The journal on disk: the one home of SQLite.
//!
//! WAL with `synchronous=FULL`: an append returns after its commit is durable. The database file
//! is readable by its owner only, because it holds signed polling URLs while operations run.

mod commit;
mod kept;
mod leases;
mod loans;
mod operations;
mod runs;
mod schema;
mod seals;
mod store;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;

use self::commit::Committer;
use crate::base::SealKey;
use crate::core::journal::RunId;
use crate::core::journal::evidence::{Finding, Kept, Row};
use crate::core::journal::store::{Holder, StoreError};

/// Tells whether a holder is surely gone.
pub type IsGone = Arc<dyn Fn(&Holder) -> bool + Send + Sync>;

/// The journal in a SQLite database.
#[derive(Clone)]
pub struct Sqlite {
    committer: Arc<Committer>,
    path: PathBuf,
    me: Holder,
    is_gone: IsGone,
    key: SealKey,
}

impl Sqlite {
    /// Opens or makes the journal in `folder`; whatever is written to it is sealed with `key`.
    ///
    /// # Errors
    /// When the folder or the database cannot be made, read, written or brought up to date.
    pub fn open(
        folder: &Path,
        me: Holder,
        is_gone: IsGone,
        key: SealKey,
    ) -> Result<Self, StoreError> {
        let path = folder.join("journal.db");
        let broken = |why: String| StoreError::Broken {
            attempted: format!("cannot open the journal `{}`", path.display()),
            why,
        };
        std::fs::create_dir_all(folder).map_err(|e| broken(e.to_string()))?;
        let connection = schema::open(&path, &key).map_err(broken)?;
        Ok(Self {
            committer: Arc::new(Committer::new(connection)),
            path,
            me,
            is_gone,
            key,
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

    /// Looks for what is wrong with the runs whose ids begin so, or with all, and with the journal
    /// as a whole.
    ///
    /// # Errors
    /// When there is no such run, or the journal cannot be read.
    pub async fn verify(&self, runs: Vec<String>) -> Result<Verified, StoreError> {
        let key = self.key.clone();
        self.look("cannot verify the runs", move |connection| {
            kept::verify(connection, &runs, &key)
        })
        .await
    }

    /// A run as it lies on disk.
    ///
    /// # Errors
    /// When there is no such run, or the journal cannot be read.
    pub async fn kept(&self, run: &RunId) -> Result<Kept, StoreError> {
        let run = run.clone();
        self.look("cannot read a run", move |connection| {
            let tx = connection.unchecked_transaction()?;
            match kept::row(&tx, &run.0)? {
                Some(row) => Ok(kept::run(&tx, row)?),
                None => Err(Trouble::Refused(StoreError::NoSuchRun(run.to_string()))),
            }
        })
        .await
    }

    /// What is written is sealed with this.
    #[must_use]
    pub fn key(&self) -> &SealKey {
        &self.key
    }

    /// The database.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Empties the write-ahead log, so that what was erased lies in no file any more. Where that
    /// cannot be now, it is done another time, at the latest when the last process closes.
    async fn forget(&self) -> Result<(), StoreError> {
        self.look("cannot empty the write-ahead log", |connection| {
            let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            Ok(())
        })
        .await
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

/// What is wrong with a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The name of the key that seals were held against.
    pub key: String,
    /// That it is sealed with another, and what to do; no seal was looked at then.
    pub other_key: Option<String>,
    /// How many events there are.
    pub events: usize,
    /// Whether the seal over its counts holds.
    pub sealed: bool,
    /// What is wrong with the journal as a whole.
    pub findings: Vec<Finding>,
    /// Its runs, oldest first.
    pub runs: Vec<VerifiedRun>,
}

/// What is wrong with a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRun {
    /// Its row.
    pub row: Row,
    /// How many events are there.
    pub events: usize,
    /// Whether its seal holds.
    pub sealed: bool,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl Verified {
    /// True when nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.other_key.is_none()
            && self.findings.is_empty()
            && self.runs.iter().all(|run| run.findings.is_empty())
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

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sqlite")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
