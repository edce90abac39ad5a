//! The tables, version by version, and how a journal of an older version is brought up to date.
//!
//! Invariants: a migration that was released is never edited, a new one is appended; each runs in
//! one exclusive transaction together with its number, so that a journal is of the version before
//! or of the version after, whatever happens; what it changes was copied before.
//!
//! | | version 1 → 2 |
//! |---|---|
//! | old reader, new data | refused at opening: it knows version 1 alone |
//! | new reader, old data | migrated at opening; the copy `journal.db.before-v2` stays beside it |
//! | old writer, new data | refused at opening; one that was open already is refused by triggers, and sends nothing further |

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::seals;
use crate::base::SealKey;

/// What takes a journal from one version to the next.
struct Migration {
    tables: &'static str,
    /// What no SQL can do.
    then: fn(&Connection, &SealKey) -> rusqlite::Result<()>,
}

/// The first makes version 1. It says `IF NOT EXISTS` because its makers wrote the number after the
/// tables.
///
/// The triggers of version 2 stop a program of version 1 that was running meanwhile: it would write
/// heads without seals. A borrowed lock is kept by its lower-cased id: the loan as JSON, who took it,
/// and a JSON list of the runs that use it. `cancel` names who asked the holder of a lease to stop.
const MIGRATIONS: [Migration; 2] = [
    Migration {
        tables: "
CREATE TABLE IF NOT EXISTS runs (run TEXT PRIMARY KEY, target TEXT NOT NULL, code TEXT NOT NULL,
  started TEXT NOT NULL, ended TEXT, outcome TEXT, events INTEGER NOT NULL, head TEXT NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (run TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL,
  event TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (run, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leases (target TEXT PRIMARY KEY, run TEXT NOT NULL, epoch INTEGER NOT NULL,
  since TEXT NOT NULL, expires TEXT NOT NULL, holder TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operations (id TEXT PRIMARY KEY, run TEXT NOT NULL, token TEXT NOT NULL)
  STRICT, WITHOUT ROWID;
",
        then: |_, _| Ok(()),
    },
    Migration {
        tables: "
ALTER TABLE leases ADD COLUMN cancel TEXT;
CREATE TABLE borrowed_locks (id TEXT PRIMARY KEY, lock TEXT NOT NULL, run TEXT NOT NULL,
  since TEXT NOT NULL, state TEXT NOT NULL, joined TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE journal (id INTEGER PRIMARY KEY CHECK (id = 1), key TEXT NOT NULL,
  runs INTEGER NOT NULL, events INTEGER NOT NULL, seal TEXT NOT NULL) STRICT;
ALTER TABLE runs ADD COLUMN adopted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN seal TEXT NOT NULL DEFAULT '';
CREATE TRIGGER a_run_is_sealed BEFORE INSERT ON runs WHEN NEW.seal = ''
  BEGIN SELECT RAISE(ABORT, 'a later release of this program has brought the journal up to date'); END;
CREATE TRIGGER a_head_is_sealed BEFORE UPDATE OF head ON runs WHEN NEW.seal = OLD.seal
  BEGIN SELECT RAISE(ABORT, 'a later release of this program has brought the journal up to date'); END;
",
        then: seals::adopt,
    },
];

/// The version that this program reads and writes.
const NEWEST: usize = MIGRATIONS.len();

/// How long another process may hold the database before it counts as stuck.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the database at `path`, making it or bringing it up to date.
pub(super) fn open(path: &Path, key: &SealKey) -> Result<Connection, String> {
    let text = |e: rusqlite::Error| e.to_string();
    keep_private(path).map_err(|e| e.to_string())?;
    // Two processes that open at once go one after the other: SQLite does not wait when both ask
    // for the write-ahead log.
    let _turn = turn(&beside(path, "opening")).map_err(|e| e.to_string())?;
    let mut connection = connect(path).map_err(text)?;
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(text)?;
    let found = version(&connection).map_err(text)?;
    while version(&connection).map_err(text)? != NEWEST {
        migrate(&mut connection, path, key, found > 0)?;
    }
    Ok(connection)
}

/// Waits for every other process that is opening the journal; it is over when this is dropped.
fn turn(path: &Path) -> std::io::Result<File> {
    keep_private(path)?;
    let turn = File::options().write(true).open(path)?;
    turn.lock().map(|()| turn)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // A polling URL that was erased is not left behind in a free page.
    connection.pragma_update(None, "secure_delete", "ON")?;
    Ok(connection)
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// One step nearer to the newest version; refused where there is no way to it. A journal that has
/// just been made has nothing to copy.
fn migrate(
    connection: &mut Connection,
    path: &Path,
    key: &SealKey,
    old: bool,
) -> Result<(), String> {
    let text = |e: rusqlite::Error| e.to_string();
    let tx = Transaction::new(connection, TransactionBehavior::Exclusive).map_err(text)?;
    let from = version(&tx).map_err(text)?;
    if from == NEWEST {
        return Ok(());
    }
    let Some(migration) = MIGRATIONS.get(from) else {
        return Err(format!(
            "it has version {from}, and this program knows none after {NEWEST}: use the release that wrote it, or a later one"
        ));
    };
    let to = from + 1;
    let failed = |why: String| {
        format!("it could not be brought from version {from} to {to}, and is as it was: {why}")
    };
    if old {
        copy(path, &beside(path, &format!("before-v{to}"))).map_err(failed)?;
    }
    tx.execute_batch(migration.tables)
        .and_then(|()| (migration.then)(&tx, key))
        .and_then(|()| tx.pragma_update(None, "user_version", to))
        .and_then(|()| tx.commit())
        .map_err(|e| failed(e.to_string()))
}

/// Copies the database as it was last committed, without the signed URLs in it.
fn copy(path: &Path, to: &Path) -> Result<(), String> {
    let text = |e: rusqlite::Error| e.to_string();
    match fs::remove_file(to) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e.to_string()),
        _ => keep_private(to).map_err(|e| e.to_string())?,
    }
    // A connection of its own: the other one is writing, and `VACUUM` runs in no transaction.
    let name = to.to_str().ok_or("the copy's path is not UTF-8")?;
    connect(path)
        .and_then(|source| source.execute("VACUUM INTO ?1", [name]))
        .map_err(text)?;
    connect(to)
        .and_then(|copy| copy.execute("DELETE FROM operations", []))
        .map_err(text)?;
    let copied = File::options().write(true).open(to);
    copied.and_then(|f| f.sync_all()).map_err(|e| e.to_string())
}

/// `journal.db` and an ending.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{ending}"));
    PathBuf::from(name)
}

/// Makes `path` a file that only its owner reads. A file that exists is not opened: closing it
/// would drop the locks that SQLite holds on it in this process.
#[cfg(unix)]
fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    match File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))
        }
        other => other.map(drop),
    }
}

#[cfg(not(unix))]
fn keep_private(_path: &Path) -> std::io::Result<()> {
    Ok(())
}
