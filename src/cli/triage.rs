//! `runbook triage`: the failed backups of vaults, each with its runbook.

use tokio::sync::watch;

use crate::cli::args::{Global, Triage};
use crate::cli::output::{Format, Output, to_stdout};
use crate::cli::signals::unless_stopped;
use crate::cli::{Input, settings};
use crate::core::report::Report;
use crate::core::report::exit::Exit;
use crate::ops::{OpsError, World};

/// Looks, and lists.
pub(super) async fn run(
    global: &Global,
    asked: &Triage,
    input: &Input,
    output: &Output,
    mut stop: watch::Receiver<bool>,
) -> Result<Exit, OpsError> {
    let world = World::open(settings::of(global, input)?).await?;
    let work = crate::ops::triage::triage(&world, &asked.vaults, asked.since);
    let looked = unless_stopped(&mut stop, work).await;
    world.close().await;
    let Some(looked) = looked else {
        return Ok(output.report(&Report::of_error("stopped", None, Exit::Cancelled)));
    };
    let (triage, exit) = looked?;
    match output.format {
        Format::Text => to_stdout(&triage.as_text(output.stdout)),
        Format::Markdown => to_stdout(&triage.as_markdown()),
        Format::Json | Format::Ndjson => {
            let document = serde_json::to_value(&triage);
            output.value(&document.map_err(|why| OpsError::Bug(why.to_string()))?);
        }
    }
    Ok(exit)
}
