//! VM extensions.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::sim::answer::{Cause, Reply};
use crate::sim::call::Call;
use crate::sim::compute;
use crate::sim::ids;
use crate::sim::operation::{Effect, Operation, PlannedFailure, Service};
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Extension, Mending, Power, Vm, World, minutes};

const KIND: &str = "Microsoft.Compute/virtualMachines/extensions";

/// Median of 139 recorded deletions (recordings.md 2).
const DELETION: SignedDuration = SignedDuration::from_secs(18);

/// After so long compute gives up on a VM that does not answer (recordings.md 1).
const GIVING_UP_MINUTES: u32 = 25;

/// The extension as a resource.
pub(in crate::sim) fn view(world: &World, vm: &Vm, extension: &Extension, expanded: bool) -> Value {
    let mut properties = json!({
        "autoUpgradeMinorVersion": true,
        "provisioningState": extension.state,
        "publisher": extension.publisher,
        "type": extension.kind,
        "typeHandlerVersion": "1.0",
        "settings": {},
    });
    if expanded {
        properties["instanceView"] = instance(extension);
    }
    json!({
        "name": extension.name,
        "id": format!("{}/extensions/{}", compute::id(world, vm), extension.name),
        "type": KIND,
        "location": world.location,
        "properties": properties,
    })
}

/// The extension as an instance view shows it.
pub(in crate::sim) fn instance(extension: &Extension) -> Value {
    json!({
        "name": extension.name,
        "type": format!("{}.{}", extension.publisher, extension.kind),
        "typeHandlerVersion": "1.0.0.0",
        "statuses": [status(extension)],
    })
}

/// The extension as the agent reports its handler.
pub(in crate::sim) fn handler(extension: &Extension) -> Value {
    json!({
        "type": format!("{}.{}", extension.publisher, extension.kind),
        "typeHandlerVersion": "1.0.0.0",
        "status": status(extension),
    })
}

fn status(extension: &Extension) -> Value {
    let (code, level, shown) = match extension.state.as_str() {
        "Succeeded" => (
            "ProvisioningState/succeeded",
            "Info",
            "Provisioning succeeded",
        ),
        "Failed" => ("ProvisioningState/failed/1", "Error", "Provisioning failed"),
        _ => ("ProvisioningState/transitioning", "Info", "Transitioning"),
    };
    let mut status = json!({"code": code, "level": level, "displayStatus": shown});
    if let Some(message) = &extension.message {
        status["message"] = json!(message);
    }
    status
}

/// `GET {VM}/extensions`: never paged.
pub(in crate::sim) fn list(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let vm = match compute::vm(&sim.world, found) {
        Ok(vm) => vm,
        Err(reply) => return reply,
    };
    let expanded = call.expands("instanceView");
    let shown = |extension| view(&sim.world, vm, extension, expanded);
    Reply::ok(&json!({"value": vm.extensions.iter().map(shown).collect::<Vec<_>>()}))
}

/// `GET {VM}/extensions/{name}`.
pub(in crate::sim) fn get(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let vm = match compute::vm(&sim.world, found) {
        Ok(vm) => vm,
        Err(reply) => return reply,
    };
    match named(vm, found.get("e")) {
        Some(extension) => Reply::ok(&view(
            &sim.world,
            vm,
            extension,
            call.expands("instanceView"),
        )),
        None => {
            let name = format!("{}/{}", vm.name, found.get("e"));
            Reply::not_found(KIND, &name, &vm.group)
        }
    }
}

fn named<'a>(vm: &'a Vm, name: &str) -> Option<&'a Extension> {
    vm.extensions
        .iter()
        .find(|extension| ids::same(&extension.name, name))
}

/// `DELETE {VM}/extensions/{name}`: 202 without Retry-After, 204 when absent.
pub(in crate::sim) fn delete(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let vm = match compute::vm(&sim.world, found) {
        Ok(vm) => vm,
        Err(reply) => return reply,
    };
    let Some(extension) = named(vm, found.get("e")) else {
        return Reply::empty(204);
    };
    if vm.power != Power::Running {
        let message = "Cannot modify extensions in the VM when the VM is not running.";
        return Reply::error(Cause::Service, 409, "OperationNotAllowed", message);
    }
    let answers = compute::answers(vm);
    let effect = Effect::DeleteExtension {
        vm: compute::id(&sim.world, vm),
        name: extension.name.clone(),
    };
    let silent = format!(
        "VM '{}' has not reported status for VM agent or extensions. Verify that the OS is up and \
         healthy, the VM has a running VM agent, and that it can establish outbound connections \
         to Azure storage.",
        vm.name
    );
    let lasts = if answers {
        DELETION
    } else {
        minutes(GIVING_UP_MINUTES)
    };
    let id = sim.next_id("operation");
    let mut operation = Operation::new(id, Service::Compute, sim.world.now, lasts, effect);
    if !answers {
        operation.failure = Some(PlannedFailure {
            code: "VMAgentStatusCommunicationError".to_owned(),
            message: silent,
            partial: 0,
        });
    }
    compute::start(sim, call, operation, None)
}

/// The deletion's effect.
///
/// Assumption: a VM that failed because of the extension is well again once no extension of it
/// is failed; Azure may want another operation on the VM first. A world whose VM says what mends it
/// is taken at its word.
pub(in crate::sim) fn deleted(sim: &mut Sim, vm: &str, name: &str) {
    let Some(vm) = compute::by_id(&mut sim.world, vm) else {
        return;
    };
    let Some(at) = vm
        .extensions
        .iter()
        .position(|one| ids::same(&one.name, name))
    else {
        return;
    };
    let removed = vm.extensions.remove(at);
    vm.reinstall_snapshot_extension |= removed.is_snapshot();
    let all_well = vm
        .extensions
        .iter()
        .all(|extension| extension.state == "Succeeded");
    let by_this = vm.mended_by == Mending::Never;
    if vm.provisioning == "Failed" && removed.state != "Succeeded" && all_well && by_this {
        vm.provisioning = "Succeeded".to_owned();
    }
}
