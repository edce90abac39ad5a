//! A journal of an older version is brought up to date, whole or not at all.

use std::path::Path;
use std::sync::{Arc, Barrier};

use runbook::core::journal::sqlite::Sqlite;
use runbook::core::journal::state::State;
use runbook::core::journal::store::{Holder, Store};
use runbook::core::journal::{Event, Record, chain};
use rusqlite::{Connection, params};

use super::{at, holder, journal, key, run, target, waiting};

/// The tables as version 1 made them.
const VERSION_1: &str = "
CREATE TABLE IF NOT EXISTS runs (run TEXT PRIMARY KEY, target TEXT NOT NULL, code TEXT NOT NULL,
  started TEXT NOT NULL, ended TEXT, outcome TEXT, events INTEGER NOT NULL, head TEXT NOT NULL)
  STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (run TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL,
  event TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (run, seq)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leases (target TEXT PRIMARY KEY, run TEXT NOT NULL, epoch INTEGER NOT NULL,
  since TEXT NOT NULL, expires TEXT NOT NULL, holder TEXT) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operations (id TEXT PRIMARY KEY, run TEXT NOT NULL, token TEXT NOT NULL)
  STRICT, WITHOUT ROWID;
PRAGMA user_version = 1;
";

/// A journal as version 1 left it: the run `r1` with this history, its lease still held by a
/// process that is gone, and an operation that runs.
fn of_version_1(folder: &Path, history: &[Record]) -> Vec<Record> {
    let raw = raw(folder);
    raw.pragma_update(None, "journal_mode", "WAL").unwrap();
    raw.execute_batch(VERSION_1).unwrap();
    let mut records: Vec<Record> = Vec::new();
    for record in history {
        let text = serde_json::to_string(&record.event).unwrap();
        let before = records.last().map_or("", |r| &r.hash);
        let hash = chain(before, &run("r1"), record.seq, record.at, &text);
        let event = "INSERT INTO events VALUES ('r1', ?1, ?2, ?3, ?4)";
        raw.execute(
            event,
            params![record.seq, record.at.to_string(), text, hash],
        )
        .unwrap();
        let (run, event) = (run("r1"), record.event.clone());
        let (seq, at) = (record.seq, record.at);
        records.push(Record {
            run,
            seq,
            at,
            event,
            hash,
        });
    }
    let last = records.last().unwrap();
    let Event::Planned { plan } = &records[0].event else {
        panic!("a run begins with its plan");
    };
    raw.execute(
        "INSERT INTO runs VALUES ('r1', ?1, ?5, ?2, NULL, NULL, ?3, ?4)",
        params![
            plan.target.id,
            records[0].at.to_string(),
            last.seq,
            last.hash,
            plan.runbook.code
        ],
    )
    .unwrap();
    raw.execute(
        "INSERT INTO leases VALUES (?1, 'r1', 4, ?2, ?3, ?4)",
        params![
            target().key(),
            at(0).to_string(),
            at(900).to_string(),
            serde_json::to_string(&holder(13)).unwrap()
        ],
    )
    .unwrap();
    raw.execute(
        "INSERT INTO operations VALUES ('op', 'r1', 's=SIGNATURE')",
        [],
    )
    .unwrap();
    records
}

fn raw(folder: &Path) -> Connection {
    Connection::open(folder.join("journal.db")).unwrap()
}

fn version(database: &Connection) -> i64 {
    database
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap()
}

fn refusal(folder: &Path) -> String {
    let opened = Sqlite::open(folder, holder(1), Arc::new(|_: &Holder| false), key());
    opened.unwrap_err().to_string()
}

#[tokio::test]
async fn a_journal_of_version_1_opens_with_the_same_records_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let history = tokio::task::spawn_blocking(super::history).await.unwrap();
    let kept = of_version_1(folder.path(), &history[..history.len() - 1]);

    let store = journal(folder.path(), 1);
    assert_eq!(store.read(&run("r1")).await.unwrap(), kept);
    State::fold(&kept).unwrap();
    let row = store.runs().await.unwrap().remove(0);
    assert_eq!(
        (row.events, &row.head),
        (kept.len() as u64, &kept[kept.len() - 1].hash)
    );
    assert_eq!(version(&raw(folder.path())), 2);

    // What was there is sealed as it was found, and said to be older than its seal.
    let verified = store.verify(Vec::new()).await.unwrap();
    assert_eq!(verified.runs[0].row.adopted, kept.len() as i64);
    assert!(verified.is_whole(), "{verified:?}");

    // The lease of its dead holder is taken, and the epoch goes on rising.
    let (lease, _) = store
        .begin(&run("r2"), &target(), "Code", waiting(), at(60))
        .await
        .unwrap();
    assert_eq!(lease.epoch, 5);
    store.append(&lease, waiting(), at(61)).await.unwrap();
    assert_eq!(store.read(&run("r2")).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_program_of_version_1_that_was_running_meanwhile_writes_no_head_without_a_seal() {
    let folder = tempfile::tempdir().unwrap();
    let history = tokio::task::spawn_blocking(super::history).await.unwrap();
    of_version_1(folder.path(), &history);
    let old = raw(folder.path());
    drop(journal(folder.path(), 1));
    // What version 1 says when it appends, and when it begins.
    for sql in [
        "UPDATE runs SET events = 999, head = 'x' WHERE run = 'r1'",
        "INSERT INTO runs (run, target, code, started, events, head) VALUES ('r2', '', '', '', 0, '')",
    ] {
        let refused = old.execute(sql, []).unwrap_err().to_string();
        assert!(refused.contains("a later release"), "{refused}");
    }
    assert!(
        journal(folder.path(), 2)
            .verify(Vec::new())
            .await
            .unwrap()
            .findings
            .is_empty()
    );
}

#[tokio::test]
async fn what_a_migration_changes_was_copied_before_without_signed_urls() {
    let folder = tempfile::tempdir().unwrap();
    let history = tokio::task::spawn_blocking(super::history).await.unwrap();
    let kept = of_version_1(folder.path(), &history);
    drop(journal(folder.path(), 1));

    let file = folder.path().join("journal.db.before-v2");
    let copy = Connection::open(&file).unwrap();
    assert_eq!(version(&copy), 1);
    let count: usize = copy
        .query_row("SELECT count(*) FROM events", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, kept.len());
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.windows(9).any(|w| w == b"SIGNATURE"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // A new journal has nothing to lose.
    let new = tempfile::tempdir().unwrap();
    drop(journal(new.path(), 1));
    assert!(!new.path().join("journal.db.before-v2").exists());
}

#[tokio::test]
async fn a_migration_that_fails_leaves_the_journal_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let history = tokio::task::spawn_blocking(super::history).await.unwrap();
    of_version_1(folder.path(), &history);
    let dump = |database: &Connection| -> Vec<(String, i64)> {
        let tables: Vec<String> = database
            .prepare("SELECT name || ': ' || sql FROM sqlite_schema ORDER BY name")
            .unwrap()
            .query_map([], |row| row.get::<_, Option<String>>(0))
            .unwrap()
            .filter_map(Result::unwrap)
            .collect();
        let events = "SELECT count(*) FROM events";
        let events = database.query_row(events, [], |row| row.get(0)).unwrap();
        tables.into_iter().map(|sql| (sql, events)).collect()
    };
    // Something else has the name of a table that the migration makes last.
    let database = raw(folder.path());
    database
        .execute_batch("CREATE TABLE borrowed_locks (other TEXT)")
        .unwrap();
    let before = dump(&database);
    for _ in 0..2 {
        let why = refusal(folder.path());
        assert!(
            why.contains("from version 1 to 2, and is as it was"),
            "{why}"
        );
        assert!(why.contains("borrowed_locks"), "{why}");
    }
    assert_eq!((version(&database), dump(&database)), (1, before));
    // Once that is out of the way it goes on, and the copy is not the one of the first attempt.
    database.execute_batch("DROP TABLE borrowed_locks").unwrap();
    drop(journal(folder.path(), 1));
    assert_eq!(version(&database), 2);
    let copy = Connection::open(folder.path().join("journal.db.before-v2")).unwrap();
    assert!(
        !dump(&copy)
            .iter()
            .any(|(sql, _)| sql.contains("borrowed_locks"))
    );
}

#[test]
fn a_newer_journal_is_refused_untouched_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    drop(journal(folder.path(), 1));
    let database = raw(folder.path());
    database.pragma_update(None, "user_version", 99).unwrap();
    let why = refusal(folder.path());
    assert!(
        why.contains("version 99") && why.contains("none after 2"),
        "{why}"
    );
    assert!(
        why.contains("use the release that wrote it, or a later one"),
        "{why}"
    );
    assert_eq!(version(&database), 99);
}

#[tokio::test]
async fn of_many_that_open_an_old_or_a_new_journal_at_once_each_gets_it() {
    let history = tokio::task::spawn_blocking(super::history).await.unwrap();
    for round in 0..30 {
        let old = round < 2;
        let folder = tempfile::tempdir().unwrap();
        if old {
            of_version_1(folder.path(), &history);
        }
        let start = Arc::new(Barrier::new(8));
        let opening = (1..=8).map(|pid| {
            let (start, folder) = (Arc::clone(&start), folder.path().to_owned());
            std::thread::spawn(move || {
                start.wait();
                drop(journal(&folder, pid));
            })
        });
        for thread in opening.collect::<Vec<_>>() {
            thread.join().unwrap();
        }
        assert_eq!(version(&raw(folder.path())), 2);
    }
}
