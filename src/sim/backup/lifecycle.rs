//! The life of a job: snapshot, transfer, end.

use jiff::{SignedDuration, Timestamp};

use crate::sim::backup::{codes, snapshot, vaults};
use crate::sim::clockwork::CleanUp;
use crate::sim::ids;
use crate::sim::locks;
use crate::sim::restore_points;
use crate::sim::simulator::Sim;
use crate::sim::world::{
    Item, Job, JobStatus, Reported, RunningFault, When, World, after, minutes,
};

/// How long "Take Snapshot" takes.
pub(in crate::sim) fn snapshot_length(world: &World) -> SignedDuration {
    minutes(world.behaviour.snapshot_minutes)
}

/// When the next thing happens to a running job.
pub(in crate::sim) fn due(sim: &Sim, job: &Job) -> Option<Timestamp> {
    if job.status != JobStatus::InProgress {
        return None;
    }
    let transfer = minutes(sim.world.behaviour.transfer_minutes);
    let snapshot = after(job.started.time(sim.world.now), snapshot_length(&sim.world));
    match job.snapshot_ended {
        Some(ended) => Some(after(ended.time(sim.world.now), transfer)),
        None if job.operation == "Backup" => Some(snapshot),
        None => Some(after(snapshot, transfer)),
    }
}

/// Takes a job's next step: its snapshot succeeds or fails, or it ends well.
pub(in crate::sim) fn advance(sim: &mut Sim, vault: usize, job: usize, at: Timestamp) {
    let held = &sim.world.vaults[vault].jobs[job];
    let (vm, fault) = (held.vm.clone(), held.fault.clone());
    if held.operation != "Backup" || held.snapshot_ended.is_some() {
        complete(sim, vault, job, at);
        return;
    }
    let scripted = fault.as_ref().map(as_reported);
    let warns = fault.as_ref().is_some_and(|fault| fault.warns);
    let complaint = scripted
        .filter(|_| !warns)
        .or_else(|| snapshot::complaint(sim, &vm));
    match complaint {
        Some(reported) => {
            let title = fault.is_none_or(|fault| fault.title);
            sim.world.vaults[vault].jobs[job].title = title;
            fail(sim, vault, job, at, &reported);
        }
        None => {
            sim.world.vaults[vault].jobs[job].snapshot_ended = Some(When::At(at));
            snapshot::take(sim, vault, &vm, at);
        }
    }
}

fn as_reported(fault: &RunningFault) -> Reported {
    let known = codes::reported(&fault.code);
    Reported {
        code: known.code,
        number: fault.number.or(known.number),
        message: fault.message.clone().unwrap_or(known.message),
    }
}

fn end(job: &mut Job, status: JobStatus, at: Timestamp) {
    job.status = status;
    job.ended = Some(When::At(at));
}

fn item_of<'a>(sim: &'a mut Sim, vault: usize, vm: &str) -> Option<&'a mut Item> {
    sim.world.vaults[vault]
        .items
        .iter_mut()
        .find(|item| ids::same(&item.vm, vm))
}

fn complete(sim: &mut Sim, vault: usize, job: usize, at: Timestamp) {
    let held = &mut sim.world.vaults[vault].jobs[job];
    let warning = held
        .fault
        .as_ref()
        .filter(|fault| fault.warns)
        .map(as_reported);
    let status = match &warning {
        Some(_) => JobStatus::CompletedWithWarnings,
        None => JobStatus::Completed,
    };
    end(held, status, at);
    if let Some(warning) = warning {
        held.code = Some(warning.code);
        held.number = warning.number;
        held.message = Some(warning.message);
    }
    if held.operation != "Backup" {
        return;
    }
    held.recovery_point = true;
    let (vm, started, taken) = (held.vm.clone(), held.started, held.snapshot_ended);
    if let Some(item) = item_of(sim, vault, &vm) {
        for point in &mut item.recovery_points {
            point.hardened |= Some(point.time) == taken;
        }
        item.last_backup_status = Some(format!("{status:?}"));
        item.last_backup_time = Some(started);
        if !item.health_stays {
            item.health = None;
        }
    }
}

/// Pre-check health changes only for codes with a number: the other axes are independent of it
/// (recordings.md 1, item 2).
fn fail(sim: &mut Sim, vault: usize, job: usize, at: Timestamp, reported: &Reported) {
    let held = &mut sim.world.vaults[vault].jobs[job];
    end(held, JobStatus::Failed, at);
    held.code = Some(reported.code.clone());
    held.number = reported.number;
    held.message = Some(reported.message.clone());
    let (vm, started) = (held.vm.clone(), held.started);
    if let Some(item) = item_of(sim, vault, &vm) {
        item.last_backup_status = Some("Failed".to_owned());
        item.last_backup_time = Some(started);
        item.health = reported.number.map(|_| reported.clone());
    }
    if reported.code == "UserErrorRpCollectionLimitReached" && !is_locked(sim, &vm) {
        let hours = i64::from(sim.world.behaviour.cleanup_hours);
        let due = after(at, SignedDuration::from_hours(hours));
        sim.clean_ups.push(CleanUp { vm, at: due });
    }
}

fn is_locked(sim: &Sim, vm: &str) -> bool {
    let own = sim.world.restore_point_collections.iter();
    own.filter(|one| ids::same(&one.vm, vm) && one.is_azure_backups())
        .any(|one| locks::stops_deletion(sim, &restore_points::id(&sim.world, one)))
}

/// A cancelled job has stopped.
pub(in crate::sim) fn cancelled(sim: &mut Sim, vault: &str, job: &str) {
    let now = sim.world.now;
    let Some(at) = vaults::position(&sim.world, vault) else {
        return;
    };
    let jobs = sim.world.vaults[at].jobs.iter_mut();
    for held in jobs.filter(|held| ids::same(&held.id, job)) {
        end(held, JobStatus::Cancelled, now);
        held.code = Some("UserErrorJobSuccessfullyCancelled".to_owned());
    }
}
