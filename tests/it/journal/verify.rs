//! Whatever somebody without the key does to a journal is found.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use futures_util::future::join_all;
use proptest::prelude::*;
use runbook::base::SealKey;
use runbook::core::journal::evidence::Finding;
use runbook::core::journal::sqlite::{Sqlite, Verified};
use runbook::core::journal::store::{Store, StoreError};
use runbook::core::journal::{Event, Record};

use super::tamper::{MUTATIONS, Picks, forge, lines, raw};
use super::{at, begin, holder, journal, run, waiting};
use crate::kit::{CASES, Stage, in_virtual_time};

/// A real history of each runbook, run once for all tests.
fn histories() -> &'static [Vec<Record>] {
    static RUN: OnceLock<Vec<Vec<Record>>> = OnceLock::new();
    RUN.get_or_init(|| {
        let history = |(scenario, code): &(&str, &str)| {
            in_virtual_time(async {
                let stage = Stage::scenario(scenario);
                let plan = stage.plan(code, "web1").await.unwrap();
                stage.apply(plan).await.unwrap()
            })
        };
        CASES.iter().map(history).collect()
    })
}

/// Keeps a history as a run, with the target and the code of its plan.
async fn keep(store: &Sqlite, name: String, history: &[Record]) {
    let Event::Planned { plan } = &history[0].event else {
        panic!("a run begins with its plan");
    };
    // Runs of one VM have to wait for one another; these are of many.
    let mut plan = plan.clone();
    plan.target.id = format!("{}-{name}", plan.target.id);
    let (target, code) = (plan.target.clone(), plan.runbook.code.clone());
    let first = Event::Planned { plan };
    let name = run(&name);
    let begun = store.begin(&name, &target, &code, first, history[0].at);
    let (lease, _) = begun.await.unwrap();
    for record in &history[1..] {
        let appended = store.append(&lease, record.event.clone(), record.at);
        appended.await.unwrap();
    }
    store.release(&lease).await.unwrap();
}

/// Which history, and how much of it, for each run of a journal.
type Lengths = Vec<(usize, usize)>;

fn build(folder: &Path, lengths: &Lengths) {
    let histories = histories();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(async {
        let store = journal(folder, 1);
        let runs = lengths.iter().enumerate().map(|(at, (history, length))| {
            let history = &histories[history % CASES.len()];
            let length = 1 + length % history.len();
            keep(&store, format!("r{at}"), &history[..length])
        });
        join_all(runs).await;
    });
}

fn verified(folder: &Path) -> Verified {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let verified = async { journal(folder, 2).verify(Vec::new()).await.unwrap() };
    runtime.unwrap().block_on(verified)
}

fn copy(from: &Path) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().to_owned();
    std::fs::copy(from.join("journal.db"), to.join("journal.db")).unwrap();
    (folder, to)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_single_mutation_of_any_journal_is_found(
        lengths in proptest::collection::vec((0_usize..100, 0_usize..1000), 1..4),
        picks in any::<u64>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        build(folder.path(), &lengths);
        let untouched = verified(folder.path());
        prop_assert!(untouched.is_whole(), "untouched: {untouched:?}");
        let mut picks = Picks(picks);
        for _ in 0..4 {
            for mutate in MUTATIONS {
                let (_keep, copy) = copy(folder.path());
                let raw = raw(&copy);
                let Some(what) = mutate(&raw, &mut picks) else { continue };
                drop(raw);
                prop_assert!(!verified(&copy).is_whole(), "not found: {what}");
            }
        }
    }
}

/// A journal with one run of the removal of a failed extension.
fn of_one_run() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), &vec![(1, histories()[1].len() - 1)]);
    let at = folder.path().to_owned();
    (folder, at)
}

fn said(findings: &[Finding]) -> Vec<String> {
    let said = |f: &Finding| match f.event {
        Some(event) => format!("event {event}: {}", f.what),
        None => f.what.clone(),
    };
    findings.iter().map(said).collect()
}

/// What is found in the one run after `sql`.
fn found_after(sql: &str) -> Vec<String> {
    let (_keep, folder) = of_one_run();
    raw(&folder).execute_batch(sql).unwrap();
    said(&verified(&folder).runs[0].findings)
}

#[test]
fn what_is_wrong_is_said_with_the_event_that_it_is_wrong_with() {
    let edited =
        found_after("UPDATE events SET event = replace(event, 'a test', 'nobody') WHERE seq = 2");
    assert_eq!(edited.len(), 1, "{edited:?}");
    assert!(
        edited[0].starts_with("event 2: its hash does not follow"),
        "{edited:?}"
    );
    let missing = found_after("DELETE FROM events WHERE seq IN (5, 6)");
    assert!(
        missing[0].starts_with("event 5: it and those up to 6 are missing"),
        "{missing:?}"
    );
    let cut = found_after("DELETE FROM events WHERE seq > 9");
    assert!(cut[0].contains("and 9 are there"), "{cut:?}");
    let swapped = found_after(
        "UPDATE events SET seq = CASE seq WHEN 4 THEN 1005 WHEN 5 THEN 1004 END WHERE seq IN (4, 5); UPDATE events SET seq = seq - 1000 WHERE seq > 1000",
    );
    assert!(
        swapped[0].starts_with("event 4: ") && swapped[1].starts_with("event 5: "),
        "{swapped:?}"
    );
    let told = found_after("UPDATE runs SET outcome = 'nothing_to_do'");
    assert_eq!(told, ["its row tells another end than its events do"]);
}

#[test]
fn a_tail_cut_off_with_count_and_head_made_right_breaks_the_seal_and_nothing_else() {
    let (_keep, folder) = of_one_run();
    let database = raw(&folder);
    let mut kept = lines(&database, "r0");
    kept.truncate(12);
    forge(&database, "r0", &kept);
    drop(database);
    let found = said(&verified(&folder).runs[0].findings);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("the seal does not hold"), "{found:?}");
}

#[tokio::test]
async fn a_run_put_back_as_it_once_was_with_its_seal_of_then_is_missed_in_the_counts() {
    let folder = tempfile::tempdir().unwrap();
    let store = journal(folder.path(), 1);
    let lease = begin(&store, "r0", at(0)).await.unwrap();
    store.append(&lease, waiting(), at(1)).await.unwrap();
    let database = raw(folder.path());
    database
        .execute_batch("CREATE TABLE once AS SELECT * FROM runs")
        .unwrap();
    store.append(&lease, waiting(), at(2)).await.unwrap();
    database
        .execute_batch("DELETE FROM runs; INSERT INTO runs SELECT * FROM once; DELETE FROM events WHERE seq > 2")
        .unwrap();
    let verified = store.verify(Vec::new()).await.unwrap();
    let seals = |f: &Finding| f.what.contains("seal");
    assert!(!verified.runs[0].findings.iter().any(seals), "{verified:?}");
    let found = said(&verified.findings);
    assert!(
        found[0].starts_with("it has counted 3 events, and 2 are there"),
        "{found:?}"
    );
}

#[tokio::test]
async fn nothing_is_added_to_what_was_altered_and_so_it_is_never_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let store = journal(folder.path(), 1);
    let lease = begin(&store, "r0", at(0)).await.unwrap();
    let database = raw(folder.path());
    forge(
        &database,
        "r0",
        &[(
            serde_json::to_string(&waiting()).unwrap(),
            at(5).to_string(),
        )],
    );
    let refused = store.append(&lease, waiting(), at(6)).await.unwrap_err();
    assert!(
        refused.to_string().contains("`runbook runs verify`"),
        "{refused}"
    );
    // Other runs go on; where the counts themselves were altered, none does.
    let other = super::Target {
        id: "/another".to_owned(),
    };
    let name = run("r1");
    let (other, _) = store
        .begin(&name, &other, "Code", waiting(), at(6))
        .await
        .unwrap();
    database
        .execute_batch("UPDATE journal SET events = events - 1")
        .unwrap();
    let refused = store.append(&other, waiting(), at(7)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Broken { .. }), "{refused}");
    assert_eq!(store.read(&name).await.unwrap().len(), 1);
}

#[tokio::test]
async fn with_another_key_nothing_is_written_and_the_one_that_is_needed_is_named() {
    let folder = tempfile::tempdir().unwrap();
    begin(&journal(folder.path(), 1), "r0", at(0))
        .await
        .unwrap();
    let other = SealKey::of_bytes([8; 32]);
    let name = super::key().name();
    let store = Sqlite::open(
        folder.path(),
        holder(2),
        std::sync::Arc::new(|_| true),
        other,
    )
    .unwrap();
    let refused = begin(&store, "r1", at(1)).await.unwrap_err().to_string();
    assert!(
        refused.contains(&name) && refused.contains("RUNBOOK_SEAL_KEY"),
        "{refused}"
    );
    assert_eq!(store.runs().await.unwrap().len(), 1);
    let verified = store.verify(Vec::new()).await.unwrap();
    assert!(
        !verified.is_whole() && verified.findings.is_empty(),
        "{verified:?}"
    );
    assert!(verified.other_key.unwrap().contains(&name));
}

#[test]
fn a_run_with_an_edited_event_is_not_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), &vec![(1, 3)]);
    let reopen = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let store = journal(folder.path(), 1);
        runtime.block_on(async {
            let reopened = store.reopen(&run("r0"), at(0)).await;
            match reopened {
                Ok((lease, _)) => store.release(&lease).await,
                Err(refused) => Err(refused),
            }
        })
    };
    reopen().unwrap();
    // Who approved is edited; count, head and seal are as they were.
    raw(folder.path())
        .execute(
            "UPDATE events SET event = replace(event, 'a test', 'the board') WHERE seq = 2",
            [],
        )
        .unwrap();
    let refused = reopen().unwrap_err().to_string();
    assert!(refused.contains("`runbook runs verify`"), "{refused}");
}
