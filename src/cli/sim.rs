//! `runbook sim`: the simulated Azure on a socket.

use serde_json::json;
use tokio::sync::watch;

use crate::cli::args::{Global, Sim};
use crate::cli::output::{Format, Output, to_stdout};
use crate::cli::{Input, settings};
use crate::core::report::exit::Exit;
use crate::ops::rehearse::TIME_SCALE;
use crate::ops::{OpsError, reset_sim, serve_sim};

/// Serves until a signal, or starts a scenario over.
pub(super) async fn run(
    global: &Global,
    sim: &Sim,
    input: &Input,
    output: &Output,
    stop: watch::Receiver<bool>,
) -> Result<Exit, OpsError> {
    let state = settings::state(global, &input.environment);
    let named = global.sim.clone().flatten();
    let scenario = sim.scenario.clone().or(named);
    if sim.reset {
        reset_sim(&state, scenario.as_deref())?;
        said(output, "reset", "The simulated world starts over.");
        return Ok(Exit::Success);
    }
    let scale = global.time_scale.unwrap_or(TIME_SCALE);
    serve_sim(
        &sim.listen,
        scenario.as_deref(),
        scale,
        &state,
        stop,
        |address| {
            said(output, "endpoint", &format!("http://{address}"));
        },
    )
    .await?;
    Ok(Exit::Success)
}

fn said(output: &Output, name: &str, what: &str) {
    match output.format {
        Format::Json | Format::Ndjson => {
            output.value(&json!({ "schema_version": 1, name: what }));
        }
        Format::Text | Format::Markdown => to_stdout(&format!("{what}\n")),
    }
}
