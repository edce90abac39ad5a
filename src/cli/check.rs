//! `runbook check`: every mistake of every runbook, without Azure.

use serde_json::json;

use crate::cli::args::Check;
use crate::cli::output::{Format, Output, to_stdout};
use crate::core::report::exit::Exit;
use crate::ops::OpsError;

/// Checks files and folders, or the built-in runbooks.
pub(super) fn run(check: &Check, output: &Output) -> Result<Exit, OpsError> {
    let summary = crate::ops::check(&check.files)?;
    match output.format {
        Format::Json | Format::Ndjson => {
            return Ok(output.value(&json!({ "schema_version": 1, "codes": summary.codes })));
        }
        Format::Text | Format::Markdown => {
            let noun = if summary.codes.len() == 1 {
                "runbook"
            } else {
                "runbooks"
            };
            let names = summary.codes.join(", ");
            to_stdout(&format!(
                "{} {noun} without mistakes: {names}\n",
                summary.codes.len()
            ));
        }
    }
    Ok(Exit::Success)
}
