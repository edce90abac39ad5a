use super::*;
use crate::core::runbook::bad_runbooks::{PROCEDURE, vocabulary};

fn text(file: &str, text: String) -> Text {
    Text {
        file: file.to_owned(),
        text,
    }
}

/// A runbook with a code and more lines under `match`.
fn runbook(code: &str, matching: &str) -> Text {
    let text = format!(
        "version: 1\ncode: {code}\ntitle: t\nsummary: s\nmatch:\n  messages: []\n{matching}references:\n  \
         - {{title: t, url: 'https://learn.microsoft.com/x', reviewed: 2024-01-01}}\nsteps:\n  \
         - include: agent-not-ready\n  - {{id: a, title: t, action: backup.now}}\n"
    );
    Text {
        file: format!("{code}.yaml"),
        text,
    }
}

/// A runbook with a code that answers to the words of a message.
fn worded(code: &str, pattern: &str) -> Text {
    let Text { file, text } = runbook(code, "");
    Text {
        text: text.replace("messages: []", &format!("messages: [\"{pattern}\"]")),
        file,
    }
}

fn folder(runbooks: Vec<Text>) -> Folder {
    let procedures = vec![text(
        "procedures/agent-not-ready.yaml",
        PROCEDURE.to_owned(),
    )];
    Folder {
        runbooks,
        procedures,
    }
}

fn catalogue() -> Catalogue {
    let runbooks = vec![
        runbook(
            "GuestAgentStatusUnknown",
            "  aliases: [AgentUnknown]\n  numbers: [400239]\n",
        ),
        worded("RpLimit", "restore points"),
        worded("RpSlow", "restore points.* can't exceed \\\\d+$"),
    ];
    Catalogue::read(folder(runbooks), &vocabulary()).unwrap_or_else(|rejected| panic!("{rejected}"))
}

#[test]
fn a_runbook_is_found_by_code_or_alias_in_any_case() {
    let catalogue = catalogue();
    for code in [
        "GuestAgentStatusUnknown",
        "guestagentstatusunknown",
        " AGENTUNKNOWN ",
    ] {
        let found = catalogue.find(code).map(|runbook| runbook.code.as_str());
        assert_eq!(found, Ok("GuestAgentStatusUnknown"), "{code}");
    }
    let missing = catalogue
        .find("GuestAgentStatusUnknwon")
        .expect_err("a slip");
    assert_eq!(
        missing.did_you_mean.as_deref(),
        Some("GuestAgentStatusUnknown")
    );
    assert!(
        missing
            .to_string()
            .contains("did you mean `GuestAgentStatusUnknown`?")
    );
    assert_eq!(
        catalogue.find("Other").expect_err("none").did_you_mean,
        None
    );
}

#[test]
fn includes_are_expanded_and_change_the_hash() {
    let before = catalogue();
    let found = before.find("RpLimit").expect("there");
    let ids: Vec<&str> = found.steps().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["restart-agent", "a"]);
    assert_eq!(
        found.steps().count(),
        found.steps.len(),
        "nothing is left to expand"
    );
    let changed = text(
        "procedures/x.yaml",
        PROCEDURE.replace("Restart the agent of", "Restart"),
    );
    let folder = Folder::of([changed]);
    let after = before
        .clone()
        .with_folder(folder, &vocabulary())
        .expect("good");
    assert_ne!(after.find("RpLimit").expect("there").hash(), found.hash());
}

#[test]
fn the_guard_of_an_include_joins_those_of_its_steps_and_its_parameters_come_with_it() {
    let mut guarded = runbook("Guarded", "");
    guarded.text = guarded.text.replace(
        "- include: agent-not-ready\n",
        "- include: agent-not-ready\n    when: vm.agent.ready\n",
    );
    let read = Catalogue::read(folder(vec![guarded]), &vocabulary());
    let catalogue = read.unwrap_or_else(|rejected| panic!("{rejected}"));
    let found = catalogue.find("Guarded").expect("there");
    let whens: Vec<Option<&str>> = found.steps().map(|step| step.when.as_deref()).collect();
    assert_eq!(
        whens,
        [
            Some("and (vm.agent.ready) (ne params.repair \"reapply\")"),
            None
        ]
    );
    let repair = found.parameters.get("repair").expect("of the procedure");
    assert_eq!(repair.default, Some("reapply".into()));
}

#[test]
fn a_folder_adds_runbooks_and_replaces_those_of_the_same_code() {
    let mine = Text {
        text: runbook("rplimit", "")
            .text
            .replace("title: t\nsummary", "title: mine\nsummary"),
        file: "mine/rplimit.yaml".to_owned(),
    };
    let folder = Folder::of([mine, runbook("Added", "")]);
    let catalogue = catalogue()
        .with_folder(folder, &vocabulary())
        .expect("good");
    assert_eq!(catalogue.find("RpLimit").expect("there").title, "mine");
    assert_eq!(catalogue.runbooks().count(), 4);
    assert!(catalogue.find("Added").is_ok());
}

#[test]
fn a_code_that_two_runbooks_claim_is_refused_with_both_places() {
    let folder = folder(vec![
        runbook("First", "  aliases: [Both]\n  numbers: [7]\n"),
        runbook("BOTH", "  numbers: [7]\n"),
    ]);
    let rejected = Catalogue::read(folder, &vocabulary()).expect_err("taken");
    let drawn = rejected.to_string();
    assert!(drawn.contains("the code `BOTH` is taken"), "{drawn}");
    assert!(drawn.contains("the number `7` is taken"), "{drawn}");
    assert!(
        drawn.contains("First.yaml:7") && drawn.contains("BOTH.yaml:2"),
        "{drawn}"
    );
}

#[test]
fn everything_wrong_with_a_folder_is_said_at_once() {
    let bad = Text {
        file: "bad.yaml".to_owned(),
        text: "version: [".to_owned(),
    };
    let mut folder = folder(vec![bad, runbook("Bad Code", "")]);
    folder
        .procedures
        .push(text("procedures/again.yaml", PROCEDURE.to_owned()));
    let rejected = Catalogue::read(folder, &vocabulary()).expect_err("bad");
    let codes: Vec<&str> = rejected.diagnostics.iter().map(|d| d.code).collect();
    assert_eq!(codes, ["RB015", "RB001", "RB030"]);
}

/// The files of a folder of this repository, as (name, text); none when it does not exist.
fn files(folder: &str) -> Vec<(String, String)> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let Ok(entries) = std::fs::read_dir(path) else {
        return Vec::new();
    };
    let mut files: Vec<(String, String)> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .map(|path| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a name");
            (
                format!("{folder}/{name}"),
                std::fs::read_to_string(&path).expect("a text"),
            )
        })
        .collect();
    files.sort();
    files
}

#[test]
fn the_binary_holds_every_runbook_and_procedure_of_the_folder_and_no_other() {
    for (folder, held) in [
        ("runbooks", embedded::RUNBOOKS),
        ("runbooks/procedures", embedded::PROCEDURES),
    ] {
        let mut held: Vec<(String, String)> = held
            .iter()
            .map(|(file, text)| ((*file).to_owned(), (*text).to_owned()))
            .collect();
        held.sort();
        assert_eq!(held, files(folder));
    }
}
