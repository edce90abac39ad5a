//! Vaults.

use serde_json::{Value, json};

use crate::sim::answer::Reply;
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::paging;
use crate::sim::resources;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Vault, World};

const KIND: &str = "Microsoft.RecoveryServices/vaults";

/// The id of a vault of this world.
pub(in crate::sim) fn id(world: &World, vault: &Vault) -> String {
    ids::vault(&world.subscription, &vault.group, &vault.name)
}

/// The place of the vault with this id.
pub(in crate::sim) fn position(world: &World, id: &str) -> Option<usize> {
    let name = ids::after("vaults", id)?;
    world
        .vaults
        .iter()
        .position(|one| ids::same(&one.group, ids::group_of(id)) && ids::same(&one.name, name))
}

/// The vault of a route, or the 404 for it.
pub(in crate::sim) fn of<'a>(world: &'a World, found: &Found) -> Result<&'a Vault, Reply> {
    let (group, name) = (found.get("g"), found.get("v"));
    if let Some(reply) = resources::missing_group(world, group) {
        return Err(reply);
    }
    position(world, &ids::vault(&world.subscription, group, name))
        .map(|at| &world.vaults[at])
        .ok_or_else(|| Reply::not_found(KIND, name, group))
}

fn view(world: &World, vault: &Vault) -> Value {
    json!({
        "location": world.location,
        "name": vault.name,
        "etag": "W/\"simulated\"",
        "properties": {
            "provisioningState": "Succeeded",
            "privateEndpointStateForBackup": "None",
            "privateEndpointStateForSiteRecovery": "None",
            "monitoringSettings": {
                "azureMonitorAlertSettings": {"alertsForAllJobFailures": "Enabled"},
            },
            "publicNetworkAccess": "Enabled",
        },
        "id": id(world, vault),
        "type": KIND,
        "sku": {"name": "RS0", "tier": "Standard"},
    })
}

/// `GET {S}` or `{RG}/providers/Microsoft.RecoveryServices/vaults`, paged.
pub(in crate::sim) fn list(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let (world, group) = (&sim.world, found.get("g"));
    if !group.is_empty()
        && let Some(reply) = resources::missing_group(world, group)
    {
        return reply;
    }
    let here = |vault: &&Vault| group.is_empty() || ids::same(&vault.group, group);
    let value = world
        .vaults
        .iter()
        .filter(here)
        .map(|vault| view(world, vault))
        .collect();
    paging::page(call, value, world.behaviour.page_size)
}

/// `GET {V}`.
pub(in crate::sim) fn get(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    match of(&sim.world, found) {
        Ok(vault) => Reply::ok(&view(&sim.world, vault)),
        Err(reply) => reply,
    }
}
