//! Disks: as their VM has them, and as resources of their own.

use serde_json::{Value, json};

use crate::sim::answer::Reply;
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::resources;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Disk, Os, Vm, World};

const KIND: &str = "Microsoft.Compute/disks";

/// The largest disk that is backed up, and the largest that is encrypted inside the guest
/// (remediations.md 4.3).
const LIMITS: (u64, u64) = (32_767, 4_095);

/// The disks of a VM; a system disk when its world says nothing.
pub(in crate::sim) fn of(vm: &Vm) -> Vec<Disk> {
    if vm.disks.is_empty() {
        vec![Disk::of_system(&vm.name)]
    } else {
        vm.disks.clone()
    }
}

/// Whether one of the disks is larger than backups take.
pub(in crate::sim) fn too_large(vm: &Vm) -> bool {
    of(vm).iter().any(|disk| {
        let most = if disk.secret_in.is_some() {
            LIMITS.1
        } else {
            LIMITS.0
        };
        disk.gib > most
    })
}

fn id(world: &World, vm: &Vm, disk: &Disk) -> String {
    let base = ids::group(&world.subscription, &vm.group);
    format!("{base}/providers/{KIND}/{}", disk.name)
}

fn attached(world: &World, vm: &Vm, disk: &Disk) -> Value {
    let mut view = json!({
        "name": disk.name,
        "createOption": "FromImage",
        "caching": "ReadWrite",
    });
    if disk.managed {
        let managed = json!({"storageAccountType": disk.sku, "id": id(world, vm, disk)});
        view["managedDisk"] = managed;
    } else {
        let uri = format!(
            "https://oldstore.blob.core.windows.net/vhds/{}.vhd",
            disk.name
        );
        view["vhd"] = json!({"uri": uri});
    }
    view["diskSizeGB"] = json!(disk.gib);
    if disk.write_accelerator {
        view["writeAcceleratorEnabled"] = json!(true);
    }
    view
}

/// `storageProfile` of a VM.
pub(in crate::sim) fn storage_profile(world: &World, vm: &Vm) -> Value {
    let disks = of(vm);
    let mut system = json!({"osType": vm.os.name()});
    if let Some(disk) = disks.iter().find(|disk| disk.lun.is_none())
        && let (Some(own), Some(more)) = (
            system.as_object_mut(),
            attached(world, vm, disk).as_object(),
        )
    {
        own.extend(more.clone());
    }
    let data = disks.iter().filter_map(|disk| {
        let mut view = attached(world, vm, disk);
        view["lun"] = json!(disk.lun?);
        Some(view)
    });
    json!({"osDisk": system, "dataDisks": data.collect::<Vec<_>>()})
}

/// `GET {RG}/providers/Microsoft.Compute/disks/{name}`.
pub(in crate::sim) fn get(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    let (world, group, name) = (&sim.world, found.get("g"), found.get("n"));
    if let Some(reply) = resources::missing_group(world, group) {
        return reply;
    }
    let here = world.vms.iter().filter(|vm| ids::same(&vm.group, group));
    for vm in here {
        let disks = of(vm);
        let named = disks
            .iter()
            .find(|disk| disk.managed && ids::same(&disk.name, name));
        if let Some(disk) = named {
            return Reply::ok(&view(world, vm, disk));
        }
    }
    Reply::not_found(KIND, name, group)
}

fn view(world: &World, vm: &Vm, disk: &Disk) -> Value {
    let made = match disk.lun {
        None => "FromImage",
        Some(_) => "Empty",
    };
    let mut properties = json!({
        "creationData": {"createOption": made},
        "diskSizeGB": disk.gib,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "diskState": "Attached",
        "provisioningState": "Succeeded",
    });
    if disk.lun.is_none() {
        properties["osType"] = json!(match vm.os {
            Os::Windows => "Windows",
            Os::Linux => "Linux",
        });
    }
    if disk.shares > 0 {
        properties["maxShares"] = json!(disk.shares);
    }
    if let Some(secret) = &disk.secret_in {
        let mut setting = json!({"diskEncryptionKey": {
            "sourceVault": {"id": vault(world, secret)},
            "secretUrl": format!("https://{secret}.vault.azure.net/secrets/{}/1", disk.name),
        }});
        if let Some(key) = &disk.key_in {
            setting["keyEncryptionKey"] = json!({
                "sourceVault": {"id": vault(world, key)},
                "keyUrl": format!("https://{key}.vault.azure.net/keys/{}/1", disk.name),
            });
        }
        let settings = json!({"enabled": true, "encryptionSettings": [setting]});
        properties["encryptionSettingsCollection"] = settings;
    }
    json!({
        "id": id(world, vm, disk),
        "name": disk.name,
        "type": KIND,
        "location": world.location,
        "managedBy": ids::vm(&world.subscription, &vm.group, &vm.name),
        "sku": {"name": disk.sku},
        "properties": properties,
    })
}

/// The id of the key vault of this name; one that is gone lies where they usually do.
fn vault(world: &World, name: &str) -> String {
    let known = world
        .key_vaults
        .iter()
        .find(|one| ids::same(&one.name, name));
    let group = known.map_or("rg-keys", |one| one.group.as_str());
    let base = ids::group(&world.subscription, group);
    format!("{base}/providers/Microsoft.KeyVault/vaults/{name}")
}
