//! Whatever Azure or a guest says, no secret in it is found again in anything that is written: not in
//! the journal's file while a run goes on or after it, not in an export, not in what the program says
//! in any form, and not in its log.

use std::path::Path;
use std::sync::{Arc, Mutex};

use assert_cmd::Command;
use runbook::base::SealKey;
use runbook::core::journal::Event;
use runbook::core::journal::sqlite::Sqlite;
use runbook::core::journal::store::Holder;
use runbook::ops;
use rusqlite::types::ValueRef;

use crate::kit::canaries::{CANARIES, Watched, files, planted};
use crate::kit::program::End;
use crate::kit::{CASES, Stage, figures, in_virtual_time};

fn open(folder: &Path) -> Sqlite {
    let me = Holder {
        host: "ops-1".to_owned(),
        pid: 1,
        started: 77,
    };
    Sqlite::open(folder, me, Arc::new(|_| false), SealKey::of_bytes([7; 32])).unwrap()
}

/// Every row of every table, but of the one that operations in flight are polled from.
fn tables(folder: &Path) -> String {
    let database = rusqlite::Connection::open(folder.join("journal.db")).unwrap();
    let mut names = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name != 'operations'")
        .unwrap();
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(names.len() > 4, "{names:?}");
    let mut all = String::new();
    for name in names {
        let mut query = database.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns = query.column_count();
        let mut rows = query.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            for column in 0..columns {
                if let ValueRef::Text(text) = row.get_ref(column).unwrap() {
                    all.push_str(&String::from_utf8_lossy(text));
                    all.push('\n');
                }
            }
        }
    }
    all
}

#[test]
fn no_table_and_no_file_of_the_journal_and_no_export_holds_a_secret() {
    let mut searched = 0;
    for (scenario, code) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let watched = Arc::new(Watched::default());
        let found: Arc<Mutex<Vec<String>>> = Arc::default();
        in_virtual_time(async {
            let store = Arc::new(open(folder.path()));
            let mut stage =
                Stage::tampered(planted(scenario), watched.clone()).keeping(store.clone());
            let (at, keeper, leaks) = (folder.path().to_owned(), watched.clone(), found.clone());
            stage.listener = Arc::new(move |record| {
                if let Some(secret) = keeper.in_text(&tables(&at)) {
                    let event = record.event.name();
                    leaks.lock().unwrap().push(format!("{event}: {secret}"));
                }
            });
            let plan = stage.plan(code, "web1").await.unwrap();
            let records = stage.apply(plan).await.unwrap();
            assert!(matches!(
                records[records.len() - 1].event,
                Event::Ended { .. }
            ));
            // The database is still open: what was erased is in no file beside it either.
            for (file, text) in files(folder.path()) {
                assert_eq!(watched.in_text(&text), None, "{scenario}: {file}");
            }
            let to = folder.path().join("export");
            ops::export(&store, &records[0].run.0, Some(&to))
                .await
                .unwrap();
        });
        assert_eq!(*found.lock().unwrap(), Vec::<String>::new(), "{scenario}");
        let all = files(folder.path());
        assert!(all.len() > 11, "{all:?}");
        for (file, text) in all {
            assert_eq!(watched.in_text(&text), None, "{scenario}: {file}");
            searched += watched.secrets().len();
        }
    }
    figures::keep(
        "leaks",
        &format!("{searched} searches for secrets in files"),
    );
}

/// What no text may hold: what was planted, a token, or a signature in a URL.
fn leak(text: &str) -> Option<String> {
    let planted = CANARIES.iter().find(|canary| text.contains(**canary));
    let token = regex::Regex::new(r"eyJ[A-Za-z0-9_-]{20,}|[?&](c|s|h|sig)=[^(&]{4}").unwrap();
    let made_up = token.find(text).map(|found| found.as_str().to_owned());
    planted.map(|canary| (*canary).to_owned()).or(made_up)
}

/// A planted world where the program's simulator looks for it.
fn state_of(scenario: &str) -> tempfile::TempDir {
    let state = tempfile::tempdir().unwrap();
    let folder = state.path().join("sim").join(scenario);
    std::fs::create_dir_all(&folder).unwrap();
    let world = serde_json::to_vec(&planted(scenario)).unwrap();
    std::fs::write(folder.join("world.json"), world).unwrap();
    state
}

fn runbook(state: &Path, scenario: &str, format: &str, arguments: &[&str]) -> End {
    let mut command = Command::cargo_bin("runbook").unwrap();
    command.env_clear().arg("--state").arg(state);
    command.arg(format!("--sim={scenario}"));
    command.args(["-vv", "--time-scale", "3600", "--output", format]);
    End::of(command.args(arguments))
}

#[test]
fn the_program_says_no_secret_in_any_form_and_neither_does_its_log() {
    let cases = [CASES[0], CASES[3]];
    for (scenario, code) in cases {
        for format in ["text", "json", "ndjson", "markdown"] {
            let state = state_of(scenario);
            let say = |arguments: &[&str]| {
                let end = runbook(state.path(), scenario, format, arguments);
                for (stream, text) in [("stdout", &end.out), ("stderr", &end.err)] {
                    assert_eq!(
                        leak(text),
                        None,
                        "{scenario} {format} {arguments:?}: {stream}"
                    );
                }
                end
            };
            say(&["plan", code, "--vm", "web1"]);
            let applied = say(&[
                "apply",
                code,
                "--vm",
                "web1",
                "--yes",
                "--max-risk",
                "destructive",
                "--wait",
                "12h",
            ]);
            // A machine that stalls for a second loses an hour of the simulated time.
            assert!(
                [0, 3].contains(&applied.code),
                "{}{}",
                applied.out,
                applied.err
            );
            // The log was on, and what was planted was met: its place is seen.
            assert!(applied.err.contains("answer status=200"), "{}", applied.err);
            assert!(applied.out.contains("(redacted)"), "{}", applied.out);
            say(&["runs", "list"]);
            say(&["runs", "show", "2"]);
            let to = state.path().join("export");
            say(&["runs", "export", "2", "--to", to.to_str().unwrap()]);
            for (file, text) in files(state.path()) {
                // The simulated Azure keeps its own, and the database what it polls with.
                if !file.ends_with("world.json") && !file.contains("journal.db") {
                    assert_eq!(leak(&text), None, "{scenario} {format}: {file}");
                }
            }
            let journal = state.path().join("sim").join(scenario);
            assert_eq!(leak(&tables(&journal)), None, "{scenario} {format}");
        }
    }
}
