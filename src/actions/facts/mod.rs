//! Facts of a VM and what protects it: names, schemas and loaders, one file each.

mod extensions;
mod failure;
pub mod incident;
pub mod item;
mod job;
pub mod jobs;
pub mod lock;
pub mod locks;
mod overview;
mod permissions;
pub mod protection;
pub mod recovery_points;
pub mod restore_points;
pub mod vm;

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
        .with(vm::VmLooker(reader.clone()))
        .with(item::ItemLooker(reader.clone()))
        .with(protection::ProtectionLooker(reader.clone()))
        .with(jobs::JobsLooker(reader.clone(), clock.clone()))
        .with(job::JobLooker(reader.clone()))
        .with(incident::IncidentLooker(reader.clone(), clock.clone()))
        .with(restore_points::RestorePointsLooker(reader.clone()))
        .with(recovery_points::RecoveryPointsLooker(reader.clone()))
        .with(lock::LockLooker(reader.clone()))
        .with(locks::LocksLooker {
            reader: reader.clone(),
            clock,
            journal,
        })
        .with(extensions::ExtensionsLooker(reader.clone()))
        .with(failure::FailureLooker(reader.clone()))
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

/// A text of an answer; none when Azure left it out or empty.
fn some(text: impl Into<Option<String>>) -> Option<String> {
    text.into().filter(|text| !text.is_empty())
}

fn schema<T: schemars::JsonSchema>() -> serde_json::Value {
    schemars::schema_for!(T).to_value()
}
