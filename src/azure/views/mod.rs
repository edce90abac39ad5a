//! What Azure answers, as flat values that facts are made of.
//!
//! Each view is read from the wire through a private shape in which every field may be absent,
//! null or unknown: Azure adds, drops and retypes fields between versions. An id that cannot be
//! read fails the answer, because a resource that silently vanished could change a decision.

pub mod activity;
mod attached;
pub mod backup;
pub mod disk;
pub mod extension;
pub mod governance;
pub mod key_vault;
pub mod lock;
pub mod metric;
pub mod network;
pub mod permission;
pub mod restore_point;
pub mod role;
pub mod script;
pub mod vm;
pub(super) mod wire;

pub use activity::ActivityEvent;
pub use backup::{
    Alert, BackupStatus, ErrorDetail, HealthDetail, Job, Policy, ProtectedItem, RecoveryPoint,
};
pub use backup::{Task, Tier};
pub use disk::{AttachedDisk, Disk, KeyPlace};
pub use extension::{Extension, Status};
pub use governance::{PolicyAssignment, Provider};
pub use key_vault::{AccessPolicy, KeyVault};
pub use lock::Lock;
pub use metric::{Metric, Sample};
pub use network::{EffectiveGroup, EffectiveRoute, EffectiveRule, NetworkInterface};
pub use permission::{Grant, Permissions};
pub use restore_point::{Collection, Point};
pub use role::{Role, RoleAssignment};
pub use script::ScriptOutput;
pub use vm::{Agent, AgentStatus, ExtensionHandler, OsType, Vm};
