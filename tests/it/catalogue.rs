//! The catalogue is whole: every code of the documents has a runbook, every step a source and a
//! case in which it is reached, and every runbook the cases that its steps make possible.
//!
//! What is still missing stands in `catalogue/missing.txt`. The list may only shrink: what is not
//! missing any more has to be struck off, and nothing may be added. With `RUNBOOK_BLESS=1` what is
//! not missing any more is struck off.

mod branches;
mod document;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use runbook::actions::actions;
use runbook::core::outcome::StepOutcome;
use runbook::core::runbook::catalogue::Catalogue;
use runbook::core::runbook::model::Step;
use runbook::ops::catalogue;
use runbook::ops::matching::{Given, match_given};
use runbook::ops::rehearse::golden::Rehearsed;

use crate::golden;
use crate::kit::figures;
use document::Kind;

const LIST: &str = "tests/it/catalogue/missing.txt";

/// Actions that change nothing, and the one that is no runbook's but `runbook undo`'s (`undo.rs`).
const WITHOUT_CHANGES: [&str; 4] = ["guest.look", "guest.undo", "human", "wait"];

#[test]
fn only_what_is_listed_as_missing_is_missing_and_nothing_else_is_listed() {
    if std::env::var_os("RUNBOOK_CASE").is_some() {
        return;
    }
    let known = catalogue(None).unwrap();
    let rehearsed = golden::all();
    let mut missing = unanswered(&known);
    missing.extend(uncited(&known));
    missing.extend(branches::missing(&known, rehearsed));
    missing.extend(idle(rehearsed));

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(LIST);
    let listed: BTreeSet<String> = fs::read_to_string(&file)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    let added: Vec<&String> = missing.difference(&listed).collect();
    let gone: Vec<&String> = listed.difference(&missing).collect();
    if std::env::var_os("RUNBOOK_BLESS").is_some() {
        let left = listed
            .intersection(&missing)
            .map(|line| format!("{line}\n"));
        fs::write(&file, left.collect::<String>()).unwrap();
    }
    println!("{} missing of the catalogue", missing.len());
    figures::keep("missing of the catalogue", &missing.len().to_string());
    assert!(
        added.is_empty(),
        "missing, and not in {LIST}: give it what it lacks.\n{}",
        lines(&added)
    );
    assert!(
        gone.is_empty(),
        "not missing any more: strike it off with RUNBOOK_BLESS=1 cargo test --test it catalogue.\n{}",
        lines(&gone)
    );
}

fn lines(all: &[&String]) -> String {
    let lines: Vec<&str> = all.iter().map(|line| line.as_str()).collect();
    lines.join("\n")
}

/// What the documents name and no runbook answers.
fn unanswered(known: &Catalogue) -> BTreeSet<String> {
    let found = |given: Given| {
        let matched = match_given(known, &given).unwrap();
        matched.answer.found.is_some()
    };
    let answers = |named: &document::Named| match &named.kind {
        Kind::Code => known.find(&named.name).is_ok(),
        Kind::Number => found(Given {
            number: Some(named.name.parse().unwrap()),
            ..Given::default()
        }),
        Kind::Message => found(Given {
            message: Some(named.name.clone()),
            ..Given::default()
        }),
        Kind::Ours | Kind::NoCode => true,
    };
    let unanswered = document::named()
        .into_iter()
        .filter(|named| !answers(named));
    unanswered
        .map(|named| format!("runbook: {named}"))
        .collect()
}

/// Runbooks without a document, and steps that do not say where they are documented.
fn uncited(known: &Catalogue) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let cited = |step: &Step| {
        let source = step.source.as_ref();
        source.is_some_and(|source| source.section.is_some() && source.date.is_some())
    };
    for runbook in known.runbooks() {
        let code = &runbook.code;
        if runbook.references.is_empty() {
            found.insert(format!("reference: {code}"));
        }
        let steps = runbook.steps().filter(|step| !cited(step));
        found.extend(steps.map(|step| format!("source: {code}/{}", step.id)));
    }
    found
}

/// Actions that change something in no rehearsal.
fn idle(rehearsed: &[Rehearsed]) -> BTreeSet<String> {
    let steps = rehearsed
        .iter()
        .filter_map(Rehearsed::came)
        .flat_map(|came| &came.told.steps);
    let acting: BTreeSet<&str> = steps
        .filter(|step| step.outcome == Some(StepOutcome::Changed) && !step.attempts.is_empty())
        .map(|step| step.action.as_str())
        .collect();
    let idle = actions();
    let idle = idle
        .iter()
        .map(|(name, _)| name)
        .filter(|name| !acting.contains(name) && !WITHOUT_CHANGES.contains(name));
    idle.map(|name| format!("action: {name} changes something"))
        .collect()
}
