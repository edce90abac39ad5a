//! What is done to a machine as a whole: reapply, restart, redeploy, deallocate, and the one
//! property of it that can be set.

use jiff::SignedDuration;

use crate::sim::answer::{Cause, Reply};
use crate::sim::call::Call;
use crate::sim::compute;
use crate::sim::operation::{Effect, Operation, Service, Verb};
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{AgentState, Mending, Power};

/// What stands for a script in an ail that a restart mends.
const RESTART: &str = "restart";

/// How long each takes. Assumption: the documents say "minutes", and no recording has any.
fn lasts(verb: Verb) -> SignedDuration {
    SignedDuration::from_mins(match verb {
        Verb::Reapply | Verb::Restart | Verb::Deallocate => 1,
        Verb::Redeploy => 6,
    })
}

/// `POST {VM}/reapply`.
pub(in crate::sim) fn reapply(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    post(sim, call, found, Verb::Reapply)
}

/// `POST {VM}/restart`.
pub(in crate::sim) fn restart(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    post(sim, call, found, Verb::Restart)
}

/// `POST {VM}/redeploy`.
pub(in crate::sim) fn redeploy(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    post(sim, call, found, Verb::Redeploy)
}

/// `POST {VM}/deallocate`.
pub(in crate::sim) fn deallocate(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    post(sim, call, found, Verb::Deallocate)
}

/// 202 with both polling headers (azure-api.md 3.1); the VM is `Updating` until it ends.
fn post(sim: &mut Sim, call: &Call, found: &Found, verb: Verb) -> Reply {
    let vm = match compute::vm(&sim.world, found) {
        Ok(vm) => vm,
        Err(reply) => return reply,
    };
    // Assumption: the code and the text; no refusal of these verbs was recorded.
    if matches!(verb, Verb::Restart | Verb::Redeploy) && vm.power != Power::Running {
        let message = "The operation requires the VM to be running.";
        return Reply::error(Cause::Service, 409, "OperationNotAllowed", message);
    }
    let (id, was) = (compute::id(&sim.world, vm), vm.provisioning.clone());
    if let Some(vm) = compute::by_id(&mut sim.world, &id) {
        vm.provisioning = "Updating".to_owned();
    }
    let effect = Effect::Machine { vm: id, verb, was };
    let operation_id = sim.next_id("operation");
    let now = sim.world.now;
    let operation = Operation::new(operation_id, Service::Compute, now, lasts(verb), effect);
    compute::start(sim, call, operation, Some(10))
}

/// `PATCH {VM}`: the one property that this model can change; anything else stays as it is.
pub(in crate::sim) fn patch(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let id = match compute::vm(&sim.world, found) {
        Ok(vm) => compute::id(&sim.world, vm),
        Err(reply) => return reply,
    };
    let wanted = call.body["properties"]["osProfile"]["allowExtensionOperations"].as_bool();
    if let (Some(allow), Some(vm)) = (wanted, compute::by_id(&mut sim.world, &id)) {
        vm.allow_extension_operations = allow;
    }
    match compute::vm(&sim.world, found) {
        Ok(vm) => Reply::ok(&compute::view(&sim.world, vm, false)),
        Err(reply) => reply,
    }
}

/// What was done has its effect; what it does not mend is as it was.
pub(in crate::sim) fn done(sim: &mut Sim, id: &str, verb: Verb, was: &str) {
    let Some(vm) = compute::by_id(&mut sim.world, id) else {
        return;
    };
    was.clone_into(&mut vm.provisioning);
    let mends = match verb {
        Verb::Reapply => Mending::Reapply,
        Verb::Restart => Mending::Restart,
        Verb::Redeploy => Mending::Redeploy,
        Verb::Deallocate => {
            vm.power = Power::Deallocated;
            return;
        }
    };
    if vm.mended_by <= mends {
        "Succeeded".clone_into(&mut vm.provisioning);
        vm.agent = AgentState::Ready;
    }
    if verb != Verb::Reapply {
        vm.guest.ails.retain(|ail| ail.script != RESTART);
    }
}

/// It failed: the VM is as it was.
pub(in crate::sim) fn undone(sim: &mut Sim, id: &str, was: &str) {
    if let Some(vm) = compute::by_id(&mut sim.world, id) {
        was.clone_into(&mut vm.provisioning);
    }
}
