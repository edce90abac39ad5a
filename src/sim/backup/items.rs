//! Protected items and their recovery points.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::sim::answer::{Cause, Reply, backup_time};
use crate::sim::backup::{codes, operations, vaults};
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::odata::{self, Term};
use crate::sim::operation::{Effect, Operation, Service};
use crate::sim::paging;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Item, Os, RecoveryPoint, Reported, Vault, World};

const KIND: &str =
    "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems";

/// `iaasvmcontainerv2;<group>;<vm>`, in lower case as enrolment makes it.
pub(in crate::sim) fn container(vm: &str) -> String {
    format!(
        "iaasvmcontainerv2;{};{}",
        ids::group_of(vm),
        ids::name_of(vm)
    )
    .to_ascii_lowercase()
}

/// The item's id, as lists give it.
fn id(world: &World, vault: &Vault, item: &Item) -> String {
    let (vault, container) = (vaults::id(world, vault), container(&item.vm));
    format!(
        "{vault}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{container}/protectedItems/VM;{container}"
    )
}

/// The vault and item of a route, or the 404 for them.
pub(in crate::sim) fn of<'a>(
    world: &'a World,
    found: &Found,
) -> Result<(&'a Vault, &'a Item), Reply> {
    let vault = vaults::of(world, found)?;
    let named = |prefix: &str, given: &str| {
        let (head, rest) = given.split_once(';').unwrap_or_default();
        ids::same(head, prefix).then(|| rest.to_owned())
    };
    let wanted = named("IaasVMContainer", found.get("c"));
    let item = vault.items.iter().find(|item| {
        let container = Some(container(&item.vm));
        let lower = |text: Option<String>| text.map(|text| text.to_ascii_lowercase());
        lower(wanted.clone()) == container && lower(named("VM", found.get("i"))) == container
    });
    item.map(|item| (vault, item)).ok_or_else(|| {
        let message = "The specified protected item was not found in the vault.";
        Reply::error(Cause::Service, 404, "BMSUserErrorItemNotFound", message)
    })
}

fn detail(reported: &Reported) -> Value {
    let mut detail = json!({
        "title": reported.code,
        "message": reported.message,
        "recommendations": codes::recommendations(&reported.code),
    });
    if let Some(number) = reported.number {
        detail["code"] = json!(number);
    }
    detail
}

fn view(world: &World, vault: &Vault, item: &Item) -> Value {
    let last = item.last_backup_status.as_deref().unwrap_or_default();
    let health = item
        .health
        .clone()
        .unwrap_or_else(|| codes::reported("IaasVmHealthGreenDefault"));
    let passed = health.code == "IaasVmHealthGreenDefault";
    // 2001 stands for never (recordings.md 2).
    let began = item
        .last_backup_time
        .map(|time| backup_time(time.time(world.now)));
    let mut properties = json!({
        "friendlyName": ids::name_of(&item.vm),
        "virtualMachineId": item.vm,
        "protectionStatus": if last == "Failed" { "Unhealthy" } else { "Healthy" },
        "protectionState": item.state,
        "healthStatus": if passed { "Passed" } else { "ActionSuggested" },
        "healthDetails": [detail(&health)],
        "lastBackupStatus": last,
        "lastBackupTime": began.unwrap_or_else(|| "2001-01-01T00:00:00Z".to_owned()),
        "protectedItemDataId": (ids::digest(&item.vm) % 100_000_000_000_000).to_string(),
        "protectedItemType": "Microsoft.Compute/virtualMachines",
        "backupManagementType": "AzureIaasVM",
        "workloadType": "VM",
        "containerName": container(&item.vm),
        "sourceResourceId": item.vm,
        "policyId": format!("{}/backupPolicies/{}", vaults::id(world, vault), item.policy)
            .replacen("/subscriptions/", "/Subscriptions/", 1),
        "policyName": item.policy,
        "vaultId": format!("https://management.azure.com{}", vaults::id(world, vault)),
        "isScheduledForDeferredDelete": item.soft_deleted,
        "isArchiveEnabled": false,
        "softDeleteRetentionPeriod": 0,
    });
    if let Some(newest) = item
        .recovery_points
        .iter()
        .map(|point| point.time.time(world.now))
        .max()
    {
        properties["lastRecoveryPoint"] = json!(backup_time(newest));
    }
    json!({
        "id": id(world, vault, item),
        "name": format!("VM;{}", container(&item.vm)),
        "type": KIND,
        "properties": properties,
    })
}

/// `GET {V}/backupProtectedItems`.
pub(in crate::sim) fn list(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let world = &sim.world;
    let vault = match vaults::of(world, found) {
        Ok(vault) => vault,
        Err(reply) => return reply,
    };
    let terms = match odata::parse(call.query("$filter").unwrap_or_default()) {
        Ok(terms) => terms,
        Err(why) => return Reply::error(Cause::Service, 400, "BMSUserErrorInvalidInput", &why),
    };
    let shown = vault
        .items
        .iter()
        .filter(|item| terms.iter().all(|term| holds(term, item)));
    let value = shown.map(|item| view(world, vault, item)).collect();
    paging::page(call, value, world.behaviour.page_size)
}

fn holds(term: &Term, item: &Item) -> bool {
    let have = match term.key.to_ascii_lowercase().as_str() {
        "backupmanagementtype" => "AzureIaasVM".to_owned(),
        "itemtype" => "VM".to_owned(),
        "policyname" => item.policy.clone(),
        "friendlyname" => ids::name_of(&item.vm).to_owned(),
        "containername" => container(&item.vm),
        "fabricname" => "Azure".to_owned(),
        _ => return false,
    };
    term.operator == "eq" && ids::same(&have, &term.value)
}

/// `GET {PI}`.
pub(in crate::sim) fn get(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    match of(&sim.world, found) {
        Ok((vault, item)) => Reply::ok(&view(&sim.world, vault, item)),
        Err(reply) => reply,
    }
}

/// `PUT {PI}`: protection by a policy of the vault; a minute later it is on.
///
/// Assumption: how long it takes, and the refusal of an unknown policy.
pub(in crate::sim) fn put(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let (vault, item) = match of(&sim.world, found) {
        Ok(both) => both,
        Err(reply) => return reply,
    };
    let policy = call.body["properties"]["policyId"].as_str();
    let policy = ids::name_of(policy.unwrap_or_default()).to_owned();
    let source = call.body["properties"]["sourceResourceId"].as_str();
    let known = vault
        .policies
        .iter()
        .any(|one| ids::same(&one.name, &policy));
    if !known || !source.is_some_and(|source| ids::same(source, &item.vm)) || item.soft_deleted {
        let message = "Input provided for the call is invalid.";
        return Reply::error(Cause::Service, 400, "BMSUserErrorInvalidInput", message);
    }
    let effect = Effect::Protect {
        vault: vaults::id(&sim.world, vault),
        vm: item.vm.clone(),
        policy,
    };
    let (id, minute) = (sim.next_id("operation"), SignedDuration::from_mins(1));
    let operation = Operation::new(id, Service::Backup, sim.world.now, minute, effect);
    let base = call.path.clone();
    operations::start(sim, call, operation, &base, call.version())
}

/// Protection is on.
pub(in crate::sim) fn protect(sim: &mut Sim, vault: &str, vm: &str, policy: &str) {
    let Some(at) = vaults::position(&sim.world, vault) else {
        return;
    };
    let items = sim.world.vaults[at].items.iter_mut();
    for item in items.filter(|item| ids::same(&item.vm, vm)) {
        item.state = "Protected".to_owned();
        item.policy = policy.to_owned();
    }
}

/// `GET {PI}/recoveryPoints`, newest first.
pub(in crate::sim) fn recovery_points(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let world = &sim.world;
    let (vault, item) = match of(world, found) {
        Ok(both) => both,
        Err(reply) => return reply,
    };
    let id = id(world, vault, item);
    let os = world.vms.iter().find(|vm| {
        ids::same(&vm.group, ids::group_of(&item.vm)) && ids::same(&vm.name, ids::name_of(&item.vm))
    });
    let os = os.map_or(Os::Windows, |vm| vm.os);
    let mut points: Vec<&RecoveryPoint> = item.recovery_points.iter().collect();
    points.sort_by_key(|point| std::cmp::Reverse(point.time.time(world.now)));
    let value = points.iter().enumerate().map(|(index, point)| {
        let ilr = item.ilr_active && index == 0;
        point_view(world, &id, point, ilr, os)
    });
    paging::page(call, value.collect(), world.behaviour.page_size)
}

/// Assumption: `recoveryPointTime` is the restore point's `timeCreated` to the tick.
fn point_view(world: &World, item: &str, point: &RecoveryPoint, ilr: bool, os: Os) -> Value {
    let time = backup_time(point.time.time(world.now));
    let name = (ids::digest(&format!("{item} {time}")) % 100_000_000_000_000).to_string();
    let mut tiers = Vec::new();
    if point.instant {
        tiers.push(json!({"type": "InstantRP", "status": "Valid"}));
    }
    if point.hardened {
        tiers.push(json!({"type": "HardenedRP", "status": "Valid"}));
    }
    json!({
        "id": format!("{item}/recoveryPoints/{name}"),
        "name": name,
        "type": format!("{KIND}/recoveryPoints"),
        "properties": {
            "objectType": "IaasVMRecoveryPoint",
            "recoveryPointType": point.consistency.as_deref().unwrap_or("AppConsistent"),
            "recoveryPointTime": time,
            "recoveryPointAdditionalInfo": "",
            "isSourceVMEncrypted": false,
            "isInstantIlrSessionActive": ilr,
            "recoveryPointTierDetails": tiers,
            "isManagedVirtualMachine": true,
            "virtualMachineSize": "Standard_DS1_v2",
            "osType": os.name(),
        },
    })
}
