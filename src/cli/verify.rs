//! `runbook runs verify` and `runbook runs export`: what was done, as evidence.

use std::path::Path;

use serde_json::json;

use crate::cli::args::{Export, Global, Verify};
use crate::cli::output::{Format, Output, to_stdout};
use crate::cli::{Input, settings};
use crate::core::report::checked;
use crate::core::report::exit::Exit;
use crate::ops::{self, OpsError, World};

/// Verifies runs and exports; it ends with 1 when anything was altered.
pub(super) async fn verify(
    global: &Global,
    verify: &Verify,
    input: &Input,
    output: &Output,
) -> Result<Exit, OpsError> {
    let settings = settings::of(global, input)?;
    let is_path = |subject: &&String| Path::new(subject.as_str()).exists();
    let (paths, runs): (Vec<_>, Vec<_>) = verify.subjects.iter().partition(is_path);
    let mut all = Vec::new();
    if paths.is_empty() || !runs.is_empty() {
        let runs: Vec<String> = runs.into_iter().cloned().collect();
        all = ops::verify(World::journal(&settings)?.as_ref(), &runs).await?;
    }
    for path in paths {
        all.push(ops::verify_export(&settings, Path::new(path))?);
    }
    match output.format {
        Format::Text => to_stdout(&checked::told(&all, output.stdout)),
        Format::Markdown => to_stdout(&checked::markdown(&all)),
        Format::Json | Format::Ndjson => {
            output.value(&checked::document(&all));
        }
    }
    match all.iter().all(checked::Checked::is_whole) {
        true => Ok(Exit::Success),
        false => Ok(Exit::Failed),
    }
}

/// Exports a run into a folder.
pub(super) async fn export(
    global: &Global,
    export: &Export,
    input: &Input,
    output: &Output,
) -> Result<Exit, OpsError> {
    let journal = World::journal(&settings::of(global, input)?)?;
    let done = ops::export(&journal, &export.run, export.to.as_deref()).await?;
    let folder = done.folder.display();
    match output.format {
        Format::Json | Format::Ndjson => Ok(output.value(&json!({
            "schema_version": 1,
            "run": done.run,
            "folder": done.folder,
            "files": done.files,
            "head": done.head,
        }))),
        Format::Text | Format::Markdown => {
            to_stdout(&format!(
                "Run {} is in {folder}: begin with report.html.\nTo check it: runbook runs verify {folder}\n",
                done.run
            ));
            Ok(Exit::Success)
        }
    }
}
