//! The committed JSON Schemas are those of the program: editors and pipelines rely on them.

use std::fs;
use std::path::Path;

use runbook::core::report::json::report_schema;
use runbook::core::report::matched::match_schema;
use runbook::core::report::triage::triage_schema;
use runbook::ops::{catalogue, catalogue_page, schema};
use serde_json::Value;

use crate::golden::compare;

#[test]
fn the_committed_schemas_are_those_that_the_program_prints() {
    assert_committed("runbooks/schema.json", &schema());
    assert_committed("runbooks/report.schema.json", &report_schema());
    assert_committed("runbooks/match.schema.json", &match_schema());
    assert_committed("runbooks/triage.schema.json", &triage_schema());
}

#[test]
fn the_committed_catalogue_is_the_one_that_the_program_prints() {
    let page = catalogue_page(&catalogue(None).unwrap());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("runbooks/CATALOGUE.md");
    let wrong = compare(&path, &page);
    assert!(
        wrong.is_none(),
        "{}\nwrite it anew with RUNBOOK_BLESS=1 cargo test --test it schema",
        wrong.unwrap_or_default()
    );
}

#[test]
fn every_runbook_names_the_schema_that_is_there() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for folder in ["runbooks", "examples/first-runbook"] {
        for entry in fs::read_dir(package.join(folder)).unwrap() {
            let file = entry.unwrap().path();
            if file.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let text = fs::read_to_string(&file).unwrap();
            let first = text.lines().next().unwrap_or_default();
            let named = first.strip_prefix("# yaml-language-server: $schema=");
            let named = named.unwrap_or_else(|| panic!("{}: `{first}`", file.display()));
            assert!(file.with_file_name(named).is_file(), "{}", file.display());
            seen += 1;
        }
    }
    assert!(seen >= 6, "{seen} runbooks seen");
}

/// `RUNBOOK_BLESS=1` writes the file instead of comparing it.
fn assert_committed(file: &str, schema: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var_os("RUNBOOK_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "{file} is not what the program prints; look at the difference and write it anew with \
         RUNBOOK_BLESS=1 cargo test --test it schema"
    );
}
