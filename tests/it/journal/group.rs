//! Concurrent runs commit together, a lone one at once; and where nothing can be written any more,
//! nothing is sent any more.

use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use futures_util::future::join_all;
use runbook::core::facts::Target;
use runbook::core::journal::sqlite::Sqlite;
use runbook::core::journal::store::{Lease, Store, StoreError};
use runbook::core::journal::{Event, Record};
use runbook::ops::OpsError;

use super::{at, begin, journal, run, waiting};
use crate::kit::{Stage, in_virtual_time};

/// Runs `test` where only one thread can write, and hands it the key to that thread: what is asked
/// before it is turned waits in one queue.
fn while_the_writer_is_held<F: Future<Output = ()>>(test: impl FnOnce(Key) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(test(Key));
}

#[derive(Clone, Copy)]
struct Key;

impl Key {
    /// Holds the writer until all of these have asked.
    async fn turned_after<T>(self, asking: Vec<impl Future<Output = T>>) -> Vec<T> {
        let (turn, turned) = mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || turned.recv());
        let all = join_all(asking);
        let after = async move { turn.send(()).unwrap() };
        futures_util::join!(all, after).0
    }
}

/// A lease for each of `count` VMs.
async fn leases(store: &Sqlite, count: usize) -> Vec<Lease> {
    let mut leases = Vec::new();
    for number in 0..count {
        let target = Target {
            id: format!("{}{number}", super::target().id),
        };
        let name = run(&format!("r{number}"));
        let begun = store.begin(&name, &target, "Code", waiting(), at(0)).await;
        leases.push(begun.unwrap().0);
    }
    leases
}

#[tokio::test]
async fn a_lone_run_has_each_event_committed_before_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = journal(folder.path(), 1);
    let lease = begin(&store, "r0", at(0)).await.unwrap();
    let other = journal(folder.path(), 2);
    for number in 1..=10 {
        let before = store.commits();
        store.append(&lease, waiting(), at(number)).await.unwrap();
        assert_eq!(store.commits(), before + 1);
        let events = other.read(&run("r0")).await.unwrap().len();
        assert_eq!(events as u64, number + 1);
    }
}

#[test]
fn what_many_runs_append_while_the_writer_is_busy_is_one_commit() {
    while_the_writer_is_held(|key| async move {
        let folder = tempfile::tempdir().unwrap();
        let store = journal(folder.path(), 1);
        let leases = leases(&store, 64).await;
        let before = store.commits();
        let asking = leases.iter().map(|l| store.append(l, waiting(), at(1)));
        let kept = key.turned_after(asking.collect()).await;
        assert!(kept.iter().all(|k| k.as_ref().is_ok_and(|r| r.seq == 2)));
        assert_eq!(store.commits(), before + 1);
        for lease in &leases {
            assert_eq!(
                journal(folder.path(), 2)
                    .read(&lease.run)
                    .await
                    .unwrap()
                    .len(),
                2
            );
        }
    });
}

#[test]
fn what_is_refused_leaves_nothing_behind_and_undoes_none_of_its_group() {
    while_the_writer_is_held(|key| async move {
        let folder = tempfile::tempdir().unwrap();
        let store = journal(folder.path(), 1);
        let mut leases = leases(&store, 3).await;
        leases[1].epoch += 1;
        // Its lease is written before its name turns out to be taken.
        let twice = || begin(&store, "r0", at(1));
        let appends = leases.iter().map(|l| store.append(l, waiting(), at(1)));
        let asking = futures_util::future::join(twice(), join_all(appends));
        let (twice, kept) = key.turned_after(vec![asking]).await.remove(0);
        assert!(matches!(twice, Err(StoreError::Broken { .. })), "{twice:?}");
        assert!(matches!(kept[1], Err(StoreError::LeaseLost)), "{kept:?}");
        for (at, events) in [(0, 2), (1, 1), (2, 2)] {
            let run = &leases[at].run;
            assert_eq!(store.read(run).await.unwrap().len(), events, "{run}");
        }
        assert_eq!(begin(&store, "r9", at(1)).await.unwrap().epoch, 1);
    });
}

#[test]
fn a_full_disk_keeps_what_was_answered_so_and_nothing_else() {
    while_the_writer_is_held(|key| async move {
        let folder = tempfile::tempdir().unwrap();
        let store = journal(folder.path(), 1).no_larger_than(20).unwrap();
        let leases = leases(&store, 8).await;
        // The third needs more room than there is.
        let event = |number: usize| Event::Waiting {
            step: "s".to_owned(),
            what: "x".repeat(if number == 2 { 200_000 } else { 10 }),
            until: at(0),
        };
        let asking = leases.iter().enumerate();
        let asking = asking.map(|(number, l)| store.append(l, event(number), at(1)));
        let kept = key.turned_after(asking.collect()).await;
        let why = kept[2].as_ref().unwrap_err().to_string();
        assert!(why.contains("full") && why.contains("journal.db"), "{why}");
        for (lease, kept) in leases.iter().zip(&kept) {
            let events = journal(folder.path(), 2)
                .read(&lease.run)
                .await
                .unwrap()
                .len();
            assert_eq!(
                events,
                if kept.is_ok() { 2 } else { 1 },
                "{}: {kept:?}",
                lease.run
            );
        }
        // With room again it goes on.
        let store = store.no_larger_than(10_000).unwrap();
        store.append(&leases[2], event(2), at(2)).await.unwrap();
    });
}

/// Applies a runbook with its journal in `store`; returns how it ended and the writes that Azure
/// saw, each with whether the journal had its intention.
fn applied(
    store: Sqlite,
    folder: &Path,
    listener: impl Fn(&Record) + Send + Sync + 'static,
) -> (Result<(), OpsError>, usize) {
    in_virtual_time(async {
        let mut stage = Stage::scenario("vm-failed").keeping(Arc::new(store));
        stage.listener = Arc::new(listener);
        let code = "UserErrorVmProvisioningStateFailed";
        let plan = stage.plan(code, "web1").await.unwrap();
        let planned = stage.ledger().len();
        let applied = stage.apply(plan).await;
        let sent: Vec<_> = stage.ledger().split_off(planned);
        let writes = sent.iter().filter(|e| e.is_write()).count();
        let kept = rusqlite::Connection::open(folder.join("journal.db")).unwrap();
        let intended = "SELECT count(*) FROM events WHERE event LIKE '{\"event\":\"intended\"%'";
        let intended: usize = kept.query_row(intended, [], |row| row.get(0)).unwrap();
        assert!(
            writes <= intended,
            "{writes} were sent, {intended} were journalled before"
        );
        (applied.map(drop), writes)
    })
}

fn is_broken(ended: &Result<(), OpsError>, word: &str) -> bool {
    match ended {
        Err(OpsError::Journal(StoreError::Broken { why, .. })) => why.contains(word),
        _ => false,
    }
}

#[test]
fn wherever_the_disk_fills_up_nothing_is_sent_after_it() {
    let mut ends = Vec::new();
    for pages in (1..66).step_by(4) {
        let folder = tempfile::tempdir().unwrap();
        let store = journal(folder.path(), 1).no_larger_than(pages).unwrap();
        let (ended, writes) = applied(store, folder.path(), |_| {});
        assert!(ended.is_ok() || is_broken(&ended, "full"), "{ended:?}");
        ends.push((ended.is_ok(), writes));
    }
    let failed: Vec<usize> = ends.iter().filter(|(ok, _)| !ok).map(|(_, w)| *w).collect();
    // It failed before any write, between two, and it went well with room enough.
    assert!(failed.contains(&0) && failed.contains(&1), "{ends:?}");
    assert!(
        ends.iter().any(|(ok, writes)| *ok && *writes == 2),
        "{ends:?}"
    );
}

#[test]
fn wherever_another_process_takes_the_database_nothing_is_sent_after_it() {
    let mut ends = Vec::new();
    for event in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let store = journal(folder.path(), 1)
            .patient_for(Duration::ZERO)
            .unwrap();
        let file = folder.path().join("journal.db");
        let taken: Arc<Mutex<Option<rusqlite::Connection>>> = Arc::default();
        let (ended, writes) = applied(store, folder.path(), move |record| {
            if record.seq == event {
                let other = rusqlite::Connection::open(&file).unwrap();
                other.execute_batch("BEGIN EXCLUSIVE").unwrap();
                *taken.lock().unwrap() = Some(other);
            }
        });
        if ended.is_ok() {
            break;
        }
        assert!(
            is_broken(&ended, "locked"),
            "after event {event}: {ended:?}"
        );
        ends.push(writes);
    }
    assert!(ends.len() > 10, "{ends:?}");
    assert!(
        ends.is_sorted() && ends.contains(&0) && ends.contains(&1),
        "{ends:?}"
    );
}
