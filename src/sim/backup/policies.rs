//! Backup policies.

use serde_json::{Value, json};

use crate::sim::answer::{Cause, Reply};
use crate::sim::backup::vaults;
use crate::sim::call::Call;
use crate::sim::ids;
use crate::sim::route::Found;
use crate::sim::simulator::Sim;
use crate::sim::world::{Policy, Schedule, Vault, World};

fn view(world: &World, vault: &Vault, policy: &Policy) -> Value {
    let protected = vault
        .items
        .iter()
        .filter(|item| ids::same(&item.policy, &policy.name))
        .count();
    let mut properties = json!({
        "backupManagementType": "AzureIaasVM",
        "policyType": policy.kind.as_deref().unwrap_or("V1"),
        "instantRpRetentionRangeInDays": policy.schedule.instant_days,
        "schedulePolicy": schedule(&policy.schedule),
        "retentionPolicy": {
            "retentionPolicyType": "LongTermRetentionPolicy",
            "dailySchedule": {
                "retentionTimes": [moment(&policy.schedule.at)],
                "retentionDuration": {"count": 30, "durationType": "Days"},
            },
        },
        "timeZone": "UTC",
        "protectedItemsCount": protected,
        "instantRPDetails": {},
    });
    if policy.schedule.every_hours.is_some() {
        properties["policyType"] = json!("V2");
    }
    if let Some(prefix) = &policy.prefix {
        properties["instantRPDetails"]["azureBackupRGNamePrefix"] = json!(prefix);
    }
    if let Some(suffix) = &policy.suffix {
        properties["instantRPDetails"]["azureBackupRGNameSuffix"] = json!(suffix);
    }
    json!({
        "id": format!("{}/backupPolicies/{}", vaults::id(world, vault), policy.name),
        "name": policy.name,
        "type": "Microsoft.RecoveryServices/vaults/backupPolicies",
        "properties": properties,
    })
}

fn schedule(schedule: &Schedule) -> Value {
    let at = moment(&schedule.at);
    if let Some(hours) = schedule.every_hours {
        return json!({
            "schedulePolicyType": "SimpleSchedulePolicyV2",
            "scheduleRunFrequency": "Hourly",
            "hourlySchedule": {
                "interval": hours, "scheduleWindowStartTime": at, "scheduleWindowDuration": 12,
            },
        });
    }
    let mut view = json!({
        "schedulePolicyType": "SimpleSchedulePolicy",
        "scheduleRunFrequency": if schedule.days.is_empty() { "Daily" } else { "Weekly" },
        "scheduleRunTimes": [at],
        "scheduleWeeklyFrequency": 0,
    });
    if !schedule.days.is_empty() {
        view["scheduleRunDays"] = json!(schedule.days);
    }
    view
}

/// A time of the day as policies write it; the date means nothing.
fn moment(time: &str) -> String {
    format!("2018-01-24T{time}:00Z")
}

/// `GET {V}/backupPolicies`.
pub(in crate::sim) fn list(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    match vaults::of(&sim.world, found) {
        Ok(vault) => {
            let views = vault
                .policies
                .iter()
                .map(|policy| view(&sim.world, vault, policy));
            Reply::ok(&json!({"value": views.collect::<Vec<_>>()}))
        }
        Err(reply) => reply,
    }
}

/// `GET {V}/backupPolicies/{name}`.
pub(in crate::sim) fn get(sim: &mut Sim, _: &Call, found: &Found) -> Reply {
    let vault = match vaults::of(&sim.world, found) {
        Ok(vault) => vault,
        Err(reply) => return reply,
    };
    match vault
        .policies
        .iter()
        .find(|policy| ids::same(&policy.name, found.get("p")))
    {
        Some(policy) => Reply::ok(&view(&sim.world, vault, policy)),
        None => {
            let message = "The specified policy does not exist in the vault.";
            Reply::error(Cause::Service, 404, "BMSUserErrorPolicyNotFound", message)
        }
    }
}
