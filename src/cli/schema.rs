//! `runbook schema`: JSON Schema of runbooks, or of reports.

use crate::cli::args::Schema;
use crate::cli::output::Output;
use crate::core::report::exit::Exit;
use crate::core::report::json::report_schema;
use crate::ops::OpsError;

/// Prints a schema.
pub(super) fn run(schema: &Schema, output: &Output) -> Result<Exit, OpsError> {
    let value = if schema.report {
        report_schema()
    } else {
        crate::ops::schema()
    };
    Ok(output.value(&value))
}
