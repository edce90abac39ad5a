//! `runbook check`: every mistake of every runbook, without Azure.

use serde_json::json;

use crate::cli::args::{Check, Global};
use crate::cli::output::{Format, Output, to_stdout};
use crate::core::report::exit::Exit;
use crate::ops::OpsError;

/// So many codes are named; of more only the number is told.
const NAMED: usize = 12;

/// Checks files and folders, those of `--runbooks`, or the built-in runbooks.
pub(super) fn run(global: &Global, check: &Check, output: &Output) -> Result<Exit, OpsError> {
    let summary = crate::ops::check(&check.files, global.runbooks.as_deref())?;
    if let Format::Json | Format::Ndjson = output.format {
        return Ok(output.value(&json!({ "schema_version": 1, "codes": summary.codes })));
    }
    let mut parts = Vec::new();
    if !summary.codes.is_empty() || summary.procedures == 0 {
        parts.push(counted(summary.codes.len(), "runbook", "runbooks"));
    }
    if summary.procedures > 0 {
        parts.push(counted(summary.procedures, "procedure", "procedures"));
    }
    let named = match summary.codes.len() {
        1..=NAMED => format!(": {}", summary.codes.join(", ")),
        _ => String::new(),
    };
    to_stdout(&format!(
        "{} without mistakes{named}\n",
        parts.join(" and ")
    ));
    Ok(Exit::Success)
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
