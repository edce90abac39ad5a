//! Backup now: the trigger, and the job that it makes.

use jiff::SignedDuration;
use serde_json::json;

use crate::sim::answer::{Cause, Reply};
use crate::sim::backup::{codes, items, operations, vaults};
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::operation::{Effect, Operation, Service, State};
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Job, JobStatus, Reported, RunningFault, When};

/// The operation that makes the job took 2 s when recorded.
const MAKING_THE_JOB: SignedDuration = SignedDuration::from_secs(2);

/// `POST {PI}/backup`: 202, both headers, Retry-After 60.
pub(in crate::sim) fn post(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let (vault, item) = match items::of(&sim.world, found) {
        Ok(both) => both,
        Err(reply) => return reply,
    };
    if call.body["properties"]["objectType"] != "IaasVMBackupRequest" {
        let message = "Input provided for the call is invalid.";
        return Reply::error(Cause::Service, 400, "BMSUserErrorInvalidInput", message);
    }
    let effect = Effect::StartJob {
        vault: vaults::id(&sim.world, vault),
        vm: item.vm.clone(),
        activity: call.client_request.clone(),
        fault: None,
    };
    let id = sim.next_id("operation");
    let operation = Operation::new(id, Service::Backup, sim.world.now, MAKING_THE_JOB, effect);
    let base = call
        .path
        .rsplit_once('/')
        .map_or("", |(base, _)| base)
        .to_owned();
    operations::start(sim, call, operation, &base, call.version())
}

/// Makes the job, or refuses to.
///
/// Assumption (azure-api.md 15 row 5): a trigger during a backup shows as a failed operation.
pub(in crate::sim) fn begin(
    sim: &mut Sim,
    vault: &str,
    vm: &str,
    activity: Option<String>,
    fault: Option<RunningFault>,
) -> State {
    let failed = |code: &str| {
        let Reported { code, message, .. } = codes::reported(code);
        State::Failed { code, message }
    };
    let id = sim.next_id("job");
    let now = sim.world.now;
    let Some(at) = vaults::position(&sim.world, vault) else {
        return failed("UserErrorBcmDatasourceNotPresent");
    };
    let vault = &mut sim.world.vaults[at];
    let protected = |state: &str| ids::same(state, "Protected") || ids::same(state, "IRPending");
    if !vault
        .items
        .iter()
        .any(|item| ids::same(&item.vm, vm) && protected(&item.state))
    {
        return failed("UserErrorBcmDatasourceNotPresent");
    }
    if vault
        .jobs
        .iter()
        .any(|job| ids::same(&job.vm, vm) && job.status.is_running())
    {
        return failed("UserErrorBackupOperationInProgress");
    }
    vault.jobs.push(Job {
        id: id.clone(),
        vm: vm.to_owned(),
        operation: "Backup".to_owned(),
        status: JobStatus::InProgress,
        code: None,
        number: None,
        title: true,
        message: None,
        details: None,
        started: When::At(now),
        ended: None,
        recovery_point: false,
        snapshot_ended: None,
        user_triggered: true,
        activity,
        fault,
    });
    State::Succeeded(json!({"objectType": "OperationStatusJobExtendedInfo", "jobId": id}))
}
