//! Proofs: values that exist only when a rule of DESIGN section 8 was checked.
//!
//! Each has one constructor, which checks its rule on what was read, and private fields: a
//! [`super::Writer`] takes nothing else. A proof says what was true when it was read, so it is
//! made right before the change and not kept.

mod collection;
mod extension;
mod job;
mod lock;
mod point;
mod protected_vm;
mod protection;
mod provider;
mod script;
mod vault_rights;
mod vm;

pub use collection::OwnCollection;
pub use extension::BackupExtension;
pub use job::CancellableJob;
pub use lock::{BlockingLock, BorrowedLock};
pub use point::{OldestPoint, OwnDiskPoint};
pub use protected_vm::ProtectedVm;
pub use protection::StoppedProtection;
pub use provider::{NEEDED_PROVIDERS, UnregisteredProvider};
pub use script::FixedScript;
pub use vault_rights::{KEY_VAULT_ADMINISTRATOR, PolicyDelta, RoleGrant, assignment_name};
pub use vm::{ClosedVm, RunningVm, SettledVm, ShutDownVm};

/// Why something may not be done: a rule beneath every runbook, flag and approval.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RuleBroken(pub(super) String);
