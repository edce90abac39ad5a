//! `runbook rehearse`: runbooks against the simulator, held against their golden files.

mod told;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Input;
use crate::cli::args::{Global, Rehearse};
use crate::cli::consent::says_yes;
use crate::cli::output::{Output, to_stderr};
use crate::core::report::exit::Exit;
use crate::core::report::junit;
use crate::ops::OpsError;
use crate::ops::rehearse::cases::named;
use crate::ops::rehearse::golden::{Rehearsed, rehearse, runbooks_of};
use crate::ops::rehearse::perform::in_process;

/// Where rehearsals are looked for when nobody says where.
const RUNBOOKS: &str = "runbooks";

/// Rehearses; with `--bless` writes what came out, once somebody has agreed to it.
pub(super) async fn run(
    global: &Global,
    asked: &Rehearse,
    input: &Input,
    output: &Output,
) -> Result<Exit, OpsError> {
    let beside = global.runbooks.as_deref().unwrap_or(Path::new(RUNBOOKS));
    let cases = named(&asked.what, beside)?;
    let known = runbooks_of(&cases, global.runbooks.as_deref())?;
    let bar = progress(cases.len(), input);
    let moving = bar.clone();
    let work = move || {
        let done = AtomicUsize::new(0);
        rehearse(&cases, &known, &in_process(), &|rehearsed| {
            if let Some(bar) = &moving {
                bar.set_position(done.fetch_add(1, Ordering::Relaxed) as u64 + 1);
                bar.set_message(rehearsed.case.title());
            }
        })
    };
    let all = tokio::task::spawn_blocking(work).await;
    let all = all.map_err(|why| OpsError::Bug(why.to_string()))?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    if let Some(file) = &asked.junit {
        save(file, &all)?;
    }
    let detail = match (global.verbose, asked.bless) {
        (0, false) => told::Detail::Wrong,
        (0, true) => told::Detail::New,
        _ => told::Detail::All,
    };
    told::all(&all, output, detail);
    let wrong = all.iter().any(Rehearsed::is_wrong);
    match asked.bless && wrong {
        true => blessed(&all, asked, input).await,
        false if wrong => Ok(Exit::Failed),
        false => Ok(Exit::Success),
    }
}

/// Writes what came out where somebody agrees; what is broken stays so.
async fn blessed(all: &[Rehearsed], asked: &Rehearse, input: &Input) -> Result<Exit, OpsError> {
    let writing: Vec<&Rehearsed> = all.iter().filter(|r| r.to_write().is_some()).collect();
    if writing.is_empty() {
        return Ok(Exit::Failed);
    }
    let cases = told::cases(writing.len());
    if !asked.yes && !input.terminal.can_ask() {
        to_stderr(&format!(
            "Nothing was written. To write what came out of {cases}, add --yes.\n"
        ));
        return Ok(Exit::Failed);
    }
    let question = format!("Write what came out of {cases} into the golden files? [y/N] ");
    if !asked.yes && !agreed(question).await? {
        to_stderr("Nothing was written.\n");
        return Ok(Exit::Failed);
    }
    for rehearsed in &writing {
        rehearsed.bless()?;
    }
    to_stderr(&format!("Wrote the golden files of {cases}.\n"));
    Ok(
        match writing.len() == all.iter().filter(|r| r.is_wrong()).count() {
            true => Exit::Success,
            false => Exit::Failed,
        },
    )
}

async fn agreed(question: String) -> Result<bool, OpsError> {
    let asking = tokio::task::spawn_blocking(move || {
        let (mut from, mut to) = (std::io::stdin().lock(), std::io::stderr().lock());
        says_yes(&question, &mut from, &mut to)
    });
    asking.await.map_err(|why| OpsError::Bug(why.to_string()))
}

fn save(file: &Path, all: &[Rehearsed]) -> Result<(), OpsError> {
    let tests: Vec<junit::Test> = all.iter().map(told::as_test).collect();
    std::fs::write(file, junit::render("rehearsals", &tests))
        .map_err(|why| OpsError::Usage(format!("cannot write `{}`: {why}", file.display())))
}

/// A moving line where a person looks on.
fn progress(cases: usize, input: &Input) -> Option<ProgressBar> {
    let bar = input
        .terminal
        .stderr
        .then(|| ProgressBar::new(cases as u64))?;
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
        bar.set_style(style);
    }
    Some(bar)
}
