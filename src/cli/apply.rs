//! `runbook apply`: plans, shows, asks, does, checks.

use std::time::Duration;

use tokio::sync::watch;

use crate::cli::args::{Apply, Global};
use crate::cli::consent::{self, Answer};
use crate::cli::output::{Format, Output, to_stderr};
use crate::cli::progress::Progress;
use crate::cli::signals::unless_stopped;
use crate::cli::{Input, failed, settings};
use crate::core::plan::Plan;
use crate::core::plan::consent::{Consent, covers};
use crate::core::report::exit::Exit;
use crate::core::report::{Report, text};
use crate::ops::{OpsError, World};

/// How long jobs are waited for at a terminal, and elsewhere: the median backup takes 41 minutes
/// (DESIGN section 9).
const WAIT_AT_TERMINAL: Duration = Duration::from_secs(2 * 3600);
const WAIT_ELSEWHERE: Duration = Duration::from_secs(30 * 60);

/// Plans, asks, applies, and tells what became of it.
pub(super) async fn run(
    global: &Global,
    apply: &Apply,
    input: &Input,
    output: &Output,
    stop: watch::Receiver<bool>,
) -> Result<Exit, OpsError> {
    let world = World::open(settings::of(global, input)?).await?;
    let report = applied(&world, apply, input, output, stop).await;
    world.close().await;
    Ok(output.report(&report?))
}

async fn applied(
    world: &World,
    apply: &Apply,
    input: &Input,
    output: &Output,
    mut stop: watch::Receiver<bool>,
) -> Result<Report, OpsError> {
    let ask = settings::ask(&apply.subject);
    let Some(plan) = unless_stopped(&mut stop, crate::ops::plan(world, &ask)).await else {
        let message = "stopped while planning; nothing was sent";
        return Ok(Report::of_error(message, None, Exit::Cancelled));
    };
    let plan = plan?;
    if !plan.has_changes() {
        return Ok(Report::of_unapplied(&plan));
    }
    if !plan.missing_permissions.is_empty() {
        return Ok(Report::of_missing_rights(&plan));
    }
    let asked = unless_stopped(&mut stop, agreed(apply, &plan, input, output)).await;
    let consent = match asked.unwrap_or(Ok(Answer::Declined)) {
        Ok(Answer::Given(consent)) => consent,
        Ok(Answer::Declined) => return Ok(Report::of_declined(&plan)),
        Err(error) => return Ok(failed::report(&error)),
    };
    show_unattended(&plan, &consent, input, output);
    let by = agreed_by(&plan, input);
    let (wait, progress) = (
        wait(apply, input),
        Progress::new(output.format, input.terminal),
    );
    let told = progress.listener();
    let records = crate::ops::apply(world, plan, consent, by, wait, stop, told).await;
    drop(progress);
    Report::of_run(&records?).map_err(|illegal| OpsError::Bug(illegal.to_string()))
}

/// Unattended, the plan that is about to be carried out goes to the log: standard error.
fn show_unattended(plan: &Plan, consent: &Consent, input: &Input, output: &Output) {
    if !input.terminal.can_ask() && output.format == Format::Text && covers(consent, plan).is_ok() {
        to_stderr(&format!("{}\n", text::plan(plan, output.stderr)));
    }
}

/// At a terminal the plan is shown, and a person is asked what the flags leave open.
async fn agreed(
    apply: &Apply,
    plan: &Plan,
    input: &Input,
    output: &Output,
) -> Result<Answer, OpsError> {
    if !input.terminal.can_ask() {
        return Ok(Answer::Given(consent::from_flags(apply)));
    }
    to_stderr(&format!("{}\n", text::plan(plan, output.stderr)));
    let (apply, shown) = (apply.clone(), plan.clone());
    let asked = tokio::task::spawn_blocking(move || {
        let (mut from, mut to) = (std::io::stdin().lock(), std::io::stderr().lock());
        consent::at_terminal(&apply, &shown, &mut from, &mut to)
    });
    let answer = asked.await.map_err(|why| OpsError::Bug(why.to_string()))?;
    answer.map_err(|refusal| OpsError::Refused(refusal, Box::new(plan.clone())))
}

/// Who agreed: the identity that Azure knows, else the user of this machine.
fn agreed_by(plan: &Plan, input: &Input) -> String {
    let user = || {
        ["USER", "USERNAME"]
            .iter()
            .find_map(|name| input.environment.get(*name))
    };
    let known = plan.context.identity.clone().or_else(|| user().cloned());
    known.unwrap_or_else(|| "unknown".to_owned())
}

fn wait(apply: &Apply, input: &Input) -> Duration {
    apply.wait.unwrap_or(match input.terminal.can_ask() {
        true => WAIT_AT_TERMINAL,
        false => WAIT_ELSEWHERE,
    })
}
