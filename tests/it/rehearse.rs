//! `runbook rehearse` from outside: what it finds, what it says, what it writes and when.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

use crate::kit::program::End;

const CODE: &str = "UserErrorGuestAgentStatusUnavailable";

/// A copy of the runbook of one's own with its two cases.
fn copy() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/first-runbook");
    let to = folder.path().join("mine");
    copied(&from, &to);
    (folder, to)
}

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match from.is_dir() {
            true => copied(&from, &to),
            false => drop(fs::copy(from, to).unwrap()),
        }
    }
}

fn rehearse(place: &Path, arguments: &[&str]) -> End {
    let mut command = Command::cargo_bin("runbook").unwrap();
    End::of(command.current_dir(place).arg("rehearse").args(arguments))
}

fn case(mine: &Path, name: &str) -> PathBuf {
    mine.join("rehearsals").join(CODE).join(name)
}

fn texts(mine: &Path, name: &str) -> Vec<String> {
    let read = |file: &str| fs::read_to_string(case(mine, name).join(file)).unwrap_or_default();
    ["plan.txt", "requests.txt", "report.md"].map(read).to_vec()
}

#[test]
fn what_comes_out_otherwise_is_shown_and_written_only_with_consent() {
    let (folder, mine) = copy();
    let golden = texts(&mine, "agent-back");
    let runbook = mine.join(format!("{CODE}.yaml"));
    let text = fs::read_to_string(&runbook).unwrap();
    fs::write(&runbook, text.replace("default: 7", "default: 9")).unwrap();

    let end = rehearse(folder.path(), &["mine"]);
    assert_eq!(end.code, 1, "{}", end.said());
    let says = |what: &str| assert!(end.out.contains(what), "{}", end.out);
    says(&format!(
        "{CODE}/agent-back: differs from plan.txt, report.md"
    ));
    says("  -    - [no approval] reversible: start a backup, kept for 7 days");
    says("  +    - [no approval] reversible: start a backup, kept for 9 days");
    says("2 cases: 0 as written, 2 differ");

    let end = rehearse(folder.path(), &["mine", "--bless"]);
    assert_eq!(end.code, 1, "{}", end.said());
    assert!(end.err.contains("Nothing was written"), "{}", end.err);
    assert_eq!(texts(&mine, "agent-back"), golden);

    let end = rehearse(folder.path(), &["mine", "--bless", "--yes"]);
    assert_eq!(end.code, 0, "{}", end.said());
    assert!(
        end.out.contains("kept for 9 days"),
        "shown before: {}",
        end.out
    );
    assert_eq!(rehearse(folder.path(), &["mine"]).code, 0);
    assert_ne!(texts(&mine, "agent-back"), golden);
}

#[test]
fn a_case_that_cannot_be_or_breaks_a_rule_is_never_blessed() {
    let (folder, mine) = copy();
    let golden = texts(&mine, "agent-still-silent");
    fs::write(case(&mine, "agent-still-silent").join("fault.yaml"), "[]").unwrap();
    let world = case(&mine, "agent-back").join("world.yaml");
    let text = fs::read_to_string(&world).unwrap();
    fs::write(&world, text.replace("name: web1", "nmae: web1")).unwrap();
    let end = rehearse(
        folder.path(),
        &["mine", "--bless", "--yes", "--junit", "r.xml"],
    );
    assert_eq!(end.code, 1, "{}", end.said());
    assert!(end.out.contains("`mine/rehearsals/UserErrorGuestAgentStatusUnavailable/agent-still-silent/fault.yaml` is no part"), "{}", end.out);
    assert!(end.out.contains("nmae"), "{}", end.out);
    assert_eq!(texts(&mine, "agent-still-silent"), golden);
    let junit = fs::read_to_string(folder.path().join("r.xml")).unwrap();
    assert!(
        junit.contains("tests=\"2\" failures=\"0\" errors=\"2\""),
        "{junit}"
    );
}

#[test]
fn a_case_without_golden_files_says_how_it_gets_them() {
    let (folder, mine) = copy();
    for file in ["plan.txt", "requests.txt", "report.md"] {
        fs::remove_file(case(&mine, "agent-back").join(file)).unwrap();
    }
    let end = rehearse(
        folder.path(),
        &["mine", "--output", "json", "--junit", "r.xml"],
    );
    assert_eq!(end.code, 1);
    let told: Value = serde_json::from_str(&end.out).unwrap();
    assert_eq!(told["exit_code"], 1);
    assert_eq!(told["cases"][0]["outcome"], "new");
    assert_eq!(told["cases"][1]["outcome"], "as_written");
    let reason = told["cases"][0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("runbook rehearse mine/rehearsals/"),
        "{reason}"
    );
    assert!(reason.contains("--bless"), "{reason}");
    let junit = fs::read_to_string(folder.path().join("r.xml")).unwrap();
    assert!(
        junit.contains("tests=\"2\" failures=\"1\" errors=\"0\""),
        "{junit}"
    );
}

#[test]
fn a_code_is_looked_for_beside_the_runbooks_and_a_slip_is_told() {
    let (folder, _mine) = copy();
    let lower = CODE.to_lowercase();
    let end = rehearse(folder.path(), &[&lower, "--runbooks", "mine", "-v"]);
    assert_eq!(end.code, 0, "{}", end.said());
    assert!(end.out.ends_with("2 cases: 2 as written\n"), "{}", end.out);
    let one = format!("{CODE}/agent-back");
    let end = rehearse(folder.path(), &[&one, "--runbooks", "mine"]);
    assert!(end.out.ends_with("1 case: 1 as written\n"), "{}", end.out);
    let slip = CODE.replace("Status", "Satus");
    let end = rehearse(folder.path(), &[&slip, "--runbooks", "mine"]);
    assert_eq!(end.code, 64, "{}", end.said());
    assert!(
        end.said().contains(&format!("did you mean `{CODE}`?")),
        "{}",
        end.said()
    );
    let end = rehearse(folder.path(), &[]);
    assert_eq!(end.code, 64, "{}", end.said());
    assert!(end.said().contains("--runbooks"), "{}", end.said());
}

#[test]
fn a_folder_is_rehearsed_from_wherever_one_stands() {
    let (_folder, mine) = copy();
    let silent = case(&mine, "agent-still-silent");
    for place in [&mine, &mine.join("rehearsals"), &silent] {
        let end = rehearse(place, &["."]);
        assert_eq!(end.code, 0, "{}: {}", place.display(), end.said());
    }
}
