//! Backup jobs: list, detail, cancellation.

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::{Value, json};

use crate::sim::answer::{Cause, Reply, backup_time, iso_duration};
use crate::sim::backup::{codes, items, operations, vaults};
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::odata::{self, Term};
use crate::sim::operation::{Effect, Operation, Service};
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Job, JobStatus, Vault, World, after};

const KIND: &str = "Microsoft.RecoveryServices/vaults/backupJobs";

/// How much of a job an answer shows: lists leave out `extendedInfo` and `errorDetails`.
#[derive(Clone, Copy, PartialEq)]
enum Detail {
    Listed,
    Whole,
}

/// A date that stands for none: without `Z`, unlike all others.
const NO_DATE: &str = "0001-01-01T00:00:00";

fn view(world: &World, vault: &Vault, job: &Job, detail: Detail) -> Value {
    let started = job.started.time(world.now);
    let ended = job.ended.map(|ended| ended.time(world.now));
    let cancellable = if world.behaviour.old_actions_info_ints {
        json!([1])
    } else {
        json!(["Cancellable"])
    };
    let mut properties = json!({
        "jobType": "AzureIaaSVMJob",
        "actionsInfo": cancellable,
        "containerName": items::container(&job.vm),
        "duration": iso_duration(started, ended.unwrap_or(world.now)),
        "virtualMachineVersion": "Compute",
        "isUserTriggered": job.user_triggered,
        "entityFriendlyName": ids::name_of(&job.vm),
        "backupManagementType": "AzureIaasVM",
        "operation": job.operation,
        "status": job.status.name(),
        "startTime": backup_time(started),
        "activityId": job.activity.clone().unwrap_or_else(|| ids::guid(&format!("activity {}", job.id))),
    });
    if let Some(ended) = ended {
        properties["endTime"] = json!(backup_time(ended));
    }
    if detail == Detail::Whole {
        properties["extendedInfo"] = extended(world, job);
        if let Some(error) = error(job) {
            properties["errorDetails"] = json!([error]);
        }
    }
    let vault = vaults::id(world, vault).replacen("/subscriptions/", "/Subscriptions/", 1);
    json!({
        "id": format!("{vault}/backupJobs/{}", job.id),
        "name": job.id,
        "type": KIND,
        "properties": properties,
    })
}

/// The one entry of `errorDetails`.
///
/// Assumption: `errorCode` is left out where no number is documented; a real one is always there.
fn error(job: &Job) -> Option<Value> {
    let code = job.code.as_deref()?;
    let known = codes::reported(code);
    let mut error = json!({});
    if let Some(number) = job.number.or(known.number) {
        error["errorCode"] = json!(number);
    }
    if job.title {
        error["errorTitle"] = json!(code);
    }
    error["errorString"] = json!(job.message.clone().unwrap_or(known.message));
    error["recommendations"] = json!(codes::recommendations(code));
    Some(error)
}

fn extended(world: &World, job: &Job) -> Value {
    let tasks = if job.operation == "Backup" {
        tasks(world, job)
    } else {
        json!([])
    };
    let expiry = after(
        job.started.time(world.now),
        SignedDuration::from_hours(30 * 24),
    );
    let mut extended = json!({
        "tasksList": tasks,
        "propertyBag": {
            "VM Name": ids::name_of(&job.vm),
            "Recovery Point Expiry Time in UTC": expiry.strftime("%-m/%-d/%Y 12:00:00 AM").to_string(),
        },
        "internalPropertyBag": {"IsInstantRpJob": "True"},
    });
    if let Some(details) = &job.details {
        extended["dynamicErrorMessage"] = json!(details);
    }
    extended
}

fn tasks(world: &World, job: &Job) -> Value {
    let (started, now) = (job.started.time(world.now), world.now);
    let ended = job.ended.map(|ended| ended.time(now));
    let whole = matches!(
        job.status,
        JobStatus::Completed | JobStatus::CompletedWithWarnings
    );
    let snapshot = job
        .snapshot_ended
        .map(|ended| ended.time(now))
        .or_else(|| whole.then(|| after(started, super::lifecycle::snapshot_length(world))));
    let (first, second) = match (snapshot, job.status) {
        (Some(_), status) => ("Completed", if whole { "Completed" } else { status.name() }),
        (None, status) => (status.name(), "NotStarted"),
    };
    let first_end = snapshot.or(ended);
    let second_start = snapshot;
    let second_end = ended.filter(|_| snapshot.is_some());
    json!([
        task("Take Snapshot", Some(started), first_end, first, now),
        task(
            "Transfer data to vault",
            second_start,
            second_end,
            second,
            now
        ),
    ])
}

fn task(
    name: &str,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    status: &str,
    now: Timestamp,
) -> Value {
    let shown = |at: Option<Timestamp>| at.map_or_else(|| NO_DATE.to_owned(), backup_time);
    json!({
        "taskId": name,
        "startTime": shown(from),
        "endTime": shown(to),
        "duration": from.map_or_else(|| "PT0S".to_owned(), |from| iso_duration(from, to.unwrap_or(now))),
        "status": status,
        "taskType": "Normal",
    })
}

/// `GET {V}/backupJobs`: newest first, without details, never paged.
pub(in crate::sim) fn list(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let world = &sim.world;
    let vault = match vaults::of(world, found) {
        Ok(vault) => vault,
        Err(reply) => return reply,
    };
    let invalid = |why: &str| Reply::error(Cause::Service, 400, "BMSUserErrorInvalidInput", why);
    let terms = match odata::parse(call.query("$filter").unwrap_or_default()) {
        Ok(terms) => terms,
        Err(why) => return invalid(&why),
    };
    let mut jobs: Vec<&Job> = Vec::new();
    for job in &vault.jobs {
        match all_hold(&terms, job, world.now) {
            Ok(true) => jobs.push(job),
            Ok(false) => {}
            Err(why) => return invalid(&why),
        }
    }
    if let Some(why) = terms
        .iter()
        .find_map(|term| holds(term, None, world.now).err())
    {
        return invalid(&why);
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.started.time(world.now)));
    let value = jobs
        .into_iter()
        .map(|job| view(world, vault, job, Detail::Listed));
    Reply::ok(&json!({"value": value.collect::<Vec<_>>()}))
}

fn all_hold(terms: &[Term], job: &Job, now: Timestamp) -> Result<bool, String> {
    for term in terms {
        if !holds(term, Some(job), now)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a comparison holds for `job`; without one only its form is checked.
///
/// `startTime eq` means from, `endTime eq` means to.
fn holds(term: &Term, job: Option<&Job>, now: Timestamp) -> Result<bool, String> {
    let is = |have: fn(&Job) -> &str| job.is_some_and(|job| ids::same(have(job), &term.value));
    if term.operator != "eq" {
        return Err(format!(
            "The operator '{}' is not supported.",
            term.operator
        ));
    }
    match term.key.to_ascii_lowercase().as_str() {
        "status" => Ok(is(|job| job.status.name())),
        "operation" => Ok(is(|job| &job.operation)),
        "backupmanagementtype" => Ok(ids::same(&term.value, "AzureIaasVM")),
        "jobid" => Ok(is(|job| &job.id)),
        "starttime" => {
            let from = moment(&term.value)?;
            Ok(job.is_some_and(|job| job.started.time(now) >= from))
        }
        "endtime" => {
            let to = moment(&term.value)?;
            Ok(job.is_some_and(|job| job.started.time(now) <= to))
        }
        other => Err(format!("The filter key '{other}' is not supported.")),
    }
}

/// A time of a filter: `2026-11-21 03:10:00 AM`, UTC.
fn moment(text: &str) -> Result<Timestamp, String> {
    DateTime::strptime("%Y-%m-%d %I:%M:%S %p", text)
        .and_then(|time| time.to_zoned(TimeZone::UTC))
        .map(|time| time.timestamp())
        .map_err(|_| format!("The time '{text}' is not in the format 'yyyy-MM-dd hh:mm:ss tt'."))
}

fn named<'a>(vault: &'a Vault, found: &Found) -> Result<&'a Job, Reply> {
    vault
        .jobs
        .iter()
        .find(|job| ids::same(&job.id, found.get("j")))
        .ok_or_else(|| {
            let message = "The specified job was not found in the vault.";
            Reply::error(Cause::Service, 404, "JobNotFound", message)
        })
}

/// `GET {V}/backupJobs/{id}`.
pub(in crate::sim) fn get(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    let vault = match vaults::of(&sim.world, found) {
        Ok(vault) => vault,
        Err(reply) => return reply,
    };
    match named(vault, found) {
        Ok(job) => Reply::ok(&view(&sim.world, vault, job, Detail::Whole)),
        Err(reply) => reply,
    }
}

/// `POST {V}/backupJobs/{id}/cancel`: works in the snapshot phase only.
///
/// Assumption: what a job that cannot be cancelled any more answers.
pub(in crate::sim) fn cancel(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let vault = match vaults::of(&sim.world, found) {
        Ok(vault) => vault,
        Err(reply) => return reply,
    };
    let job = match named(vault, found) {
        Ok(job) => job.clone(),
        Err(reply) => return reply,
    };
    if job.status != JobStatus::InProgress || job.snapshot_ended.is_some() {
        let message = "The job cannot be cancelled because it isn't in progress.";
        return Reply::error(Cause::Service, 400, "UserErrorJobNotInProgress", message);
    }
    let vault = vaults::id(&sim.world, vault);
    if let Some(at) = vaults::position(&sim.world, &vault) {
        let jobs = sim.world.vaults[at].jobs.iter_mut();
        jobs.filter(|one| one.id == job.id)
            .for_each(|one| one.status = JobStatus::Cancelling);
    }
    let (now, taken) = (sim.world.now, SignedDuration::from_secs(1));
    // The operation is over at once; the job itself goes on stopping for a minute.
    let (stopping, shown) = (sim.next_id("operation"), sim.next_id("operation"));
    let ending = Effect::EndCancelledJob { vault, job: job.id };
    let minute = SignedDuration::from_mins(1);
    sim.operations.push(Operation::new(
        stopping,
        Service::Backup,
        now,
        minute,
        ending,
    ));
    let operation = Operation::new(shown, Service::Backup, now, taken, Effect::Nothing);
    let base = call
        .path
        .rsplit_once('/')
        .map_or("", |(base, _)| base)
        .to_owned();
    operations::start(sim, call, operation, &base, "2019-05-13-preview")
}
