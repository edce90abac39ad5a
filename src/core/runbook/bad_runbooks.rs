//! Bad runbooks: every static error with its drawn lines, as files that a person can read.
//!
//! Each `tests/it/bad_runbooks/<case>.yaml` has a `<case>.err` beside it. Build the tests with
//! `RUNBOOK_BLESS=1` set to write the `.err` files anew, and read what changed.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::base::diagnostics::{Diagnostic, Severity, Sources, render};

use super::check::{Procedures, Vocabulary, check, check_procedure};
use super::parse;

/// A good procedure that runbooks in tests may include.
pub(super) const PROCEDURE: &str = "version: 1
name: agent-not-ready
title: The VM agent is not ready
summary: The agent does not answer.
references:
  - title: The agent
    url: https://learn.microsoft.com/azure/virtual-machines/extensions/agent-windows
    reviewed: 2024-01-01
parameters:
  repair:
    type: string
    enum: [reapply, restart]
    default: reapply
    description: How far to go.
steps:
  - id: restart-agent
    title: Restart the agent of {{vm.name}}
    when: ne params.repair \"reapply\"
    action: guest.restart_agent
";

/// Three actions and a few facts, with the forms of schema that `schemars` writes.
pub(super) fn vocabulary() -> Vocabulary {
    let actions = json!({
        "lock.delete": {
            "type": "object",
            "properties": { "scopes": { "$ref": "#/$defs/Scopes" } },
            "required": ["scopes"],
            "additionalProperties": false,
            "$defs": { "Scopes": { "oneOf": [
                { "type": "string", "const": "restore_points", "description": "x" },
                { "type": "string", "enum": ["vault", "all"] }
            ] } }
        },
        "restore_points.delete": {
            "type": "object", "properties": {}, "additionalProperties": false
        },
        "guest.restart_agent": { "type": "object", "additionalProperties": false },
        "backup.now": {
            "type": "object",
            "properties": {
                "retain_days": { "type": ["integer", "null"], "minimum": 1, "maximum": 99 },
                "note": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
                "disks": { "type": "array", "items": { "type": "integer" } }
            },
            "additionalProperties": false
        }
    });
    let facts = json!({
        "vm": {
            "type": "object",
            "properties": {
                "name": { "type": "string" },
                "resource_group": { "type": "string" },
                "agent": { "anyOf": [{ "$ref": "#/$defs/Agent" }, { "type": "null" }] },
                "disks": { "type": "array", "items": { "$ref": "#/$defs/Disk" } },
                "tags": { "type": "object", "additionalProperties": { "type": "string" } },
                "raw": true
            },
            "$defs": {
                "Agent": { "type": "object", "properties": { "ready": { "type": "boolean" } } },
                "Disk": { "type": "object", "properties": { "lun": { "type": "integer" } } }
            }
        },
        "restore_points": {
            "type": "object",
            "properties": { "count": { "type": "integer" }, "limit": { "type": "integer" } }
        }
    });
    let table = |value: serde_json::Value| serde_json::from_value(value).expect("a table");
    Vocabulary {
        actions: table(actions),
        borrowing: ["lock.delete", "backup.now", "guest.restart_agent"]
            .map(str::to_owned)
            .into(),
        facts: serde_json::from_value(facts).expect("a table"),
    }
}

/// The procedures that runbooks in tests may include.
pub(super) fn procedures() -> Procedures {
    let parsed = parse::procedure("procedures/agent-not-ready.yaml", PROCEDURE).expect("good");
    Procedures::from([("agent-not-ready".to_owned(), parsed)])
}

fn folder() -> PathBuf {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/bad_runbooks"
    ))
    .to_owned()
}

fn cases() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("the folder of bad runbooks");
    let mut cases: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    cases.sort();
    cases
}

fn judged(file: &str, text: &str) -> Vec<Diagnostic> {
    if file.starts_with("procedure-") {
        return match parse::procedure(file, text) {
            Ok(parsed) => check_procedure(&parsed, &vocabulary()),
            Err(found) => found,
        };
    }
    match parse::runbook(file, text) {
        Ok(parsed) => check(&parsed, &procedures(), &vocabulary()),
        Err(found) => found,
    }
}

#[test]
fn every_bad_runbook_is_told_what_is_wrong_and_where() {
    let cases = cases();
    assert!(cases.len() >= 50, "only {} cases were found", cases.len());
    let mut wrong = Vec::new();
    for path in cases {
        let text = fs::read_to_string(&path).expect("a case");
        let file = path
            .file_name()
            .and_then(|name| name.to_str())
            .expect("a name")
            .to_owned();
        let found = judged(&file, &text);
        assert!(
            found.iter().any(|d| d.severity == Severity::Error),
            "{file} passes"
        );
        let mut sources = Sources::one(&file, &text);
        sources.add("procedures/agent-not-ready.yaml", PROCEDURE);
        let drawn = render(&found, &sources);
        let golden = path.with_extension("err");
        if option_env!("RUNBOOK_BLESS").is_some() {
            fs::write(&golden, &drawn).expect("written");
        }
        if fs::read_to_string(&golden).unwrap_or_default() != drawn {
            wrong.push(format!("{file} now says\n{drawn}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
