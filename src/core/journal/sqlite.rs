//! The journal on disk: the one home of SQLite.
//!
//! WAL with `synchronous=FULL`: an append returns after its commit is durable. The database file
//! is readable by its owner only, because it holds signed polling URLs while operations run.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use serde_json::Value;

use crate::base::clock::add;
use crate::core::facts::Target;
use crate::core::journal::store::{Holder, LEASE, Lease, RunRow, Store, StoreError};
use crate::core::journal::{Event, Record, RunId, chain};

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS runs (run TEXT PRIMARY KEY, target TEXT NOT NULL, code TEXT NOT NULL,
  started TEXT NOT NULL, ended TEXT, outcome TEXT, events INTEGER NOT NULL, head TEXT NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (run TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL,
  event TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (run, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leases (target TEXT PRIMARY KEY, run TEXT NOT NULL, epoch INTEGER NOT NULL,
  since TEXT NOT NULL, expires TEXT NOT NULL, holder TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operations (id TEXT PRIMARY KEY, run TEXT NOT NULL, token TEXT NOT NULL)
  STRICT, WITHOUT ROWID;
";

/// The version of the tables; a database of another version is refused.
const VERSION: i64 = 1;

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
    /// When the folder or the database cannot be made, read or written.
    pub fn open(folder: &Path, me: Holder, is_gone: IsGone) -> Result<Self, StoreError> {
        let path = folder.join("journal.db");
        let broken = |why: String| StoreError::Broken {
            attempted: format!("cannot open the journal `{}`", path.display()),
            why,
        };
        std::fs::create_dir_all(folder).map_err(|e| broken(e.to_string()))?;
        keep_private(&path).map_err(|e| broken(e.to_string()))?;
        let connection = Connection::open(&path).map_err(|e| broken(e.to_string()))?;
        prepare(&connection).map_err(|e| broken(e.to_string()))?;
        let version: i64 = connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .map_err(|e| broken(e.to_string()))?;
        match version {
            0 => connection
                .pragma_update(None, "user_version", VERSION)
                .map_err(|e| broken(e.to_string()))?,
            VERSION => {}
            other => {
                return Err(broken(format!(
                    "it has version {other}, this program knows version {VERSION}"
                )));
            }
        }
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

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.execute_batch(SCHEMA)
}

#[cfg(unix)]
fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let mut options = std::fs::OpenOptions::new();
    let file = options.create(true).append(true).mode(0o600).open(path)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn keep_private(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

fn immediate(connection: &mut Connection) -> rusqlite::Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate)
}

fn push(tx: &Transaction<'_>, run: &RunId, event: Event, at: Timestamp) -> Result<Record, Trouble> {
    let row: Option<(u64, String)> = tx
        .query_row(
            "SELECT events, head FROM runs WHERE run = ?1",
            [&run.0],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((events, head)) = row else {
        return Err(Trouble::Refused(StoreError::NoSuchRun(run.to_string())));
    };
    let text = serde_json::to_string(&event)?;
    let seq = events + 1;
    let hash = chain(&head, run, seq, at, &text);
    tx.execute(
        "INSERT INTO events (run, seq, at, event, hash) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![run.0, seq, at.to_string(), text, hash],
    )?;
    tx.execute(
        "UPDATE runs SET events = ?2, head = ?3 WHERE run = ?1",
        params![run.0, seq, hash],
    )?;
    if let Event::Ended { outcome, .. } = &event {
        tx.execute(
            "UPDATE runs SET ended = ?2, outcome = ?3 WHERE run = ?1",
            params![run.0, at.to_string(), outcome.name()],
        )?;
    }
    Ok(Record {
        run: run.clone(),
        seq,
        at,
        event,
        hash,
    })
}

fn renew(connection: &Connection, lease: &Lease, at: Timestamp) -> Result<(), Trouble> {
    let renewed = connection.execute(
        "UPDATE leases SET expires = ?4 WHERE target = ?1 AND run = ?2 AND epoch = ?3 AND holder IS NOT NULL",
        params![lease.target, lease.run.0, lease.epoch, add(at, LEASE).to_string()],
    )?;
    if renewed == 1 {
        Ok(())
    } else {
        Err(Trouble::Refused(StoreError::LeaseLost))
    }
}

fn time(text: &str) -> Result<Timestamp, Trouble> {
    text.parse()
        .map_err(|e| Trouble::Sql(format!("`{text}` is not a time: {e}")))
}

/// Who holds `target` now, if anybody who may still be alive does.
fn held(
    tx: &Transaction<'_>,
    target: &str,
    at: Timestamp,
    is_gone: &IsGone,
) -> Result<Option<StoreError>, Trouble> {
    let row: Option<(String, String, String, Option<String>)> = tx
        .query_row(
            "SELECT run, since, expires, holder FROM leases WHERE target = ?1",
            [target],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    let Some((run, since, expires, Some(holder))) = row else {
        return Ok(None);
    };
    let holder: Holder = serde_json::from_str(&holder)?;
    if at >= time(&expires)? || is_gone(&holder) {
        return Ok(None);
    }
    Ok(Some(StoreError::Busy {
        run: RunId(run),
        since: time(&since)?,
        holder,
    }))
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
            let key = target.key();
            if let Some(busy) = held(&tx, &key, at, &is_gone)? {
                return Err(Trouble::Refused(busy));
            }
            tx.execute(
                "INSERT INTO leases (target, run, epoch, since, expires, holder) VALUES (?1, ?2, 1, ?3, ?4, ?5)
                 ON CONFLICT (target) DO UPDATE SET run = ?2, epoch = epoch + 1, since = ?3, expires = ?4, holder = ?5",
                params![key, run.0, at.to_string(), add(at, LEASE).to_string(), serde_json::to_string(&me)?],
            )?;
            // What an earlier run of this VM was polling is looked at afresh from now on.
            tx.execute(
                "DELETE FROM operations WHERE run IN (SELECT run FROM runs WHERE lower(target) = ?1)",
                [&key],
            )?;
            let epoch = tx.query_row("SELECT epoch FROM leases WHERE target = ?1", [&key], |r| r.get(0))?;
            tx.execute(
                "INSERT INTO runs (run, target, code, started, events, head) VALUES (?1, ?2, ?3, ?4, 0, '')",
                params![run.0, target.id, code, at.to_string()],
            )?;
            let record = push(&tx, &run, first, at)?;
            tx.commit()?;
            Ok((Lease { run, target: key, epoch }, record))
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
            renew(&tx, &lease, at)?;
            let record = push(&tx, &lease.run, event, at)?;
            tx.commit()?;
            Ok(record)
        })
        .await
    }

    async fn renew(&self, lease: &Lease, at: Timestamp) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.with("cannot renew the lease", move |connection| {
            renew(connection, &lease, at)
        })
        .await
    }

    async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.with("cannot give the lease back", move |connection| {
            // The row stays, so that the epoch goes on rising.
            connection.execute(
                "UPDATE leases SET holder = NULL WHERE target = ?1 AND run = ?2 AND epoch = ?3",
                params![lease.target, lease.run.0, lease.epoch],
            )?;
            Ok(())
        })
        .await
    }

    async fn read(&self, run: &RunId) -> Result<Vec<Record>, StoreError> {
        let run = run.clone();
        self.with("cannot read a run", move |connection| {
            let mut query = connection
                .prepare("SELECT seq, at, event, hash FROM events WHERE run = ?1 ORDER BY seq")?;
            let rows = query.query_map([&run.0], |row| {
                let (seq, at, event, hash): (u64, String, String, String) =
                    (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
                Ok((seq, at, event, hash))
            })?;
            let mut records = Vec::new();
            for row in rows {
                let (seq, at, event, hash) = row?;
                let event = serde_json::from_str(&event)?;
                records.push(Record {
                    run: run.clone(),
                    seq,
                    at: time(&at)?,
                    event,
                    hash,
                });
            }
            if records.is_empty() {
                return Err(Trouble::Refused(StoreError::NoSuchRun(run.to_string())));
            }
            Ok(records)
        })
        .await
    }

    async fn runs(&self) -> Result<Vec<RunRow>, StoreError> {
        self.with("cannot list the runs", |connection| {
            let mut query = connection.prepare(
                "SELECT run, target, code, started, ended, outcome, events, head FROM runs ORDER BY started DESC, run DESC",
            )?;
            let mut rows = query.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (started, ended, outcome): (String, Option<String>, Option<String>) =
                    (row.get(3)?, row.get(4)?, row.get(5)?);
                found.push(RunRow {
                    run: RunId(row.get(0)?),
                    target: row.get(1)?,
                    code: row.get(2)?,
                    started: time(&started)?,
                    ended: ended.as_deref().map(time).transpose()?,
                    outcome: outcome.map(|o| serde_json::from_value(Value::String(o))).transpose()?,
                    events: row.get(6)?,
                    head: row.get(7)?,
                });
            }
            Ok(found)
        })
        .await
    }

    async fn keep_operation(&self, run: &RunId, id: &str, token: &Value) -> Result<(), StoreError> {
        let (run, id, token) = (run.clone(), id.to_owned(), token.to_string());
        self.with("cannot keep an operation", move |connection| {
            connection.execute(
                "INSERT OR REPLACE INTO operations (id, run, token) VALUES (?1, ?2, ?3)",
                params![id, run.0, token],
            )?;
            Ok(())
        })
        .await
    }

    async fn erase_operation(&self, id: &str) -> Result<(), StoreError> {
        let id = id.to_owned();
        self.with("cannot erase an operation", move |connection| {
            connection.execute("DELETE FROM operations WHERE id = ?1", [&id])?;
            Ok(())
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
