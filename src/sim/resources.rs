//! Subscriptions, resource groups, what they hold, and providers.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::sim::answer::{Cause, Reply};
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::odata::{self, Term};
use crate::sim::operation::{Effect, Operation, Service};
use crate::sim::paging;
use crate::sim::rbac;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::World;

const SUBSCRIPTION_READ: &str = "Microsoft.Resources/subscriptions/read";

/// Providers that the subscription is registered for, with one api-version each, the safe pin of
/// azure-api.md section 1.
const PROVIDERS: [(&str, &[(&str, &str)]); 5] = [
    (
        "Microsoft.Compute",
        &[
            ("virtualMachines", "2024-07-01"),
            ("restorePointCollections", "2024-07-01"),
        ],
    ),
    ("Microsoft.Network", &[("networkInterfaces", "2024-05-01")]),
    ("Microsoft.RecoveryServices", &[("vaults", "2024-04-01")]),
    ("Microsoft.Storage", &[("storageAccounts", "2024-01-01")]),
    (
        "Microsoft.Authorization",
        &[("locks", "2020-05-01"), ("permissions", "2022-04-01")],
    ),
];

fn subscription_view(world: &World) -> Value {
    json!({
        "id": format!("/subscriptions/{}", world.subscription),
        "subscriptionId": world.subscription,
        "displayName": "Simulated",
        "state": "Enabled",
        "tenantId": world.tenant,
        "homeTenantId": world.tenant,
        "managedByTenants": [],
        "authorizationSource": "RoleBased",
    })
}

/// `GET /subscriptions`: anybody may ask.
///
/// Assumption: a subscription is listed to whoever may read it; no recording has an identity that
/// may not.
pub(in crate::sim) fn subscriptions(sim: &mut Sim, _: &Call, _: &Found) -> Reply {
    let scope = format!("/subscriptions/{}", sim.world.subscription);
    let sees = rbac::may(&sim.world.identity, SUBSCRIPTION_READ, &scope);
    let value: Vec<Value> = sees
        .then(|| subscription_view(&sim.world))
        .into_iter()
        .collect();
    Reply::ok(&json!({"value": value}))
}

/// `GET /subscriptions/{id}`.
pub(in crate::sim) fn subscription(sim: &mut Sim, _: &Call, _: &Found) -> Reply {
    Reply::ok(&subscription_view(&sim.world))
}

fn group_view(world: &World, name: &str) -> Value {
    json!({
        "id": ids::group(&world.subscription, name),
        "name": name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": world.location,
        "properties": {"provisioningState": "Succeeded"},
    })
}

fn group_named<'a>(world: &'a World, name: &str) -> Option<&'a str> {
    world
        .groups
        .iter()
        .find(|group| ids::same(group, name))
        .map(String::as_str)
}

fn no_group(name: &str) -> Reply {
    let message = format!("Resource group '{name}' could not be found.");
    Reply::error(Cause::Gateway, 404, "ResourceGroupNotFound", &message)
}

/// The refusal of a request about a group that does not exist.
pub(in crate::sim) fn missing_group(world: &World, name: &str) -> Option<Reply> {
    group_named(world, name).is_none().then(|| no_group(name))
}

/// `GET {S}/resourceGroups`.
pub(in crate::sim) fn groups(sim: &mut Sim, call: &Call, _: &Found) -> Reply {
    let world = &sim.world;
    let value = world
        .groups
        .iter()
        .map(|name| group_view(world, name))
        .collect();
    paging::page(call, value, world.behaviour.page_size)
}

/// `GET {RG}`.
pub(in crate::sim) fn group(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    match group_named(&sim.world, found.get("g")) {
        Some(name) => Reply::ok(&group_view(&sim.world, name)),
        None => no_group(found.get("g")),
    }
}

/// `HEAD {RG}`: 204 or 404.
pub(in crate::sim) fn group_exists(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    let found = group_named(&sim.world, found.get("g"));
    Reply::empty(if found.is_some() { 204 } else { 404 })
}

/// `GET {RG}/resources`.
pub(in crate::sim) fn in_group(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let world = &sim.world;
    match group_named(world, found.get("g")) {
        Some(group) => paging::page(call, held(world, group), world.behaviour.page_size),
        None => no_group(found.get("g")),
    }
}

/// `GET {S}/resources`: of all groups, or of the one that `$filter=resourceGroup eq '…'` names, as
/// `az resource list -g` asks.
pub(in crate::sim) fn all(sim: &mut Sim, call: &Call, _: &Found) -> Reply {
    let world = &sim.world;
    let invalid = |why: &str| Reply::error(Cause::Gateway, 400, "InvalidFilterInQueryString", why);
    let wanted = match odata::parse(call.query("$filter").unwrap_or_default()) {
        Ok(wanted) => wanted,
        Err(why) => return invalid(&why),
    };
    let known = |term: &Term| ids::same(&term.key, "resourceGroup") && term.operator == "eq";
    if let Some(term) = wanted.iter().find(|term| !known(term)) {
        return invalid(&format!("The filter key '{}' is not supported.", term.key));
    }
    let asked = |group: &&String| wanted.iter().all(|term| ids::same(&term.value, group));
    let groups = world.groups.iter().filter(asked);
    let value = groups.flat_map(|group| held(world, group)).collect();
    paging::page(call, value, world.behaviour.page_size)
}

/// What `group` holds.
fn held(world: &World, group: &str) -> Vec<Value> {
    let mut named: Vec<(String, &str)> = Vec::new();
    for vm in world.vms.iter().filter(|vm| ids::same(&vm.group, group)) {
        named.push((vm.name.clone(), "Microsoft.Compute/virtualMachines"));
        for extension in &vm.extensions {
            let name = format!("{}/{}", vm.name, extension.name);
            named.push((name, "Microsoft.Compute/virtualMachines/extensions"));
        }
    }
    let collections = world.restore_point_collections.iter();
    for collection in collections.filter(|collection| ids::same(&collection.group, group)) {
        named.push((
            collection.name.clone(),
            "Microsoft.Compute/restorePointCollections",
        ));
    }
    for vault in world
        .vaults
        .iter()
        .filter(|vault| ids::same(&vault.group, group))
    {
        named.push((vault.name.clone(), "Microsoft.RecoveryServices/vaults"));
    }
    for resource in world
        .resources
        .iter()
        .filter(|one| ids::same(&one.group, group))
    {
        named.push((resource.name.clone(), &resource.kind));
    }
    let base = ids::group(&world.subscription, group);
    let value = named.iter().map(|(name, kind)| {
        json!({"id": nested_id(&base, kind, name), "name": name, "type": kind, "location": world.location})
    });
    value.collect()
}

/// `…/providers/<namespace>/<type>/<name>/<type>/<name>` from `a/b` and `ns/x/y`.
fn nested_id(group: &str, kind: &str, name: &str) -> String {
    let mut kinds = kind.split('/');
    let namespace = kinds.next().unwrap_or_default();
    let pairs = kinds
        .zip(name.split('/'))
        .map(|(kind, name)| format!("/{kind}/{name}"));
    format!("{group}/providers/{namespace}{}", pairs.collect::<String>())
}

/// `GET {S}/providers/{namespace}`.
pub(in crate::sim) fn provider(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    provider_view(sim, found.get("ns"))
}

/// `POST {S}/providers/{namespace}/register`: `Registering`, and a minute later it is done.
///
/// Assumption: how long it takes; the documents say "some minutes".
pub(in crate::sim) fn register(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    let asked = found.get("ns").to_owned();
    let mut states = sim.world.providers.keys();
    if let Some(namespace) = states.find(|one| ids::same(one, &asked)).cloned() {
        let states = &mut sim.world.providers;
        states.insert(namespace.clone(), "Registering".to_owned());
        let (id, now) = (sim.next_id("operation"), sim.world.now);
        let effect = Effect::RegisterProvider { namespace };
        let minute = SignedDuration::from_mins(1);
        let operation = Operation::new(id, Service::Compute, now, minute, effect);
        sim.operations.push(operation);
    }
    provider_view(sim, &asked)
}

fn provider_view(sim: &Sim, asked: &str) -> Reply {
    let Some((namespace, types)) = PROVIDERS.iter().find(|(name, _)| ids::same(name, asked)) else {
        let message = format!("The resource namespace '{asked}' is invalid.");
        return Reply::error(Cause::Gateway, 404, "InvalidResourceNamespace", &message);
    };
    let types: Vec<Value> = types
        .iter()
        .map(|(kind, version)| {
            json!({
                "resourceType": kind,
                "locations": [sim.world.location],
                "apiVersions": [version],
                "defaultApiVersion": version,
            })
        })
        .collect();
    let mut states = sim.world.providers.iter();
    let state = states.find(|(name, _)| ids::same(name, namespace));
    let state = state.map_or("Registered", |(_, state)| state.as_str());
    Reply::ok(&json!({
        "id": format!("/subscriptions/{}/providers/{namespace}", sim.world.subscription),
        "namespace": namespace,
        "registrationState": state,
        "resourceTypes": types,
    }))
}
