//! From a request to what answers it: the table of endpoints, and the checks that ARM makes
//! before a provider sees anything.

use crate::sim::activity_log;
use crate::sim::answer::{Cause, Reply};
use crate::sim::backup::{items, jobs, operations, policies, status, trigger, vaults};
use crate::sim::call::Call;
use crate::sim::compute;
use crate::sim::disks;
use crate::sim::extensions;
use crate::sim::ids;
use crate::sim::key_vaults;
use crate::sim::locks::{self, Does};
use crate::sim::login;
use crate::sim::machine;
use crate::sim::metrics;
use crate::sim::network;
use crate::sim::rbac;
use crate::sim::resources;
use crate::sim::restore_points;
use crate::sim::roles;
use crate::sim::run_command;
use crate::sim::simulator::Sim;
use crate::sim::throttle;

/// What answers a request.
type Serve = fn(&mut Sim, &Call, &Found) -> Reply;

/// One endpoint: verb, path, the RBAC action it needs, what it does to its target, who answers.
#[derive(Clone, Copy)]
struct Route(&'static str, &'static str, &'static str, Does, Serve);

/// An empty action: no token, rights or api-version are asked for.
const OPEN: &str = "";

/// The named segments of a path.
#[derive(Debug, Default)]
pub(in crate::sim) struct Found(Vec<(&'static str, String)>);

impl Found {
    /// The segment `name`; empty when the route has none of that name.
    pub(in crate::sim) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(key, _)| *key == name)
            .map_or("", |(_, value)| value)
    }
}

use Does::{Change, Delete, Look};

/// Every endpoint. A path may begin with a shorthand of azure-api.md: `S` subscription, `RG`
/// group, `VM`, `V` vault, `PI` protected item; `{scope+}` takes all segments before it.
#[rustfmt::skip]
const ROUTES: &[Route] = &[
    Route("GET", "metadata/endpoints", OPEN, Look, login::metadata),
    Route("POST", "{t}/oauth2/v2.0/token", OPEN, Look, login::token),
    Route("GET", "{t}/v2.0/.well-known/openid-configuration", OPEN, Look, login::openid),

    Route("GET", "{scope+}/providers/Microsoft.Authorization/locks", "Microsoft.Authorization/locks/read", Look, locks::list),
    Route("GET", "{scope+}/providers/Microsoft.Authorization/locks/{name}", "Microsoft.Authorization/locks/read", Look, locks::get),
    Route("PUT", "{scope+}/providers/Microsoft.Authorization/locks/{name}", "Microsoft.Authorization/locks/write", Look, locks::put),
    Route("DELETE", "{scope+}/providers/Microsoft.Authorization/locks/{name}", "Microsoft.Authorization/locks/delete", Look, locks::delete),
    Route("GET", "{scope+}/providers/Microsoft.Authorization/permissions", "Microsoft.Authorization/permissions/read", Look, rbac::permissions),
    Route("GET", "{scope+}/providers/Microsoft.Authorization/policyAssignments/{name}", "Microsoft.Authorization/policyAssignments/read", Look, roles::policy_assignment),
    Route("GET", "{scope+}/providers/Microsoft.Authorization/roleAssignments", "Microsoft.Authorization/roleAssignments/read", Look, roles::list),
    Route("PUT", "{scope+}/providers/Microsoft.Authorization/roleAssignments/{name}", "Microsoft.Authorization/roleAssignments/write", Change, roles::put),
    Route("GET", "{scope+}/providers/Microsoft.Authorization/roleDefinitions/{name}", "Microsoft.Authorization/roleDefinitions/read", Look, roles::definition),
    Route("GET", "RG/providers/Microsoft.KeyVault/vaults/{n}", "Microsoft.KeyVault/vaults/read", Look, key_vaults::get),
    Route("PUT", "RG/providers/Microsoft.KeyVault/vaults/{n}/accessPolicies/add", "Microsoft.KeyVault/vaults/accessPolicies/write", Change, key_vaults::add_policies),

    Route("GET", "subscriptions", "Microsoft.Resources/subscriptions/read", Look, resources::subscriptions),
    Route("GET", "S", "Microsoft.Resources/subscriptions/read", Look, resources::subscription),
    Route("GET", "S/resourceGroups", "Microsoft.Resources/subscriptions/resourceGroups/read", Look, resources::groups),
    Route("GET", "RG", "Microsoft.Resources/subscriptions/resourceGroups/read", Look, resources::group),
    Route("HEAD", "RG", "Microsoft.Resources/subscriptions/resourceGroups/read", Look, resources::group_exists),
    Route("GET", "RG/resources", "Microsoft.Resources/subscriptions/resources/read", Look, resources::in_group),
    Route("GET", "S/resources", "Microsoft.Resources/subscriptions/resources/read", Look, resources::all),
    Route("GET", "S/providers/{ns}", "Microsoft.Resources/subscriptions/providers/read", Look, resources::provider),
    Route("POST", "S/providers/{ns}/register", "{ns}/register/action", Change, resources::register),
    Route("GET", "S/providers/Microsoft.Insights/eventtypes/management/values", "Microsoft.Insights/eventtypes/values/read", Look, activity_log::values),

    Route("GET", "S/providers/Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachines/read", Look, compute::list),
    Route("GET", "RG/providers/Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachines/read", Look, compute::list),
    Route("GET", "VM", "Microsoft.Compute/virtualMachines/read", Look, compute::get),
    Route("GET", "VM/instanceView", "Microsoft.Compute/virtualMachines/instanceView/read", Look, compute::instance_view),
    Route("GET", "VM/providers/Microsoft.Insights/metrics", "Microsoft.Insights/metrics/read", Look, metrics::list),
    Route("GET", "RG/providers/Microsoft.Network/networkInterfaces/{n}", "Microsoft.Network/networkInterfaces/read", Look, network::get),
    Route("POST", "RG/providers/Microsoft.Network/networkInterfaces/{n}/effectiveNetworkSecurityGroups", "Microsoft.Network/networkInterfaces/effectiveNetworkSecurityGroups/action", Change, network::effective_rules),
    Route("POST", "RG/providers/Microsoft.Network/networkInterfaces/{n}/effectiveRouteTable", "Microsoft.Network/networkInterfaces/effectiveRouteTable/action", Change, network::effective_routes),
    Route("GET", "S/providers/Microsoft.Network/locations/{l}/operations/{o}", "Microsoft.Network/locations/operations/read", Look, network::status),
    Route("GET", "S/providers/Microsoft.Network/locations/{l}/operationResults/{o}", "Microsoft.Network/locations/operationResults/read", Look, network::result),
    Route("GET", "VM/extensions", "Microsoft.Compute/virtualMachines/extensions/read", Look, extensions::list),
    Route("GET", "VM/extensions/{e}", "Microsoft.Compute/virtualMachines/extensions/read", Look, extensions::get),
    Route("DELETE", "VM/extensions/{e}", "Microsoft.Compute/virtualMachines/extensions/delete", Delete, extensions::delete),
    Route("PATCH", "VM", "Microsoft.Compute/virtualMachines/write", Change, machine::patch),
    Route("POST", "VM/deallocate", "Microsoft.Compute/virtualMachines/deallocate/action", Change, machine::deallocate),
    Route("POST", "VM/reapply", "Microsoft.Compute/virtualMachines/reapply/action", Change, machine::reapply),
    Route("POST", "VM/redeploy", "Microsoft.Compute/virtualMachines/redeploy/action", Change, machine::redeploy),
    Route("POST", "VM/restart", "Microsoft.Compute/virtualMachines/restart/action", Change, machine::restart),
    Route("POST", "VM/runCommand", "Microsoft.Compute/virtualMachines/runCommand/action", Change, run_command::post),
    Route("GET", "S/providers/Microsoft.Compute/locations/{l}/operations/{o}", "Microsoft.Compute/locations/operations/read", Look, compute::operation),

    Route("GET", "RG/providers/Microsoft.Compute/disks/{n}", "Microsoft.Compute/disks/read", Look, disks::get),

    Route("GET", "S/providers/Microsoft.Compute/restorePointCollections", "Microsoft.Compute/restorePointCollections/read", Look, restore_points::list),
    Route("GET", "RG/providers/Microsoft.Compute/restorePointCollections", "Microsoft.Compute/restorePointCollections/read", Look, restore_points::list),
    Route("GET", "RG/providers/Microsoft.Compute/restorePointCollections/{n}", "Microsoft.Compute/restorePointCollections/read", Look, restore_points::get),
    Route("DELETE", "RG/providers/Microsoft.Compute/restorePointCollections/{n}", "Microsoft.Compute/restorePointCollections/delete", Delete, restore_points::delete),
    Route("GET", "RG/providers/Microsoft.Compute/restorePointCollections/{n}/restorePoints/{p}", "Microsoft.Compute/restorePointCollections/restorePoints/read", Look, restore_points::get_point),
    Route("DELETE", "RG/providers/Microsoft.Compute/restorePointCollections/{n}/restorePoints/{p}", "Microsoft.Compute/restorePointCollections/restorePoints/delete", Delete, restore_points::delete_point),
    Route("GET", "RG/providers/Microsoft.Compute/restorePointCollections/{n}/restorePoints/{p}/diskRestorePoints", "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/read", Look, restore_points::disk_points),
    Route("POST", "RG/providers/Microsoft.Compute/restorePointCollections/{n}/restorePoints/{p}/diskRestorePoints/{d}/endGetAccess", "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/endGetAccess/action", Change, restore_points::end_access),

    Route("POST", "S/providers/Microsoft.RecoveryServices/locations/{l}/backupStatus", "Microsoft.RecoveryServices/locations/backupStatus/action", Look, status::post),
    Route("GET", "S/providers/Microsoft.RecoveryServices/vaults", "Microsoft.RecoveryServices/Vaults/read", Look, vaults::list),
    Route("GET", "RG/providers/Microsoft.RecoveryServices/vaults", "Microsoft.RecoveryServices/Vaults/read", Look, vaults::list),
    Route("GET", "V", "Microsoft.RecoveryServices/Vaults/read", Look, vaults::get),
    Route("GET", "V/backupProtectedItems", "Microsoft.RecoveryServices/Vaults/backupProtectedItems/read", Look, items::list),
    Route("GET", "PI", "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/read", Look, items::get),
    Route("PUT", "PI", "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/write", Change, items::put),
    Route("GET", "PI/recoveryPoints", "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints/read", Look, items::recovery_points),
    Route("POST", "PI/backup", "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/backup/action", Change, trigger::post),
    Route("GET", "PI/operationsStatus/{o}", "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/operationsStatus/read", Look, operations::status),
    Route("GET", "PI/operationResults/{o}", "Microsoft.RecoveryServices/Vaults/backupFabrics/protectionContainers/protectedItems/operationResults/read", Look, operations::result),
    Route("GET", "V/backupOperations/{o}", "Microsoft.RecoveryServices/Vaults/backupOperations/read", Look, operations::status),
    Route("GET", "V/backupOperationResults/{o}", "Microsoft.RecoveryServices/Vaults/backupOperationResults/read", Look, operations::result),
    Route("GET", "V/backupPolicies", "Microsoft.RecoveryServices/Vaults/backupPolicies/read", Look, policies::list),
    Route("GET", "V/backupPolicies/{p}", "Microsoft.RecoveryServices/Vaults/backupPolicies/read", Look, policies::get),
    Route("GET", "V/backupJobs", "Microsoft.RecoveryServices/Vaults/backupJobs/read", Look, jobs::list),
    Route("GET", "V/backupJobs/{j}", "Microsoft.RecoveryServices/Vaults/backupJobs/read", Look, jobs::get),
    Route("POST", "V/backupJobs/{j}/cancel", "Microsoft.RecoveryServices/Vaults/backupJobs/cancel/action", Change, jobs::cancel),
    Route("GET", "V/backupJobs/{j}/operationsStatus/{o}", "Microsoft.RecoveryServices/Vaults/backupJobs/operationsStatus/read", Look, operations::status),
    Route("GET", "V/backupJobs/{j}/operationResults/{o}", "Microsoft.RecoveryServices/Vaults/backupJobs/operationResults/read", Look, operations::result),
];

/// The segments of a route's path, its shorthand written out.
fn segments(path: &'static str) -> impl Iterator<Item = &'static str> {
    let (head, rest) = path.split_once('/').unwrap_or((path, ""));
    let head = match head {
        "S" => "subscriptions/{s}",
        "RG" => "subscriptions/{s}/resourceGroups/{g}",
        "VM" => {
            "subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.Compute/virtualMachines/{vm}"
        }
        "V" => {
            "subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.RecoveryServices/vaults/{v}"
        }
        "PI" => {
            "subscriptions/{s}/resourceGroups/{g}/providers/Microsoft.RecoveryServices/vaults/{v}/\
             backupFabrics/Azure/protectionContainers/{c}/protectedItems/{i}"
        }
        other => other,
    };
    head.split('/')
        .chain(rest.split('/'))
        .filter(|segment| !segment.is_empty())
}

/// The named segments when `path` fits `pattern`.
fn fits(pattern: &'static str, path: &str) -> Option<Found> {
    let mut given: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let wanted: Vec<&'static str> = segments(pattern).collect();
    let mut found = Found::default();
    let wanted = match wanted.split_first() {
        Some((&"{scope+}", rest)) => {
            let own = given.len().checked_sub(rest.len()).filter(|&own| own > 0)?;
            found.0.push(("scope", given[..own].join("/")));
            given.drain(..own);
            rest
        }
        _ => &wanted[..],
    };
    if wanted.len() != given.len() {
        return None;
    }
    for (want, have) in wanted.iter().zip(given) {
        match want
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'))
        {
            Some(name) => found.0.push((name, have.to_owned())),
            None if ids::same(want, have) => {}
            None => return None,
        }
    }
    Some(found)
}

/// The resource that a path is about: its longest start that is an id, so without an action or
/// the type of a list.
fn target(path: &str) -> String {
    let given: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let mut end = 0;
    while let Some(key) = given.get(end) {
        let is_provider = ids::same(key, "providers");
        // `providers/<namespace>` belongs to the type and name after it.
        let whole = if is_provider { end + 4 } else { end + 2 };
        if whole > given.len() {
            break;
        }
        end = whole;
    }
    format!("/{}", given[..end].join("/"))
}

/// Answers `call`: route, token, api-version, subscription, rights, budget, locks, provider; the
/// order in which ARM looks is an assumption, except that locks come before the provider.
pub(in crate::sim) fn dispatch(sim: &mut Sim, call: &Call) -> Reply {
    match routed(&call.method, &call.path) {
        Some((Route(_, _, OPEN, _, serve), found)) => serve(sim, call, &found),
        other => login::refusal(call)
            .or_else(|| version_refusal(call))
            .unwrap_or_else(|| match other {
                Some((route, found)) => guarded(sim, call, route, &found),
                None => unknown(call),
            }),
    }
}

fn routed(method: &str, path: &str) -> Option<(Route, Found)> {
    ROUTES.iter().find_map(|route| {
        if !ids::same(route.0, method) {
            return None;
        }
        fits(route.1, path).map(|found| (*route, found))
    })
}

/// The RBAC action that a request of this verb and path takes; none when anybody may ask it.
pub(in crate::sim) fn action(method: &str, path: &str) -> Option<String> {
    let (Route(_, _, action, ..), found) = routed(method, path)?;
    (action != OPEN && !ids::same(&target(path), "/")).then(|| named(action, &found))
}

/// The action, with the namespace of the provider that is asked.
fn named(action: &str, found: &Found) -> String {
    action.replacen("{ns}", found.get("ns"), 1)
}

fn guarded(sim: &mut Sim, call: &Call, route: Route, found: &Found) -> Reply {
    let Route(_, _, action, does, serve) = route;
    let action = &named(action, found);
    let target = target(&call.path);
    if let Some(given) = ids::after("subscriptions", &target)
        && !ids::same(given, &sim.world.subscription)
    {
        let message = format!("The subscription '{given}' could not be found.");
        return Reply::error(Cause::Gateway, 404, "SubscriptionNotFound", &message);
    }
    let tenant_wide = ids::same(&target, "/");
    let expand = call.query("$expand").unwrap_or_default();
    let mut rights = rbac::rights(action, expand);
    let lacking = rights.find(|right| !rbac::may(&sim.world.identity, right, &target));
    if let Some(lacking) = lacking.filter(|_| !tenant_wide) {
        return rbac::refusal(&sim.world.identity, lacking, &target);
    }
    if let Some(reply) = throttle::refusal(sim, action, &target) {
        return reply;
    }
    if let Some(reply) = locks::refusal(sim, does, &target) {
        return reply;
    }
    let reply = serve(sim, call, found);
    if call.method != "GET" && call.method != "HEAD" && (200..=202).contains(&reply.status) {
        let caller = sim.world.identity.name.clone();
        activity_log::note(sim, action, &target, &caller);
    }
    let kind = if matches!(does, Look) && call.method == "GET" {
        "reads"
    } else {
        "writes"
    };
    // Full buckets less this request (azure-api.md 2.5).
    let left = if kind == "reads" { "249" } else { "199" };
    reply.with(
        &format!("x-ms-ratelimit-remaining-subscription-{kind}"),
        left,
    )
}

fn version_refusal(call: &Call) -> Option<Reply> {
    let version = call.version();
    if version.is_empty() {
        let message =
            "The api-version query parameter (?api-version=) is required for all requests.";
        return Some(Reply::error(
            Cause::Gateway,
            400,
            "MissingApiVersionParameter",
            message,
        ));
    }
    let date = version.strip_suffix("-preview").unwrap_or(version);
    if date.parse::<jiff::civil::Date>().is_ok() && date.len() == 10 {
        return None;
    }
    let message = format!("The api-version '{version}' is invalid.");
    Some(Reply::error(
        Cause::Gateway,
        400,
        "InvalidApiVersionParameter",
        &message,
    ))
}

fn unknown(call: &Call) -> Reply {
    let message = format!(
        "No route of the simulator answers {} '{}'.",
        call.method, call.path
    );
    Reply::error(Cause::Gateway, 404, "InvalidResourceType", &message)
}

#[cfg(test)]
mod tests;
