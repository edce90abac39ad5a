//! The journal on disk: what is appended is kept, whole and in order, by whoever holds the lease.

mod group;
mod migrate;
mod table;
mod tamper;
mod verify;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use runbook::base::SealKey;
use runbook::core::facts::Target;
use runbook::core::journal::sqlite::Sqlite;
use runbook::core::journal::state::State;
use runbook::core::journal::store::{Holder, LEASE, Lease, Store, StoreError};
use runbook::core::journal::{Event, Record, RunId, chain};
use runbook::core::outcome::RunOutcome;
use serde_json::json;

use crate::kit::{Stage, in_virtual_time};

/// A real history, with every kind of event of a run that is fixed.
fn history() -> Vec<Record> {
    in_virtual_time(async {
        let stage = Stage::scenario("rp-limit");
        let plan = stage
            .plan("UserErrorRpCollectionLimitReached", "web1")
            .await
            .unwrap();
        stage.apply(plan).await.unwrap()
    })
}

fn holder(pid: u32) -> Holder {
    Holder {
        host: "ops-1".to_owned(),
        pid,
        started: 77,
    }
}

/// What the journals here are sealed with.
fn key() -> SealKey {
    SealKey::of_bytes([7; 32])
}

/// The journal in `folder`, for process `pid`; process 13 is surely gone.
pub(crate) fn journal(folder: &Path, pid: u32) -> Sqlite {
    Sqlite::open(
        folder,
        holder(pid),
        Arc::new(|other: &Holder| other.pid == 13),
        key(),
    )
    .unwrap()
}

fn at(seconds: u64) -> Timestamp {
    let origin: Timestamp = "2026-11-21T03:10:00Z".parse().unwrap();
    runbook::base::clock::add(origin, Duration::from_secs(seconds))
}

fn target() -> Target {
    Target {
        id: "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/Web1"
            .to_owned(),
    }
}

fn run(name: &str) -> RunId {
    RunId(name.to_owned())
}

/// A run's first event; it is not folded here.
async fn begin(store: &Sqlite, name: &str, when: Timestamp) -> Result<Lease, StoreError> {
    let begun = store
        .begin(&run(name), &target(), "Code", waiting(), when)
        .await;
    begun.map(|(lease, _)| lease)
}

fn waiting() -> Event {
    Event::Waiting {
        step: "s".to_owned(),
        what: "time".to_owned(),
        until: at(0),
    }
}

/// Writes a whole history as the run `name` and returns what the appends returned.
async fn keep(store: &Sqlite, name: &str, history: &[Record]) -> Vec<Record> {
    let (first, rest) = history.split_first().unwrap();
    let (lease, record) = store
        .begin(&run(name), &target(), "Code", first.event.clone(), first.at)
        .await
        .unwrap();
    let mut kept = vec![record];
    for record in rest {
        kept.push(
            store
                .append(&lease, record.event.clone(), record.at)
                .await
                .unwrap(),
        );
    }
    store.release(&lease).await.unwrap();
    kept
}

#[tokio::test]
async fn what_is_appended_is_read_back_by_another_process_and_folds_to_the_same_state() {
    let (folder, history) = (
        tempfile::tempdir().unwrap(),
        tokio::task::spawn_blocking(history).await.unwrap(),
    );
    let kept = keep(&journal(folder.path(), 1), "r1", &history).await;
    let read = journal(folder.path(), 2).read(&run("r1")).await.unwrap();
    assert_eq!(read, kept);
    let events = |records: &[Record]| records.iter().map(|r| r.event.clone()).collect::<Vec<_>>();
    assert_eq!(events(&read), events(&history));
    let fold = |records: &[Record]| format!("{:?}", State::fold(records).unwrap());
    assert_eq!(fold(&read), fold(&history));
    let rows = journal(folder.path(), 2).runs().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].outcome, Some(RunOutcome::Fixed));
    assert_eq!(
        (rows[0].events, &rows[0].head),
        (read.len() as u64, &read[read.len() - 1].hash)
    );
}

#[tokio::test]
async fn the_hashes_can_be_recomputed_and_tell_when_a_line_was_altered() {
    let (folder, history) = (
        tempfile::tempdir().unwrap(),
        tokio::task::spawn_blocking(history).await.unwrap(),
    );
    let store = journal(folder.path(), 1);
    keep(&store, "r1", &history).await;
    let altered_at = |records: &[Record]| {
        let mut before = String::new();
        records.iter().position(|record| {
            let text = serde_json::to_string(&record.event).unwrap();
            before = chain(&before, &record.run, record.seq, record.at, &text);
            before != record.hash
        })
    };
    assert_eq!(altered_at(&store.read(&run("r1")).await.unwrap()), None);
    let raw = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
    raw.execute(
        "UPDATE events SET event = replace(event, 'a test', 'nobody') WHERE seq = 2",
        [],
    )
    .unwrap();
    assert_eq!(altered_at(&store.read(&run("r1")).await.unwrap()), Some(1));
}

#[tokio::test]
async fn a_second_run_is_busy_and_says_who_holds_the_vm_since_when() {
    let folder = tempfile::tempdir().unwrap();
    begin(&journal(folder.path(), 1), "r1", at(0))
        .await
        .unwrap();
    match begin(&journal(folder.path(), 2), "r2", at(60)).await {
        Err(StoreError::Busy {
            run: held,
            since,
            holder: who,
        }) => {
            assert_eq!((held, since, who), (run("r1"), at(0), holder(1)));
        }
        other => panic!("{other:?}"),
    }
    // Nothing of the second run was written.
    assert_eq!(journal(folder.path(), 2).runs().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_vm_is_the_same_whatever_the_casing_of_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let store = journal(folder.path(), 1);
    begin(&store, "r1", at(0)).await.unwrap();
    let shouted = Target {
        id: target().id.to_uppercase(),
    };
    let second = store
        .begin(&run("r2"), &shouted, "Code", waiting(), at(1))
        .await;
    assert!(matches!(second, Err(StoreError::Busy { .. })), "{second:?}");
    let other = Target {
        id: format!("{}0", target().id),
    };
    store
        .begin(&run("r3"), &other, "Code", waiting(), at(1))
        .await
        .unwrap();
}

#[tokio::test]
async fn the_lease_of_a_process_that_is_gone_is_taken_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let dead = journal(folder.path(), 13);
    let old = begin(&dead, "r1", at(0)).await.unwrap();
    let new = begin(&journal(folder.path(), 2), "r2", at(1))
        .await
        .unwrap();
    assert!(new.epoch > old.epoch);
}

#[tokio::test]
async fn a_lease_without_a_sign_of_life_expires_and_one_with_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, other) = (journal(folder.path(), 1), journal(folder.path(), 2));
    let lease = begin(&mine, "r1", at(0)).await.unwrap();
    mine.append(&lease, waiting(), at(600)).await.unwrap();
    let long = LEASE.as_secs();
    assert!(matches!(
        begin(&other, "r2", at(long + 1)).await,
        Err(StoreError::Busy { .. })
    ));
    mine.renew(&lease, at(1200)).await.unwrap();
    assert!(matches!(
        begin(&other, "r2", at(600 + long + 1)).await,
        Err(StoreError::Busy { .. })
    ));
    begin(&other, "r2", at(1200 + long)).await.unwrap();
}

#[tokio::test]
async fn a_lost_lease_refuses_the_append_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (mine, other) = (journal(folder.path(), 1), journal(folder.path(), 2));
    let lost = begin(&mine, "r1", at(0)).await.unwrap();
    begin(&other, "r2", at(LEASE.as_secs())).await.unwrap();
    let refused = mine.append(&lost, waiting(), at(LEASE.as_secs() + 1)).await;
    assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
    assert!(matches!(
        mine.renew(&lost, at(1000)).await,
        Err(StoreError::LeaseLost)
    ));
    assert_eq!(mine.read(&run("r1")).await.unwrap().len(), 1);
    // Nor does giving it back take it from the one who has it.
    mine.release(&lost).await.unwrap();
    assert!(matches!(
        begin(&mine, "r3", at(1000)).await,
        Err(StoreError::Busy { .. })
    ));
}

#[tokio::test]
async fn a_lease_that_was_given_back_is_free_and_writes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let store = journal(folder.path(), 1);
    let first = begin(&store, "r1", at(0)).await.unwrap();
    store.release(&first).await.unwrap();
    assert!(matches!(
        store.append(&first, waiting(), at(1)).await,
        Err(StoreError::LeaseLost)
    ));
    let second = begin(&store, "r2", at(1)).await.unwrap();
    assert!(second.epoch > first.epoch);
}

#[tokio::test]
async fn polling_urls_are_kept_apart_from_events_until_they_are_erased() {
    let folder = tempfile::tempdir().unwrap();
    let store = journal(folder.path(), 1);
    let url = json!({ "status_url": "https://management.azure.com/x?s=SIGNATURE" });
    store
        .keep_operation(&run("r1"), "op-1", &url)
        .await
        .unwrap();
    let count = || -> i64 {
        let raw = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
        raw.query_row(
            "SELECT count(*) FROM operations WHERE token LIKE '%SIGNATURE%'",
            [],
            |r| r.get(0),
        )
        .unwrap()
    };
    assert_eq!(count(), 1);
    store.erase_operation("op-1").await.unwrap();
    assert_eq!(count(), 0);
    // Neither in a free page nor in the write-ahead log.
    for (file, text) in crate::kit::canaries::files(folder.path()) {
        assert!(!text.contains("SIGNATURE"), "{file}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_but_its_owner_can_read_the_database() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.db");
    std::fs::write(&file, "").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let store = journal(folder.path(), 1);
    begin(&store, "r1", at(0)).await.unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let open = |at: &Path| {
        let error = Sqlite::open(at, holder(1), Arc::new(|_: &Holder| false), key()).unwrap_err();
        error.to_string()
    };
    std::fs::write(
        folder.path().join("journal.db"),
        "this is no database, whatever its name says",
    )
    .unwrap();
    let why = open(folder.path());
    assert!(
        why.contains("journal.db") && why.contains("not a database"),
        "{why}"
    );
    let file = folder.path().join("journal.db");
    assert!(open(&file).contains("cannot open the journal"));
    let newer = tempfile::tempdir().unwrap();
    drop(journal(newer.path(), 1));
    let raw = rusqlite::Connection::open(newer.path().join("journal.db")).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    let why = open(newer.path());
    assert!(why.contains("version 99"), "{why}");
}

#[tokio::test]
async fn a_line_that_cannot_be_understood_is_an_error_and_no_gap() {
    let folder = tempfile::tempdir().unwrap();
    let store = journal(folder.path(), 1);
    begin(&store, "r1", at(0)).await.unwrap();
    let raw = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
    raw.execute("UPDATE events SET event = '{' WHERE seq = 1", [])
        .unwrap();
    let why = store.read(&run("r1")).await.unwrap_err().to_string();
    assert!(
        why.contains("journal.db") && why.contains("cannot be understood"),
        "{why}"
    );
    let missing = store.read(&run("r9")).await.unwrap_err().to_string();
    assert!(missing.contains("r9"), "{missing}");
}
