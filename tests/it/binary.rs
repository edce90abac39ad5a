//! The binary from outside: each plain mistake ends in one clear message and its exit code.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use assert_cmd::Command;
use runbook::base::SealKey;
use runbook::core::journal::sqlite::Sqlite;
use runbook::core::journal::store::Holder;
use serde_json::Value;

use crate::kit::program::End;
use crate::kit::{Stage, in_virtual_time};

pub(crate) const CODE: &str = "UserErrorRpCollectionLimitReached";
const VM: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachines/web1";

pub(crate) fn runbook(state: &Path, arguments: &[&str]) -> End {
    let mut command = Command::cargo_bin("runbook").unwrap();
    command
        .env_clear()
        .env("AZURE_ACCESS_TOKEN", "not-a-real-token");
    End::of(command.arg("--state").arg(state).args(arguments))
}

/// Ends with `code`, says `words` once on standard error, and puts nothing on standard output;
/// with `--output json` the same is one document.
fn ends(code: i32, words: &[&str], arguments: &[&str]) {
    let state = tempfile::tempdir().unwrap();
    let text = runbook(state.path(), arguments);
    assert_eq!(text.code, code, "{arguments:?}: {}{}", text.out, text.err);
    assert_eq!(text.out, "", "{arguments:?}");
    let said = text.err.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(
            said.contains(word),
            "{arguments:?}: `{word}` is not in: {said}"
        );
    }
    let state = tempfile::tempdir().unwrap();
    let json = runbook(state.path(), &[arguments, &["--output", "json"]].concat());
    let document: Value =
        serde_json::from_str(&json.out).unwrap_or_else(|e| panic!("{e}: {}", json.out));
    assert_eq!(
        (json.code, document["exit_code"].as_i64()),
        (code, Some(i64::from(code)))
    );
}

/// A server on loopback that answers every request alike.
fn answering(status: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut asked = Vec::new();
            let mut piece = [0; 4096];
            while !asked.windows(4).any(|w| w == b"\r\n\r\n") {
                match stream.read(&mut piece) {
                    Ok(n) if n > 0 => asked.extend_from_slice(&piece[..n]),
                    _ => break,
                }
            }
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            // A client that has gone away asked for nothing more.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

fn against(endpoint: &str) -> [&str; 8] {
    [
        "plan",
        CODE,
        "--vm",
        VM,
        "--credential",
        "token",
        "--arm-endpoint",
        endpoint,
    ]
}

#[test]
fn an_unknown_code_is_a_usage_error_that_names_the_code_that_was_meant() {
    let asked = [
        "plan",
        "UserErrorRpCollectionLimitReache",
        "--vm",
        VM,
        "--sim",
    ];
    ends(
        64,
        &["there is no runbook", &format!("did you mean `{CODE}`")],
        &asked,
    );
}

#[test]
fn a_name_is_no_vm_outside_the_simulator() {
    ends(
        64,
        &["not the resource id of a VM"],
        &["plan", CODE, "--vm", "web1", "--credential", "token"],
    );
}

#[test]
fn a_missing_right_to_read_names_action_scope_and_role() {
    let body = r#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.Compute/virtualMachines/read' over scope '/subscriptions/s/vm' or the scope is invalid."}}"#;
    let endpoint = answering("403 Forbidden", body);
    let words = [
        "Microsoft.Compute/virtualMachines/read",
        "/subscriptions/s/vm",
        "Reader",
    ];
    ends(77, &words, &against(&endpoint));
}

#[test]
fn an_expired_token_says_how_to_get_another() {
    let body = r#"{"error":{"code":"ExpiredAuthenticationToken","message":"The access token expiry is in the past."}}"#;
    let endpoint = answering("401 Unauthorized", body);
    ends(
        77,
        &["ExpiredAuthenticationToken", "az login"],
        &against(&endpoint),
    );
}

#[test]
fn no_network_is_said_at_once_with_what_to_check() {
    // Bound and let go again: nobody listens there.
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let endpoint = format!("http://{address}");
    let fast = [&against(&endpoint)[..], &["--time-scale", "600"]].concat();
    ends(69, &["cannot read the VM", "--arm-endpoint"], &fast);
}

#[test]
fn a_bad_runbook_is_drawn_with_every_mistake_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.yaml");
    std::fs::write(&file, "version: 1\ncode: X\ntitle: t\nsummary: s\nreferences: [{title: t, url: 'https://x.y/', reviewed: 2022-01-01}]\nsteps:\n  - {id: a, title: t, action: lock.delet}\n  - {id: a, title: t, action: backup.now}\n").unwrap();
    let file = file.to_str().unwrap();
    let words = ["bad.yaml:7:", "did you mean `lock.delete`", "bad.yaml:8:"];
    let state = tempfile::tempdir().unwrap();
    let end = runbook(state.path(), &["check", file]);
    assert_eq!(end.code, 65, "{}", end.err);
    for word in words {
        assert!(end.err.contains(word), "`{word}` is not in: {}", end.err);
    }
}

#[test]
fn a_check_without_files_is_of_the_runbooks_that_would_be_used() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let own = folder.path().to_str().unwrap();
    let checked = |expected: i32, word: &str| {
        let end = runbook(state.path(), &["--runbooks", own, "check"]);
        assert_eq!(end.code, expected, "{}{}", end.out, end.err);
        let said = format!("{}{}", end.out, end.err);
        assert!(said.contains(word), "`{word}` is not in: {said}");
    };
    checked(65, "there is no runbook in it");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let written = |code: &str, action: &str| {
        let reference = "{title: t, url: 'https://x.y/', reviewed: 2022-01-01}";
        let head =
            format!("version: 1\ncode: {code}\ntitle: t\nsummary: s\nreferences: [{reference}]\n");
        format!("{head}steps:\n  - {{id: a, title: t, action: {action}}}\n")
    };
    write("mine.yaml", &written("Mine", "lock.delet"));
    checked(65, "did you mean `lock.delete`");
    write("mine.yaml", &written("Mine", "backup.now"));
    checked(0, "1 runbook without mistakes: Mine\n");
    // In the place of a built-in one; and what a built-in one claims already.
    write("mine.yaml", &written("TooManyRequests", "backup.now"));
    checked(0, "1 runbook without mistakes: TooManyRequests\n");
    let claims = written("Mine", "backup.now") + "match: {aliases: [TooManyRequests]}\n";
    write("mine.yaml", &claims);
    checked(65, "TooManyRequests");
    std::fs::remove_file(folder.path().join("mine.yaml")).unwrap();
    std::fs::create_dir(folder.path().join("procedures")).unwrap();
    write("procedures/bad.yaml", "version: 1\nname: bad\nsteps: []\n");
    checked(65, "bad.yaml:");
    let all = runbook(state.path(), &["check"]);
    assert!(all.out.ends_with("without mistakes\n"), "{}", all.out);
}

#[test]
fn an_unreadable_journal_is_said_before_anything_is_sent() {
    let state = tempfile::tempdir().unwrap();
    std::fs::write(state.path().join("journal.db"), [b'x'; 4096]).unwrap();
    let endpoint = answering("500 Internal Server Error", "{}");
    let end = runbook(state.path(), &against(&endpoint));
    assert_eq!(end.code, 74, "{}", end.err);
    assert!(
        end.err.contains("journal.db") && end.err.contains("--state"),
        "{}",
        end.err
    );
}

#[test]
fn unattended_nothing_is_sent_without_consent_and_the_plan_names_the_command() {
    let state = tempfile::tempdir().unwrap();
    let end = runbook(state.path(), &["apply", CODE, "--sim", "--vm", "web1"]);
    assert_eq!(end.code, 4, "{}{}", end.out, end.err);
    assert!(
        end.out.contains("--yes --max-risk destructive"),
        "{}",
        end.out
    );
}

#[test]
fn a_pipe_gets_no_colour() {
    let state = tempfile::tempdir().unwrap();
    let end = runbook(state.path(), &["plan", CODE, "--sim", "--vm", "web1"]);
    assert_eq!(end.code, 0);
    assert!(!end.out.contains('\u{1b}') && !end.err.contains('\u{1b}'));
}

#[test]
fn a_simulated_world_that_cannot_be_read_is_said_and_not_started_over() {
    let state = tempfile::tempdir().unwrap();
    let world = state.path().join("sim/rp-limit/world.json");
    std::fs::create_dir_all(&world).unwrap();
    let end = runbook(state.path(), &["plan", CODE, "--sim", "--vm", "web1"]);
    assert_eq!((end.code, end.out.as_str()), (65, ""), "{}", end.err);
    assert!(
        end.err.contains("cannot read the simulated world"),
        "{}",
        end.err
    );
}

/// A journal with one run that the library made, in a state directory of its own.
#[test]
fn a_scenario_that_is_none_is_refused_by_every_command_and_nothing_is_removed_or_made() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("kept"), "").unwrap();
    let folder = outside.path().to_str().unwrap();
    let climbing = format!("../../{}", folder.trim_start_matches('/'));
    for name in [folder, &climbing, "..", ".", "", "nosuch", "rp-limit/.."] {
        let flag = format!("--sim={name}");
        let words = ["there is no scenario", "rp-limit"];
        ends(64, &words, &["sim", "--reset", "--scenario", name]);
        for command in [
            &["runs", "list"][..],
            &["runs", "verify"],
            &["locks", "list"],
            &["undo", "r"],
        ] {
            ends(64, &words, &[command, &[&flag]].concat());
        }
        ends(64, &words, &["apply", CODE, "--vm", "web1", &flag]);
    }
    let left: Vec<_> = std::fs::read_dir(outside.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

fn journal_with_a_run() -> (tempfile::TempDir, String) {
    let state = tempfile::tempdir().unwrap();
    let key = SealKey::of(state.path(), None).unwrap();
    let me = Holder {
        host: "ops-1".to_owned(),
        pid: 1,
        started: 77,
    };
    let store = Sqlite::open(state.path(), me, Arc::new(|_| false), key).unwrap();
    let run = in_virtual_time(async {
        let stage = Stage::scenario("backup-running").keeping(Arc::new(store));
        let code = "UserErrorBackupOperationInProgress";
        let plan = stage.plan(code, "web1").await.unwrap();
        stage.apply(plan).await.unwrap()[0].run.0.clone()
    });
    (state, run)
}

#[test]
fn verifying_runs_ends_with_0_1_64_or_74_and_says_which_event() {
    let (state, run) = journal_with_a_run();
    let verify =
        |arguments: &[&str]| runbook(state.path(), &[&["runs", "verify"], arguments].concat());
    let whole = verify(&[]);
    assert_eq!((whole.code, whole.err.as_str()), (0, ""), "{}", whole.out);
    assert!(
        whole.out.contains(&run) && whole.out.contains("whole"),
        "{}",
        whole.out
    );
    assert_eq!(verify(&["no-such-run"]).code, 64);

    let raw = rusqlite::Connection::open(state.path().join("journal.db")).unwrap();
    raw.execute(
        "UPDATE events SET at = '2020-01-01T00:00:00Z' WHERE seq = 3",
        [],
    )
    .unwrap();
    let altered = verify(&[&run[..10]]);
    assert_eq!(altered.code, 1, "{}", altered.out);
    assert!(
        altered.out.contains("ALTERED") && altered.out.contains("event 3: "),
        "{}",
        altered.out
    );
    let json = verify(&["--output", "json"]);
    let document: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((json.code, &document["whole"]), (1, &Value::Bool(false)));
    assert_eq!(document["checked"][0]["findings"][0]["event"], 3);

    drop(raw);
    std::fs::write(state.path().join("journal.db"), [b'x'; 4096]).unwrap();
    assert_eq!(verify(&[]).code, 74);
}
