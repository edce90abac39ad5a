//! Key vaults, and whether Azure Backup may use what they hold.

use serde_json::{Value, json};

use crate::sim::answer::{Cause, Reply};
use crate::sim::call::Call;
use crate::sim::disks;
use crate::sim::ids;
use crate::sim::resources;
use crate::sim::roles;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{AccessPolicy, KeyVault, Vm, World};

const KIND: &str = "Microsoft.KeyVault/vaults";

/// The object id of the Backup Management Service in the simulated tenant.
pub(in crate::sim) const BACKUP_SERVICE: &str = "bac0bac0-0000-4000-8000-00000000000c";

fn id(world: &World, vault: &KeyVault) -> String {
    let base = ids::group(&world.subscription, &vault.group);
    format!("{base}/providers/{KIND}/{}", vault.name)
}

fn view(world: &World, vault: &KeyVault) -> Value {
    let policies = vault.policies.iter().map(|policy| entry(world, policy));
    let firewall = if vault.closed {
        json!({"bypass": "None", "defaultAction": "Deny", "ipRules": [], "virtualNetworkRules": []})
    } else {
        json!({"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []})
    };
    json!({
        "id": id(world, vault),
        "name": vault.name,
        "type": KIND,
        "location": world.location,
        "properties": {
            "sku": {"family": "A", "name": "standard"},
            "tenantId": world.tenant,
            "accessPolicies": policies.collect::<Vec<_>>(),
            "networkAcls": firewall,
            "enabledForDiskEncryption": true,
            "enableSoftDelete": true,
            "enableRbacAuthorization": vault.roles,
            "vaultUri": format!("https://{}.vault.azure.net/", vault.name),
            "provisioningState": "Succeeded",
            "publicNetworkAccess": "Enabled",
        },
    })
}

fn entry(world: &World, policy: &AccessPolicy) -> Value {
    json!({
        "tenantId": world.tenant,
        "objectId": policy.object,
        "permissions": {"keys": policy.keys, "secrets": policy.secrets},
    })
}

fn position(world: &World, found: &Found) -> Result<usize, Reply> {
    let (group, name) = (found.get("g"), found.get("n"));
    if let Some(reply) = resources::missing_group(world, group) {
        return Err(reply);
    }
    let is_it = |one: &KeyVault| ids::same(&one.group, group) && ids::same(&one.name, name);
    let at = world.key_vaults.iter().position(is_it);
    at.ok_or_else(|| Reply::not_found(KIND, name, group))
}

/// `GET {RG}/providers/Microsoft.KeyVault/vaults/{name}`.
pub(in crate::sim) fn get(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    match position(&sim.world, found) {
        Ok(at) => Reply::ok(&view(&sim.world, &sim.world.key_vaults[at])),
        Err(reply) => reply,
    }
}

/// `PUT …/vaults/{name}/accessPolicies/add`: adds rights to those that a principal has.
pub(in crate::sim) fn add_policies(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let at = match position(&sim.world, found) {
        Ok(at) => at,
        Err(reply) => return reply,
    };
    let Some(given) = call.body["properties"]["accessPolicies"].as_array() else {
        let message = "The request needs properties.accessPolicies.";
        return Reply::error(Cause::Service, 400, "BadRequest", message);
    };
    for one in given.clone() {
        let texts = |kind: &str| -> Vec<String> {
            let list = one["permissions"][kind].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let object = one["objectId"].as_str().unwrap_or_default().to_owned();
        let policies = &mut sim.world.key_vaults[at].policies;
        let known = policies
            .iter()
            .position(|own| ids::same(&own.object, &object));
        let index = known.unwrap_or_else(|| {
            policies.push(AccessPolicy {
                object,
                keys: Vec::new(),
                secrets: Vec::new(),
            });
            policies.len() - 1
        });
        merge(&mut policies[index].keys, texts("keys"));
        merge(&mut policies[index].secrets, texts("secrets"));
    }
    let (world, vault) = (&sim.world, &sim.world.key_vaults[at]);
    let policies = vault.policies.iter().map(|policy| entry(world, policy));
    Reply::ok(&json!({
        "id": format!("{}/accessPolicies/", id(world, vault)),
        "type": "Microsoft.KeyVault/vaults/accessPolicies",
        "properties": {"accessPolicies": policies.collect::<Vec<_>>()},
    }))
}

fn merge(own: &mut Vec<String>, more: Vec<String>) {
    for right in more {
        if !own.iter().any(|have| ids::same(have, &right)) {
            own.push(right);
        }
    }
}

/// Whether Azure Backup can get at every secret and key of the VM's disks.
pub(in crate::sim) fn opens(world: &World, vm: &Vm) -> bool {
    disks::of(vm).iter().all(|disk| {
        let may = |name: &Option<String>, keys: bool| {
            name.as_deref().is_none_or(|name| {
                let vault = world
                    .key_vaults
                    .iter()
                    .find(|one| ids::same(&one.name, name));
                vault.is_some_and(|vault| !vault.closed && serves(world, vault, keys))
            })
        };
        may(&disk.secret_in, false) && may(&disk.key_in, true)
    })
}

fn serves(world: &World, vault: &KeyVault, keys: bool) -> bool {
    if vault.roles {
        return roles::administers_keys(world, BACKUP_SERVICE, &id(world, vault));
    }
    let own = vault
        .policies
        .iter()
        .find(|policy| ids::same(&policy.object, BACKUP_SERVICE));
    own.is_some_and(|policy| {
        let have = if keys { &policy.keys } else { &policy.secrets };
        ["get", "list", "backup"]
            .iter()
            .all(|want| have.iter().any(|right| ids::same(right, want)))
    })
}
