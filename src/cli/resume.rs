//! `runbook resume` and `runbook cancel`.

use serde_json::json;
use tokio::sync::watch;

use crate::cli::apply::patience;
use crate::cli::args::{Agreed, Global, Patience, Resume};
use crate::cli::consent::{self, Answer};
use crate::cli::output::{Format, Output, to_stderr, to_stdout};
use crate::cli::progress::Progress;
use crate::cli::{Input, failed, settings};
use crate::core::journal::Record;
use crate::core::report::exit::Exit;
use crate::core::report::{Report, clean, json as as_json};
use crate::ops::resume::{self, Cancelled, Unfinished, asks_again};
use crate::ops::{OpsError, World};

/// Goes on with one run, or with all that are due.
pub(super) async fn run(
    global: &Global,
    asked: &Resume,
    input: &Input,
    output: &Output,
    stop: watch::Receiver<bool>,
) -> Result<Exit, OpsError> {
    let world = World::open(settings::of(global, input)?).await?;
    let done = if asked.due {
        all_due(&world, asked, input, output, stop).await
    } else {
        one(&world, asked, input, output, stop).await
    };
    world.close().await;
    done
}

async fn one(
    world: &World,
    asked: &Resume,
    input: &Input,
    output: &Output,
    stop: watch::Receiver<bool>,
) -> Result<Exit, OpsError> {
    let store = world.store().as_ref();
    let unfinished = match &asked.run {
        Some(run) => resume::unfinished_run(store, run).await?,
        None => only(resume::unfinished(store).await?)?,
    };
    let report = resumed(
        world,
        &unfinished,
        &asked.agreed,
        asked.patience,
        input,
        output,
        stop,
    );
    Ok(output.report(&report.await?))
}

/// The only unfinished run; several have to be told apart by a person.
fn only(mut all: Vec<Unfinished>) -> Result<Unfinished, OpsError> {
    if all.len() == 1 {
        return Ok(all.remove(0));
    }
    let runs: Vec<String> = all
        .iter()
        .map(|one| format!("{} ({})", one.run, clean(&one.plan.target_name)))
        .collect();
    Err(OpsError::Usage(if runs.is_empty() {
        "no run waits or was interrupted: there is nothing to go on with".to_owned()
    } else {
        format!(
            "several runs are unfinished: {}; name one, or give --due",
            runs.join(", ")
        )
    }))
}

/// One after the other; what cannot go on does not keep the next from going on.
async fn all_due(
    world: &World,
    asked: &Resume,
    input: &Input,
    output: &Output,
    stop: watch::Receiver<bool>,
) -> Result<Exit, OpsError> {
    let now = world.clock().now();
    let all = resume::unfinished(world.store().as_ref()).await?;
    let due = all
        .into_iter()
        .filter(|run| run.due.is_none_or(|due| due <= now));
    let (mut reports, mut told, mut worst) = (Vec::new(), 0, Exit::Success);
    for unfinished in due {
        if *stop.borrow() {
            break;
        }
        let stop = stop.clone();
        let report = resumed(
            world,
            &unfinished,
            &asked.agreed,
            asked.patience,
            input,
            output,
            stop,
        )
        .await;
        let report = report.unwrap_or_else(|error| failed::report(&error));
        told += 1;
        worst = worst.worse(report.exit);
        match output.format {
            Format::Json => {
                reports.push(as_json::document(&report).map_err(|e| OpsError::Bug(e.to_string()))?)
            }
            _ => {
                output.report(&report);
            }
        }
    }
    match output.format {
        Format::Json => {
            let exit_code = worst.code();
            output.value(&json!({ "schema_version": 1, "exit_code": exit_code, "runs": reports }));
        }
        Format::Text if told == 0 => to_stdout("No run is due.\n"),
        _ => {}
    }
    Ok(worst)
}

/// Goes on with a run under the consent that it has, or under one that is asked for again.
pub(super) async fn resumed(
    world: &World,
    unfinished: &Unfinished,
    agreed: &Agreed,
    given: Patience,
    input: &Input,
    output: &Output,
    stop: watch::Receiver<bool>,
) -> Result<Report, OpsError> {
    let why = asks_again(world, unfinished).await?;
    let plan = &unfinished.plan;
    let consent = match (&unfinished.consent, why.is_empty()) {
        (Some(consent), true) => consent.clone(),
        _ => {
            to_stderr(&format!(
                "It has to be agreed to again: {}.\n",
                clean(&why.join("; "))
            ));
            match consent::asked(agreed, plan, input, output).await? {
                Answer::Given(consent) => consent,
                Answer::Declined => return Ok(Report::of_declined(plan)),
            }
        }
    };
    if let Err(refusal) = crate::core::plan::consent::covers(&consent, plan) {
        return Err(OpsError::Refused(refusal, Box::new(plan.clone())));
    }
    let by = consent::by(plan, input);
    let progress = Progress::new(output.format, input.terminal);
    let told = progress.listener();
    let wait = patience(given, input);
    let records = resume::resume(world, &unfinished.run, consent, by, wait, stop, told).await;
    drop(progress);
    told_of(&records?)
}

fn told_of(records: &[Record]) -> Result<Report, OpsError> {
    Report::of_run(records).map_err(|illegal| OpsError::Bug(illegal.to_string()))
}

/// Gives a run up. It ends with 0 once the run is over or was asked to stop, with 7 when
/// something borrowed is still out.
pub(super) async fn cancel(
    global: &Global,
    run: &str,
    input: &Input,
    output: &Output,
    stop: watch::Receiver<bool>,
) -> Result<Exit, OpsError> {
    let world = World::open(settings::of(global, input)?).await?;
    let done = cancelled(&world, run, input, output, stop).await;
    world.close().await;
    done
}

pub(super) async fn cancelled(
    world: &World,
    run: &str,
    input: &Input,
    output: &Output,
    stop: watch::Receiver<bool>,
) -> Result<Exit, OpsError> {
    let unfinished = resume::unfinished_run(world.store().as_ref(), run).await?;
    let by = consent::by(&unfinished.plan, input);
    let progress = Progress::new(output.format, input.terminal);
    let done = resume::cancel(world, &unfinished, by, stop, progress.listener()).await;
    drop(progress);
    match done? {
        Cancelled::Asked => {
            said(output, &unfinished);
            Ok(Exit::Success)
        }
        Cancelled::Over(records) => Ok(match output.report(&told_of(&records)?) {
            Exit::Cancelled => Exit::Success,
            other => other,
        }),
    }
}

fn said(output: &Output, unfinished: &Unfinished) {
    let run = &unfinished.run;
    match output.format {
        Format::Json | Format::Ndjson => {
            output.value(&json!({ "schema_version": 1, "run": run, "asked_to_stop": true }));
        }
        Format::Text | Format::Markdown => to_stdout(&format!(
            "Run {run} is at work, and was asked to stop before its next write. `runbook runs show {run}` tells how it ended.\n"
        )),
    }
}
