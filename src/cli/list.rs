//! `runbook list`: the runbooks, by code.

use serde_json::{Value, json};

use crate::cli::args::Global;
use crate::cli::output::{Format, Output, to_stdout};
use crate::core::report::exit::Exit;
use crate::core::runbook::model::Runbook;
use crate::ops::OpsError;

/// Lists them.
pub(super) fn run(global: &Global, output: &Output) -> Result<Exit, OpsError> {
    let catalogue = crate::ops::catalogue(global.runbooks.as_deref())?;
    let all: Vec<&Runbook> = catalogue.runbooks().collect();
    match output.format {
        Format::Json => {
            let rows: Vec<Value> = all.iter().map(|runbook| row(runbook)).collect();
            return Ok(output.value(&json!({ "schema_version": 1, "runbooks": rows })));
        }
        Format::Ndjson => all.iter().for_each(|runbook| {
            output.value(&row(runbook));
        }),
        Format::Markdown => to_stdout(&crate::ops::catalogue_page(&catalogue)),
        Format::Text => {
            let width = all
                .iter()
                .map(|runbook| runbook.code.len())
                .max()
                .unwrap_or(0);
            for runbook in &all {
                to_stdout(&format!("{:<width$}  {}\n", runbook.code, runbook.title));
            }
        }
    }
    Ok(Exit::Success)
}

fn row(runbook: &Runbook) -> Value {
    json!({
        "code": runbook.code,
        "title": runbook.title,
        "summary": runbook.summary,
        "os": runbook.os,
        "aliases": runbook.matching.aliases,
    })
}
