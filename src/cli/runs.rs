//! `runbook runs`: what was done before.

use serde_json::json;

use crate::cli::args::Global;
use crate::cli::output::{Format, Output, to_stdout};
use crate::cli::{Input, settings};
use crate::core::journal::store::RunRow;
use crate::core::plan::last_name;
use crate::core::report::exit::Exit;
use crate::core::report::{Report, clean, markdown};
use crate::ops::{OpsError, World};

/// Lists the runs, newest first.
pub(super) async fn list(
    global: &Global,
    input: &Input,
    output: &Output,
) -> Result<Exit, OpsError> {
    let journal = World::journal(&settings::of(global, input)?)?;
    let rows = crate::ops::runs(journal.as_ref()).await?;
    match output.format {
        Format::Json => return Ok(output.value(&json!({ "schema_version": 1, "runs": rows }))),
        Format::Ndjson => rows.iter().for_each(|row| {
            output.value(&json!(row));
        }),
        Format::Markdown => rows.iter().for_each(|row| {
            to_stdout(&format!("- {}\n", markdown::escaped(&line(row))));
        }),
        Format::Text if rows.is_empty() => to_stdout("No run yet.\n"),
        Format::Text => rows
            .iter()
            .for_each(|row| to_stdout(&format!("{}\n", line(row)))),
    }
    Ok(Exit::Success)
}

fn line(row: &RunRow) -> String {
    let outcome = row
        .outcome
        .map_or("not ended".to_owned(), |outcome| outcome.to_string());
    let started = row.started.strftime("%Y-%m-%d %H:%M:%SZ");
    let vm = clean(last_name(&row.target));
    format!("{}  {started}  {outcome:<14}  {vm}  {}", row.run, row.code)
}

/// Tells one run. It ends with 0 however the run ended: the exit code of a look is about the
/// look.
pub(super) async fn show(
    global: &Global,
    run: &str,
    input: &Input,
    output: &Output,
) -> Result<Exit, OpsError> {
    let journal = World::journal(&settings::of(global, input)?)?;
    let records = crate::ops::run(journal.as_ref(), run).await?;
    if output.format == Format::Ndjson {
        records.iter().for_each(Output::event);
        return Ok(Exit::Success);
    }
    let report = Report::of_run(&records).map_err(|illegal| OpsError::Bug(illegal.to_string()))?;
    output.report(&report);
    Ok(Exit::Success)
}
