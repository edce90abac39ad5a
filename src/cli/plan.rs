//! `runbook plan`: reads only.

use tokio::sync::watch;

use crate::cli::args::{Global, Plan};
use crate::cli::output::{Format, Output};
use crate::cli::signals::unless_stopped;
use crate::cli::{Input, settings};
use crate::core::plan::Plan as Made;
use crate::core::report::exit::Exit;
use crate::core::report::{Report, json};
use crate::ops::{OpsError, World, plan_file};

/// Plans, and shows the plan.
pub(super) async fn run(
    global: &Global,
    plan: &Plan,
    input: &Input,
    output: &Output,
    mut stop: watch::Receiver<bool>,
) -> Result<Exit, OpsError> {
    if let Some(file) = &plan.out {
        plan_file::is_free(file)?;
    }
    let world = World::open(settings::of(global, input)?).await?;
    let made = unless_stopped(&mut stop, made(&world, plan)).await;
    world.close().await;
    let Some(made) = made.transpose()? else {
        return Ok(output.report(&Report::of_error("stopped", None, Exit::Cancelled)));
    };
    let mut report = Report::of_plan(&made);
    if plan.detailed_exitcode {
        report.exit = Exit::detailed(&made);
    }
    if output.format != Format::Ndjson {
        return Ok(output.report(&report));
    }
    // A plan has no events: it is one line.
    let document = serde_json::to_value(json::Document::of(&report));
    output.value(&document.map_err(|why| OpsError::Bug(why.to_string()))?);
    Ok(report.exit)
}

/// The plan, saved where that is asked for.
async fn made(world: &World, asked: &Plan) -> Result<Made, OpsError> {
    let ask = settings::ask(asked.code.as_deref(), &asked.vm, &asked.manner);
    let plan = crate::ops::plan(world, &ask).await?;
    match &asked.out {
        Some(file) => plan_file::save(world, plan, file, asked.ttl),
        None => Ok(plan),
    }
}
