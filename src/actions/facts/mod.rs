//! Facts of a VM and what protects it: names, schemas and loaders, one file each.

pub mod activity;
pub mod agent;
pub mod backup_policies;
pub mod backup_policy;
pub mod disk_restore_points;
pub mod disks;
pub mod elsewhere;
mod extensions;
mod failure;
pub mod incident;
pub mod item;
mod job;
pub mod jobs;
pub mod key_vault;
mod limits;
pub mod load;
pub mod lock;
pub mod locks;
pub mod network;
mod overview;
mod permissions;
pub mod policy_denials;
pub mod protection;
pub mod providers;
pub mod provisioning;
pub mod recovery_points;
pub mod restore_points;
pub mod running_job;
pub mod schedule;
pub mod target;
pub mod vm;
pub mod vm_locks;

use std::sync::Arc;

use crate::azure::reader::Reader;
use crate::azure::resource_id::ResourceId;
use crate::base::{Clock, ErrorClass, Failure};
use crate::core::facts::{Facts, Lookers, Seen, Target};
use crate::core::journal::store::Store;

pub use extensions::{ExtensionFact, Extensions};
pub use job::{JobFact, key as job_key};

/// Every looker.
pub(super) fn all(reader: Reader, clock: Clock, journal: Arc<dyn Store>) -> Lookers {
    let parts = Lookers::default()
        .with(agent::AgentLooker(clock.clone()))
        .with(vm::VmLooker(reader.clone(), clock.clone()))
        .with(vm_locks::VmLocksLooker(reader.clone()))
        .with(backup_policies::BackupPoliciesLooker(reader.clone()))
        .with(backup_policy::BackupPolicyLooker(reader.clone()))
        .with(disk_restore_points::DiskRestorePointsLooker(reader.clone()))
        .with(disks::DisksLooker(reader.clone()))
        .with(elsewhere::ElsewhereLooker(reader.clone(), clock.clone()))
        .with(item::ItemLooker(reader.clone()))
        .with(key_vault::KeyVaultLooker(reader.clone()))
        .with(limits::LimitsLooker)
        .with(policy_denials::PolicyDenialsLooker(reader.clone()))
        .with(providers::ProvidersLooker(reader.clone()))
        .with(provisioning::ProvisioningLooker)
        .with(running_job::RunningJobLooker(reader.clone(), clock.clone()))
        .with(protection::ProtectionLooker(reader.clone()))
        .with(jobs::JobsLooker(reader.clone(), clock.clone()))
        .with(job::JobLooker(reader.clone()))
        .with(incident::IncidentLooker(reader.clone(), clock.clone()))
        .with(restore_points::RestorePointsLooker(reader.clone()))
        .with(recovery_points::RecoveryPointsLooker(reader.clone()))
        .with(lock::LockLooker(reader.clone()))
        .with(locks::LocksLooker {
            reader: reader.clone(),
            clock: clock.clone(),
            journal,
        })
        .with(extensions::ExtensionsLooker(reader.clone()))
        .with(failure::FailureLooker(reader.clone()))
        .with(activity::ActivityLooker(reader.clone(), clock.clone()))
        .with(load::LoadLooker(reader.clone(), clock.clone()))
        .with(network::NetworkLooker(reader.clone()))
        .with(schedule::ScheduleLooker(reader.clone()))
        .with(target::TargetLooker(reader.clone()))
        .with(permissions::PermissionsLooker(reader));
    parts.clone().with(overview::OverviewLooker(parts))
}

/// The target's id, parsed.
fn id_of(target: &Target) -> Result<ResourceId, Failure> {
    parse(&target.id)
}

fn parse(id: &str) -> Result<ResourceId, Failure> {
    ResourceId::parse(id).map_err(|e| {
        Failure::new(
            ErrorClass::Invalid,
            format!("understand the resource id `{id}`"),
            e.to_string(),
        )
    })
}

/// A fact that a looker said it needs.
fn known<T: serde::de::DeserializeOwned>(facts: &Facts, name: &str) -> Result<T, Failure> {
    Seen(facts)
        .named(name)
        .map_err(|why| Failure::new(ErrorClass::Invalid, format!("use the fact `{name}`"), why))
}

fn value<T: serde::Serialize>(fact: &T) -> Result<serde_json::Value, Failure> {
    serde_json::to_value(fact)
        .map_err(|e| Failure::new(ErrorClass::Invalid, "keep a fact", e.to_string()))
}

/// Why a look for evidence came to nothing, told instead of stopping the run: no change is decided
/// on what is only handed to a person. Without a login nothing can be read, so that stops it.
fn unread(failure: Failure) -> Result<String, Failure> {
    match failure.class {
        ErrorClass::Auth | ErrorClass::Cancelled => Err(failure),
        _ => Ok(failure.to_string()),
    }
}

/// A text of an answer; none when Azure left it out or empty.
fn some(text: impl Into<Option<String>>) -> Option<String> {
    text.into().filter(|text| !text.is_empty())
}

fn schema<T: schemars::JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(T).to_value()
}
