//! The table of scripts is the folder, and says what is in the texts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use runbook::actions::guest::script::{Parameter, Script};
use runbook::actions::guest::scripts;
use runbook::azure::proof::FixedScript;
use runbook::azure::views::OsType;
use runbook::core::runbook::risk::Risk;

use super::machine::complaints;

fn folder(os: OsType) -> (&'static str, &'static str, &'static str) {
    match os {
        OsType::Linux => ("lin", "linux", "sh"),
        OsType::Windows => ("win", "windows", "ps1"),
    }
}

/// The script's own file.
pub(super) fn own(script: Script) -> String {
    let (prefix, folder, ending) = folder(script.os);
    let stem = script.name.strip_prefix(&format!("{prefix}-")).unwrap();
    file(&format!("{folder}/{stem}.{ending}"))
}

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/actions/guest")
        .join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn every_file_of_the_folder_is_in_the_table_and_the_other_way_round() {
    let mut found = BTreeSet::new();
    for os in [OsType::Linux, OsType::Windows] {
        let (prefix, folder, ending) = folder(os);
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/actions/guest")
            .join(folder);
        for entry in fs::read_dir(path).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let stem = name.strip_suffix(&format!(".{ending}"));
            let stem = stem.unwrap_or_else(|| panic!("{folder}/{name} is no script"));
            if !["common", "undo"].contains(&stem) {
                found.insert(format!("{prefix}-{stem}"));
            }
        }
    }
    let told: Vec<String> = scripts().iter().map(|s| s.name.to_owned()).collect();
    assert_eq!(told.len(), found.len(), "a name twice");
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), found);
}

#[test]
fn a_text_is_its_file_and_the_shared_ends_and_nothing_else() {
    let mut hashes = BTreeSet::new();
    for script in scripts() {
        let (_, folder, ending) = folder(script.os);
        let keeps = |p: &Parameter| p.name == "Undo" && p.values.contains("runbook-");
        let undoes = script.parameters.iter().any(keeps);
        let undo = if undoes {
            file("linux/undo.sh")
        } else {
            String::new()
        };
        assert_eq!(
            script.text,
            own(script) + &undo + &file(&format!("{folder}/common.{ending}"))
        );
        hashes.insert(script.hash());
    }
    assert_eq!(hashes.len(), scripts().len());
}

#[test]
fn a_text_travels_unharmed() {
    for script in scripts() {
        let name = script.name;
        // A tab is an end of the line to some that pass a script on (azure-docs issue 47167).
        let odd = script.text.chars().find(|c| !matches!(c, ' '..='~' | '\n'));
        assert_eq!(odd, None, "{name}");
        let marker = format!("# runbook-script: {name}");
        assert_eq!(
            script.text.lines().filter(|l| **l == marker).count(),
            1,
            "{name}"
        );
        let first = script.text.lines().next().unwrap();
        assert_eq!(first == "#!/bin/sh", script.os == OsType::Linux, "{name}");
        let longest = script.text.lines().map(str::len).max();
        assert!(longest <= Some(120), "{name}: {longest:?}");
    }
}

#[test]
fn every_shell_reads_a_script_as_it_is_sent() {
    let linux: Vec<Script> = scripts()
        .into_iter()
        .filter(|s| s.os == OsType::Linux)
        .collect();
    for script in &linux {
        assert_eq!(complaints(*script), "", "{}", script.name);
    }
    let broken = Script {
        text: "work() {\n  if true; then\n}\n",
        ..linux[0]
    };
    assert_ne!(
        complaints(broken),
        "",
        "a shell that reads anything would be noticed"
    );
}

#[test]
fn a_head_says_what_it_cites_takes_prints_and_how_it_is_undone() {
    for script in scripts() {
        let text = own(script);
        let comment = |l: &&str| l.starts_with('#');
        let head: Vec<&str> = text.lines().take_while(comment).collect();
        let head = head.join("\n");
        for word in ["# Documents: ", "# Arguments: ", "# RESULT: "] {
            assert!(head.contains(word), "{}: no {word:?}", script.name);
        }
        let (probe, undone) = (head.contains("A probe"), head.contains("# Undone by: "));
        let looks = script.only_looks();
        assert_eq!(
            (probe || script.name.ends_with("-logs"), undone),
            (looks, !looks),
            "{}",
            script.name
        );
        for parameter in script.parameters {
            assert!(
                head.contains(parameter.name),
                "{}: {}",
                script.name,
                parameter.name
            );
        }
        for state in script.states.iter().filter(|s| !(looks && **s == "failed")) {
            assert!(head.contains(state), "{}: {state}", script.name);
        }
    }
}

#[test]
fn what_may_be_told_passes_the_proof_and_is_a_regular_expression() {
    let mut told = 0;
    for script in scripts() {
        // A list in a form of its own is no list of words.
        for parameter in script
            .parameters
            .iter()
            .filter(|p| !p.values.starts_with('('))
        {
            let plain: Vec<&str> = parameter.values.split('|').collect();
            assert!(
                regex::Regex::new(parameter.values).is_ok(),
                "{}",
                script.name
            );
            for value in plain.iter().filter(|v| !v.contains(['[', '(', '*'])) {
                let value = value.replace('\\', "");
                let given = vec![(parameter.name.to_owned(), value.clone())];
                assert!(
                    FixedScript::new(script.name, script.text, given).is_ok(),
                    "{value}"
                );
                let mut given = vec![(parameter.name, value.as_str())];
                if parameter.name != "Apply" && !script.only_looks() {
                    given.push(("Apply", "true"));
                }
                let looks = script.only_looks() || value == "false" && parameter.name == "Apply";
                assert_eq!(script.refusal(&given, looks), None);
                told += 1;
            }
        }
    }
    assert!(told > 60, "{told}");
}

#[test]
fn a_script_says_the_states_of_the_table_and_no_others() {
    let linux = regex::Regex::new(r"(?m)(?:^|[^\w-])say ([a-z_]+) [0-9]").unwrap();
    let windows = regex::Regex::new(r"(?m)(?:^|[^\w-])Say '([a-z_]+)'").unwrap();
    for script in scripts() {
        let says = match script.os {
            OsType::Linux => &linux,
            OsType::Windows => &windows,
        };
        let said: BTreeSet<&str> = says
            .captures_iter(script.text)
            .map(|c| c.get(1).unwrap().as_str())
            .collect();
        assert_eq!(
            said,
            script.states.iter().copied().collect(),
            "{}",
            script.name
        );
    }
}

#[test]
fn a_probe_says_nothing_of_changes_and_a_writer_knows_the_difference() {
    for script in scripts() {
        let may_apply = script.parameters.iter().any(|p| p.name == "Apply");
        assert_eq!(may_apply, !script.only_looks(), "{}", script.name);
        let mut states: Vec<&str> = script.states.to_vec();
        states.retain(|s| ["already", "planned", "changed"].contains(s));
        let expected: &[&str] = if may_apply {
            &["already", "changed", "planned"]
        } else {
            &[]
        };
        assert_eq!(states, expected, "{}", script.name);
    }
}

#[test]
fn what_weakens_loses_or_interrupts_asks_a_person_or_is_on_the_low_risk_list() {
    for script in scripts().into_iter().filter(|s| s.risk > Risk::Reversible) {
        assert!(script.because(&[]).is_some(), "{}", script.name);
    }
}
