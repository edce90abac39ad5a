//! `runbook apply`: plans, shows, asks, does, checks.

use std::path::Path;
use std::time::Duration;

use tokio::sync::watch;

use crate::cli::args::{Agreed, Apply, Global, Patience};
use crate::cli::consent::{self, Answer};
use crate::cli::output::{Format, Output, to_stderr};
use crate::cli::progress::Progress;
use crate::cli::resume::resumed;
use crate::cli::signals::unless_stopped;
use crate::cli::{Input, failed, settings};
use crate::core::plan::Plan;
use crate::core::plan::consent::{Consent, covers};
use crate::core::report::exit::Exit;
use crate::core::report::{Report, clean, text};
use crate::ops::resume::Unfinished;
use crate::ops::{OpsError, World, plan_file};

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
    let Some(plan) = unless_stopped(&mut stop, planned(world, apply)).await else {
        let message = "stopped while planning; nothing was sent";
        return Ok(Report::of_error(message, None, Exit::Cancelled));
    };
    carried_out(
        world,
        plan?,
        &apply.agreed,
        apply.patience,
        input,
        output,
        stop,
    )
    .await
}

/// Shows a plan, asks, does, and tells what became of it.
pub(super) async fn carried_out(
    world: &World,
    plan: Plan,
    agreed: &Agreed,
    given: Patience,
    input: &Input,
    output: &Output,
    mut stop: watch::Receiver<bool>,
) -> Result<Report, OpsError> {
    if !plan.has_changes() {
        return Ok(Report::of_unapplied(&plan));
    }
    if !plan.missing_permissions.is_empty() {
        return Ok(Report::of_missing_rights(&plan));
    }
    if let Some(earlier) = unfinished(world, &plan).await? {
        match instead(&earlier, input).await? {
            Instead::GoOn => {
                return resumed(world, &earlier, agreed, given, input, output, stop).await;
            }
            Instead::Apply => {}
        }
    }
    let asked = consent::asked(agreed, &plan, input, output);
    let asked = unless_stopped(&mut stop, asked).await;
    let consent = match asked.unwrap_or(Ok(Answer::Declined)) {
        Ok(Answer::Given(consent)) => consent,
        Ok(Answer::Declined) => return Ok(Report::of_declined(&plan)),
        Err(error) => return Ok(failed::report(&error)),
    };
    show_unattended(&plan, &consent, input, output);
    let by = consent::by(&plan, input);
    let (wait, progress) = (
        patience(given, input),
        Progress::new(output.format, input.terminal),
    );
    let told = progress.listener();
    let records = crate::ops::apply(world, plan, consent, by, wait, stop, told).await;
    drop(progress);
    Report::of_run(&records?).map_err(|illegal| OpsError::Bug(illegal.to_string()))
}

/// What is to be applied, as it looks now: a plan for the code, or what is left of a saved one.
async fn planned(world: &World, apply: &Apply) -> Result<Plan, OpsError> {
    let what = apply.what.as_deref();
    if let Some(file) = what.filter(|what| is_file(what, world)) {
        if apply.manner.force || !apply.manner.params.is_empty() {
            return Err(OpsError::Usage(format!(
                "`{file}` has its parameters in it: leave --param and --force out, or plan anew with them"
            )));
        }
        return plan_file::open(world, Path::new(file), apply.vm.as_deref()).await;
    }
    let Some(vm) = &apply.vm else {
        return Err(OpsError::Usage(
            "which VM? Give --vm ID, or a saved plan (*.json)".to_owned(),
        ));
    };
    crate::ops::plan(world, &settings::ask(what, vm, &apply.manner)).await
}

/// A name with a folder or ending in `.json` is a file's; a code comes before a file of its name.
fn is_file(what: &str, world: &World) -> bool {
    let path = Path::new(what);
    let json = path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("json"));
    json || path.components().count() > 1
        || (path.is_file() && world.catalogue().find(what).is_err())
}

/// Unattended, the plan that is about to be carried out goes to the log: standard error.
fn show_unattended(plan: &Plan, consent: &Consent, input: &Input, output: &Output) {
    if !input.terminal.can_ask() && output.format == Format::Text && covers(consent, plan).is_ok() {
        to_stderr(&format!("{}\n", text::plan(plan, output.stderr)));
    }
}

pub(super) fn patience(given: Patience, input: &Input) -> Duration {
    given.wait.unwrap_or(match input.terminal.can_ask() {
        true => WAIT_AT_TERMINAL,
        false => WAIT_ELSEWHERE,
    })
}

/// The last run of the plan's VM, where it can go on.
async fn unfinished(world: &World, plan: &Plan) -> Result<Option<Unfinished>, OpsError> {
    let all = crate::ops::resume::unfinished(world.store().as_ref()).await?;
    Ok(all
        .into_iter()
        .find(|run| run.plan.target.key() == plan.target.key()))
}

/// What a person chose to do about an earlier run.
enum Instead {
    GoOn,
    Apply,
}

/// Says that an earlier run can go on, and at a terminal offers it.
async fn instead(earlier: &Unfinished, input: &Input) -> Result<Instead, OpsError> {
    let run = &earlier.run;
    let why = clean(&earlier.why);
    to_stderr(&format!(
        "Run {run} of this VM is unfinished: {why}. `runbook resume {run}` goes on with it.\n"
    ));
    if !input.terminal.can_ask() {
        return Ok(Instead::Apply);
    }
    let asked = tokio::task::spawn_blocking(|| {
        let (mut from, mut to) = (std::io::stdin().lock(), std::io::stderr().lock());
        consent::says_yes(
            "Go on with that run instead of beginning a new one? [y/N] ",
            &mut from,
            &mut to,
        )
    });
    let goes_on = asked.await.map_err(|why| OpsError::Bug(why.to_string()))?;
    Ok(if goes_on {
        Instead::GoOn
    } else {
        Instead::Apply
    })
}
