//! `runbook show`: one runbook, with what it takes and whom it cites.

use crate::cli::args::{Global, Show};
use crate::cli::output::{Format, Output, to_stdout};
use crate::core::report::exit::Exit;
use crate::core::report::runbook::{as_markdown, as_text};
use crate::ops::OpsError;

/// Shows it.
pub(super) fn run(global: &Global, show: &Show, output: &Output) -> Result<Exit, OpsError> {
    let catalogue = crate::ops::catalogue(global.runbooks.as_deref())?;
    let runbook = catalogue
        .find(&show.code)
        .map_err(|missing| OpsError::NoSuchCode {
            code: missing.code,
            did_you_mean: missing.did_you_mean,
        })?;
    match output.format {
        Format::Text => to_stdout(&as_text(runbook, output.stdout)),
        Format::Markdown => to_stdout(&as_markdown(runbook)),
        Format::Json | Format::Ndjson => {
            let value = serde_json::to_value(runbook);
            return Ok(output.value(&value.map_err(|why| OpsError::Bug(why.to_string()))?));
        }
    }
    Ok(Exit::Success)
}
