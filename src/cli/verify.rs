//! `runbook runs verify`: whether anything was altered.

use crate::cli::args::{Global, Verify};
use crate::cli::output::{Format, Output, to_stdout};
use crate::cli::{Input, settings};
use crate::core::report::checked;
use crate::core::report::exit::Exit;
use crate::ops::{self, OpsError, World};

/// Verifies runs; it ends with 1 when anything was altered.
pub(super) async fn verify(
    global: &Global,
    verify: &Verify,
    input: &Input,
    output: &Output,
) -> Result<Exit, OpsError> {
    let settings = settings::of(global, input)?;
    let journal = World::journal(&settings)?;
    let all = ops::verify(&journal, &verify.subjects).await?;
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
