//! The world that the simulator answers for, in the form a person writes by hand.
//!
//! Everything has a default, names stand for ids, and times may be `2h ago`. Settling, which
//! [`Sim::new`](crate::sim::Sim::new) does once, replaces short forms by full ones; the same
//! types then hold the living world.

mod behaviour;
mod identity;
mod load;
mod machine;
mod network;
mod points;
mod protection;
mod schedule;
mod settle;
mod storage;
mod when;

pub use behaviour::{Behaviour, PollingUrls, Throttle};
pub use identity::{Grant, Identity};
pub use load::{Load, Spike};
pub use machine::{AgentState, Ail, Extension, Guest, Mending, Os, Power, RegistryValue, Vm};
pub use network::{Network, NextHop, Rule};
pub use points::{Collection, Point, Points};
pub use protection::{
    InVault, Item, Job, JobStatus, Policy, RecoveryPoint, Reported, RunningFault, Vault,
};
pub use schedule::Schedule;
pub use storage::{AccessPolicy, Disk, KeyVault, PolicyAssignment, RoleAssignment};
pub use when::{Span, When};

pub(in crate::sim) use when::{after, minutes};

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One subscription and all that the simulator knows of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct World {
    /// The time the world shows; it only grows.
    pub now: Timestamp,
    /// Subscription id, a GUID.
    pub subscription: String,
    /// Tenant id, a GUID.
    pub tenant: String,
    /// The region of everything.
    pub location: String,
    /// Resource groups; those that other parts name are added.
    pub groups: Vec<String>,
    /// Virtual machines.
    pub vms: Vec<Vm>,
    /// Management locks.
    pub locks: Vec<Lock>,
    /// Restore point collections.
    pub restore_point_collections: Vec<Collection>,
    /// Recovery Services vaults.
    pub vaults: Vec<Vault>,
    /// Key vaults.
    pub key_vaults: Vec<KeyVault>,
    /// Roles of others than the caller.
    pub role_assignments: Vec<RoleAssignment>,
    /// Assignments of Azure Policy.
    pub policy_assignments: Vec<PolicyAssignment>,
    /// Resource providers that are not `Registered`, with their state.
    pub providers: BTreeMap<String, String>,
    /// Any other resources, so that a group can hold more than the simulator models.
    pub resources: Vec<Resource>,
    /// Who calls, and what that identity may do.
    pub identity: Identity,
    /// How fast, how strict and in what style this Azure answers.
    pub behaviour: Behaviour,
    /// The activity log.
    pub events: Vec<Event>,
}

impl Default for World {
    fn default() -> Self {
        Self {
            // 2026-11-21T03:10:00Z, a night in which backups fail.
            now: Timestamp::from_second(1_795_230_600).unwrap_or(Timestamp::UNIX_EPOCH),
            subscription: "11111111-2222-3333-4444-555555555555".to_owned(),
            tenant: "99999999-8888-7777-6666-555555555555".to_owned(),
            location: "westeurope".to_owned(),
            groups: Vec::new(),
            vms: Vec::new(),
            locks: Vec::new(),
            restore_point_collections: Vec::new(),
            vaults: Vec::new(),
            key_vaults: Vec::new(),
            role_assignments: Vec::new(),
            policy_assignments: Vec::new(),
            providers: BTreeMap::new(),
            resources: Vec::new(),
            identity: Identity::default(),
            behaviour: Behaviour::default(),
            events: Vec::new(),
        }
    }
}

/// A management lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Its name.
    pub name: String,
    /// `subscription`, `group <name>` or a full resource id.
    pub scope: String,
    /// What it forbids.
    #[serde(default)]
    pub level: Level,
    /// What its maker wrote, at most 512 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Application ids that own it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
}

/// What a lock forbids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Level {
    /// Deletion.
    #[default]
    CanNotDelete,
    /// Deletion and every change, POST actions too.
    ReadOnly,
}

/// A resource that is only listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Its name.
    pub name: String,
    /// Its resource group.
    pub group: String,
    /// Its type, as `Microsoft.Storage/storageAccounts`.
    #[serde(rename = "type")]
    pub kind: String,
}

/// One entry of the activity log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// When it happened.
    pub at: When,
    /// The RBAC action, as `Microsoft.Authorization/locks/write`.
    pub operation: String,
    /// The id of the resource it happened to.
    pub resource: String,
    /// A user name or an application id.
    pub caller: String,
    /// `Succeeded` unless said otherwise.
    #[serde(default = "succeeded")]
    pub status: String,
}

fn succeeded() -> String {
    "Succeeded".to_owned()
}
