//! What is sent and what the simulator answers, against Microsoft's own API descriptions.
//!
//! The descriptions lie beside the repository and are no part of it, and the exchanges are those
//! that other tests wrote where `RUNBOOK_EXCHANGES` named a folder; `RUNBOOK_CHECK_EXCHANGES` names it
//! to these. `.ci/run` does both. Where one is absent nothing is checked, and it is said.

#![expect(
    clippy::unwrap_used,
    reason = "clippy allows it in test functions, and not in what they share"
)]

mod broken;
mod check;
mod coverage;
mod deviations;
mod examples;
mod exchanges;
mod outside;
mod schema;
mod spec;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use check::Checker;

/// Microsoft's descriptions, read once; nothing where they are absent.
fn descriptions() -> Option<&'static Checker> {
    static READ: OnceLock<Option<Checker>> = OnceLock::new();
    READ.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/specs/specification");
        let root = root.canonicalize().ok()?;
        Some(Checker::new(spec::Specs::read(&root)))
    })
    .as_ref()
}

/// Tells the reader of the tests' output.
#[expect(
    clippy::print_stdout,
    reason = "this is where tests tell their figures"
)]
fn tell(what: &str) {
    println!("{what}");
}

fn skipped(why: &str) {
    tell(&format!("contract: {why}: skipped"));
}

#[test]
fn every_exchange_is_as_microsoft_describes_it() {
    let (Some(checker), Some(folder)) =
        (descriptions(), std::env::var_os("RUNBOOK_CHECK_EXCHANGES"))
    else {
        return skipped("no API descriptions, or no RUNBOOK_CHECK_EXCHANGES");
    };
    let exchanges = exchanges::read(&PathBuf::from(folder));
    assert!(
        !exchanges.is_empty(),
        "RUNBOOK_CHECK_EXCHANGES holds no exchange"
    );
    let mut coverage = coverage::Coverage::default();
    let mut problems = Vec::new();
    for exchange in &exchanges {
        let (call, found) = checker.check(exchange);
        coverage.count(&call, exchange);
        problems.extend(found);
    }
    problems.sort();
    problems.dedup();
    let unused = deviations::unused(&problems);
    problems.retain(|problem| !deviations::is_real(problem));
    tell(&coverage.to_string());
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert!(
        told.is_empty(),
        "{} problems:\n{}",
        told.len(),
        told.join("\n")
    );
    assert!(
        unused.is_empty(),
        "nothing deviates like this any more: {unused:?}"
    );
    let missing = coverage.uncovered();
    assert!(missing.is_empty(), "no description of: {missing:?}");
}

#[test]
fn what_is_broken_on_purpose_is_found_with_its_place() {
    let Some(checker) = descriptions() else {
        return skipped("no API descriptions");
    };
    broken::each_is_found(checker);
}

#[test]
fn microsofts_own_examples_pass() {
    let Some(checker) = descriptions() else {
        return skipped("no API descriptions");
    };
    examples::all_pass(checker);
}
