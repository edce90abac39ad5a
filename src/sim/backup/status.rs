//! From a VM to its vault and item.

use serde_json::json;

use crate::sim::answer::{Cause, Reply};
use crate::sim::backup::items::container;
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;

/// `POST {S}/providers/Microsoft.RecoveryServices/locations/{region}/backupStatus`.
///
/// Assumption: a VM asked for in another region than its own counts as not protected.
pub(in crate::sim) fn post(sim: &mut Sim, call: &Call, found: &Found) -> Reply {
    let world = &sim.world;
    let (kind, Some(vm)) = (
        call.body["resourceType"].as_str(),
        call.body["resourceId"].as_str(),
    ) else {
        let message = "The request needs resourceType and resourceId.";
        return Reply::error(Cause::Service, 400, "BMSUserErrorInvalidInput", message);
    };
    let here = ids::same(found.get("l"), &world.location) && kind == Some("VM");
    let mut items = world
        .vaults
        .iter()
        .flat_map(|vault| vault.items.iter().map(move |item| (vault, item)));
    let Some((vault, item)) = items.find(|(_, item)| here && ids::same(&item.vm, vm)) else {
        return Reply::ok(&json!({
            "protectionStatus": "NotProtected", "errorCode": "Success", "errorMessage": "",
        }));
    };
    let container = container(&item.vm);
    Reply::ok(&json!({
        "protectionStatus": "Protected",
        "vaultId": format!(
            "{}/providers/Microsoft.RecoveryServices/Vaults/{}",
            ids::group(&world.subscription, &vault.group),
            vault.name
        ),
        "fabricName": "Azure",
        "containerName": format!("iaasvmcontainer;{container}"),
        "protectedItemName": format!("vm;{container}"),
        "policyName": item.policy,
        "errorCode": "Success",
        "errorMessage": "",
    }))
}
