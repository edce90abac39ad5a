//! Killed anywhere: the journal and the world are cut before and after every request and after
//! every event; from there a new run begins, and the killed one goes on.
//!
//! The scenarios are cut everywhere. Golden cases are cut at a few places each, in turn at every
//! kind of place; with `RUNBOOK_EXHAUSTIVE=1` all of them, wherever events or world differ.

mod cases;
mod cuts;
mod subject;

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Request;
use jiff::SignedDuration;
use runbook::core::journal::state::State;
use runbook::core::journal::store::Store as _;
use runbook::core::journal::{Event, Record, RunId};
use runbook::core::outcome::RunOutcome;
use runbook::ops::OpsError;
use runbook::ops::rehearse::{read_world, scenario_at};
use runbook::sim::world::{Guest, JobStatus};
use runbook::sim::{Entry, Sim, World};

use crate::kit::promise::{end, hold, never_twice, no_lock_or_backup_twice};
use crate::kit::wire::Untouched;
use crate::kit::{CASES, Stage, in_virtual_time};
pub(crate) use cases::is_unseen;
use cuts::{Cut, Keep, Whole, distinct, whole};
pub(crate) use subject::{Subject, golden_cases};

/// What must be the same in the end, however often the run was killed: the world but for times,
/// names that Azure makes up, and what was asked.
fn mended(world: &World) -> BTreeMap<String, String> {
    let mut mended = BTreeMap::new();
    let mut points: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for collection in &world.restore_point_collections {
        let vm = collection.vm.rsplit('/').next().unwrap_or_default();
        let of_vm = points.entry(format!("collections of {vm}")).or_default();
        of_vm.push(format!("{:?}", collection.provisioning));
    }
    mended.extend(points.into_iter().map(|(vm, all)| (vm, all.join(", "))));
    let jobs = world.vaults.iter().flat_map(|v| &v.jobs);
    let completed = jobs.filter(|j| j.user_triggered && j.status == JobStatus::Completed);
    mended.insert("locks".to_owned(), format!("{:?}", world.locks));
    mended.insert("vms".to_owned(), format!("{:?}", world.vms));
    mended.insert(
        "backups that completed".to_owned(),
        completed.count().to_string(),
    );
    mended
}

/// A new run begins where the killed one left the world.
async fn begun_again(subject: &Subject, cut: &Cut, whole: &Whole) -> Result<&'static str, String> {
    if !cut.records.is_empty() {
        State::fold(&cut.records).map_err(|e| format!("the cut journal does not fold: {e}"))?;
    }
    // While a lock is borrowed a new run cannot tell that it stood there: only the run that took
    // it goes on.
    if !cut.store.loans().await.unwrap().is_empty() {
        return Ok("a lock is out");
    }
    let stage = subject.on(Stage::of(cut.sim.clone()));
    let before = stage.ledger().len();
    let plan = subject.planned(&stage).await?;
    let consent = subject.question.consent(&plan);
    let ended = match &plan.verdict {
        Some(verdict) => (verdict.outcome, verdict.reason.clone()),
        None => match stage.apply_with(plan, consent).await {
            Ok(records) => {
                hold(&records, &stage.ledger()[before..])?;
                end(&records)?
            }
            // What is left needs more than was agreed to; nothing was sent.
            Err(OpsError::Refused(..) | OpsError::MissingPermissions(_)) => {
                (RunOutcome::NeedsApproval, "nothing was sent".to_owned())
            }
            Err(why) => return Err(why.to_string()),
        },
    };
    as_it_should(&stage, ended, whole, Manner::Anew)
}

/// The killed run goes on: it ends as it would have, and applying again changes nothing.
async fn gone_on(subject: &Subject, cut: &Cut, whole: &Whole) -> Result<&'static str, String> {
    let Some(run) = cut.records.first().map(|record| record.run.clone()) else {
        return Ok("not begun");
    };
    let store = Arc::new(cut.store.clone());
    let stage = Stage::with_store(cut.sim.clone(), Arc::new(Untouched), store);
    let stage = subject.on(stage);
    let before = stage.ledger().len();
    let records = to_its_end(subject, &stage, cut, whole, &run).await?;
    let (outcome, reason) = end(&records)?;
    let loans = stage.store.loans().await.unwrap();
    let polled = stage.store.operations();
    if loans.len() > whole.loans || (outcome != RunOutcome::Waiting && !polled.is_empty()) {
        return Err(format!("left behind: {loans:?}, {polled:?}"));
    }
    hold(&records, &stage.ledger()[before..])?;
    as_often(&stage.ledger(), whole.sim.ledger())?;
    if outcome == RunOutcome::NeedsHuman && cut.is_in_doubt_for_good() {
        stage.simulated.with(never_twice)?;
        return Ok("a person sees whether it was done");
    }
    let end = as_it_should(&stage, (outcome, reason), whole, Manner::GoneOn)?;
    if outcome == RunOutcome::Fixed && !subject.question.force {
        silent(subject, &stage).await?;
    }
    Ok(end)
}

/// What must not be done twice to be sure was taken no oftener than in the run that nobody killed.
fn as_often(is: &[Entry], whole: &[Entry]) -> Result<(), String> {
    for verb in [
        "/restart",
        "/redeploy",
        "/deallocate",
        "/poweroff",
        "/start",
    ] {
        let taken = |ledger: &[Entry]| {
            let is = |e: &&Entry| {
                e.method == "POST"
                    && e.path.to_lowercase().ends_with(verb)
                    && e.status.is_some_and(|status| status < 300)
            };
            ledger.iter().filter(is).count()
        };
        let (is, should) = (taken(is), taken(whole));
        if is > should {
            return Err(format!(
                "{verb} was taken {is} times, and {should} would do"
            ));
        }
    }
    Ok(())
}

/// Goes on, and once more where that ends as waiting and the run that nobody killed did not: it has
/// waited for what was in doubt, or begun to wait anew.
async fn to_its_end(
    subject: &Subject,
    stage: &Stage,
    cut: &Cut,
    whole: &Whole,
    run: &RunId,
) -> Result<Vec<Record>, String> {
    let is_end = |event: &Event| matches!(event, Event::Ended { .. });
    let over = cut.records.iter().any(|record| is_end(&record.event));
    let consent = |plan: &_| subject.question.consent(plan);
    let mut records = match stage.resume_with(run, consent).await {
        Err(OpsError::Usage(_)) if over => stage.store.read(run).await.unwrap(),
        other => other.map_err(|e| e.to_string())?,
    };
    if end(&records)?.0 == RunOutcome::Waiting && whole.outcome != RunOutcome::Waiting {
        let again = stage.resume_with(run, consent).await;
        records = again.map_err(|e| e.to_string())?;
    }
    Ok(records)
}

/// Applied again, nothing is sent that writes.
async fn silent(subject: &Subject, stage: &Stage) -> Result<(), String> {
    let writes = || stage.ledger().iter().filter(|e| e.is_write()).count();
    let before = writes();
    let plan = subject.planned(stage).await?;
    let again = plan.verdict.as_ref().map(|verdict| verdict.outcome);
    let by_state = plan.incident.id.is_none() && again == Some(RunOutcome::NeedsHuman);
    if (again != Some(RunOutcome::NothingToDo) && !by_state) || writes() != before {
        return Err(format!("applied again it would be {again:?}"));
    }
    Ok(())
}

/// How a killed run is followed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// By itself.
    GoneOn,
    /// By a run that knows nothing of it.
    Anew,
}

fn as_it_should(
    stage: &Stage,
    (outcome, reason): (RunOutcome, String),
    whole: &Whole,
    manner: Manner,
) -> Result<&'static str, String> {
    if manner == Manner::Anew && (!whole.is_well() || whole.forced) {
        // A new run may take up what the killed one would have handed to a person, and one that is
        // forced does it all again. It has kept the rules; what may be done once in a run has been
        // done in two.
        return Ok(outcome.name());
    }
    stage.simulated.with(match manner {
        Manner::GoneOn => never_twice,
        Manner::Anew => no_lock_or_backup_twice,
    })?;
    let same = match whole.is_well() {
        true => cases::WELL.contains(&outcome),
        false => outcome == whole.outcome,
    };
    if !same && (manner == Manner::GoneOn || !whole.excuses(outcome)) {
        let whole = whole.outcome;
        return Err(format!(
            "it ends as {outcome} ({reason}), and whole as {whole}"
        ));
    }
    if same {
        same_end(&stage.simulated.with(|sim| sim.clone()), whole, manner)?;
    }
    Ok(outcome.name())
}

/// The world after a day in which nobody does anything: whatever Azure was at has ended.
fn a_day_later(sim: &Sim) -> Sim {
    let mut sim = sim.clone();
    let then = sim.now_origin() + SignedDuration::from_hours(24);
    let look = Request::get("https://management.azure.com/subscriptions?api-version=2022-12-01");
    sim.handle(look.body(Vec::new()).unwrap(), then);
    sim
}

/// A run that mends the VM has seen to it that all of it is done. One that hands over to a person
/// may end while Azure is still at what it was asked for, and a killed one ends at another minute.
/// A new run does what is left: where the killed one has mended the guest, it needs no next remedy.
fn same_end(is: &Sim, whole: &Whole, manner: Manner) -> Result<(), String> {
    let compared = |sim: &Sim| {
        let later = (!whole.is_well()).then(|| a_day_later(sim));
        let mut world = later.as_ref().unwrap_or(sim).world().clone();
        if manner == Manner::Anew {
            world
                .vms
                .iter_mut()
                .for_each(|vm| vm.guest = Guest::default());
        }
        mended(&world)
    };
    let (is, should) = (compared(is), compared(&whole.sim));
    let differs = is
        .iter()
        .find(|(name, value)| should.get(*name) != Some(*value));
    match differs {
        Some((name, is)) => {
            let should = should.get(name);
            Err(format!(
                "of the world, {name} are {is} and should be {should:?}"
            ))
        }
        None => Ok(()),
    }
}

fn killed_anywhere(scenario: &str) {
    let (_, code) = CASES.iter().find(|(name, _)| *name == scenario).unwrap();
    let now = "2026-11-21T03:10:00Z".parse().unwrap();
    let sim = scenario_at(scenario, now).unwrap();
    every_cut(&Subject::plain(scenario, code, sim));
}

#[expect(
    clippy::print_stdout,
    reason = "how much was tried is part of the proof"
)]
fn every_cut(subject: &Subject) {
    let mut whole = whole(subject, Keep::All).unwrap();
    assert_eq!(whole.outcome, RunOutcome::Fixed);
    let cuts = std::mem::take(&mut whole.cuts);
    let (mut began, mut went_on): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) =
        Default::default();
    let mut wrong = Vec::new();
    let places = cuts.len();
    for (cut, is_new) in distinct(cuts) {
        match in_virtual_time(gone_on(subject, &cut, &whole)) {
            Ok(end) => *went_on.entry(end).or_default() += 1,
            Err(why) => wrong.push(format!("killed {} and gone on: {why}", cut.at)),
        }
        if !is_new {
            continue;
        }
        match in_virtual_time(begun_again(subject, &cut, &whole)) {
            Ok(end) => *began.entry(end).or_default() += 1,
            Err(why) => wrong.push(format!("killed {} and begun again: {why}", cut.at)),
        }
    }
    println!(
        "{}: {places} places, gone on from each that differs: {went_on:?}; begun again: {began:?}",
        subject.name
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn a_run_that_has_borrowed_a_lock_killed_anywhere_puts_it_back_when_it_goes_on() {
    let (world, faults) = read_world("world.yaml", BORROWING, "").unwrap();
    let sim = Sim::new(world, faults);
    every_cut(&Subject::plain(
        "a borrowed lock",
        "UserErrorRpCollectionLimitReached",
        sim,
    ));
}

const BORROWING: &str = "
vms: [{ name: web1, group: rg-web }, { name: web10, group: rg-web }]
locks: [{ name: wide, scope: subscription, notes: Ours. }]
restore_point_collections: [{ vm: web1, points: 18 }, { vm: web10, points: 2 }]
vaults:
  - name: vault-web
    items: [{ vm: web1 }, { vm: web10 }]
    jobs:
      - { vm: web1, status: Failed, code: UserErrorRpCollectionLimitReached, started: 29m ago, ended: 25m ago }
";

#[test]
fn a_clean_up_killed_anywhere_is_finished_by_the_next_run() {
    killed_anywhere("rp-limit");
}

#[test]
fn the_removal_of_a_failed_extension_killed_anywhere_is_finished_by_the_next_run() {
    killed_anywhere("vm-failed");
}

#[test]
fn the_removal_of_a_stuck_extension_killed_anywhere_is_finished_by_the_next_run() {
    killed_anywhere("extension-stuck");
}

#[test]
fn a_change_inside_the_guest_killed_anywhere_is_finished_by_the_next_run() {
    killed_anywhere("snapshot-sql");
}

#[test]
fn a_backup_followed_and_killed_anywhere_is_followed_by_the_next_run() {
    killed_anywhere("backup-running");
}

#[test]
fn a_backup_that_fails_as_expected_killed_anywhere_is_started_once_more_and_not_thrice() {
    every_cut(&Subject::golden(
        "UserErrorRpCollectionLimitReached/backup-fails-once-after-the-deletion",
    ));
}

#[test]
fn a_deletion_that_times_out_killed_anywhere_has_all_its_documented_tries() {
    every_cut(&Subject::golden(
        "ExtensionStuckInDeletionState/delete-times-out-once",
    ));
}
