//! Virtual machines, their instance view, and compute's operations.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::sim::answer::{Cause, Reply, compute_time};
use crate::sim::call::Call;
use crate::sim::disks;
use crate::sim::extensions;
use crate::sim::ids;
use crate::sim::network;
use crate::sim::operation::{self, Operation, Service, State};
use crate::sim::paging;
use crate::sim::resources;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{AgentState, Os, PollingUrls, Power, Vm, World};

const KIND: &str = "Microsoft.Compute/virtualMachines";

/// The VM of a route, or the 404 for it.
pub(in crate::sim) fn vm<'a>(world: &'a World, found: &Found) -> Result<&'a Vm, Reply> {
    let (group, name) = (found.get("g"), found.get("vm"));
    if let Some(reply) = resources::missing_group(world, group) {
        return Err(reply);
    }
    let is_it = |vm: &&Vm| ids::same(&vm.group, group) && ids::same(&vm.name, name);
    world
        .vms
        .iter()
        .find(is_it)
        .ok_or_else(|| Reply::not_found(KIND, name, group))
}

/// The id of a VM of this world.
pub(in crate::sim) fn id(world: &World, vm: &Vm) -> String {
    ids::vm(&world.subscription, &vm.group, &vm.name)
}

/// The VM with this id.
pub(in crate::sim) fn by_id<'a>(world: &'a mut World, id: &str) -> Option<&'a mut Vm> {
    let (group, name) = (ids::group_of(id), ids::name_of(id));
    world
        .vms
        .iter_mut()
        .find(|vm| ids::same(&vm.group, group) && ids::same(&vm.name, name))
}

/// Whether scripts and extensions get anywhere in this VM.
pub(in crate::sim) fn answers(vm: &Vm) -> bool {
    vm.power == Power::Running && vm.agent == AgentState::Ready && vm.allow_extension_operations
}

/// `GET {VM}`, its extensions under `resources` (recordings vm-instance-view 001 and 008).
pub(in crate::sim) fn get(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let vm = match vm(&sim.world, found) {
        Ok(vm) => vm,
        Err(reply) => return reply,
    };
    let mut body = view(&sim.world, vm, call.expands("instanceView"));
    if !vm.extensions.is_empty() {
        let resources = vm.extensions.iter();
        body["resources"] = resources
            .map(|extension| extensions::view(&sim.world, vm, extension, false))
            .collect();
    }
    Reply::ok(&body)
}

/// `GET {S}` or `{RG}/providers/Microsoft.Compute/virtualMachines`, paged, without instance views.
pub(in crate::sim) fn list(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let (world, group) = (&sim.world, found.get("g"));
    if !group.is_empty()
        && let Some(reply) = resources::missing_group(world, group)
    {
        return reply;
    }
    let here = |vm: &&Vm| group.is_empty() || ids::same(&vm.group, group);
    let value = world.vms.iter().filter(here);
    let value = value.map(|vm| view(world, vm, false)).collect();
    paging::page(call, value, world.behaviour.page_size)
}

/// `GET {VM}/instanceView`.
pub(in crate::sim) fn instance_view(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    match vm(&sim.world, found) {
        Ok(vm) => Reply::ok(&instance(vm, sim.world.now)),
        Err(reply) => reply,
    }
}

pub(in crate::sim) fn view(world: &World, vm: &Vm, expanded: bool) -> Value {
    let id = id(world, vm);
    let configuration = match vm.os {
        Os::Windows => "windowsConfiguration",
        Os::Linux => "linuxConfiguration",
    };
    let mut properties = json!({
        "hardwareProfile": {"vmSize": "Standard_DS1_v2"},
        "provisioningState": vm.provisioning,
        "vmId": ids::guid(&id),
        "storageProfile": disks::storage_profile(world, vm),
        "osProfile": {
            "computerName": vm.name,
            "allowExtensionOperations": vm.allow_extension_operations,
            "requireGuestProvisionSignal": true,
            "secrets": [],
        },
    });
    properties["networkProfile"] = json!({"networkInterfaces": [
        {"id": network::id(world, vm), "properties": {"primary": true}},
    ]});
    properties["diagnosticsProfile"] = json!({"bootDiagnostics": {"enabled": vm.boot_diagnostics}});
    properties["osProfile"][configuration] = json!({"provisionVMAgent": true});
    if expanded {
        properties["instanceView"] = instance(vm, world.now);
    }
    json!({
        "name": vm.name,
        "id": id,
        "type": KIND,
        "location": world.location,
        "tags": {},
        "properties": properties,
    })
}

fn instance(vm: &Vm, now: Timestamp) -> Value {
    let mut view = json!({
        "disks": [{
            "name": format!("{}_OsDisk_1", vm.name),
            "statuses": [status("ProvisioningState/succeeded", "Provisioning succeeded")],
        }],
        "hyperVGeneration": "V1",
        "statuses": statuses(vm),
    });
    if let Some(agent) = agent(vm, now) {
        if agent["vmAgentVersion"] != "Unknown" {
            view["computerName"] = json!(vm.name);
            view["osName"] = json!(match vm.os {
                Os::Windows => "Windows Server 2022 Datacenter",
                Os::Linux => "ubuntu",
            });
            view["osVersion"] = json!("10.0");
        }
        view["vmAgent"] = agent;
    }
    if !vm.extensions.is_empty() {
        view["extensions"] = vm.extensions.iter().map(extensions::instance).collect();
    }
    view
}

fn status(code: &str, shown: &str) -> Value {
    json!({"code": code, "level": "Info", "displayStatus": shown})
}

fn statuses(vm: &Vm) -> Vec<Value> {
    let provisioning = match vm.provisioning.as_str() {
        "Succeeded" => status("ProvisioningState/succeeded", "Provisioning succeeded"),
        "Failed" => json!({
            "code": "ProvisioningState/failed/VMExtensionProvisioningError",
            "level": "Error",
            "displayStatus": "Provisioning failed",
            "message": "VM has reported a failure when processing an extension.",
        }),
        _ => status("ProvisioningState/updating", "Updating"),
    };
    let power = match vm.power {
        Power::Running => status("PowerState/running", "VM running"),
        Power::Starting => status("PowerState/starting", "VM starting"),
        Power::Stopped => status("PowerState/stopped", "VM stopped"),
        Power::Deallocated => status("PowerState/deallocated", "VM deallocated"),
    };
    vec![provisioning, power]
}

/// `vmAgent`, by power state as 3,890 recorded views have it (recordings.md 2): none when
/// deallocated, a stale `Ready` when stopped.
fn agent(vm: &Vm, now: Timestamp) -> Option<Value> {
    let seen = |ago: SignedDuration| compute_time(now.checked_sub(ago).unwrap_or(now));
    let stale = vm.power != Power::Running;
    let age = match vm.agent {
        AgentState::Absent => return None,
        AgentState::StaleReady => SignedDuration::from_hours(3),
        _ if vm.power == Power::Deallocated => return None,
        _ if stale => SignedDuration::from_hours(3),
        _ => SignedDuration::from_secs(20),
    };
    if vm.agent == AgentState::NotReady {
        return Some(json!({
            "vmAgentVersion": "Unknown",
            "statuses": [{
                "code": "ProvisioningState/Unavailable",
                "level": "Warning",
                "displayStatus": "Not Ready",
                "message": "VM status blob is found but not yet populated.",
                "time": seen(SignedDuration::ZERO),
            }],
        }));
    }
    let handlers: Vec<Value> = vm.extensions.iter().map(extensions::handler).collect();
    let version = vm.agent_version.as_deref().unwrap_or("2.7.41491.1102");
    Some(json!({
        "vmAgentVersion": version,
        "statuses": [{
            "code": "ProvisioningState/succeeded",
            "level": "Info",
            "displayStatus": "Ready",
            "message": "GuestAgent is running and processing the extensions.",
            "time": seen(age),
        }],
        "extensionHandlers": handlers,
    }))
}

/// Starts a compute operation and answers 202.
pub(in crate::sim) fn start(
    sim: &mut Sim,
    call: &Call,
    operation: Operation,
    retry_after: Option<u32>,
) -> Reply {
    let (subscription, location) = (&sim.world.subscription, &sim.world.location);
    let place = ids::guid(&format!("place {subscription}"));
    let style = sim.world.behaviour.polling_urls;
    let query = operation::polling_query(style, &operation.id, call.version(), sim.world.now);
    let base = format!(
        "{}/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{location}/operations/{}",
        call.origin, operation.id
    );
    let prefix = match style {
        PollingUrls::Signed => format!("p={place}&"),
        PollingUrls::Plain => String::new(),
    };
    let status_url = format!("{base}?{prefix}{query}");
    let result_url = format!("{base}?{prefix}monitor=true&{query}");
    let mut reply = operation::accepted(&operation.id, &status_url, &result_url)
        .with("Azure-AsyncNotification", "Enabled");
    if let Some(seconds) = retry_after {
        reply = reply.with("Retry-After", &seconds.to_string());
    }
    sim.operations.push(operation);
    reply
}

/// `GET …/operations/{id}`: the status, or with `monitor=true` the result.
pub(in crate::sim) fn operation(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let id = found.get("o");
    let running = sim
        .operations
        .iter()
        .find(|one| one.service == Service::Compute && !one.gone && ids::same(&one.id, id));
    let Some(operation) = running else {
        let message = format!("The operation '{id}' was not found.");
        return Reply::error(Cause::Service, 404, "NotFound", &message);
    };
    if !operation::is_whole(call, &operation.id) {
        let message = "The signature of the operation's URL is not valid.";
        return Reply::error(Cause::Gateway, 403, "InvalidOperationUrl", message);
    }
    let wait = operation
        .poll_after
        .filter(|_| operation.state == State::Running);
    let reply = if call.query("monitor") == Some("true") {
        result(operation, call)
    } else {
        Reply::ok(&operation.status_body())
    };
    match wait {
        Some(seconds) => reply.with("Retry-After", &seconds.to_string()),
        None => reply,
    }
}

/// What the synchronous request would have answered.
///
/// Assumption: a failure shows as 409; no failed `Location` was ever recorded.
fn result(operation: &Operation, call: &Call) -> Reply {
    match &operation.state {
        State::Running => Reply::empty(202).with("Location", &call.again(&[])),
        State::Succeeded(Value::Null) => Reply::empty(200),
        State::Succeeded(result) => Reply::ok(result),
        State::Failed { code, message } => Reply::error(Cause::Service, 409, code, message),
    }
}
