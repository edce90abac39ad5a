//! `runbook schema`: JSON Schema of runbooks, or of what `--output json` prints.

use crate::cli::args::Schema;
use crate::cli::output::Output;
use crate::core::report::exit::Exit;
use crate::core::report::json::report_schema;
use crate::core::report::matched::match_schema;
use crate::core::report::triage::triage_schema;
use crate::ops::OpsError;

/// Prints a schema.
pub(super) fn run(schema: &Schema, output: &Output) -> Result<Exit, OpsError> {
    let value = match schema {
        Schema { report: true, .. } => report_schema(),
        Schema { matching: true, .. } => match_schema(),
        Schema { triage: true, .. } => triage_schema(),
        Schema { .. } => crate::ops::schema(),
    };
    Ok(output.value(&value))
}
