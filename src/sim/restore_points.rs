//! Restore point collections and restore points.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::sim::answer::{Cause, Reply, compute_time};
use crate::sim::call::Call;
use crate::sim::compute;
use crate::sim::ids;
use crate::sim::operation::{Effect, Operation, PlannedFailure, Service};
use crate::sim::paging;
use crate::sim::resources;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Collection, Point, World};

const KIND: &str = "Microsoft.Compute/restorePointCollections";

/// A restore point took 5 s to delete when recorded, an empty collection under one.
const PER_POINT: i64 = 5;

/// `Retry-After` on the 202. Assumption: the 10 s of other compute deletions.
const RETRY_AFTER: u32 = 10;

/// `Retry-After` of a poll (30 and 35 were recorded).
const POLL_AFTER: u32 = 30;

/// How a list or a GET spells the resource group of an id.
#[derive(Clone, Copy, PartialEq)]
enum Spelling {
    AsMade,
    /// Lists of a whole subscription (recordings.md 2).
    UpperCase,
}

/// The id of a collection of this world.
pub(in crate::sim) fn id(world: &World, collection: &Collection) -> String {
    ids::collection(&world.subscription, &collection.group, &collection.name)
}

fn view(world: &World, collection: &Collection, spelling: Spelling) -> Value {
    let group = match spelling {
        Spelling::AsMade => collection.group.clone(),
        Spelling::UpperCase => collection.group.to_ascii_uppercase(),
    };
    json!({
        "name": collection.name,
        "id": ids::collection(&world.subscription, &group, &collection.name),
        "type": KIND,
        "location": world.location,
        "properties": {
            "source": {"location": world.location, "id": collection.vm},
            "restorePointCollectionId": ids::guid(&id(world, collection)),
            "provisioningState": collection.provisioning,
        },
    })
}

fn point_view(world: &World, collection: &Collection, point: &Point) -> Value {
    json!({
        "name": point.name,
        "id": format!("{}/restorePoints/{}", id(world, collection), point.name),
        "type": "Microsoft.Compute/restorePointCollections/restorePoints",
        "properties": {
            "provisioningState": point.provisioning,
            "consistencyMode": "ApplicationConsistent",
            "timeCreated": compute_time(point.time.time(world.now)),
        },
    })
}

/// `GET {S}` or `{RG}/providers/Microsoft.Compute/restorePointCollections`, paged.
pub(in crate::sim) fn list(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let (world, group) = (&sim.world, found.get("g"));
    let spelling = if group.is_empty() {
        Spelling::UpperCase
    } else {
        Spelling::AsMade
    };
    if let (Spelling::AsMade, Some(reply)) = (spelling, resources::missing_group(world, group)) {
        return reply;
    }
    let here = |one: &&Collection| spelling == Spelling::UpperCase || ids::same(&one.group, group);
    let all = world.restore_point_collections.iter().filter(here);
    let value = all
        .map(|collection| view(world, collection, spelling))
        .collect();
    paging::page(call, value, world.behaviour.page_size)
}

fn position(world: &World, found: &Found) -> Option<usize> {
    world.restore_point_collections.iter().position(|one| {
        ids::same(&one.group, found.get("g")) && ids::same(&one.name, found.get("n"))
    })
}

fn not_found(world: &World, found: &Found) -> Reply {
    resources::missing_group(world, found.get("g"))
        .unwrap_or_else(|| Reply::not_found(KIND, found.get("n"), found.get("g")))
}

/// `GET …/restorePointCollections/{name}`: with its points only when `$expand` asks for them.
pub(in crate::sim) fn get(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let world = &sim.world;
    let Some(at) = position(world, found) else {
        return not_found(world, found);
    };
    let collection = &world.restore_point_collections[at];
    let mut body = view(world, collection, Spelling::AsMade);
    if call.expands("restorePoints") && !collection.list().is_empty() {
        let points = collection
            .list()
            .iter()
            .map(|point| point_view(world, collection, point));
        body["properties"]["restorePoints"] = points.collect();
    }
    Reply::ok(&body)
}

/// `GET …/restorePoints/{name}`.
pub(in crate::sim) fn get_point(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    let world = &sim.world;
    let Some(at) = position(world, found) else {
        return not_found(world, found);
    };
    let collection = &world.restore_point_collections[at];
    match collection
        .list()
        .iter()
        .find(|point| ids::same(&point.name, found.get("p")))
    {
        Some(point) => Reply::ok(&point_view(world, collection, point)),
        None => {
            let name = format!("{}/{}", collection.name, found.get("p"));
            Reply::not_found(&format!("{KIND}/restorePoints"), &name, &collection.group)
        }
    }
}

fn marked(name: &str) -> Reply {
    let message = format!("Restore point collection '{name}' is marked for deletion.");
    Reply::error(Cause::Service, 409, "OperationNotAllowed", &message)
}

/// `DELETE …/restorePointCollections/{name}`: the points go with it.
pub(in crate::sim) fn delete(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let Some(at) = position(&sim.world, found) else {
        return Reply::empty(204);
    };
    let collection = &mut sim.world.restore_point_collections[at];
    if collection.provisioning == "Deleting" {
        return marked(&collection.name);
    }
    collection.provisioning = "Deleting".to_owned();
    let count = i64::try_from(collection.list().len()).unwrap_or(0);
    let collection = &sim.world.restore_point_collections[at];
    let effect = Effect::DeleteCollection {
        id: id(&sim.world, collection),
    };
    // Assumption: the refusal shows as a failed operation; no recording has it.
    let shared = collection.list().iter().any(|point| point.shared);
    start(
        sim,
        call,
        SignedDuration::from_secs(1 + PER_POINT * count),
        effect,
        shared,
    )
}

/// `DELETE …/restorePoints/{name}`.
pub(in crate::sim) fn delete_point(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let Some(at) = position(&sim.world, found) else {
        return Reply::empty(204);
    };
    let collection = &mut sim.world.restore_point_collections[at];
    if collection.provisioning == "Deleting" {
        return marked(&collection.name);
    }
    let points = collection.list_mut().iter_mut();
    let Some(point) = points
        .into_iter()
        .find(|one| ids::same(&one.name, found.get("p")))
    else {
        return Reply::empty(204);
    };
    point.provisioning = "Deleting".to_owned();
    let (point, shared) = (point.name.clone(), point.shared);
    let collection = id(&sim.world, &sim.world.restore_point_collections[at]);
    let effect = Effect::DeletePoint { collection, point };
    let lasts = SignedDuration::from_secs(PER_POINT);
    start(sim, call, lasts, effect, shared)
}

/// `GET …/restorePoints/{name}/diskRestorePoints`: one for the system's disk.
pub(in crate::sim) fn disk_points(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let world = &sim.world;
    let Some(at) = position(world, found) else {
        return not_found(world, found);
    };
    let collection = &world.restore_point_collections[at];
    let named = collection
        .list()
        .iter()
        .filter(|one| ids::same(&one.name, found.get("p")));
    let value = named.map(|point| {
        let disk = format!("{}_OsDisk_1", ids::name_of(&collection.vm));
        let name = format!("{disk}_{}", ids::guid(&point.name));
        let base = format!("{}/restorePoints/{}", id(world, collection), point.name);
        json!({
            "id": format!("{base}/diskRestorePoints/{name}"),
            "name": name,
            "properties": {"timeCreated": compute_time(point.time.time(world.now)), "osType": "Windows"},
        })
    });
    paging::page(call, value.collect(), world.behaviour.page_size)
}

/// `POST …/diskRestorePoints/{name}/endGetAccess`.
pub(in crate::sim) fn end_access(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let Some(at) = position(&sim.world, found) else {
        return not_found(&sim.world, found);
    };
    let collection = id(&sim.world, &sim.world.restore_point_collections[at]);
    let point = found.get("p").to_owned();
    let effect = Effect::EndAccess { collection, point };
    start(sim, call, SignedDuration::from_secs(1), effect, false)
}

/// Nobody reads the disks of a restore point any more.
pub(in crate::sim) fn access_ended(sim: &mut Sim, collection: &str, point: &str) {
    let own = sim
        .world
        .restore_point_collections
        .iter_mut()
        .filter(|one| {
            ids::same(&one.group, ids::group_of(collection))
                && ids::same(&one.name, ids::name_of(collection))
        });
    for one in own {
        let points = one.list_mut().iter_mut();
        points
            .filter(|one| ids::same(&one.name, point))
            .for_each(|one| one.shared = false);
    }
}

fn start(sim: &mut Sim, call: &Call, lasts: SignedDuration, effect: Effect, shared: bool) -> Reply {
    let id = sim.next_id("operation");
    let mut operation = Operation::new(id, Service::Compute, sim.world.now, lasts, effect);
    operation.poll_after = Some(POLL_AFTER);
    operation.failure = shared.then(|| PlannedFailure {
        code: "DiskRestorePointUsedByCustomer".to_owned(),
        message: "The disk restore point has an active shared access signature.".to_owned(),
        partial: 0,
    });
    compute::start(sim, call, operation, Some(RETRY_AFTER))
}

/// Deletes the oldest `count` points of a collection, and the collection itself when `whole`.
pub(in crate::sim) fn deleted(sim: &mut Sim, collection: &str, which: Deleted) {
    let world = &mut sim.world;
    let is_it = |one: &Collection| {
        ids::same(&one.group, ids::group_of(collection))
            && ids::same(&one.name, ids::name_of(collection))
    };
    let Some(at) = world.restore_point_collections.iter().position(is_it) else {
        return;
    };
    let found = &mut world.restore_point_collections[at];
    let gone: Vec<Point> = match &which {
        Deleted::Whole => std::mem::take(found.list_mut()),
        Deleted::Oldest(count) => {
            let count = (*count).min(found.list().len());
            found.list_mut().drain(..count).collect()
        }
        Deleted::Named(name) => {
            let (gone, kept) = std::mem::take(found.list_mut())
                .into_iter()
                .partition(|point| ids::same(&point.name, name));
            *found.list_mut() = kept;
            gone
        }
    };
    let vm = found.vm.clone();
    if which == Deleted::Whole {
        world.restore_point_collections.remove(at);
        if world.behaviour.rp_collection_deleted_once
            && let Some(vm) = compute::by_id(world, &vm)
        {
            vm.collection_was_deleted = true;
        }
    }
    forget_snapshots(world, &vm, &gone);
}

/// What of a collection is deleted.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sim) enum Deleted {
    Whole,
    Oldest(usize),
    Named(String),
}

/// Recovery points lose their snapshot; those not in the vault are gone.
fn forget_snapshots(world: &mut World, vm: &str, gone: &[Point]) {
    let now = world.now;
    let items = world.vaults.iter_mut().flat_map(|vault| &mut vault.items);
    for item in items.filter(|item| ids::same(&item.vm, vm)) {
        for recovery in &mut item.recovery_points {
            let at = recovery.time.time(now);
            if gone.iter().any(|point| point.time.time(now) == at) {
                recovery.instant = false;
            }
        }
        item.recovery_points
            .retain(|recovery| recovery.instant || recovery.hardened);
    }
}
