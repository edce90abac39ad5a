//! `plan --out` and `apply FILE`, through the program and its exit codes.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::binary::{CODE, runbook};
use crate::kit::program::End;

/// A state directory, and a plan that was saved with it.
struct Desk {
    folder: TempDir,
    state: PathBuf,
    file: String,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (state, file) = (folder.path().join("state"), folder.path().join("plan.json"));
        let file = file.to_str().unwrap().to_owned();
        Self {
            folder,
            state,
            file,
        }
    }

    /// With a plan in the file.
    fn planned() -> Self {
        let desk = Self::new();
        // Simulated time goes on while a busy machine stands still.
        let end = desk.plan(&["--ttl", "168h"]);
        assert_eq!(end.code, 0, "{}{}", end.out, end.err);
        desk
    }

    fn plan(&self, more: &[&str]) -> End {
        let plan = ["plan", CODE, "--vm", "web1", "--sim", "--out", &self.file];
        runbook(&self.state, &[&plan, more].concat())
    }

    fn apply(&self, more: &[&str]) -> End {
        apply(&self.state, &self.file, more)
    }
}

fn apply(state: &Path, file: &str, more: &[&str]) -> End {
    runbook(state, &[&["apply", file, "--sim"], more].concat())
}

/// Ends so, with one JSON document that says so too; the document.
fn document(end: &End, code: i32) -> Value {
    assert_eq!(end.code, code, "{}{}", end.out, end.err);
    let document: Value =
        serde_json::from_str(&end.out).unwrap_or_else(|e| panic!("{e}: {}", end.out));
    assert_eq!(document["exit_code"], code);
    document
}

#[test]
fn a_plan_is_saved_for_its_owner_alone_and_says_where_how_long_and_what_applies_it() {
    let desk = Desk::new();
    let end = desk.plan(&["--ttl", "30m"]);
    assert_eq!(end.code, 0, "{}{}", end.out, end.err);
    for words in [
        "Saved in",
        "Good until",
        &format!("runbook apply {} --sim", desk.file),
    ] {
        assert!(end.out.contains(words), "`{words}`: {}", end.out);
    }
    let file: Value = serde_json::from_slice(&std::fs::read(&desk.file).unwrap()).unwrap();
    let time = |name: &str| {
        file[name]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    assert_eq!(
        time("expires").duration_since(time("issued")).as_secs(),
        1800
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&desk.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let again = desk.plan(&[]);
    assert_eq!((again.code, again.out.as_str()), (64, ""));
    assert!(again.err.contains("exists already"), "{}", again.err);
    let too_long = Desk::new().plan(&["--ttl", "169h"]);
    assert!(
        too_long.code == 64 && too_long.err.contains("168h at most"),
        "{}",
        too_long.err
    );
}

#[test]
fn a_saved_plan_is_applied_once_and_only_with_consent() {
    let desk = Desk::planned();
    let refused = document(&desk.apply(&["-o", "json"]), 4);
    assert_eq!(refused["plan_file"]["path"], desk.file.as_str());
    let yes = [
        "--yes",
        "--max-risk",
        "destructive",
        "--wait",
        "12h",
        "-o",
        "json",
    ];
    let done = document(&desk.apply(&yes), 0);
    assert_eq!(done["outcome"], "fixed");
    assert_eq!(done["plan_file"]["id"], refused["plan_file"]["id"]);
    let run = done["run"].as_str().unwrap();
    let again = document(&desk.apply(&yes), 4);
    let why = again["reason"].as_str().unwrap();
    assert!(why.contains(run) && why.contains("applied once"), "{why}");
    let told = runbook(&desk.state, &["runs", "show", run, "--sim"]);
    assert!(told.out.contains("Saved plan"), "{}", told.out);
}

#[test]
fn the_fingerprint_of_a_saved_plan_approves_it() {
    let desk = Desk::planned();
    let file: Value = serde_json::from_slice(&std::fs::read(&desk.file).unwrap()).unwrap();
    let fingerprint = file["plan"]["fingerprint"].as_str().unwrap();
    let other = "0".repeat(64);
    assert_eq!(desk.apply(&["--approve", &other]).code, 4);
    let end = desk.apply(&["--approve", fingerprint, "--wait", "0", "-o", "json"]);
    assert_eq!(document(&end, 3)["outcome"], "waiting");
    // The backup runs: what is left of the plan is to follow it.
    let rest = desk.apply(&["--approve", fingerprint, "--wait", "12h", "-o", "json"]);
    let rest = document(&rest, 0);
    assert_eq!(rest["outcome"], "fixed");
    assert_eq!(rest["requests"]["writes"], 0);
}

#[test]
fn a_world_that_moved_is_told_change_by_change_and_nothing_is_sent() {
    let desk = Desk::planned();
    let world = desk.state.join("sim/rp-limit/world.json");
    let mut sim: Value = serde_json::from_slice(&std::fs::read(&world).unwrap()).unwrap();
    let locks = sim["world"]["locks"].as_array_mut().unwrap();
    let mut second = locks[0].clone();
    second["name"] = "legal-hold".into();
    locks.push(second);
    std::fs::write(&world, sim.to_string()).unwrap();

    let yes = ["--yes", "--max-risk", "destructive"];
    let end = desk.apply(&yes);
    assert_eq!(end.code, 4, "{}{}", end.out, end.err);
    let out = end.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(out.contains("The world has moved"), "{out}");
    assert!(
        out.contains("- unlock: `delete the lock `legal-hold`"),
        "{out}"
    );
    let moved = document(&desk.apply(&[&yes[..], &["-o", "json"]].concat()), 4);
    assert_eq!(moved["moved"][0]["step"], "unlock");
    assert_eq!(moved["requests"]["writes"], 0);
    assert_eq!(moved["run"], Value::Null);
}

#[test]
fn each_file_that_cannot_be_believed_ends_with_one_document_and_its_code() {
    let desk = Desk::planned();
    let whole = std::fs::read_to_string(&desk.file).unwrap();
    let is_refused = |name: &str, text: &str, code: i32, words: &str| {
        let file = desk.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let end = apply(
            &desk.state,
            file.to_str().unwrap(),
            &["--yes", "-o", "json"],
        );
        let why = document(&end, code)["reason"].as_str().unwrap().to_owned();
        assert!(why.contains(name) && why.contains(words), "{why}");
    };
    let edited = whole.replace("\"risk\": \"destructive\"", "\"risk\": \"reversible\"");
    assert_ne!(edited, whole);
    is_refused("edited.json", &edited, 65, "edited after it was sealed");
    is_refused(
        "cut.json",
        &whole[..whole.len() / 2],
        65,
        "not a saved plan",
    );
    is_refused("runbook.json", "{\"version\": 1}", 65, "not a saved plan");

    let elsewhere = desk.folder.path().join("elsewhere");
    let end = apply(&elsewhere, &desk.file, &["--yes", "-o", "json"]);
    let why = document(&end, 65)["reason"].as_str().unwrap().to_owned();
    assert!(why.contains("another state directory"), "{why}");

    for (arguments, words) in [
        (
            &["apply", "no-such.json", "--sim"][..],
            "cannot read the saved plan",
        ),
        (
            &["apply", &desk.file, "--sim", "--param", "a=b"],
            "leave --param",
        ),
        (
            &["apply", &desk.file, "--sim", "--force"],
            "leave --param and --force out",
        ),
        (
            &["apply", &desk.file, "--sim", "--vm", "web10"],
            "--vm names",
        ),
        (&["apply", CODE, "--sim"], "--vm ID"),
    ] {
        let end = runbook(&desk.state, &[arguments, &["-o", "json"]].concat());
        let why = document(&end, 64)["reason"].as_str().unwrap().to_owned();
        assert!(why.contains(words), "{arguments:?}: {why}");
    }
}

#[test]
fn a_file_needs_no_telling_name_and_a_code_comes_before_a_file_of_its_name() {
    let desk = Desk::planned();
    let says = |name: &str| {
        std::fs::copy(&desk.file, desk.folder.path().join(name)).unwrap();
        let mut command = assert_cmd::Command::cargo_bin("runbook").unwrap();
        let words = ["apply", name, "--vm", "web1", "--sim", "--state"];
        let at = command.env_clear().current_dir(desk.folder.path());
        let output = at.args(words).arg(&desk.state).write_stdin("").output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    assert!(says("approved").contains("Saved in        approved"));
    assert!(!says(CODE).contains("Saved in"));
}

#[test]
fn a_plan_with_nothing_to_apply_is_saved_and_applying_it_does_nothing() {
    let desk = Desk::new();
    let healthy = ["--sim=healthy", "--vm", "web1"];
    let plan = [&["plan", CODE, "--out", &desk.file], &healthy[..]].concat();
    let end = runbook(&desk.state, &plan);
    assert_eq!(end.code, 0, "{}{}", end.out, end.err);
    let end = runbook(
        &desk.state,
        &["apply", &desk.file, "--sim=healthy", "--yes", "-o", "json"],
    );
    let told = document(&end, 5);
    assert_eq!(told["requests"]["writes"], 0);
    assert_eq!(told["run"], Value::Null);
}

#[test]
fn a_key_from_the_environment_seals_in_place_of_the_one_in_the_state_directory() {
    let desk = Desk::new();
    let key = "5a".repeat(32);
    let with = |key: &str, state: &str, words: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("runbook").unwrap();
        let state = desk.folder.path().join(state);
        command
            .env_clear()
            .env("RUNBOOK_SEAL_KEY", key)
            .arg("--state");
        let words = [words, &["--sim", "-o", "json"]].concat();
        End::of(command.arg(state).args(words))
    };
    let plan = ["plan", CODE, "--vm", "web1", "--out", &desk.file];
    document(&with(&key, "one", &plan), 0);
    assert!(!std::fs::read_to_string(&desk.file).unwrap().contains(&key));
    let file = &["apply", &desk.file];
    document(&with(&"5b".repeat(32), "one", file), 65);
    document(&with("5a", "one", file), 64);
    // Another directory with the same key believes it, and finds another world.
    let there = document(&with(&key, "two", file), 5);
    assert!(there["plan_file"]["id"].is_string(), "{there}");
    assert!(
        !desk
            .folder
            .path()
            .join("one/sim/rp-limit/seal.key")
            .exists()
    );
}
