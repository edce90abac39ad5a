//! The moment of truth of a backup: does the snapshot succeed?

use jiff::Timestamp;

use crate::sim::backup::codes;
use crate::sim::compute;
use crate::sim::disks;
use crate::sim::guest;
use crate::sim::ids;
use crate::sim::key_vaults;
use crate::sim::simulator::Sim;
use crate::sim::world::{Collection, Extension, Point, Power, RecoveryPoint, Reported, Vm, When};

/// The first thing that is sick in the VM `id`, as the job will report it.
pub(in crate::sim) fn complaint(sim: &mut Sim, id: &str) -> Option<Reported> {
    if let Some(code) = of_disks(sim, id) {
        return Some(codes::reported(code));
    }
    let limit = sim.world.behaviour.restore_point_limit;
    let sources = sim.world.restore_point_collections.iter();
    let points: usize = sources
        .filter(|one| ids::same(&one.vm, id))
        .map(|one| one.list().len())
        .sum();
    let Some(vm) = compute::by_id(&mut sim.world, id) else {
        return Some(codes::reported("UserErrorVmNotFoundV2"));
    };
    if std::mem::take(&mut vm.collection_was_deleted) {
        return Some(codes::reported("UserErrorRpCollectionDeleted"));
    }
    let stuck = |one: &Extension| one.is_snapshot() && one.state == "Deleting";
    let running = vm.power == Power::Running;
    let code = if vm.provisioning == "Failed" {
        "UserErrorVmProvisioningStateFailed"
    } else if running && vm.extensions.iter().any(stuck) {
        "ExtensionStuckInDeletionState"
    } else if points >= limit {
        "UserErrorRpCollectionLimitReached"
    } else if running && !compute::answers(vm) {
        "UserErrorGuestAgentStatusUnavailable"
    } else if running && guest::needs_vss_copy(vm) {
        "GuestAgentSnapshotTaskStatusError"
    } else if running && let Some(code) = guest::ailing::complaint(&vm.guest) {
        code
    } else {
        return None;
    };
    Some(codes::reported(code))
}

/// What of the VM's disks backups do not take.
fn of_disks(sim: &Sim, id: &str) -> Option<&'static str> {
    let vm = sim.world.vms.iter().find(|vm| {
        ids::same(&vm.group, ids::group_of(id)) && ids::same(&vm.name, ids::name_of(id))
    })?;
    if disks::too_large(vm) {
        return Some("UserErrorUnsupportedDiskSize");
    }
    (!key_vaults::opens(&sim.world, vm)).then_some("UserErrorKeyvaultPermissionsNotConfigured")
}

/// Takes the snapshot of the VM `id` as of `at`, which for a job that ran before the world began
/// lies before `now`: a restore point, a recovery point, the extension.
pub(in crate::sim) fn take(sim: &mut Sim, vault: usize, id: &str, at: Timestamp) {
    add_point(sim, vault, id, Point::taken(at));
    let vm = compute::by_id(&mut sim.world, id);
    // Nobody flushes what a machine that is off had in memory.
    let consistency = vm.and_then(|vm| match vm.power {
        Power::Running => vm.guest.consistency.clone(),
        _ => Some("CrashConsistent".to_owned()),
    });
    let items = sim.world.vaults[vault].items.iter_mut();
    for item in items.filter(|item| ids::same(&item.vm, id)) {
        let point = RecoveryPoint {
            time: When::At(at),
            instant: true,
            hardened: false,
            consistency: consistency.clone(),
        };
        item.recovery_points.push(point);
    }
    if let Some(vm) = compute::by_id(&mut sim.world, id)
        && compute::answers(vm)
        && std::mem::take(&mut vm.reinstall_snapshot_extension)
    {
        reinstall(vm);
    }
}

fn reinstall(vm: &mut Vm) {
    if !vm.extensions.iter().any(Extension::is_snapshot) {
        vm.extensions.push(Extension::snapshot(vm.os));
    }
}

/// Adds to the newest collection of Azure Backup, or to a new one.
fn add_point(sim: &mut Sim, vault: usize, id: &str, point: Point) {
    let now = sim.world.now;
    let usable = |one: &&mut Collection| {
        ids::same(&one.vm, id) && one.is_azure_backups() && one.provisioning == "Succeeded"
    };
    let newest = |one: &&mut Collection| one.list().last().map(|point| point.time.time(now));
    let own = sim
        .world
        .restore_point_collections
        .iter_mut()
        .filter(usable)
        .max_by_key(newest);
    if let Some(own) = own {
        own.list_mut().push(point);
        return;
    }
    let name = sim.next_id("collection");
    let number = 100_000_000_000_000 + ids::digest(&name) % 899_999_999_999_999;
    let group = group(sim, vault, id);
    sim.world.add_group(&group);
    sim.world.restore_point_collections.push(Collection {
        name: format!("AzureBackup_{}_{number}", ids::name_of(id)),
        group,
        vm: id.to_owned(),
        points: crate::sim::world::Points::List(vec![point]),
        customer: false,
        provisioning: "Succeeded".to_owned(),
    });
}

/// `<prefix>1<suffix>` when the policy names a prefix, else `AzureBackupRG_<location>_1`.
fn group(sim: &Sim, vault: usize, id: &str) -> String {
    let vault = &sim.world.vaults[vault];
    let item = vault.items.iter().find(|item| ids::same(&item.vm, id));
    let policy = vault
        .policies
        .iter()
        .find(|policy| item.is_some_and(|item| ids::same(&policy.name, &item.policy)));
    match policy.and_then(|policy| Some((policy.prefix.as_ref()?, policy.suffix.as_ref()))) {
        Some((prefix, suffix)) => {
            format!(
                "{prefix}1{}",
                suffix.map(String::as_str).unwrap_or_default()
            )
        }
        None => format!("AzureBackupRG_{}_1", sim.world.location),
    }
}
