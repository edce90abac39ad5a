//! `runbook undo`: puts back what a run changed.

use clap::Args;
use tokio::sync::watch;

use crate::cli::apply::carried_out;
use crate::cli::args::{Agreed, Global, Patience};
use crate::cli::output::Output;
use crate::cli::signals::unless_stopped;
use crate::cli::{Input, settings};
use crate::core::report::Report;
use crate::core::report::exit::Exit;
use crate::ops::{OpsError, World};

/// `undo`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  runbook undo 20261121-031007-1f0c2d3e          at a terminal: shows, asks
  runbook undo 20261121-031007 --yes             unattended

What stands there by now is looked at first: where somebody else has changed it since, a person is
asked. A second undo of a run has nothing to do. What cannot be undone is named, with why.")]
pub struct Undo {
    /// The run, or the beginning of its id
    pub run: String,
    /// What is agreed to.
    #[command(flatten)]
    pub agreed: Agreed,
    /// How long to wait.
    #[command(flatten)]
    pub patience: Patience,
}

/// Plans the way back, asks, goes it, and tells what became of it.
pub(super) async fn run(
    global: &Global,
    asked: &Undo,
    input: &Input,
    output: &Output,
    stop: watch::Receiver<bool>,
) -> Result<Exit, OpsError> {
    let world = World::open(settings::of(global, input)?).await?;
    let report = undone(&world, asked, input, output, stop).await;
    world.close().await;
    Ok(output.report(&report?))
}

async fn undone(
    world: &World,
    asked: &Undo,
    input: &Input,
    output: &Output,
    mut stop: watch::Receiver<bool>,
) -> Result<Report, OpsError> {
    let planned = crate::ops::undo(world, &asked.run);
    let Some(plan) = unless_stopped(&mut stop, planned).await else {
        let message = "stopped while planning; nothing was sent";
        return Ok(Report::of_error(message, None, Exit::Cancelled));
    };
    let (agreed, patience) = (&asked.agreed, asked.patience);
    carried_out(world, plan?, agreed, patience, input, output, stop).await
}
