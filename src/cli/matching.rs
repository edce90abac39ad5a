//! `runbook match`: which runbook answers a failure, and why.

use std::io::Read as _;

use tokio::sync::watch;

use crate::cli::args::{Global, Match};
use crate::cli::output::{Format, Output, to_stdout};
use crate::cli::signals::unless_stopped;
use crate::cli::{Input, settings};
use crate::core::report::Report;
use crate::core::report::exit::Exit;
use crate::core::report::matched::Matched;
use crate::ops::matching::{self, Given};
use crate::ops::{OpsError, World};

/// Matches, and tells how.
pub(super) async fn run(
    global: &Global,
    asked: &Match,
    input: &Input,
    output: &Output,
    mut stop: watch::Receiver<bool>,
) -> Result<Exit, OpsError> {
    let matched = match &asked.vm {
        None => offline(global, asked)?,
        Some(vm) => {
            let world = World::open(settings::of(global, input)?).await?;
            let matched = unless_stopped(&mut stop, matching::match_vm(&world, vm)).await;
            world.close().await;
            let Some(matched) = matched else {
                return Ok(output.report(&Report::of_error("stopped", None, Exit::Cancelled)));
            };
            matched?
        }
    };
    match output.format {
        Format::Text => to_stdout(&matched.as_text(output.stdout)),
        Format::Markdown => to_stdout(&matched.as_markdown()),
        Format::Json | Format::Ndjson => {
            let document = serde_json::to_value(matched.document());
            output.value(&document.map_err(|why| OpsError::Bug(why.to_string()))?);
        }
    }
    Ok(matched.exit())
}

/// What needs no Azure.
fn offline(global: &Global, asked: &Match) -> Result<Matched, OpsError> {
    let catalogue = crate::ops::catalogue(global.runbooks.as_deref())?;
    let Some(file) = &asked.file else {
        let given = Given {
            code: asked.code.clone(),
            number: asked.number,
            message: asked.message.clone(),
        };
        return matching::match_given(&catalogue, &given);
    };
    let text = match file.as_os_str() == "-" {
        true => {
            let mut text = String::new();
            let read = std::io::stdin().lock().read_to_string(&mut text);
            read.map(|_| text)
        }
        false => std::fs::read_to_string(file),
    };
    let name = file.display().to_string();
    let text = text.map_err(|why| OpsError::Usage(format!("cannot read `{name}`: {why}")))?;
    matching::match_document(&catalogue, &name, &text)
}
