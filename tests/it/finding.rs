//! `match` and `triage` from outside: what they print, for people and for machines, and how they
//! end.

use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};

use crate::binary::{CODE, runbook};
use crate::kit::program::End;

/// Runs it in a state directory of its own.
fn run(arguments: &[&str]) -> End {
    let state = tempfile::tempdir().unwrap();
    runbook(state.path(), arguments)
}

/// Its one document, which ends the way the program does.
fn document(arguments: &[&str], code: i32) -> Value {
    let end = run(&[arguments, &["--output", "json"]].concat());
    let document: Value = serde_json::from_str(&end.out)
        .unwrap_or_else(|why| panic!("{arguments:?}: {why}: {}{}", end.out, end.err));
    assert_eq!(
        (end.code, document["exit_code"].as_i64()),
        (code, Some(code.into())),
        "{arguments:?}"
    );
    document
}

/// The committed schema holds the document.
fn fits(schema: &str, document: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("runbooks")
        .join(schema);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator
        .iter_errors(document)
        .map(|e| e.to_string())
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn match_tells_the_runbook_how_sure_it_is_and_the_command_that_plans_it() {
    for asked in [
        ["--code", CODE],
        [
            "--message",
            "The Restore Point collection max limit has reached.",
        ],
    ] {
        let end = run(&[&["match"][..], &asked].concat());
        let said = end.said();
        assert_eq!((end.code, end.err.as_str()), (0, ""), "{said}");
        let next = format!("runbook plan {CODE} --vm ID");
        assert!(said.contains(CODE) && said.contains(&next), "{said}");
        assert!(
            said.contains("(certain)") || said.contains("(likely)"),
            "{said}"
        );
    }
    let told = document(&["match", "--number", "400196"], 0);
    fits("match.schema.json", &told);
    assert_eq!(
        told["answer"]["runbook"],
        "UserErrorGuestAgentStatusUnavailable"
    );
    assert_eq!(told["answer"]["found"]["field"], "--number");
}

#[test]
fn match_reads_the_last_failure_of_a_vm_and_says_when_there_is_none() {
    let told = document(&["match", "--vm", "web1", "--sim"], 0);
    fits("match.schema.json", &told);
    assert_eq!(told["answer"]["runbook"], CODE);
    assert_eq!(told["answer"]["found"]["place"], "job");
    assert!(
        told["vm"]
            .as_str()
            .unwrap()
            .ends_with("/virtualMachines/web1")
    );
    let none = document(&["match", "--vm", "web1", "--sim=healthy"], 5);
    assert!(
        none["reason"]
            .as_str()
            .unwrap()
            .contains("no failed backup job"),
        "{none}"
    );
}

#[test]
fn match_hands_what_no_runbook_knows_to_a_person() {
    let end = run(&["match", "--message", "something of tomorrow"]);
    assert_eq!(end.code, 5, "{}", end.said());
    assert!(
        end.said().contains("No runbook knows this failure"),
        "{}",
        end.said()
    );
    let told = document(&["match", "--message", "something of tomorrow"], 5);
    fits("match.schema.json", &told);
    assert_eq!(told["answer"]["sureness"], "unknown");
}

#[test]
fn match_takes_a_job_from_a_file_or_from_standard_input() {
    let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.RecoveryServices/vaults/v/backupJobs/j1";
    let job = json!({ "id": id, "name": "j1", "properties": {
        "jobType": "AzureIaaSVMJob", "operation": "Backup", "status": "Failed",
        "errorDetails": [{ "errorCode": 1, "errorTitle": CODE, "errorString": "full" }] } });
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("job.json");
    std::fs::write(&file, job.to_string()).unwrap();
    let told = document(&["match", "--file", file.to_str().unwrap()], 0);
    assert_eq!(
        (&told["job"], &told["answer"]["runbook"]),
        (&json!("j1"), &json!(CODE))
    );
    let mut command = Command::cargo_bin("runbook").unwrap();
    let piped = command.env_clear().args(["match", "--file", "-"]);
    let output = piped.write_stdin(job.to_string()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().contains(CODE));
}

#[test]
fn triage_lists_each_failed_vm_with_its_runbook_and_command() {
    let end = run(&["triage", "--sim"]);
    let said = end.said();
    assert_eq!(end.code, 0, "{said}");
    for words in [
        "1 VM whose last backup did not end well, in 1 vault",
        "web1: ",
        CODE,
    ] {
        assert!(said.contains(words), "`{words}` is not in: {said}");
    }
    assert!(
        said.contains(&format!("runbook plan {CODE} --vm /subscriptions/")),
        "{said}"
    );
    assert!(
        end.out.contains("/virtualMachines/web1 --sim=rp-limit"),
        "{}",
        end.out
    );
    let told = document(&["triage", "--sim"], 0);
    fits("triage.schema.json", &told);
    let failed = &told["vaults"][0]["failed"];
    assert_eq!(failed[0]["answer"]["runbook"], CODE);
    let well = document(&["triage", "--sim=healthy"], 0);
    assert_eq!(well["vaults"][0]["failed"], json!([]));
}

#[test]
fn a_vault_that_cannot_be_read_is_told_beside_the_others_and_decides_the_exit_code() {
    let told = document(&["triage", "--sim"], 0);
    let vault = told["vaults"][0]["vault"].as_str().unwrap().to_owned();
    let gone = vault.replace("vault-web", "vault-gone");
    let asked = ["triage", "--sim", "--vault", &gone, "--vault", &vault];
    let end = run(&asked);
    assert!(
        end.code != 0 && end.said().contains("not read: "),
        "{}",
        end.said()
    );
    let told = document(&asked, end.code);
    fits("triage.schema.json", &told);
    assert!(told["vaults"][0]["error"].is_string() && told["vaults"][1]["error"].is_null());
    assert_eq!(told["vaults"][1]["failed"][0]["answer"]["runbook"], CODE);
}

#[test]
fn what_cannot_be_asked_ends_with_64_and_says_what_can() {
    let state = tempfile::tempdir().unwrap();
    let file = state.path().join("other.json");
    std::fs::write(&file, "{}").unwrap();
    let file = file.to_str().unwrap();
    for (asked, words) in [
        (&["match"][..], "--code <CODE>"),
        (
            &["match", "--code", "a", "--vm", "b"],
            "cannot be used with",
        ),
        (&["match", "--number", "x"], "invalid value 'x'"),
        (
            &["match", "--file", "/nowhere/job.json"],
            "cannot read `/nowhere/job.json`",
        ),
        (&["match", "--file", file], "neither a backup job"),
        (&["triage", "--sim", "--since", "500h"], "336h back at most"),
        (&["triage", "--sim", "--since", "soon"], "`90s`"),
        (
            &["triage", "--sim", "--vault", "vault-web"],
            "is not the resource id of a vault",
        ),
    ] {
        let end = run(asked);
        assert_eq!((end.code, end.out.as_str()), (64, ""), "{asked:?}");
        assert!(end.said().contains(words), "{asked:?}: {}", end.said());
        let told = document(asked, 64);
        assert!(told["reason"].as_str().unwrap().contains(words), "{told}");
    }
}
