//! `runbook locks`: what is borrowed.

use serde_json::json;
use tokio::sync::watch;

use crate::cli::args::Global;
use crate::cli::output::{Format, Output, to_stdout};
use crate::cli::resume::cancelled;
use crate::cli::{Input, failed, settings};
use crate::core::journal::RunId;
use crate::core::journal::store::{LoanRow, Store as _};
use crate::core::report::exit::Exit;
use crate::core::report::{clean, markdown};
use crate::ops::{OpsError, World};

/// Lists what is out; ends with 7 when something is.
pub(super) async fn list(
    global: &Global,
    input: &Input,
    output: &Output,
) -> Result<Exit, OpsError> {
    let journal = World::journal(&settings::of(global, input)?)?;
    let loans = journal.loans().await?;
    match output.format {
        Format::Json => {
            output.value(&json!({ "schema_version": 1, "locks": loans }));
        }
        Format::Ndjson => loans.iter().for_each(|row| {
            output.value(&json!(row));
        }),
        Format::Markdown => loans.iter().for_each(|row| {
            to_stdout(&format!("- {}\n", markdown::escaped(&line(row))));
        }),
        Format::Text if loans.is_empty() => to_stdout("No lock is out.\n"),
        Format::Text => loans
            .iter()
            .for_each(|row| to_stdout(&format!("{}\n", line(row)))),
    }
    Ok(if loans.is_empty() {
        Exit::Success
    } else {
        Exit::LockOut
    })
}

fn line(row: &LoanRow) -> String {
    let since = row.since.strftime("%Y-%m-%d %H:%M:%SZ");
    let users: Vec<&str> = row.users.iter().map(|run| run.0.as_str()).collect();
    format!(
        "{}  out since {since}  for {}",
        clean(&row.loan.resource),
        users.join(", ")
    )
}

/// Puts back what one run, or every run, has out: each such run is given up.
pub(super) async fn put_back(
    global: &Global,
    run: Option<&str>,
    input: &Input,
    output: &Output,
    stop: watch::Receiver<bool>,
) -> Result<Exit, OpsError> {
    let world = World::open(settings::of(global, input)?).await?;
    let done = returned(&world, run, input, output, stop).await;
    world.close().await;
    done
}

async fn returned(
    world: &World,
    run: Option<&str>,
    input: &Input,
    output: &Output,
    stop: watch::Receiver<bool>,
) -> Result<Exit, OpsError> {
    let mut users: Vec<RunId> = world
        .store()
        .loans()
        .await?
        .into_iter()
        .flat_map(|row| row.users)
        .collect();
    users.sort();
    users.dedup();
    users.retain(|user| run.is_none_or(|run| user.0.starts_with(run)));
    if users.is_empty() {
        let of = run.map(|run| format!(" of run {run}")).unwrap_or_default();
        to_stdout(&format!("No lock{of} is out.\n"));
        return Ok(Exit::Success);
    }
    let mut worst = Exit::Success;
    for user in users {
        let exit = cancelled(world, &user.0, input, output, stop.clone()).await;
        worst = worst.worse(exit.unwrap_or_else(|error| failed::tell(&error, output)));
    }
    Ok(worst)
}
