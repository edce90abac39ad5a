//! Network interfaces, and the rules and routes that hold for them: two POSTs that only look and
//! take their time.
//!
//! Assumption: how long they take, and that a `ReadOnly` lock stops them as it stops every POST.
//! The refusal for a machine that is off is a recorded one; the result is at the `Location` alone,
//! since the status of the operation was seen without it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sim::answer::{Cause, Reply};
use crate::sim::call::Call;
use crate::sim::compute;
use crate::sim::ids;
use crate::sim::operation;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Power, Rule, Vm, World, after};

const KIND: &str = "Microsoft.Network/networkInterfaces";

const TAKES: SignedDuration = SignedDuration::from_secs(12);

/// A look that Azure makes ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::sim) struct Look {
    id: String,
    vm: String,
    at: Sight,
    ready: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Sight {
    Rules,
    Routes,
}

/// The id of a VM's interface.
pub(in crate::sim) fn id(world: &World, vm: &Vm) -> String {
    let group = ids::group(&world.subscription, &vm.group);
    format!("{group}/providers/{KIND}/{}-nic", vm.name)
}

fn vm_of<'a>(world: &'a World, found: &Found) -> Result<&'a Vm, Reply> {
    let (group, name) = (found.get("g"), found.get("n"));
    let is_it =
        |vm: &&Vm| ids::same(&vm.group, group) && ids::same(&format!("{}-nic", vm.name), name);
    let missing = || Reply::not_found(KIND, name, group);
    world.vms.iter().find(is_it).ok_or_else(missing)
}

/// `GET {RG}/providers/Microsoft.Network/networkInterfaces/{n}`.
pub(in crate::sim) fn get(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    let vm = match vm_of(&sim.world, found) {
        Ok(vm) => vm,
        Err(reply) => return reply,
    };
    let id = id(&sim.world, vm);
    let allocation = if vm.network.is_static {
        "Static"
    } else {
        "Dynamic"
    };
    Reply::ok(&json!({
        "name": ids::name_of(&id),
        "id": id,
        "type": KIND,
        "location": sim.world.location,
        "properties": {
            "provisioningState": "Succeeded",
            "ipConfigurations": [{
                "name": "ipconfig1",
                "id": format!("{id}/ipConfigurations/ipconfig1"),
                "properties": {
                    "provisioningState": "Succeeded",
                    "privateIPAddress": "10.0.0.4",
                    "privateIPAllocationMethod": allocation,
                    "subnet": {"id": subnet(&sim.world, vm)},
                    "primary": true,
                    "privateIPAddressVersion": "IPv4",
                },
            }],
            "dnsSettings": {"dnsServers": [], "appliedDnsServers": []},
            "networkSecurityGroup": {"id": security_group(&sim.world, vm)},
            "primary": true,
            "virtualMachine": {"id": compute::id(&sim.world, vm)},
        },
    }))
}

fn subnet(world: &World, vm: &Vm) -> String {
    let group = ids::group(&world.subscription, &vm.group);
    format!("{group}/providers/Microsoft.Network/virtualNetworks/vnet-1/subnets/default")
}

fn security_group(world: &World, vm: &Vm) -> String {
    let group = ids::group(&world.subscription, &vm.group);
    format!(
        "{group}/providers/Microsoft.Network/networkSecurityGroups/nsg-{}",
        vm.name
    )
}

/// `POST {nic}/effectiveNetworkSecurityGroups`.
pub(in crate::sim) fn effective_rules(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    begin(sim, call, found, Sight::Rules)
}

/// `POST {nic}/effectiveRouteTable`.
pub(in crate::sim) fn effective_routes(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    begin(sim, call, found, Sight::Routes)
}

fn begin(sim: &mut Sim, call: &Call, found: &Found, at: Sight) -> Reply {
    let vm = match vm_of(&sim.world, found) {
        Ok(vm) => vm,
        Err(reply) => return reply,
    };
    if vm.power != Power::Running {
        let (nic, what) = (
            id(&sim.world, vm),
            match at {
                Sight::Rules => ("SecurityGroups", "security groups"),
                Sight::Routes => ("Routes", "routes"),
            },
        );
        let code = format!("NicMustBeAttachedToRunningVmToGetEffective{}", what.0);
        let message = format!(
            "A network interface must be attached to a running virtual machine to get effective {}. \
             The network interface {nic} is not attached to a running virtual machine.",
            what.1
        );
        return Reply::error(Cause::Service, 400, &code, &message);
    }
    let vm = compute::id(&sim.world, vm);
    let id = sim.next_id("look");
    let ready = after(sim.world.now, TAKES);
    sim.looks.push(Look {
        id: id.clone(),
        vm,
        at,
        ready,
    });
    let base = format!(
        "{}/subscriptions/{}/providers/Microsoft.Network/locations/{}",
        call.origin, sim.world.subscription, sim.world.location
    );
    let query = operation::polling_query(
        sim.world.behaviour.polling_urls,
        &id,
        call.version(),
        sim.world.now,
    );
    Reply::empty(202)
        .with(
            "Azure-AsyncOperation",
            &format!("{base}/operations/{id}?{query}"),
        )
        .with("Location", &format!("{base}/operationResults/{id}?{query}"))
        .with("Retry-After", "10")
}

/// `GET {S}/providers/Microsoft.Network/locations/{l}/operations/{o}`: how far it is, no more.
pub(in crate::sim) fn status(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    match look(sim, call, found) {
        Err(reply) => reply,
        Ok(look) if look.ready > sim.world.now => {
            Reply::ok(&json!({"status": "InProgress"})).with("Retry-After", "10")
        }
        Ok(_) => Reply::ok(&json!({"status": "Succeeded"})),
    }
}

/// `GET {S}/providers/Microsoft.Network/locations/{l}/operationResults/{o}`.
pub(in crate::sim) fn result(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let look = match look(sim, call, found) {
        Ok(look) => look,
        Err(reply) => return reply,
    };
    if look.ready > sim.world.now {
        return Reply::empty(202)
            .with("Location", &call.again(&[]))
            .with("Retry-After", "10");
    }
    let is_it = |vm: &&Vm| ids::same(&compute::id(&sim.world, vm), &look.vm);
    let Some(vm) = sim.world.vms.iter().find(is_it) else {
        return Reply::not_found(KIND, "nic", "gone");
    };
    let value = match look.at {
        Sight::Rules => rules(&sim.world, vm),
        Sight::Routes => routes(vm),
    };
    Reply::ok(&json!({"value": value}))
}

fn look(sim: &Sim, call: &Call, found: &Found) -> Result<Look, Reply> {
    let id = found.get("o");
    let known = sim.looks.iter().find(|look| ids::same(&look.id, id));
    let missing = || {
        Reply::error(
            Cause::Service,
            404,
            "OperationNotFound",
            "No such operation.",
        )
    };
    let look = known.ok_or_else(missing)?;
    if !operation::is_whole(call, &look.id) {
        let message = "The signature of the operation's URL is not valid.";
        return Err(Reply::error(
            Cause::Gateway,
            403,
            "InvalidOperationUrl",
            message,
        ));
    }
    Ok(look.clone())
}

fn rules(world: &World, vm: &Vm) -> Value {
    let own = vm
        .network
        .rules
        .iter()
        .map(|rule| rule_view("securityRules", rule));
    let all: Vec<Value> = own.chain(defaults()).collect();
    json!([{
        "networkSecurityGroup": {"id": security_group(world, vm)},
        "association": {"networkInterface": {"id": id(world, vm)}},
        "effectiveSecurityRules": all,
    }])
}

/// The outbound rules that every network security group ends with.
fn defaults() -> impl Iterator<Item = Value> {
    [
        ("AllowVnetOutBound", "Allow", 65_000, "VirtualNetwork"),
        ("AllowInternetOutBound", "Allow", 65_001, "Internet"),
        ("DenyAllOutBound", "Deny", 65_500, "0.0.0.0/0"),
    ]
    .into_iter()
    .map(|(name, access, priority, to)| {
        let rule = Rule {
            name: name.to_owned(),
            access: access.to_owned(),
            priority,
            to: to.to_owned(),
            ports: "0-65535".to_owned(),
        };
        rule_view("defaultSecurityRules", &rule)
    })
}

fn rule_view(kind: &str, rule: &Rule) -> Value {
    json!({
        "name": format!("{kind}/{}", rule.name),
        "protocol": "All",
        "sourcePortRange": "0-65535",
        "destinationPortRange": rule.ports,
        "sourcePortRanges": ["0-65535"],
        "destinationPortRanges": [rule.ports],
        "sourceAddressPrefix": "0.0.0.0/0",
        "destinationAddressPrefix": rule.to,
        "sourceAddressPrefixes": ["0.0.0.0/0"],
        "destinationAddressPrefixes": [rule.to],
        "access": rule.access,
        "priority": rule.priority,
        "direction": "Outbound",
    })
}

fn routes(vm: &Vm) -> Value {
    let route = |source: &str, state: &str, prefix: &str, hop: &str, ips: Vec<&str>| {
        json!({"source": source, "state": state, "addressPrefix": [prefix], "nextHopType": hop,
               "nextHopIpAddress": ips})
    };
    let given = vm.network.route.as_ref();
    let default = if given.is_some() { "Invalid" } else { "Active" };
    let mut all = vec![
        route("Default", "Active", "10.0.0.0/16", "VnetLocal", vec![]),
        route("Default", default, "0.0.0.0/0", "Internet", vec![]),
    ];
    if let Some(hop) = given {
        let ips = hop.ip.as_deref().into_iter().collect();
        let mut own = route("User", "Active", "0.0.0.0/0", &hop.to, ips);
        own["name"] = json!(hop.name);
        all.push(own);
    }
    Value::Array(all)
}
