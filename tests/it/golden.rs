//! The golden folders: `runbooks/rehearsals/<code>/<case>/`, as `runbook rehearse` has them.
//!
//! With `RUNBOOK_BLESS=1` what comes out is written instead of compared: read every line of it.

#![expect(clippy::print_stdout, reason = "a test says what it counted")]

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use runbook::base::difference;
use runbook::ops::rehearse::cases::cases_in;
use runbook::ops::rehearse::golden::{Difference, Ending, Rehearsed, rehearse, runbooks_of};
use runbook::ops::rehearse::perform;

use crate::kit::figures;
use crate::kit::wire::{Untouched, Wire};

#[test]
fn every_case_comes_out_as_its_golden_files_say() {
    let run = come_out_as_golden(all());
    figures::keep("golden cases", &run.to_string());
}

/// Every case of the runbooks here, or those that `RUNBOOK_CASE` is part of the path of;
/// rehearsed once for all tests.
pub(crate) fn all() -> &'static [Rehearsed] {
    static ALL: OnceLock<Vec<Rehearsed>> = OnceLock::new();
    ALL.get_or_init(|| rehearsed("runbooks/rehearsals"))
}

pub(crate) fn rehearsed(root: &str) -> Vec<Rehearsed> {
    let only = std::env::var_os("RUNBOOK_CASE").and_then(|c| c.into_string().ok());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
    let mut cases = cases_in(&root).unwrap_or_else(|e| panic!("{e}"));
    cases.retain(|case| {
        let path = case.folder.display().to_string();
        only.as_ref()
            .is_none_or(|only| path.contains(only.as_str()))
    });
    let known = runbooks_of(&cases, None).unwrap_or_else(|e| panic!("{e}"));
    let wire: perform::Wire = Arc::new(|sim| Arc::new(Wire::to(sim, Arc::new(Untouched))));
    rehearse(&cases, &known, &wire, &|_| {})
}

/// Holds cases against their golden files; returns how many there are.
pub(crate) fn come_out_as_golden(rehearsed: &[Rehearsed]) -> usize {
    let wrong: Vec<String> = rehearsed.iter().filter_map(complaint).collect();
    println!("{} golden cases", rehearsed.len());
    let is_filtered = std::env::var_os("RUNBOOK_CASE").is_some();
    assert!(
        !rehearsed.is_empty() || is_filtered,
        "there are no golden cases"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    rehearsed.len()
}

fn complaint(rehearsed: &Rehearsed) -> Option<String> {
    let title = rehearsed.case.title();
    if let Ending::Broken(why) = &rehearsed.ending {
        return Some(format!("{title}: {why}"));
    }
    if std::env::var_os("RUNBOOK_BLESS").is_some() {
        rehearsed.bless().unwrap_or_else(|e| panic!("{e}"));
    }
    let differences = rehearsed.differences();
    let drawn = |d: &Difference| format!("{} differs:\n{}", d.file.display(), d.drawn);
    (!differences.is_empty()).then(|| {
        let drawn: Vec<String> = differences.iter().map(drawn).collect();
        drawn.join("\n")
    })
}

/// Where `text` is not what the golden file holds; `RUNBOOK_BLESS=1` writes it instead.
pub(crate) fn compare(file: &Path, text: &str) -> Option<String> {
    if std::env::var_os("RUNBOOK_BLESS").is_some() {
        fs::write(file, text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    }
    difference(file, text)
}

/// Where `text` is not what the golden file holds.
pub(crate) fn difference(file: &Path, text: &str) -> Option<String> {
    let before = fs::read_to_string(file).unwrap_or_default();
    let drawn = difference::drawn(&before, text)?;
    Some(format!("{} differs:\n{drawn}", file.display()))
}
