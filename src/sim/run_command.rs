//! Run Command, the action form (v1).

use jiff::SignedDuration;
use serde_json::Value;

use crate::sim::answer::{Cause, Reply};
use crate::sim::call::Call;
use crate::sim::compute;
use crate::sim::ids;
use crate::sim::operation::{Effect, Operation, PlannedFailure, Service, State};
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Os, Power, minutes};

/// Median durations of recorded runs (recordings.md 2).
const WINDOWS_RUN: SignedDuration = SignedDuration::from_secs(50);
const LINUX_RUN: SignedDuration = SignedDuration::from_secs(20);

/// After so long a script that no agent fetches has timed out (recordings.md 1).
const TIME_OUT_MINUTES: u32 = 90;

/// `POST {VM}/runCommand`.
pub(in crate::sim) fn post(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let vm = match compute::vm(&sim.world, found) {
        Ok(vm) => vm,
        Err(reply) => return reply,
    };
    let wanted = match vm.os {
        Os::Windows => "RunPowerShellScript",
        Os::Linux => "RunShellScript",
    };
    if call.body["commandId"]
        .as_str()
        .is_none_or(|given| !ids::same(given, wanted))
    {
        let message = "The entity was not found in this Azure location.";
        return Reply::error(Cause::Service, 404, "NotFound", message);
    }
    if vm.power != Power::Running {
        let message = "The operation requires the VM to be running.";
        return Reply::error(Cause::Service, 409, "OperationNotAllowed", message);
    }
    let (id, os, answers) = (compute::id(&sim.world, vm), vm.os, compute::answers(vm));
    if is_busy(sim, &id) {
        // Assumption: the text; no refusal of a second script was recorded.
        let message = "Run command extension execution is in progress. Please wait for \
                       completion before invoking a run command.";
        return Reply::error(Cause::Service, 409, "Conflict", message);
    }
    let lasts = match (answers, os) {
        (false, _) => minutes(TIME_OUT_MINUTES),
        (true, Os::Windows) => WINDOWS_RUN,
        (true, Os::Linux) => LINUX_RUN,
    };
    let effect = Effect::RunScript {
        vm: id,
        script: script(&call.body),
        parameters: parameters(&call.body),
    };
    let operation_id = sim.next_id("operation");
    let mut operation =
        Operation::new(operation_id, Service::Compute, sim.world.now, lasts, effect);
    operation.poll_after = Some(30);
    if !answers {
        operation.failure = Some(timed_out(os));
    }
    compute::start(sim, call, operation, Some(10))
}

fn is_busy(sim: &Sim, id: &str) -> bool {
    sim.operations.iter().any(|operation| {
        operation.state == State::Running
            && matches!(&operation.effect, Effect::RunScript { vm, .. } if ids::same(vm, id))
    })
}

fn timed_out(os: Os) -> PlannedFailure {
    let message = format!(
        "Provisioning of VM extension RunCommand{} has timed out. Extension provisioning has taken \
         too long to complete. The extension did not report a message.",
        os.name()
    );
    PlannedFailure {
        code: "VMExtensionProvisioningTimeout".to_owned(),
        message,
        partial: 0,
    }
}

fn script(body: &Value) -> String {
    let lines = body["script"].as_array().into_iter().flatten();
    lines
        .filter_map(Value::as_str)
        .collect::<Vec<_>>()
        .join("\n")
}

fn parameters(body: &Value) -> Vec<(String, String)> {
    let given = body["parameters"].as_array().into_iter().flatten();
    given
        .filter_map(|one| {
            Some((
                one["name"].as_str()?.to_owned(),
                one["value"].as_str()?.to_owned(),
            ))
        })
        .collect()
}
