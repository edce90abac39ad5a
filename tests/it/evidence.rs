//! What was done, as evidence: exported, carried elsewhere, and checked there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use runbook::base::{SealKey, Secret};
use runbook::core::journal::sqlite::Sqlite;
use runbook::core::journal::store::Holder;
use runbook::core::report::checked::{Checked, Seal};
use runbook::core::report::export::{Files, Key, check};
use runbook::ops::{self, OpsError, Settings};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::kit::{Stage, in_virtual_time};

const KEY: [u8; 32] = [7; 32];

fn key() -> SealKey {
    SealKey::of_bytes(KEY)
}

fn open(folder: &Path) -> Sqlite {
    let me = Holder {
        host: "ops-1".to_owned(),
        pid: 1,
        started: 77,
    };
    Sqlite::open(folder, me, Arc::new(|_| false), key()).unwrap()
}

/// A journal with one run of the clean-up, and that run in a folder.
fn exported() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("evidence");
    in_virtual_time(async {
        let store = Arc::new(open(folder.path()));
        let stage = Stage::scenario("rp-limit").keeping(store.clone());
        let code = "UserErrorRpCollectionLimitReached";
        let plan = stage.plan(code, "web1").await.unwrap();
        let records = stage.apply(plan).await.unwrap();
        let run = &records[0].run.0;
        let exported = ops::export(&store, run, Some(&to)).await.unwrap();
        assert_eq!(exported.head, records[records.len() - 1].hash);
    });
    (folder, to)
}

/// The files of that export, made once.
fn files() -> &'static Files {
    static MADE: OnceLock<Files> = OnceLock::new();
    MADE.get_or_init(|| {
        let (_keep, folder) = exported();
        let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
        let file = |e: std::fs::DirEntry| {
            (
                e.file_name().into_string().unwrap(),
                std::fs::read(e.path()).unwrap(),
            )
        };
        entries.map(file).collect()
    })
}

fn text(name: &str) -> &'static str {
    std::str::from_utf8(&files()[name]).unwrap()
}

fn json(name: &str) -> Value {
    serde_json::from_str(text(name)).unwrap()
}

fn with_key(files: &Files) -> Checked {
    check("x", files, &Key::Given(key()))
}

/// The hashes of the files made right again: all that somebody without the key can do.
fn forged(mut files: Files) -> Files {
    let sums: String = files
        .iter()
        .filter(|(name, _)| !name.starts_with("SHA256SUMS"))
        .map(|(name, bytes)| format!("{}  {name}\n", hex::encode(Sha256::digest(bytes))))
        .collect();
    files.insert("SHA256SUMS".to_owned(), sums.into_bytes());
    files
}

#[test]
fn an_export_tells_the_run_to_people_and_machines_and_is_whole() {
    let names: Vec<&str> = files().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "README.txt",
            "SHA256SUMS",
            "SHA256SUMS.seal",
            "changes.json",
            "events.ndjson",
            "manifest.json",
            "plan.json",
            "plan.txt",
            "report.html",
            "report.json",
            "report.md"
        ]
    );
    let checked = with_key(files());
    assert!(
        checked.is_whole() && checked.seal == Seal::Holds,
        "{checked:?}"
    );
    assert!(text("report.html").contains("<h1>") && text("report.md").starts_with("### Fixed"));
    assert_eq!(json("report.json")["outcome"], "fixed");
    assert_eq!(
        json("plan.json")["fingerprint"],
        json("report.json")["fingerprint"]
    );
    assert_eq!(text("events.ndjson").lines().count(), checked.events);
    let changes = json("changes.json");
    let lock = &changes["changes"][0];
    assert_eq!(
        (lock["method"].as_str(), lock["fate"].as_str()),
        (Some("DELETE"), Some("done"))
    );
    assert_eq!(lock["before"]["lock"]["name"], "keep-backups");
    let timed_out = &changes["changes"][1];
    assert_eq!(timed_out["error"]["code"], "OperationTimedOut");
    let ids = changes["correlation_ids"].as_array().unwrap();
    assert!(
        ids.iter()
            .any(|id| id["id"] == timed_out["error"]["correlation_id"]),
        "{ids:?}"
    );
}

#[test]
fn any_file_that_is_edited_removed_or_added_is_found_even_without_the_key() {
    for name in files().keys() {
        for (what, edit) in [("edited", true), ("removed", false)] {
            let mut files = files().clone();
            match edit {
                true => files.get_mut(name).unwrap().push(b' '),
                false => drop(files.remove(name)),
            }
            let checked = check("x", &files, &Key::None);
            // A seal is worth nothing to somebody without the key.
            assert_eq!(
                checked.is_whole(),
                name == "SHA256SUMS.seal",
                "{name} {what}: {checked:?}"
            );
            assert!(
                !with_key(&files).is_whole() || (edit && name == "SHA256SUMS.seal"),
                "{name} {what}"
            );
        }
    }
    let mut more = files().clone();
    more.insert("report2.html".to_owned(), Vec::new());
    assert!(!check("x", &more, &Key::None).is_whole());
}

#[test]
fn what_was_forged_with_its_hashes_is_found_with_the_key_and_without_it_is_said_to_be_unchecked() {
    for (name, from, to) in [
        ("report.html", "Fixed", "Failed"),
        (
            "manifest.json",
            "\"outcome\": \"fixed\"",
            "\"outcome\": \"failed\"",
        ),
        ("changes.json", "keep-backups", "keep-nothing"),
    ] {
        let mut files = files().clone();
        let edited = text(name).replace(from, to);
        assert_ne!(edited, text(name), "{name}");
        files.insert(name.to_owned(), edited.into_bytes());
        let files = forged(files);
        let checked = with_key(&files);
        assert!(
            checked.seal == Seal::Broken && !checked.is_whole(),
            "{name}: {checked:?}"
        );
        let without = check("x", &files, &Key::None);
        assert_eq!(without.seal, Seal::Unchecked);
        assert!(
            without.notes[0].starts_with("the seals were not checked"),
            "{without:?}"
        );
    }
    // Events cannot be edited even so: their hashes are in the chain.
    let mut files = files().clone();
    let edited = text("events.ndjson").replace("a test", "nobody");
    files.insert("events.ndjson".to_owned(), edited.into_bytes());
    assert!(!check("x", &forged(files), &Key::None).is_whole());
}

#[test]
fn a_key_that_is_given_has_to_be_the_one_and_one_that_lies_about_need_not() {
    let other = SealKey::of_bytes([8; 32]);
    let given = check("x", files(), &Key::Given(other.clone()));
    assert!(given.seal == Seal::Other && !given.is_whole(), "{given:?}");
    assert!(given.notes[0].contains(&key().name()), "{given:?}");
    let lying = check("x", files(), &Key::AtHand(other));
    assert!(
        lying.seal == Seal::Unchecked && lying.is_whole(),
        "{lying:?}"
    );
}

#[test]
fn files_that_cannot_be_understood_are_findings_and_no_panic() {
    let garbage: [&[u8]; 5] = [b"", b"{", b"null", b"\xff\xfe", b"{\"run\":1}\n{}"];
    for name in files().keys() {
        for bytes in garbage {
            let mut files = files().clone();
            files.insert(name.clone(), bytes.to_vec());
            let _ = with_key(&forged(files.clone()));
            let whole = with_key(&files).is_whole();
            assert!(!whole, "{name}: {bytes:?}");
        }
    }
    assert!(!with_key(&BTreeMap::new()).is_whole());
}

#[test]
fn nothing_is_written_over_and_nothing_altered_is_exported() {
    let (folder, to) = exported();
    let refused = |to: PathBuf| -> OpsError {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(async {
            let store = open(folder.path());
            ops::export(&store, "2", Some(&to)).await.unwrap_err()
        })
    };
    assert!(matches!(refused(to), OpsError::Usage(_)));
    let raw = rusqlite::Connection::open(folder.path().join("journal.db")).unwrap();
    raw.execute(
        "UPDATE events SET at = '2020-01-01T00:00:00Z' WHERE seq = 3",
        [],
    )
    .unwrap();
    let elsewhere = folder.path().join("elsewhere");
    let why = refused(elsewhere.clone()).to_string();
    assert!(
        why.contains("altered") && why.contains("runs verify"),
        "{why}"
    );
    assert!(!elsewhere.exists());
}

#[test]
fn looking_at_an_export_makes_no_key_and_no_journal() {
    let (keep, to) = exported();
    let state = keep.path().join("another");
    let settings = |seal_key| Settings {
        cloud: "public".to_owned(),
        arm_endpoint: None,
        arm_audience: None,
        credential: Default::default(),
        sim: None,
        runbooks: None,
        state: state.clone(),
        time_scale: None,
        holder: Holder {
            host: String::new(),
            pid: 1,
            started: 1,
        },
        seal_key,
    };
    let checked = ops::verify_export(&settings(None), &to).unwrap();
    assert!(checked.is_whole() && checked.seal == Seal::Unchecked);
    assert!(!state.exists());
    let given = settings(Some(Secret::new(hex::encode(KEY))));
    assert_eq!(ops::verify_export(&given, &to).unwrap().seal, Seal::Holds);
}
