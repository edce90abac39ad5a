//! `runbook plan`: reads only.

use crate::cli::args::{Global, Plan};
use crate::cli::output::{Format, Output};
use crate::cli::{Input, settings};
use crate::core::report::exit::Exit;
use crate::core::report::{Report, json};
use crate::ops::{OpsError, World};

/// Plans, and shows the plan.
pub(super) async fn run(
    global: &Global,
    plan: &Plan,
    input: &Input,
    output: &Output,
) -> Result<Exit, OpsError> {
    let world = World::open(settings::of(global, input)?).await?;
    let made = crate::ops::plan(&world, &settings::ask(&plan.subject)).await;
    world.close().await;
    let made = made?;
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
